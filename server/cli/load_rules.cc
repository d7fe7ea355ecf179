#include "server/cli/load_rules.h"

#include <algorithm>
#include <utility>

#include "plumbline/v1/intake.pb.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {

std::string CountIssues(const std::vector<Issue>& issues) {
  const auto errors = std::count_if(issues.begin(), issues.end(), [](const Issue& issue) {
    return issue.severity == Severity::kError;
  });
  const auto warnings = static_cast<std::ptrdiff_t>(issues.size()) - errors;
  return std::to_string(errors) + (errors == 1 ? " error, " : " errors, ") +
         std::to_string(warnings) + (warnings == 1 ? " warning" : " warnings");
}

namespace {

// Reads and parses; mistakes go to `issues`. Null if the folder cannot be read.
std::unique_ptr<const ruleset::RulesetDocument> ReadDocument(const std::string& folder,
                                                             std::vector<Issue>& issues,
                                                             std::ostream& err) {
  absl::StatusOr<std::vector<ruleset::SourceFile>> files = ruleset::ReadRulesetFolder(folder);
  if (!files.ok()) {
    err << "plumbline: cannot read the rules: " << std::string(files.status().message()) << '\n';
    return nullptr;
  }
  return std::make_unique<const ruleset::RulesetDocument>(
      ruleset::RulesetDocument::Parse(*std::move(files), issues, folder));
}

void ReportUnusable(const std::string& folder, const std::vector<Issue>& issues,
                    std::ostream& err) {
  for (const Issue& issue : issues) {
    if (issue.severity == Severity::kError) {
      err << Printable(FormatIssue(issue)) << '\n';
    }
  }
  err << "plumbline: the rules in " << folder << " cannot be used: " << CountIssues(issues) << '\n';
}

}  // namespace

std::unique_ptr<const ruleset::RulesetDocument> LoadDocument(const std::string& folder,
                                                             std::ostream& err) {
  std::vector<Issue> issues;
  std::unique_ptr<const ruleset::RulesetDocument> document = ReadDocument(folder, issues, err);
  if (document == nullptr || !HasErrors(issues)) {
    return document;
  }
  ReportUnusable(folder, issues, err);
  return nullptr;
}

LoadedRules LoadRulesWithDocument(const std::string& folder, const ruleset::CompileOptions& options,
                                  std::ostream& err) {
  std::vector<Issue> issues;
  LoadedRules loaded;
  loaded.document = ReadDocument(folder, issues, err);
  if (loaded.document == nullptr) {
    return {};
  }
  ruleset::CompileResult compiled =
      ruleset::Compile(*loaded.document, *v1::Intake::descriptor(), std::move(issues), options);
  if (compiled.ruleset == nullptr) {
    ReportUnusable(folder, compiled.issues, err);
    return {};
  }
  loaded.ruleset = std::move(compiled.ruleset);
  return loaded;
}

std::shared_ptr<const ruleset::CompiledRuleset> LoadRules(const std::string& folder,
                                                          std::ostream& err) {
  return LoadRulesWithDocument(folder, {}, err).ruleset;
}

}  // namespace plumbline::cli
