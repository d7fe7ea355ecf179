#include "server/ruletest/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ruletest/subject.h"

namespace plumbline::ruletest {
namespace {

using expr::Outcome;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr Outcome kT = Outcome::kMatch;
constexpr Outcome kF = Outcome::kNoMatch;
constexpr Outcome kU = Outcome::kIndeterminate;

class CoverageTest : public ::testing::Test {
 protected:
  // The small ruleset with `when` as the condition of RF-WEIGHT.
  const ruleset::Probe& ProbeOf(const std::string& when) {
    subject_ = MakeSubject(
        testing::Replaced(testing::SmallRulesetText(), "weight_loss && age_years >= 60", when) +
        kPlainVignette);
    return *subject_->probes.Find({"RF-WEIGHT", ""});
  }

  std::unique_ptr<Subject> subject_;
};

TEST_F(CoverageTest, LeavesAreTheLargestPartsThatAreNotPutTogether) {
  const ruleset::Probe& probe =
      ProbeOf("atLeast(2, [fever, !weight_loss, hot]) || (age_years >= 60 ? prone_ok : fever)");
  EXPECT_EQ(probe.leaves.size(), 6U);
}

// Every combination of three outcomes, against the tables of the language.
TEST_F(CoverageTest, CombineFollowsTheTablesOfThreeValues) {
  const ruleset::Probe& both = ProbeOf("fever && weight_loss");
  EXPECT_EQ(Combine(both, {kT, kT}), kT);
  EXPECT_EQ(Combine(both, {kF, kU}), kF);
  EXPECT_EQ(Combine(both, {kU, kF}), kF);
  EXPECT_EQ(Combine(both, {kT, kU}), kU);
  const ruleset::Probe& either = ProbeOf("fever || weight_loss");
  EXPECT_EQ(Combine(either, {kU, kT}), kT);
  EXPECT_EQ(Combine(either, {kF, kF}), kF);
  EXPECT_EQ(Combine(either, {kF, kU}), kU);
  const ruleset::Probe& two = ProbeOf("atLeast(2, [fever, weight_loss, hot])");
  EXPECT_EQ(Combine(two, {kT, kU, kT}), kT);
  EXPECT_EQ(Combine(two, {kT, kU, kF}), kU);
  EXPECT_EQ(Combine(two, {kF, kU, kF}), kF);
  const ruleset::Probe& choice = ProbeOf("fever ? weight_loss : !hot");
  EXPECT_EQ(Combine(choice, {kT, kT, kU}), kT);
  EXPECT_EQ(Combine(choice, {kF, kU, kT}), kF);
  EXPECT_EQ(Combine(choice, {kU, kT, kF}), kU);
}

TEST_F(CoverageTest, ALeafDecidesOnlyWhenTurningItOverTurnsTheOutcome) {
  const ruleset::Probe& probe = ProbeOf("fever && (weight_loss || hot)");
  std::vector<Outcome> leaves = {kT, kF, kF};
  EXPECT_FALSE(Decides(probe, leaves, 0)) << "masked by the false right side";
  EXPECT_TRUE(Decides(probe, leaves, 1));
  EXPECT_TRUE(Decides(probe, leaves, 2));
  leaves = {kT, kT, kF};
  EXPECT_TRUE(Decides(probe, leaves, 0));
  EXPECT_TRUE(Decides(probe, leaves, 1));
  EXPECT_FALSE(Decides(probe, leaves, 2)) << "weight loss holds already";
  leaves = {kT, kU, kF};
  EXPECT_FALSE(Decides(probe, leaves, 2)) << "without it the outcome is open";
  EXPECT_EQ(leaves, (std::vector<Outcome>{kT, kU, kF})) << "left as it was";
}

// The leaves' outcomes put together are the outcome that the plan computed, over the cases.
TEST_F(CoverageTest, GapsNameWhatNoCaseShowed) {
  ProbeOf("weight_loss && age_years >= 60");
  const CaseSet cases(*subject_->ruleset);
  CaseRunner runner(*subject_);
  Coverage coverage(*subject_->ruleset, subject_->probes);
  for (const Case& one : cases.cases()) {
    ASSERT_THAT(runner.Run(one), IsEmpty());
    coverage.Record(runner.frame());
    std::vector<Outcome> leaves;
    for (const ruleset::Probe& probe : subject_->probes.conditions) {
      ReadLeaves(probe, runner.frame(), leaves);
      EXPECT_EQ(Combine(probe, leaves), expr::Plan::OutcomeOf(probe.outcome, runner.frame()))
          << probe.path;
    }
  }
  const std::vector<std::string> gaps = coverage.Gaps();
  EXPECT_THAT(gaps, Contains("RF-WEIGHT: never a match"));
  EXPECT_THAT(gaps, Contains("RF-WEIGHT: never indeterminate"));
  EXPECT_THAT(gaps, Not(Contains("RF-WEIGHT: never no match")));
  EXPECT_THAT(gaps, Contains("RF-WEIGHT: `weight_loss` never decides as false"))
      << "masked: the patient is 40";
  EXPECT_THAT(gaps, Contains(HasSubstr("`nprs_back >= 9` never decides as true")));
  EXPECT_THAT(gaps, Not(Contains(HasSubstr("`nprs_back >= 9` never decides as false"))));
  const Coverage::Totals totals = coverage.Sum();
  EXPECT_LT(totals.outcomes_seen, totals.outcomes);
  EXPECT_GT(totals.outcomes_seen, 0U);
}

TEST_F(CoverageTest, SidesThatNoAnswerCanHaveAreNotAskedFor) {
  ProbeOf("weight_loss && ces_onset_days >= 0");
  Coverage coverage(*subject_->ruleset, subject_->probes);
  EXPECT_THAT(coverage.Gaps(), Contains("RF-WEIGHT: `ces_onset_days >= 0` never decides as true"));
  EXPECT_THAT(coverage.Gaps(),
              Not(Contains("RF-WEIGHT: `ces_onset_days >= 0` never decides as false")));
}

}  // namespace
}  // namespace plumbline::ruletest
