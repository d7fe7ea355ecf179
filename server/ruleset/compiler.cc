#include "server/ruleset/compiler.h"

#include <utility>

#include "plumbline/v1/intake.pb.h"
#include "server/ruleset/assembler.h"
#include "server/ruleset/checks.h"
#include "server/ruleset/expressions.h"
#include "server/ruleset/index.h"
#include "server/ruleset/lint.h"
#include "server/ruleset/report.h"

namespace plumbline::ruleset {
namespace {

CompileResult Failed(std::vector<Issue> issues, std::string code, const absl::Status& status) {
  issues.push_back({Severity::kError, {}, std::move(code), std::string(status.message()), ""});
  SortIssues(issues);
  return {nullptr, std::move(issues)};
}

void RunChecks(const CheckContext& context) {
  CheckFields(context);
  CheckManifest(context);
  CheckSources(context);
  CheckQuestions(context);
  CheckDispositions(context);
  CheckRedFlags(context);
  CheckScreens(context);
  CheckConditions(context);
  CheckStages(context);
  CheckStratifications(context);
  CheckExercises(context);
  CheckSelection(context);
  CheckProgramme(context);
  CheckTexts(context);
  CheckVignettes(context);
  CheckHazards(context);
}

}  // namespace

CompileResult Compile(const RulesetDocument& document, const google::protobuf::Descriptor& intake,
                      std::vector<Issue> parse_issues, const CompileOptions& options) {
  absl::StatusOr<expr::Schema> created = expr::Schema::Create(intake);
  if (!created.ok()) {
    return Failed(std::move(parse_issues), "unusable-intake", created.status());
  }
  // On the heap before anything refers to it: the compiled ruleset takes it over.
  auto schema = std::make_unique<const expr::Schema>(*std::move(created));
  Report report(document);
  const Index index(document, *schema, report);
  const Expressions expressions(document, *schema, report);
  const CheckContext context{document.ruleset(), *schema, index, expressions, report};
  RunChecks(context);
  if (options.lint) Lint(context);

  std::vector<Issue> issues = std::move(parse_issues);
  for (Issue& issue : std::move(report).Take()) issues.push_back(std::move(issue));
  SortIssues(issues);
  if (HasErrors(issues)) return {nullptr, std::move(issues)};
  absl::StatusOr<std::shared_ptr<const CompiledRuleset>> compiled =
      Assemble(document, std::move(schema), index, expressions, options.probes);
  if (!compiled.ok()) return Failed(std::move(issues), "internal-error", compiled.status());
  return {*std::move(compiled), std::move(issues)};
}

absl::StatusOr<CompileResult> CompileFolder(const std::string& folder,
                                            const CompileOptions& options) {
  absl::StatusOr<std::vector<SourceFile>> files = ReadRulesetFolder(folder);
  if (!files.ok()) return files.status();
  std::vector<Issue> issues;
  const RulesetDocument document = RulesetDocument::Parse(*std::move(files), issues, folder);
  return Compile(document, *v1::Intake::descriptor(), std::move(issues), options);
}

}  // namespace plumbline::ruleset
