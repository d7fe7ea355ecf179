#include "server/diff/impact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/diff/made_ruleset.h"

namespace plumbline::diff {
namespace {

using ::testing::ElementsAre;

v1::RuleImpact& AddRule(const std::string& id, v1::ImpactReport& report) {
  v1::RuleImpact& rule = *report.add_rules();
  rule.set_rule_id(id);
  return rule;
}

v1::ElementChange& AddChange(const std::string& id, v1::RulesetDiff& diff) {
  v1::ElementChange& change = *diff.add_changes();
  change.set_element_id(id);
  change.set_change_class(v1::CHANGE_CLASS_CLINICAL);
  return change;
}

TEST(JoinImpactTest, ChangesGetWhatTheReportSaysOfTheirRule) {
  v1::RulesetDiff diff;
  AddChange("RF-1", diff);
  AddChange("RF-OLD", diff).set_new_element_id("RF-NEW");
  AddChange("RF-3", diff);
  v1::ImpactReport report;
  report.set_decisions(100);
  v1::RuleImpact& rule = AddRule("RF-1", report);
  rule.set_appears(3);
  rule.set_level_changed(2);
  rule.add_example_ids("d1");
  AddRule("RF-OLD", report).set_disappears(5);
  AddRule("RF-NEW", report).set_appears(5);
  JoinImpact(diff, report);

  EXPECT_EQ(diff.impact().decisions(), 100u);
  EXPECT_EQ(diff.changes(0).impact().appears(), 3u);
  EXPECT_EQ(diff.changes(0).impact().level_changed(), 2u);
  EXPECT_THAT(diff.changes(0).impact().example_ids(), ElementsAre("d1"));
  EXPECT_EQ(diff.changes(1).impact().rule_id(), "RF-NEW");
  EXPECT_EQ(diff.changes(1).impact().appears(), 5u);
  EXPECT_EQ(diff.changes(1).impact().disappears(), 5u);
  EXPECT_FALSE(diff.changes(2).has_impact());
}

TEST(JoinImpactTest, ATermGetsWhatRestsOnIt) {
  v1::RulesetDiff diff;
  v1::ElementChange& term = AddChange("older", diff);
  for (const char* id : {"RF-1", "RF-2", "RF-9"}) term.add_affects(id);
  v1::ImpactReport report;
  for (const char* id : {"RF-1", "RF-2"}) {
    v1::RuleImpact& rule = AddRule(id, report);
    rule.set_appears(4);
    rule.set_level_changed(4);
    rule.add_example_ids("same");
    rule.add_example_ids(id);
  }
  report.mutable_rules(1)->set_level_changed(7);
  JoinImpact(diff, report);
  EXPECT_EQ(diff.changes(0).impact().rule_id(), "older");
  EXPECT_EQ(diff.changes(0).impact().appears(), 8u);
  EXPECT_EQ(diff.changes(0).impact().level_changed(), 7u) << "one patient can stand under both";
  EXPECT_THAT(diff.changes(0).impact().example_ids(), ElementsAre("same", "RF-1", "RF-2"));
}

TEST(JoinImpactTest, AlterationsAreAddedUp) {
  v1::RulesetDiff diff;
  AddChange("RF-1", diff);
  v1::ElementChange& term = AddChange("older", diff);
  for (const char* id : {"RF-1", "RF-2"}) term.add_affects(id);
  v1::ImpactReport report;
  for (const char* id : {"RF-1", "RF-2"}) {
    v1::RuleImpact& rule = AddRule(id, report);
    rule.set_altered(4);
    rule.mutable_alterations()->set_time_limit(3);
  }
  report.mutable_rules(1)->mutable_alterations()->set_level(1);
  JoinImpact(diff, report);
  EXPECT_EQ(diff.changes(0).impact().altered(), 4u);
  EXPECT_EQ(AlterationsText(diff.changes(0).impact().alterations()), "time limit 3");
  EXPECT_EQ(diff.changes(1).impact().altered(), 8u);
  EXPECT_EQ(AlterationsText(diff.changes(1).impact().alterations()), "level 1, time limit 6");
  EXPECT_EQ(AlterationsText({}), "");
}

TEST(JoinImpactTest, WordsDoNotGetWhatOtherChangesDid) {
  v1::RulesetDiff diff;
  v1::ElementChange& passage = AddChange("BOOK/1", diff);
  passage.set_change_class(v1::CHANGE_CLASS_EDITORIAL);
  passage.add_affects("RF-1");
  v1::ImpactReport report;
  AddRule("RF-1", report).set_appears(4);
  JoinImpact(diff, report);
  EXPECT_FALSE(diff.changes(0).has_impact());
}

TEST(JoinImpactTest, JoiningAgainReplaces) {
  v1::RulesetDiff diff;
  AddChange("RF-1", diff);
  v1::ImpactReport report;
  AddRule("RF-1", report).set_appears(4);
  JoinImpact(diff, report);
  JoinImpact(diff, report);
  EXPECT_EQ(diff.changes(0).impact().appears(), 4u);
  JoinImpact(diff, {});
  EXPECT_FALSE(diff.changes(0).has_impact());
}

// A replay names groups in the same way.
TEST(JoinImpactTest, AStratumGetsWhatTheReportSaysOfToolAndGroup) {
  v1::RulesetDiff diff = DiffOfEdit("when: \"age_years < 30\"", "when: \"age_years < 35\"");
  v1::ImpactReport report;
  AddRule("tool/low", report).set_appears(6);
  JoinImpact(diff, report);
  ASSERT_EQ(diff.changes_size(), 1);
  EXPECT_EQ(diff.changes(0).impact().rule_id(), "tool/low");
  EXPECT_EQ(diff.changes(0).impact().appears(), 6u);
}

TEST(JoinImpactTest, AtMostTenExamples) {
  v1::RulesetDiff diff;
  v1::ElementChange& term = AddChange("older", diff);
  v1::ImpactReport report;
  for (int i = 0; i < 20; ++i) {
    const std::string id = "RF-" + std::to_string(i);
    term.add_affects(id);
    AddRule(id, report).add_example_ids("d" + std::to_string(i));
  }
  JoinImpact(diff, report);
  EXPECT_EQ(diff.changes(0).impact().example_ids_size(), 10);
}

}  // namespace
}  // namespace plumbline::diff
