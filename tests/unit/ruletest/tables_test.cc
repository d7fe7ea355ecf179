// Outcome tables: written, read back, and noticed when the rules change.

#include "server/ruletest/table_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/ruletest/table_text.h"
#include "tests/unit/ruletest/subject.h"

namespace plumbline::ruletest {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

v1::Ruleset ParsedTables(const std::string& text) {
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse({{"tables.textproto", text}}, issues);
  EXPECT_THAT(issues, IsEmpty());
  return document.ruleset();
}

// Each row by itself: "RF-WEIGHT when V-PLAIN: ...".
std::vector<std::string> RowsOf(const std::string& tables) {
  std::vector<std::string> rows;
  const v1::Ruleset parsed = ParsedTables(tables);
  for (const v1::OutcomeTable& table : parsed.outcome_tables()) {
    for (const v1::OutcomeRow& row : table.rows()) {
      rows.push_back(absl::StrCat(table.rule_id(), " ", table.part(), " ", table.patient(), ": ",
                                  row.ShortDebugString()));
    }
  }
  return rows;
}

// Rules of the rows that only one of the two has.
std::set<std::string> RulesThatDiffer(const std::string& before, const std::string& after) {
  const std::vector<std::string> old_rows = RowsOf(before);
  const std::vector<std::string> new_rows = RowsOf(after);
  std::set<std::string> rules;
  const auto add_missing = [&rules](const auto& rows, const auto& others) {
    for (const std::string& row : rows) {
      if (std::count(others.begin(), others.end(), row) > 0) continue;
      rules.insert(row.substr(0, row.find(' ')));
    }
  };
  add_missing(old_rows, new_rows);
  add_missing(new_rows, old_rows);
  return rules;
}

class TablesTest : public ::testing::Test {
 protected:
  TablesTest() : text_(testing::SmallRulesetText() + kPlainVignette) {}

  // The tables of the ruleset `text`, which may hold some, written on from `previous`.
  std::string Write(const std::string& text, const std::string& previous = "") {
    const auto subject = MakeSubject(text + previous);
    if (subject == nullptr) return "";
    const CaseSet cases(*subject->ruleset);
    WrittenTables written = WriteTables(*subject, cases, ParsedTables(previous), {});
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

TEST_F(TablesTest, WrittenTwiceIsWrittenOnce) {
  const std::string tables = Write(text_);
  EXPECT_EQ(Write(text_, tables), tables);
}

TEST_F(TablesTest, WhatIsLookedForAfreshDoesNotDependOnTheTablesThatAreThere) {
  const std::string tables = Write(text_);
  EXPECT_EQ(Write(text_ + tables), tables);
}

TEST_F(TablesTest, RowsThatWereThereStayAlthoughOthersWouldDo) {
  // Another patient for the same goals: written by a person, or by an earlier program.
  std::string tables = Write(text_);
  ASSERT_THAT(tables, HasSubstr("with: \"age_years = 59\""));
  tables = testing::Replaced(tables, "with: \"age_years = 59\"",
                             "with: \"age_years = 59\" with: \"nprs_back = 4\"");
  EXPECT_EQ(RowsOf(Write(text_, tables)), RowsOf(tables));
}

TEST_F(TablesTest, AChangedThresholdChangesTheRowsOfItsRuleOnly) {
  const std::string tables = Write(text_);
  const std::string changed =
      testing::Replaced(text_, "weight_loss && age_years >= 60", "weight_loss && age_years >= 65");
  const std::string after = Write(changed, tables);
  EXPECT_THAT(RulesThatDiffer(tables, after), ::testing::ElementsAre("RF-WEIGHT"));
  EXPECT_THAT(after, HasSubstr("age_years = 64"));
  EXPECT_THAT(after, HasSubstr("age_years = 66"));
  EXPECT_EQ(Write(changed, after), after);
  // And it is as complete as one that is written afresh.
  const auto subject = MakeSubject(changed + after);
  ASSERT_NE(subject, nullptr);
  EXPECT_THAT(RunAll(*subject, CaseSet(*subject->ruleset)), IsEmpty());
}

TEST_F(TablesTest, AChangedTermChangesTheRowsOfWhatReadsIt) {
  const std::string tables = Write(text_);
  const std::string changed =
      testing::Replaced(text_, "fever || temp_c >= 38.0", "fever || temp_c >= 38.5");
  const std::string after = Write(changed, tables);
  const std::set<std::string> rules = RulesThatDiffer(tables, after);
  EXPECT_THAT(rules, Contains("hot"));
  EXPECT_THAT(rules, Not(Contains("RF-WEIGHT")));
  EXPECT_THAT(rules, Not(Contains("RF-PAIN")));
  EXPECT_EQ(Write(changed, after), after);
}

TEST_F(TablesTest, AChangedEffectIsWrittenIntoTheRowsThatWereThere) {
  const std::string tables = Write(text_);
  const std::string changed = testing::Replaced(text_, "level: LEVEL_URGENT_2W\n    gate",
                                                "level: LEVEL_ROUTINE_REFERRAL\n    gate");
  const std::string after = Write(changed, tables);
  EXPECT_THAT(RulesThatDiffer(tables, after), ::testing::ElementsAre("RF-WEIGHT"));
  const RowCounts counts = CountRows(ParsedTables(tables), ParsedTables(after));
  EXPECT_GT(counts.changed, 0U);
  EXPECT_EQ(counts.added, 0U);
  EXPECT_EQ(counts.removed, 0U);
  EXPECT_EQ(counts.kept + counts.changed, RowsOf(tables).size());
}

TEST_F(TablesTest, RowsOfPatientsWhoAreGoneAreReplaced) {
  const std::string tables = Write(text_);
  std::string renamed = kPlainVignette;
  renamed = testing::Replaced(renamed, "V-PLAIN", "V-OTHER");
  const std::string changed = testing::SmallRulesetText() + renamed;
  // The tables of the old patient do not compile with the new one: they are only read.
  const auto subject = MakeSubject(changed);
  ASSERT_NE(subject, nullptr);
  const CaseSet cases(*subject->ruleset);
  const WrittenTables written = WriteTables(*subject, cases, ParsedTables(tables), {});
  EXPECT_THAT(written.not_found, IsEmpty());
  const std::string after = FormatTables(written.tables);
  EXPECT_THAT(after, Not(HasSubstr("V-PLAIN")));
  EXPECT_EQ(RowsOf(after).size(), RowsOf(tables).size());
  const RowCounts counts = CountRows(ParsedTables(tables), written.tables);
  EXPECT_EQ(counts.kept, 0U);
  EXPECT_EQ(counts.removed, RowsOf(tables).size());
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
