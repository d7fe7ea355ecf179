#include "server/ruletest/rule_tests.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "plumbline/v1/intake.pb.h"
#include "server/engine/engine.h"
#include "server/engine/vignette_runner.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"
#include "server/ruletest/cases.h"

namespace plumbline::ruletest {
namespace {

std::string RowId(const Case& one, const ExpectedOutcome& expected) {
  return absl::StrCat(ruleset::DisplayName(expected.condition), " for ", one.patient,
                      one.with.empty() ? "" : " with ", absl::StrJoin(one.with, ", "));
}

// One run over one ruleset.
class Run {
 public:
  Run(const std::shared_ptr<const ruleset::CompiledRuleset>& ruleset,
      const RuleTestOptions& options)
      : ruleset_(ruleset), options_(options) {}

  absl::StatusOr<RuleTestReport> Go() && {
    bool finished = RunVignettes();
    const v1::Ruleset& source = ruleset_->source;
    if (finished && (source.outcome_tables_size() > 0 || source.dose_registers_size() > 0)) {
      absl::StatusOr<bool> tables = RunTables();
      if (!tables.ok()) return tables.status();
      finished = *tables;
    }
    if (!finished) {
      return absl::DeadlineExceededError(absl::StrCat("the tests took too long: ended after ",
                                                      report_.passed() + report_.failed()));
    }
    return std::move(report_);
  }

 private:
  // These return false if they were told to end.
  bool RunVignettes() {
    const engine::Engine engine(ruleset_);
    engine::Workspace workspace;
    const auto& vignettes = ruleset_->source.vignettes();
    for (int i = 0; i < vignettes.size(); ++i) {
      if (!GoOn()) return false;
      engine::VignetteResult result = engine::RunVignette(engine, vignettes[i], workspace);
      Tell({RuleTestKind::kVignette, std::move(result.id), absl::StrCat("vignettes[", i, "]"),
            std::move(result.differences)});
    }
    return true;
  }

  absl::StatusOr<bool> RunTables() {
    Subject subject;
    ruleset::CompileOptions options;
    options.lint = false;
    options.probes = &subject.probes;
    subject.ruleset =
        ruleset::Compile(ruleset::RulesetDocument::OfMessage(ruleset_->source, ruleset_->revision),
                         *v1::Intake::descriptor(), {}, options)
            .ruleset;
    if (subject.ruleset == nullptr) {
      return absl::InternalError(
          "the conditions of the ruleset cannot be taken apart for its "
          "outcome tables");
    }
    PrepareSubject(subject);
    const CaseSet cases(*subject.ruleset);
    // Of rows that cannot be read.
    for (const std::string& problem : cases.problems()) {
      std::string path = problem.substr(0, problem.find(' '));
      Tell({RuleTestKind::kOutcomeRow, path, path, {problem}});
    }
    return RunRows(subject, cases) && RunRegisters(subject.ruleset->source);
  }

  bool RunRows(const Subject& subject, const CaseSet& cases) {
    CaseRunner runner(subject);
    for (const Case& one : cases.cases()) {
      if (one.outcomes.empty()) continue;
      if (!GoOn()) return false;
      CaseDifferences found = runner.RunApart(one);
      for (size_t i = 0; i < one.outcomes.size(); ++i) {
        const ExpectedOutcome& expected = one.outcomes[i];
        Tell({RuleTestKind::kOutcomeRow, RowId(one, expected), expected.path,
              found.refused.empty() ? std::move(found.rows[i]) : found.refused});
      }
    }
    return true;
  }

  bool RunRegisters(const v1::Ruleset& source) {
    for (int i = 0; i < source.dose_registers_size(); ++i) {
      if (!GoOn()) return false;
      const v1::DoseRegister& one = source.dose_registers(i);
      FailedRuleTest test{RuleTestKind::kDoseRegister,
                          one.exercise_id(),
                          absl::StrCat("dose_registers[", i, "]"),
                          {}};
      std::string difference = CompareRegister(source, one);
      if (!difference.empty()) test.differences.push_back(std::move(difference));
      Tell(std::move(test));
    }
    return true;
  }

  bool GoOn() const { return options_.go_on == nullptr || options_.go_on(); }

  // Of a test that was run, whether it failed or not.
  void Tell(FailedRuleTest test) {
    RuleTestReport::Count& count = report_.counts[static_cast<size_t>(test.kind)];
    if (test.differences.empty()) {
      ++count.passed;
      return;
    }
    ++count.failed;
    if (report_.failures.size() < options_.max_failures) {
      report_.failures.push_back(std::move(test));
    }
  }

  const std::shared_ptr<const ruleset::CompiledRuleset>& ruleset_;
  const RuleTestOptions& options_;
  RuleTestReport report_;
};

}  // namespace

absl::string_view RuleTestKindName(RuleTestKind kind) {
  switch (kind) {
    case RuleTestKind::kVignette:
      return "vignettes";
    case RuleTestKind::kOutcomeRow:
      return "outcome_rows";
    case RuleTestKind::kDoseRegister:
      return "dose_registers";
  }
  return "";
}

std::string FailedRuleTest::ToString() const {
  return absl::StrCat(id, ": ", absl::StrJoin(differences, ", "));
}

uint32_t RuleTestReport::passed() const {
  uint32_t all = 0;
  for (const Count& count : counts) all += count.passed;
  return all;
}

uint32_t RuleTestReport::failed() const {
  uint32_t all = 0;
  for (const Count& count : counts) all += count.failed;
  return all;
}

std::vector<std::string> RuleTestReport::Problems() const {
  if (none()) return {"it has no tests of its own: no worked patient (vignettes)"};
  std::vector<std::string> lines;
  for (const FailedRuleTest& failure : failures) lines.push_back(failure.ToString());
  return lines;
}

absl::StatusOr<RuleTestReport> RunRuleTests(
    const std::shared_ptr<const ruleset::CompiledRuleset>& ruleset,
    const RuleTestOptions& options) {
  return Run(ruleset, options).Go();
}

}  // namespace plumbline::ruletest
