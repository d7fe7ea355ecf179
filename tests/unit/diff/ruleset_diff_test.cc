#include "server/diff/ruleset_diff.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/unit/diff/made_ruleset.h"

namespace plumbline::diff {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

// The only change; fails the test if there is not exactly one.
v1::ElementChange Only(const v1::RulesetDiff& diff) {
  EXPECT_EQ(diff.changes_size(), 1) << diff.DebugString();
  return diff.changes_size() == 1 ? diff.changes(0) : v1::ElementChange();
}

std::string Summary(const std::string& from, const std::string& to) {
  return Only(DiffOfEdit(from, to)).summary();
}

TEST(DiffRulesetsTest, NamesBothRevisions) {
  const auto from = testing::CompileRules(testing::MinimalRulesetText());
  const auto to = testing::CompileRules(testing::MinimalRulesetText() + "\n");
  ASSERT_NE(from.ruleset, nullptr);
  const v1::RulesetDiff diff = DiffRulesets(*from.ruleset, *to.ruleset);
  EXPECT_EQ(diff.old_revision(), from.ruleset->revision);
  EXPECT_EQ(diff.new_revision(), to.ruleset->revision);
  EXPECT_NE(diff.old_revision(), diff.new_revision());
  EXPECT_EQ(diff.old_version(), "1.2.3");
  EXPECT_THAT(diff.changes(), IsEmpty());
  EXPECT_EQ(diff.required_bump(), v1::VERSION_BUMP_NONE);
  EXPECT_TRUE(diff.version_sufficient());
  EXPECT_FALSE(diff.has_impact());
}

TEST(DiffRulesetsTest, ThresholdsAreSaidWithBothValues) {
  const v1::ElementChange change =
      Only(DiffOfEdit("when: \"age_years < 30\"", "when: \"age_years < 35\""));
  EXPECT_EQ(change.summary(),
            "stratum tool/low \"Low\": when threshold `age_years < 30` becomes `< 35`");
  EXPECT_EQ(change.fields(0).path(), "when");
  EXPECT_EQ(change.fields(0).old_value(), "age_years < 30");
  EXPECT_EQ(change.fields(0).new_value(), "age_years < 35");
  EXPECT_EQ(change.change_class(), v1::CHANGE_CLASS_CLINICAL);
  EXPECT_EQ(change.bump(), v1::VERSION_BUMP_MAJOR);
}

TEST(DiffRulesetsTest, LevelsDosesAndPointsAreSaidWithBothValues) {
  EXPECT_EQ(Summary("level: LEVEL_URGENT_SAME_DAY\n  gate: GATE_HOLD\n  because: \"You are",
                    "level: LEVEL_EMERGENCY_NOW\n  gate: GATE_HOLD\n  because: \"You are"),
            "red flag RF-1 \"Fever\": level `URGENT_SAME_DAY` becomes `EMERGENCY_NOW`");
  EXPECT_EQ(Summary("text: \"Five times\" reps: 5", "text: \"Five times\" reps: 6"),
            "exercise EX-BEND \"Bending\": doses[0].reps `5` becomes `6`");
  EXPECT_EQ(Summary("points: -1 when: \"fever\"", "points: -2 when: \"fever\""),
            "finding F-2 \"Fever.\": points `-1` becomes `-2`");
  EXPECT_EQ(Summary("due_days: 14 }", "}"), "level URGENT_2W \"Soon\": due_days is no longer `14`");
  EXPECT_EQ(Summary("min: 1\n    max: 1", "min: 0\n    max: 1"),
            "quota QU-1 \"Some air.\": min `1` becomes `0`");
}

TEST(DiffRulesetsTest, SelectionsAreSaidByWhatComesAndGoes) {
  EXPECT_EQ(
      Summary("selector { tags: \"flexion\" }", "selector { tags: \"flexion\" tags: \"upright\" }"),
      "contraindication CI-1 \"Not with a fever.\": selector.tags adds `upright`");
  EXPECT_EQ(Summary("selector { min_load: 2 }", "selector { min_load: 3 }"),
            "caution CA-1 \"Go easy.\": selector.min_load `2` becomes `3`");
}

TEST(DiffRulesetsTest, NestedListsAreMatchedByName) {
  const v1::ElementChange label =
      Only(DiffOfEdit("label: \"below the knee\"", "label: \"under the knee\""));
  EXPECT_EQ(label.fields(0).path(), "options[BELOW_KNEE].label");
  EXPECT_EQ(label.bump(), v1::VERSION_BUMP_MAJOR) << "another answer under the same value";
  const v1::ElementChange item =
      Only(DiffOfEdit("items { group: \"infection\" answered: \"fever\" }",
                      "items { group: \"infection\" answered: \"fever\" } items { group: \"other\" "
                      "answered: \"unwell\" }"));
  EXPECT_EQ(item.fields(0).path(), "items[other]");
  EXPECT_EQ(item.fields(0).new_value(), "group: other, answered: unwell");
  EXPECT_EQ(item.bump(), v1::VERSION_BUMP_MAJOR);
}

TEST(DiffRulesetsTest, StepsAndDosesHaveAnOrder) {
  const std::string two =
      testing::Edited(FullText(), "steps: \"Bend.\"", "steps: \"Bend.\" steps: \"Rise.\"");
  const std::string turned =
      testing::Edited(FullText(), "steps: \"Bend.\"", "steps: \"Rise.\" steps: \"Bend.\"");
  const v1::ElementChange steps = Only(DiffOfTexts(two, turned));
  EXPECT_EQ(steps.summary(), "exercise EX-BEND \"Bending\": steps the same in another order");
  EXPECT_EQ(steps.change_class(), v1::CHANGE_CLASS_CLINICAL);
  EXPECT_EQ(steps.bump(), v1::VERSION_BUMP_MAJOR);
  const v1::ElementChange more = Only(DiffOfTexts(FullText(), two));
  EXPECT_EQ(more.fields(0).path(), "steps[1]");
  EXPECT_EQ(more.fields(0).new_value(), "Rise.");
  const v1::ElementChange ladder = Only(
      DiffOfEdit("doses { start: true text: \"Ten minutes\" duration_minutes: 10 }",
                 "doses { text: \"Two minutes\" duration_minutes: 2 } doses { start: true text: "
                 "\"Ten minutes\" duration_minutes: 10 }"));
  EXPECT_EQ(ladder.fields(0).path(), "doses[0]");
  EXPECT_EQ(ladder.fields(0).old_value(), "");
  EXPECT_EQ(ladder.bump(), v1::VERSION_BUMP_MAJOR);
}

TEST(DiffRulesetsTest, LongTextsAreShownWhereTheyDiffer) {
  std::string text = "Warm";
  for (int i = 0; i < 40; ++i) text += " layer";
  const v1::RulesetDiff diff =
      DiffOfTexts(testing::Edited(FullText(), "text: \"Keep warm.\"",
                                  "text: \"" + text + " keep warm " + text + "\""),
                  testing::Edited(FullText(), "text: \"Keep warm.\"",
                                  "text: \"" + text + " keep cool " + text + "\""));
  EXPECT_THAT(Only(diff).summary(), HasSubstr("keep warm Warm"));
  EXPECT_THAT(Only(diff).summary(), HasSubstr("keep cool Warm"));
  EXPECT_LT(Only(diff).summary().size(), 200u);
  EXPECT_THAT(Only(diff).fields(0).old_value(), HasSubstr(text));
}

TEST(DiffRulesetsTest, AChangedTermIsReportedOnceWithWhatRestsOnIt) {
  const v1::ElementChange change =
      Only(DiffOfEdit("expression: \"age_years >= 60\"", "expression: \"age_years >= 65\""));
  EXPECT_EQ(
      change.summary(),
      "term older \"sixty or older\": expression threshold `age_years >= 60` becomes `>= 65`");
  // Read by RF-1, a caution, an adjustment, a size limit, a notice, a variant of EX-BEND, stage A;
  // PR-1 reads stage B, which is what is left by A.
  EXPECT_THAT(change.affects(),
              IsSupersetOf({"RF-1", "CA-1", "SA-1", "SZ-1", "NO-1", "EX-BEND", "A", "B", "PR-1"}));
  EXPECT_THAT(change.affects(), Not(Contains("RF-2")));
  EXPECT_THAT(change.affects(), Not(Contains("older")));
}

TEST(DiffRulesetsTest, AChangedFindingReachesWhatReadsItsPattern) {
  const v1::ElementChange change = Only(DiffOfEdit("points: 2 when", "points: 1 when"));
  EXPECT_EQ(change.element_kind(), "finding");
  EXPECT_THAT(change.affects(), IsSupersetOf({"leggy", "rest", "IN-1", "A", "B", "PR-1"}));
}

TEST(DiffRulesetsTest, ACitedPassageNamesWhoCitesIt) {
  const v1::ElementChange change =
      Only(DiffOfEdit("summary: \"What else.\"", "summary: \"What more.\""));
  EXPECT_EQ(change.element_kind(), "source passage");
  EXPECT_THAT(change.affects(), ElementsAre("RF-2"));
  EXPECT_EQ(change.bump(), v1::VERSION_BUMP_PATCH);
}

TEST(DiffRulesetsTest, NewWordsOfATermReachNobody) {
  const v1::ElementChange change =
      Only(DiffOfEdit("words: \"sixty or older\"", "words: \"at least sixty\""));
  EXPECT_THAT(change.affects(), IsEmpty());
  EXPECT_EQ(change.change_class(), v1::CHANGE_CLASS_EDITORIAL);
}

TEST(DiffRulesetsTest, ATermTakenOutOfARuleChangesNothingForAnybody) {
  const v1::RulesetDiff diff =
      DiffOfEdit("when: \"fever && older\"", "when: \"fever && age_years >= 60\"");
  const v1::ElementChange change = Only(diff);
  EXPECT_EQ(change.change_class(), v1::CHANGE_CLASS_EDITORIAL);
  EXPECT_EQ(change.bump(), v1::VERSION_BUMP_PATCH);
  EXPECT_THAT(change.summary(), HasSubstr("means the same"));
  // With the term changed at the same time it does.
  const v1::RulesetDiff both =
      DiffOfTexts(testing::Edited(FullText(), "expression: \"age_years >= 60\"",
                                  "expression: \"age_years >= 65\""),
                  testing::Edited(FullText(), "when: \"fever && older\"",
                                  "when: \"fever && age_years >= 60\""));
  ASSERT_EQ(both.changes_size(), 2);
  EXPECT_EQ(both.changes(1).element_id(), "RF-1");
  EXPECT_EQ(both.changes(1).bump(), v1::VERSION_BUMP_MAJOR);
}

TEST(DiffRulesetsTest, TheOrderOfPatternsCountsAroundTheResidualOneOnly) {
  const auto with = [](const std::vector<std::string>& order) {
    v1::Ruleset ruleset = ParsedText(FullText());
    const v1::ClinicalCondition leggy = ruleset.conditions(0);
    const v1::ClinicalCondition rest = ruleset.conditions(1);
    ruleset.clear_conditions();
    for (const std::string& id : order) {
      *ruleset.add_conditions() = id == "rest" ? rest : leggy;
      ruleset.mutable_conditions(ruleset.conditions_size() - 1)->set_id(id);
    }
    return ruleset;
  };
  EXPECT_THAT(
      DiffOf(with({"a", "b", "rest", "c", "d"}), with({"b", "a", "rest", "d", "c"})).changes(),
      IsEmpty());
  const v1::ElementChange moved =
      Only(DiffOf(with({"a", "b", "rest", "c"}), with({"a", "rest", "b", "c"})));
  EXPECT_EQ(moved.kind(), v1::CHANGE_KIND_MOVED);
  EXPECT_EQ(moved.change_class(), v1::CHANGE_CLASS_CLINICAL);
}

TEST(DiffRulesetsTest, MovedAndChangedIsChangedWithItsPlace) {
  v1::Ruleset to = ParsedText(FullText());
  to.mutable_programme()->mutable_sizes()->SwapElements(0, 1);
  to.mutable_programme()->mutable_sizes(0)->set_max_exercises(4);
  const v1::RulesetDiff diff = DiffOf(ParsedText(FullText()), to);
  ASSERT_GE(diff.changes_size(), 1);
  EXPECT_EQ(diff.changes(0).kind(), v1::CHANGE_KIND_CHANGED);
  EXPECT_THAT(diff.changes(0).summary(), HasSubstr("max_exercises"));
}

TEST(DiffRulesetsTest, TheVersionAloneIsWorthNothing) {
  const v1::RulesetDiff diff = DiffOfEdit("version: \"1.2.3\"", "version: \"1.2.4\"");
  EXPECT_EQ(Only(diff).bump(), v1::VERSION_BUMP_NONE);
  EXPECT_EQ(diff.required_bump(), v1::VERSION_BUMP_NONE);
  EXPECT_EQ(diff.declared_bump(), v1::VERSION_BUMP_PATCH);
}

TEST(DiffRulesetsTest, TooSmallIsRefusedWithTheChangeThatDemandsMore) {
  std::string text = testing::Edited(FullText(), "version: \"1.2.3\"", "version: \"1.3.0\"");
  text = testing::Edited(text, "after_days: 14", "after_days: 21");
  text = testing::Edited(text, "title: \"A book\"", "title: \"The book\"");
  const v1::RulesetDiff diff = DiffOfTexts(FullText(), text);
  EXPECT_EQ(diff.required_bump(), v1::VERSION_BUMP_MAJOR);
  EXPECT_EQ(diff.declared_bump(), v1::VERSION_BUMP_MINOR);
  EXPECT_FALSE(diff.version_sufficient());
  EXPECT_EQ(diff.bump_because(),
            "follow-up rule FU-1 \"Look again.\": after_days `14` becomes `21`");
}

TEST(DiffRulesetsTest, TheOtherWayRoundSaysTheOpposite) {
  const std::string other = testing::Edited(FullText(), "after_days: 14", "after_days: 21");
  EXPECT_EQ(Only(DiffOfTexts(other, FullText())).summary(),
            "follow-up rule FU-1 \"Look again.\": after_days `21` becomes `14`");
}

TEST(DiffRulesetsTest, SameInputSameBytes) {
  const std::string other =
      testing::Edited(FullText(), "when: \"fever && older\"", "when: \"fever\"");
  EXPECT_EQ(DiffOfTexts(FullText(), other).SerializeAsString(),
            DiffOfTexts(FullText(), other).SerializeAsString());
}

}  // namespace
}  // namespace plumbline::diff
