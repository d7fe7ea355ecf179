// The low back pain rules of this source tree, for tests.

#ifndef PLUMBLINE_TESTS_CLINICAL_SOURCE_RULES_H_
#define PLUMBLINE_TESTS_CLINICAL_SOURCE_RULES_H_

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "gtest/gtest.h"
#include "plumbline/v1/decision.pb.h"
#include "plumbline/v1/intake.pb.h"
#include "server/engine/engine.h"
#include "server/ruleset/compiler.h"

namespace plumbline::clinical {

inline std::string RulesFolder() {
  const char* source = std::getenv("PLUMBLINE_SOURCE_DIR");
  return std::string(source == nullptr ? "." : source) + "/rules/low_back_pain";
}

inline std::vector<ruleset::SourceFile> SourceRules() {
  auto files = ruleset::ReadRulesetFolder(RulesFolder());
  if (!files.ok()) {
    ADD_FAILURE() << files.status().message();
    return {};
  }
  return *std::move(files);
}

// Null, and a failure of the running test, if the files have errors.
inline std::shared_ptr<const ruleset::CompiledRuleset> CompileFiles(
    std::vector<ruleset::SourceFile> files) {
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(std::move(files), issues);
  const ruleset::CompileResult result =
      ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues));
  for (const Issue& issue : result.issues) {
    if (issue.severity == Severity::kError) ADD_FAILURE() << FormatIssue(issue);
  }
  return result.ruleset;
}

// Evaluates on a fixed day; a refused intake is an empty decision, and the reasons are in
// `refused`.
class Evaluator {
 public:
  explicit Evaluator(std::shared_ptr<const ruleset::CompiledRuleset> ruleset)
      : engine_(std::move(ruleset)) {}

  v1::Decision Decide(const v1::Intake& intake) {
    v1::Decision decision;
    std::string bytes;
    refused_ = engine_.Evaluate(intake, absl::CivilDay(2026, 1, 1), engine::View::kBasic,
                                workspace_, bytes);
    if (refused_.empty() && !decision.ParseFromString(bytes)) ADD_FAILURE() << "not a decision";
    return decision;
  }
  const std::vector<engine::FieldViolation>& refused() const { return refused_; }
  const engine::Engine& engine() const { return engine_; }
  expr::Outcome RedFlag(size_t index) const { return engine_.RedFlagOutcome(index, workspace_); }

 private:
  engine::Engine engine_;
  engine::Workspace workspace_;
  std::vector<engine::FieldViolation> refused_;
};

}  // namespace plumbline::clinical

#endif  // PLUMBLINE_TESTS_CLINICAL_SOURCE_RULES_H_
