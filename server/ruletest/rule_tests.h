// Rule tests: everything that a ruleset carries to show that it does what it should.
//
//   worked patients  (vignettes)       the answer to one patient
//   outcome rows     (outcome_tables)  the outcome of one condition, and what its rule does
//   dose registers   (dose_registers)  the doses of one exercise
//
// The one definition of "the tests of a ruleset": activation and CheckRuleset run this.
// `plumbline rules test` runs the same cases and shows more of them.

#ifndef PLUMBLINE_SERVER_RULETEST_RULE_TESTS_H_
#define PLUMBLINE_SERVER_RULETEST_RULE_TESTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::ruletest {

enum class RuleTestKind { kVignette, kOutcomeRow, kDoseRegister };
inline constexpr size_t kRuleTestKinds = 3;

// "vignettes", "outcome_rows", "dose_registers".
absl::string_view RuleTestKindName(RuleTestKind kind);

struct FailedRuleTest {
  RuleTestKind kind = RuleTestKind::kVignette;
  // Of the vignette or exercise; of a row, its condition and patient:
  // "RF-CES-1 for V-12 with age_years = 71".
  std::string id;
  // Place in the merged message, for RulesetDocument::Locate: "outcome_tables[3].rows[0]".
  std::string path;
  // One line each: "level: expected LEVEL_URGENT_2W, got LEVEL_EXERCISE_OK".
  std::vector<std::string> differences;

  // All of it but the path, in one line.
  std::string ToString() const;
};

struct RuleTestReport {
  struct Count {
    uint32_t passed = 0;
    uint32_t failed = 0;
  };
  std::array<Count, kRuleTestKinds> counts;  // by RuleTestKind
  // The first ones; `failed()` counts the others too.
  std::vector<FailedRuleTest> failures;

  const Count& of(RuleTestKind kind) const { return counts[static_cast<size_t>(kind)]; }
  uint32_t passed() const;
  uint32_t failed() const;
  // Nobody has shown that such a ruleset does what it should: without a worked patient, no rule was
  // ever run.
  bool none() const { return of(RuleTestKind::kVignette).passed == 0 && failed() == 0; }
  bool ok() const { return failed() == 0 && !none(); }
  // What is wrong, one line for each of `failures`; empty if ok().
  std::vector<std::string> Problems() const;
};

struct RuleTestOptions {
  size_t max_failures = 20;
  // Asked before every test; false ends the run. Null: it runs to its end.
  std::function<bool()> go_on;
};

// Vignettes run on `ruleset` as it is, that is, on what is going to answer; rows need its
// conditions taken apart, so that it is compiled once more. Errors:
//   DeadlineExceeded  `go_on` said no
//   Internal          it cannot be compiled once more
absl::StatusOr<RuleTestReport> RunRuleTests(
    const std::shared_ptr<const ruleset::CompiledRuleset>& ruleset,
    const RuleTestOptions& options = {});

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_RULE_TESTS_H_
