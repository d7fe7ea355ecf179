// Outcome tables: written, read back, and noticed when the rules change.

#include "server/ruletest/table_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ruletest/subject.h"

namespace plumbline::ruletest {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class TablesTest : public ::testing::Test {
 protected:
  TablesTest() : text_(testing::SmallRulesetText() + kPlainVignette) {}

  std::string Write(const std::string& text) {
    const auto subject = MakeSubject(text);
    if (subject == nullptr) return "";
    const CaseSet cases(*subject->ruleset);
    WrittenTables written = WriteTables(*subject, cases, {});
    not_found_ = written.not_found;
    return FormatTables(written.tables);
  }

  std::string text_;
  std::vector<std::string> not_found_;
};

TEST_F(TablesTest, WhatIsWrittenReadsBackAndPasses) {
  const std::string tables = Write(text_);
  const auto subject = MakeSubject(text_ + tables);
  ASSERT_NE(subject, nullptr);
  const CaseSet cases(*subject->ruleset);
  EXPECT_GT(cases.row_count(), 80U);
  EXPECT_THAT(cases.problems(), IsEmpty());
  EXPECT_THAT(RunAll(*subject, cases), IsEmpty());
  EXPECT_THAT(CompareRegisters(subject->ruleset->source, cases), IsEmpty());
  EXPECT_EQ(Write(text_), tables) << "the same rules give the same tables";
}

TEST_F(TablesTest, OnePlainPatientIsEnoughToReachEveryTurningPoint) {
  const std::string tables = Write(text_);
  EXPECT_THAT(not_found_, IsEmpty());
  const auto subject = MakeSubject(text_ + tables);
  ASSERT_NE(subject, nullptr);
  const CaseSet cases(*subject->ruleset);
  CaseRunner runner(*subject);
  Coverage coverage(*subject->ruleset, subject->probes);
  for (const Case& one : cases.cases()) {
    runner.Run(one);
    if (runner.evaluated()) coverage.Record(runner.frame());
  }
  const Coverage::Totals totals = coverage.Sum();
  EXPECT_EQ(totals.outcomes_seen, totals.outcomes);
  EXPECT_EQ(totals.leaf_sides_seen, totals.leaf_sides) << ::testing::PrintToString(coverage.Gaps());
}

TEST_F(TablesTest, NumbersHaveRowsBelowAtAndAbove) {
  const std::string tables = Write(text_);
  EXPECT_THAT(tables, HasSubstr("age_years = 59"));
  EXPECT_THAT(tables, HasSubstr("age_years = 60"));
  EXPECT_THAT(tables, HasSubstr("age_years = 61"));
  EXPECT_THAT(tables, HasSubstr("temp_c = 37.9"));
  EXPECT_THAT(tables, HasSubstr("temp_c = 38.1"));
}

TEST_F(TablesTest, AMovedThresholdADispositionAndADoseAreNoticed) {
  const std::string tables = Write(text_);
  const auto differences = [&](const std::string& from, const std::string& to) {
    const auto subject = MakeSubject(testing::Replaced(text_, from, to) + tables);
    if (subject == nullptr) return std::vector<std::string>{"does not compile"};
    const CaseSet cases(*subject->ruleset);
    std::vector<std::string> found = RunAll(*subject, cases);
    for (std::string& line : CompareRegisters(subject->ruleset->source, cases)) {
      found.push_back(std::move(line));
    }
    return found;
  };
  EXPECT_THAT(differences("weight_loss && age_years >= 60", "weight_loss && age_years >= 61"),
              Contains(HasSubstr("RF-WEIGHT: expected MATCH, got NO_MATCH")));
  EXPECT_THAT(differences("\"nprs_back >= 9\"", "\"nprs_back > 9\""),
              Contains(HasSubstr("RF-PAIN: expected MATCH, got NO_MATCH")));
  EXPECT_THAT(differences("fever || temp_c >= 38.0", "fever"), Not(IsEmpty()));
  EXPECT_THAT(
      differences("level: LEVEL_URGENT_2W\n    gate", "level: LEVEL_ROUTINE_REFERRAL\n    gate"),
      Contains(HasSubstr("RF-WEIGHT: expected effect match LEVEL_URGENT_2W")));
}

TEST_F(TablesTest, RowsThatCannotBeReadAreNamed) {
  const auto subject = MakeSubject(text_ + R"pb(
    outcome_tables {
      rule_id: "RF-FEVER"
      patient: "V-PLAIN"
      rows { with: "feverr = true" outcome: CONDITION_OUTCOME_MATCH }
      rows { with: "fever = true" outcome: CONDITION_OUTCOME_MATCH }
      rows { with: "leg_side = LEFT" outcome: CONDITION_OUTCOME_NO_MATCH }
    }
    dose_registers { exercise_id: "EX-WALK" steps: "another dose" })pb");
  ASSERT_NE(subject, nullptr);
  const CaseSet cases(*subject->ruleset);
  ASSERT_THAT(cases.problems(), SizeIs(1));
  EXPECT_THAT(cases.problems()[0], HasSubstr("feverr"));
  EXPECT_EQ(cases.row_count(), 2U);
  const std::vector<std::string> differences = RunAll(*subject, cases);
  ASSERT_THAT(differences, SizeIs(2)) << "a side of pain without pain contradicts";
  EXPECT_THAT(differences[0], HasSubstr("intake refused: leg_nerve_cord.leg_pain"));
  EXPECT_THAT(CompareRegisters(subject->ruleset->source, cases),
              Contains(HasSubstr("doses of EX-WALK")));
}

}  // namespace
}  // namespace plumbline::ruletest
