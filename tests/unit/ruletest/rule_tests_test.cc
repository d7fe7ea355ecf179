#include "server/ruletest/rule_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/ruletest/subject.h"

namespace plumbline::ruletest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The small ruleset with a plain patient and `more`.
std::shared_ptr<const ruleset::CompiledRuleset> Rules(const std::string& more) {
  return testing::CompileText(testing::SmallRulesetText() + kPlainVignette + more);
}

RuleTestReport RunOn(const std::string& more, const RuleTestOptions& options = {}) {
  const auto report = RunRuleTests(Rules(more), options);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *report : RuleTestReport();
}

constexpr char kTables[] = R"pb(
  outcome_tables {
    rule_id: "RF-FEVER"
    patient: "V-PLAIN"
    rows { outcome: CONDITION_OUTCOME_NO_MATCH }
    rows { with: "fever = true" outcome: CONDITION_OUTCOME_MATCH }
    rows { with: "fever = true" with: "temp_c = 39" outcome: CONDITION_OUTCOME_NO_MATCH }
    rows { with: "feverr = true" outcome: CONDITION_OUTCOME_MATCH }
    rows { with: "leg_side = LEFT" outcome: CONDITION_OUTCOME_NO_MATCH }
  }
  dose_registers { exercise_id: "EX-WALK" steps: "another dose" }
)pb";

TEST(RuleTestsTest, EveryKindIsRunAndCounted) {
  const RuleTestReport report = RunOn(kTables);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.of(RuleTestKind::kVignette).passed, 1u);
  EXPECT_EQ(report.of(RuleTestKind::kVignette).failed, 0u);
  EXPECT_EQ(report.of(RuleTestKind::kOutcomeRow).passed, 2u);
  EXPECT_EQ(report.of(RuleTestKind::kOutcomeRow).failed, 3u);
  EXPECT_EQ(report.of(RuleTestKind::kDoseRegister).passed, 0u);
  EXPECT_EQ(report.of(RuleTestKind::kDoseRegister).failed, 1u);
  EXPECT_EQ(report.passed(), 3u);
  EXPECT_EQ(report.failed(), 4u);
}

TEST(RuleTestsTest, FailuresSayWhatWasExpectedWhatCameAndWhere) {
  const RuleTestReport report = RunOn(kTables);
  ASSERT_THAT(report.failures, SizeIs(4));
  EXPECT_EQ(report.failures[0].path, "outcome_tables[0].rows[3]");
  EXPECT_THAT(report.failures[0].ToString(), HasSubstr("feverr"));
  const FailedRuleTest& row = report.failures[1];
  EXPECT_EQ(row.kind, RuleTestKind::kOutcomeRow);
  EXPECT_EQ(row.id, "RF-FEVER for V-PLAIN with fever = true, temp_c = 39");
  EXPECT_EQ(row.path, "outcome_tables[0].rows[2]");
  EXPECT_THAT(row.differences, ElementsAre("RF-FEVER: expected NO_MATCH, got MATCH"));
  EXPECT_EQ(report.failures[2].path, "outcome_tables[0].rows[4]");
  EXPECT_THAT(report.failures[2].ToString(), HasSubstr("intake refused: leg_nerve_cord.leg_pain"))
      << "a side of pain without pain contradicts";
  EXPECT_EQ(report.failures[3].id, "EX-WALK");
  EXPECT_EQ(report.failures[3].path, "dose_registers[0]");
  EXPECT_THAT(report.failures[3].ToString(), HasSubstr("registered another dose, got"));
  EXPECT_THAT(report.Problems(), SizeIs(4));
}

TEST(RuleTestsTest, FailedWorkedPatientIsNamedOnce) {
  const RuleTestReport report = RunOn(R"pb(
    vignettes {
      id: "V-WRONG"
      title: "Wrong"
      given {}
      expect { level: LEVEL_EMERGENCY_NOW }
    }
    outcome_tables {
      rule_id: "RF-FEVER"
      patient: "V-WRONG"
      rows { outcome: CONDITION_OUTCOME_INDETERMINATE }
    }
  )pb");
  EXPECT_EQ(report.of(RuleTestKind::kVignette).failed, 1u);
  EXPECT_EQ(report.of(RuleTestKind::kOutcomeRow).passed, 1u) << "the row holds all the same";
  ASSERT_THAT(report.failures, SizeIs(1));
  EXPECT_EQ(report.failures[0].id, "V-WRONG");
  EXPECT_EQ(report.failures[0].path, "vignettes[1]");
  EXPECT_THAT(report.failures[0].ToString(),
              HasSubstr("level: expected LEVEL_EMERGENCY_NOW, got LEVEL_"));
}

TEST(RuleTestsTest, RulesetWithoutWorkedPatientsHasNoTests) {
  const auto report = RunRuleTests(testing::CompileText(testing::SmallRulesetText()));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->none());
  EXPECT_FALSE(report->ok());
  EXPECT_THAT(report->Problems(), ElementsAre(HasSubstr("it has no tests of its own")));
}

TEST(RuleTestsTest, SoundTestsAreNoProblem) {
  const RuleTestReport report = RunOn("");
  EXPECT_TRUE(report.ok());
  EXPECT_FALSE(report.none());
  EXPECT_THAT(report.Problems(), IsEmpty());
}

TEST(RuleTestsTest, FailuresAreBoundedAndTheirNumberIsNot) {
  std::string many;
  for (int i = 0; i < 50; ++i) {
    absl::StrAppend(&many, "vignettes { id: \"V-", i,
                    "\" title: \"T\" given {} expect { level: LEVEL_EMERGENCY_NOW } }\n");
  }
  RuleTestOptions options;
  options.max_failures = 7;
  const RuleTestReport report = RunOn(many, options);
  EXPECT_THAT(report.failures, SizeIs(7));
  EXPECT_EQ(report.failed(), 50u);
}

// Wherever it is told to end: in vignettes, rows and registers.
TEST(RuleTestsTest, RunThatIsToldToEndIsNoResult) {
  const auto rules = Rules(kTables);
  int tests = 0;
  RuleTestOptions options;
  options.go_on = [&tests] { return ++tests > 0; };
  ASSERT_TRUE(RunRuleTests(rules, options).ok());
  ASSERT_GE(tests, 5);
  for (int last = 0; last < tests; ++last) {
    int left = last;
    options.go_on = [&left] { return left-- > 0; };
    EXPECT_EQ(RunRuleTests(rules, options).status().code(), absl::StatusCode::kDeadlineExceeded)
        << last;
  }
}

}  // namespace
}  // namespace plumbline::ruletest
