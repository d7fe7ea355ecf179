// Coverage of conditions by test cases.
//
// Outcomes: did the condition come out as match, as no match and as indeterminate? A condition that
// reads only what is always known (the stage, has()) cannot be indeterminate and need not be.
//
// MC/DC (modified condition/decision coverage, the masking form): did every leaf, as true and as
// false, decide the condition on its own? A leaf decides when turning it over turns a match into no
// match, everything else left as it is (for has(x), which cannot be turned over while x stays as it
// is, into another outcome). Leaves inside terms are covered at the term.
//
// Not thread-safe.

#ifndef PLUMBLINE_SERVER_RULETEST_COVERAGE_H_
#define PLUMBLINE_SERVER_RULETEST_COVERAGE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "server/expr/frame.h"
#include "server/expr/plan.h"
#include "server/ruleset/probes.h"

namespace plumbline::ruletest {

// Outcome of a condition when its leaves have these outcomes, in the order of Probe::leaves.
expr::Outcome Combine(const ruleset::Probe& probe, const std::vector<expr::Outcome>& leaves);

// Outcomes of the leaves in an evaluated frame. An error counts as indeterminate.
void ReadLeaves(const ruleset::Probe& probe, const expr::Frame& frame,
                std::vector<expr::Outcome>& leaves);

// True if turning leaf `index` over turns a match into no match or the other way round.
bool Decides(const ruleset::Probe& probe, std::vector<expr::Outcome>& leaves, size_t index);

struct ConditionCoverage {
  // By Outcome: seen. `indeterminate_possible` is false when no answer can make it so.
  std::array<bool, 3> seen{};
  bool indeterminate_possible = true;
  // Plain `true`: nothing to cover.
  bool constant = false;
  // By leaf: decided as false, as true; and which of the two can be, by the range of its question.
  std::vector<std::array<bool, 2>> decided;
  std::vector<std::array<bool, 2>> possible;
};

class Coverage {
 public:
  // Both must outlive the object.
  Coverage(const ruleset::CompiledRuleset& ruleset, const ruleset::Probes& probes);

  // Counts what an evaluated frame shows.
  void Record(const expr::Frame& frame);

  const std::vector<ConditionCoverage>& conditions() const { return conditions_; }
  const ruleset::Probes& probes() const { return probes_; }

  struct Totals {
    size_t outcomes = 0;
    size_t outcomes_seen = 0;
    size_t leaf_sides = 0;
    size_t leaf_sides_seen = 0;
  };
  Totals Sum() const;

  // What is missing, one line each: "RF-CA-5: never indeterminate".
  std::vector<std::string> Gaps() const;

 private:
  const ruleset::Probes& probes_;
  std::vector<ConditionCoverage> conditions_;
  std::vector<expr::Outcome> scratch_;
};

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_COVERAGE_H_
