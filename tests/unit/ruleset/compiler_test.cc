// What a sound ruleset compiles to.

#include "server/ruleset/compiler.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plumbline/v1/date.pb.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::ruleset {
namespace {

using plumbline::testing::CompileRules;
using plumbline::testing::Edited;
using plumbline::testing::Formatted;
using plumbline::testing::MinimalRulesetText;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<const CompiledRuleset> Compiled(const std::string& text) {
  const CompileResult result = CompileRules(text);
  EXPECT_EQ(Formatted(result.issues), "");
  return result.ruleset;
}

TEST(CompilerTest, MinimalRulesetCompilesWithoutAnyIssue) {
  const auto ruleset = Compiled(MinimalRulesetText());
  ASSERT_NE(ruleset, nullptr);
  EXPECT_EQ(ruleset->source.manifest().ruleset_id(), "minimal");
  EXPECT_EQ(ruleset->revision, ComputeRevision({{"rules.textproto", MinimalRulesetText()}}));
  EXPECT_EQ(ruleset->plan.schema(), ruleset->schema.get());
}

TEST(CompilerTest, VectorsAreParallelToTheSource) {
  const auto ruleset = Compiled(MinimalRulesetText());
  ASSERT_NE(ruleset, nullptr);
  const v1::Ruleset& source = ruleset->source;
  EXPECT_EQ(ruleset->questions.size(), static_cast<size_t>(source.questions_size()));
  EXPECT_EQ(ruleset->consistency_rules.size(), 1u);
  EXPECT_EQ(ruleset->safety_screens.size(), 1u);
  EXPECT_EQ(ruleset->red_flags.size(), 2u);
  EXPECT_EQ(ruleset->conditions.size(), 2u);
  EXPECT_EQ(ruleset->conditions[0].findings.size(), 2u);
  EXPECT_EQ(ruleset->stages.size(), 2u);
  EXPECT_EQ(ruleset->exercises.size(), 2u);
  EXPECT_EQ(ruleset->indications.size(), 1u);
  EXPECT_EQ(ruleset->contraindications.size(), 1u);
  EXPECT_EQ(ruleset->cautions.size(), 1u);
  EXPECT_EQ(ruleset->prerequisites.size(), 1u);
  EXPECT_EQ(ruleset->score_adjustments.size(), 1u);
  EXPECT_EQ(ruleset->size_when.size(), 2u);
  EXPECT_EQ(ruleset->quota_when.size(), 1u);
  EXPECT_EQ(ruleset->pairing_when.size(), 1u);
  EXPECT_EQ(ruleset->advice.size(), 1u);
  EXPECT_EQ(ruleset->follow_up_rules.size(), 1u);
  EXPECT_EQ(ruleset->notices.size(), 1u);
  EXPECT_EQ(ruleset->limit_allows.size(), 1u);
}

TEST(CompilerTest, EmptyExpressionsHaveNoNode) {
  const auto ruleset = Compiled(MinimalRulesetText());
  ASSERT_NE(ruleset, nullptr);
  EXPECT_EQ(ruleset->questions[0].ask_when, kNoNode);
  EXPECT_NE(ruleset->questions[2].ask_when, kNoNode);
  EXPECT_NE(ruleset->red_flags[0].raise_when, kNoNode);
  EXPECT_EQ(ruleset->red_flags[1].raise_when, kNoNode);
  EXPECT_NE(ruleset->size_when[0], kNoNode);
  EXPECT_EQ(ruleset->size_when[1], kNoNode);
  EXPECT_EQ(ruleset->advice[0].when, kNoNode);
  EXPECT_EQ(ruleset->stages[1].when, kNoNode);
  EXPECT_NE(ruleset->stages[1].active, kNoNode);
}

TEST(CompilerTest, SlotsFindTheirQuestions) {
  const auto ruleset = Compiled(MinimalRulesetText());
  ASSERT_NE(ruleset, nullptr);
  const SlotIndex fever = *ruleset->schema->Find("fever");
  EXPECT_EQ(ruleset->question_of_slot[fever], 1u);
  EXPECT_EQ(ruleset->questions[1].slot, fever);
  EXPECT_EQ(ruleset->question_of_slot[*ruleset->schema->Find("diabetes")], kNoIndex);
  EXPECT_EQ(ruleset->exercise_responses_slot, *ruleset->schema->Find("exercise_responses"));
  EXPECT_EQ(ruleset->confirmed_conditions_slot, *ruleset->schema->Find("confirmed_conditions"));
  EXPECT_THAT(ruleset->consistency_rules[0].fields,
              ElementsAre(fever, *ruleset->schema->Find("leg_pain")));
}

TEST(CompilerTest, TextsAreSplitAtTheirHoles) {
  const auto ruleset = Compiled(MinimalRulesetText());
  ASSERT_NE(ruleset, nullptr);
  EXPECT_THAT(ruleset->red_flags[0].because.literals,
              ElementsAre("You are ", " years old and have a fever."));
  EXPECT_THAT(ruleset->red_flags[0].because.slots,
              ElementsAre(*ruleset->schema->Find("age_years")));
  EXPECT_THAT(ruleset->red_flags[1].because.literals, ElementsAre("Leg pain {and} fever."));
  EXPECT_EQ(ruleset->red_flags[0].raise_because.slots, ruleset->red_flags[0].because.slots)
      << "without its own, the rule's";
  EXPECT_TRUE(ruleset->red_flags[0].clinician_note.constant());
}

TEST(CompilerTest, ReferencesBecomeIndices) {
  const auto ruleset = Compiled(MinimalRulesetText());
  ASSERT_NE(ruleset, nullptr);
  EXPECT_EQ(ruleset->red_flags[0].referral, 0u);
  EXPECT_EQ(ruleset->red_flags[1].referral, kNoIndex);
  EXPECT_THAT(ruleset->safety_screens[0].groups, ElementsAre("infection"));
  EXPECT_EQ(ruleset->safety_screens[0].escalations[0].group, 0u);
  const CompiledExercise& walk = ruleset->exercises[0];
  const CompiledExercise& bend = ruleset->exercises[1];
  EXPECT_THAT(walk.progressions, ElementsAre(1u));
  EXPECT_THAT(bend.regressions, ElementsAre(0u));
  EXPECT_EQ(walk.earliest_stage, 0u);
  EXPECT_EQ(bend.earliest_stage, 1u);
  EXPECT_EQ(bend.start_dose, 0u);
  EXPECT_EQ(bend.variant_when.size(), 1u);
  EXPECT_NE(walk.family, bend.family);
}

TEST(CompilerTest, SelectorsBecomeListsOfRules) {
  const auto ruleset = Compiled(MinimalRulesetText());
  ASSERT_NE(ruleset, nullptr);
  const CompiledExercise& walk = ruleset->exercises[0];
  const CompiledExercise& bend = ruleset->exercises[1];
  EXPECT_THAT(walk.indications, IsEmpty());
  EXPECT_THAT(bend.indications, ElementsAre(0u)) << "by id";
  EXPECT_THAT(walk.contraindications, IsEmpty());
  EXPECT_THAT(bend.contraindications, ElementsAre(0u)) << "by tag";
  EXPECT_THAT(walk.cautions, IsEmpty());
  EXPECT_THAT(bend.cautions, ElementsAre(0u)) << "by load";
  EXPECT_THAT(walk.score_adjustments, ElementsAre(0u)) << "all";
  EXPECT_THAT(walk.quotas, ElementsAre(0u));
  EXPECT_THAT(bend.quotas, IsEmpty());
  EXPECT_THAT(bend.pairings_for, ElementsAre(0u));
  EXPECT_THAT(walk.pairings_with, ElementsAre(0u));
  EXPECT_THAT(ruleset->in_neutral_set, ElementsAre(true, false));
  EXPECT_THAT(ruleset->limit_allows[0], ElementsAre(true, false));
}

TEST(CompilerTest, ExceptedExercisesAreNotContraindicated) {
  const auto ruleset =
      Compiled(Edited(MinimalRulesetText(), "selector { tags: \"flexion\" }",
                      "selector { all: true }\n  except_exercise_ids: \"EX-WALK\""));
  ASSERT_NE(ruleset, nullptr);
  EXPECT_THAT(ruleset->exercises[0].contraindications, IsEmpty());
  EXPECT_THAT(ruleset->exercises[1].contraindications, ElementsAre(0u));
}

TEST(CompilerTest, ExercisesOfOneFamilyShareItsNumber) {
  std::string text = Edited(MinimalRulesetText(), "  tags: \"upright\"\n",
                            "  tags: \"upright\"\n  family: \"basic\"\n");
  text = Edited(text, "  tags: \"flexion\"\n", "  tags: \"flexion\"\n  family: \"basic\"\n");
  const auto ruleset = Compiled(text);
  ASSERT_NE(ruleset, nullptr);
  EXPECT_EQ(ruleset->exercises[0].family, ruleset->exercises[1].family);
}

TEST(CompilerTest, IntakeThatIsNoIntakeIsRefused) {
  std::vector<Issue> issues;
  const RulesetDocument document =
      RulesetDocument::Parse({{"rules.textproto", MinimalRulesetText()}}, issues);
  const CompileResult result = Compile(document, *v1::Date::descriptor());
  EXPECT_EQ(result.ruleset, nullptr);
  EXPECT_FALSE(result.issues.empty());
}

TEST(CompilerTest, NothingAtAllLacksItsParts) {
  const CompileResult result = CompileRules(std::string());
  EXPECT_EQ(result.ruleset, nullptr);
  std::vector<std::string> codes;
  for (const Issue& issue : result.issues) codes.push_back(issue.code);
  EXPECT_THAT(codes, ElementsAre("missing-part", "missing-part", "missing-part", "missing-part",
                                 "missing-part", "missing-part"));
}

TEST(CompilerTest, ParseIssuesAreIncludedAndAllIssuesSorted) {
  std::string text = Edited(MinimalRulesetText(), "  title: \"A minimal ruleset\"\n", "");
  text = Edited(text, "  intended_use: \"Tests\"\n", "  intended_uses: \"Tests\"\n");
  text = Edited(text, "rank: 2", "rank: 0");
  const CompileResult result = CompileRules(text);
  std::vector<std::string> codes;
  for (const Issue& issue : result.issues) codes.push_back(issue.code);
  // The title is not reported: the manifest holds a part that could not be read.
  EXPECT_THAT(codes, ElementsAre("unknown-message-field", "number-out-of-range"));
}

}  // namespace
}  // namespace plumbline::ruleset
