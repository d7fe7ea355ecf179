#include "server/service/replay_compare.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = DecisionChange::Kind;

v1::Decision SomeDecision() {
  v1::Decision decision;
  decision.mutable_ruleset()->set_ruleset_id("r");
  decision.mutable_ruleset()->set_version("1.0.0");
  decision.mutable_ruleset()->set_revision(std::string(64, 'a'));
  decision.set_engine_version("0.1.0");
  decision.mutable_as_of()->set_year(2026);
  decision.mutable_disposition()->set_level(v1::LEVEL_URGENT_2W);
  decision.mutable_disposition()->set_gate(v1::GATE_ALLOW);
  v1::FiredRule& rule = *decision.add_fired_rules();
  rule.mutable_rationale()->set_rule_id("RF-1");
  rule.mutable_rationale()->set_text("Because.");
  decision.add_notes()->mutable_rationale()->set_rule_id("RF-N");
  v1::Prescription& plank = *decision.add_programme();
  plank.set_exercise_id("plank");
  plank.mutable_dose()->set_reps(10);
  decision.add_programme()->set_exercise_id("bridge");
  v1::Assessment& assessment = *decision.add_assessments();
  assessment.set_condition_id("stenosis");
  assessment.set_likelihood(v1::LIKELIHOOD_UNLIKELY);
  decision.add_disclaimers("Not a diagnosis.");
  return decision;
}

DecisionChange Change(const v1::Decision& was, const v1::Decision& is) {
  DecisionComparator comparator;
  return comparator.Compare(was.SerializeAsString(), is.SerializeAsString());
}

std::string Difference(const v1::Decision& was, const v1::Decision& is) {
  return FirstDifference(was.SerializeAsString(), is.SerializeAsString());
}

TEST(DecisionComparatorTest, SameBytesAreIdentical) {
  EXPECT_EQ(Change(SomeDecision(), SomeDecision()).kind, Kind::kIdentical);
}

TEST(DecisionComparatorTest, AnotherRevisionAndEngineVersionAreNamesOnly) {
  v1::Decision other = SomeDecision();
  other.mutable_ruleset()->set_revision(std::string(64, 'b'));
  other.mutable_ruleset()->set_version("1.0.1-and-longer");
  other.set_engine_version("0.2.0");
  EXPECT_EQ(Change(SomeDecision(), other).kind, Kind::kNamesOnly);
}

TEST(DecisionComparatorTest, OtherWordingChangesNobodysCare) {
  v1::Decision other = SomeDecision();
  other.set_disclaimers(0, "No diagnosis.");
  other.mutable_fired_rules(0)->mutable_rationale()->set_text("For another reason.");
  const DecisionChange change = Change(SomeDecision(), other);
  EXPECT_EQ(change.kind, Kind::kDifferent);
  EXPECT_FALSE(change.level_changed || change.gate_changed || change.programme_changed);
  EXPECT_THAT(change.appeared, IsEmpty());
  EXPECT_THAT(change.disappeared, IsEmpty());
}

TEST(DecisionComparatorTest, LevelAndGateAreReportedWithBothValues) {
  v1::Decision other = SomeDecision();
  other.mutable_disposition()->set_level(v1::LEVEL_EMERGENCY_NOW);
  other.mutable_disposition()->set_gate(v1::GATE_HOLD);
  const DecisionChange change = Change(SomeDecision(), other);
  EXPECT_TRUE(change.level_changed);
  EXPECT_EQ(change.old_level, v1::LEVEL_URGENT_2W);
  EXPECT_EQ(change.new_level, v1::LEVEL_EMERGENCY_NOW);
  EXPECT_TRUE(change.gate_changed);
  EXPECT_EQ(change.old_gate, v1::GATE_ALLOW);
  EXPECT_EQ(change.new_gate, v1::GATE_HOLD);
  EXPECT_FALSE(change.programme_changed);
}

TEST(DecisionComparatorTest, OtherExerciseOrderOrDoseIsAnotherProgramme) {
  v1::Decision exercise = SomeDecision();
  exercise.add_programme()->set_exercise_id("walk");
  v1::Decision order = SomeDecision();
  order.mutable_programme()->SwapElements(0, 1);
  v1::Decision dose = SomeDecision();
  dose.mutable_programme(0)->mutable_dose()->set_reps(12);
  v1::Decision steps = SomeDecision();
  steps.mutable_programme(0)->add_steps("Lie down.");
  EXPECT_TRUE(Change(SomeDecision(), exercise).programme_changed);
  EXPECT_THAT(Change(SomeDecision(), exercise).appeared, ElementsAre("walk"));
  EXPECT_TRUE(Change(SomeDecision(), order).programme_changed);
  EXPECT_THAT(Change(SomeDecision(), order).appeared, IsEmpty());
  EXPECT_TRUE(Change(SomeDecision(), dose).programme_changed);
  EXPECT_FALSE(Change(SomeDecision(), steps).programme_changed);
}

TEST(DecisionComparatorTest, RulesConditionsAndContraindicationsComeAndGo) {
  v1::Decision other = SomeDecision();
  other.mutable_fired_rules(0)->mutable_rationale()->set_rule_id("RF-2");
  other.mutable_assessments(0)->set_likelihood(v1::LIKELIHOOD_POSSIBLE);
  other.add_excluded()->add_reasons()->set_rule_id("CI-1");
  const DecisionChange change = Change(SomeDecision(), other);
  EXPECT_THAT(change.appeared, ElementsAre("CI-1", "RF-2", "stenosis"));
  EXPECT_THAT(change.disappeared, ElementsAre("RF-1"));
}

TEST(DecisionComparatorTest, RuleThatOnlyMovedNeitherComesNorGoes) {
  v1::Decision other = SomeDecision();
  *other.add_fired_rules() = other.notes(0);
  other.clear_notes();
  const DecisionChange change = Change(SomeDecision(), other);
  EXPECT_EQ(change.kind, Kind::kDifferent);
  EXPECT_THAT(change.appeared, IsEmpty());
  EXPECT_THAT(change.disappeared, IsEmpty());
}

TEST(DecisionComparatorTest, FieldsInAnotherOrderAreReadAllTheSame) {
  v1::Decision head;
  head.mutable_disposition()->set_level(v1::LEVEL_EMERGENCY_NOW);
  v1::Decision tail;
  tail.set_engine_version("0.1.0");
  const std::string swapped = head.SerializeAsString() + tail.SerializeAsString();
  DecisionComparator comparator;
  v1::Decision same = head;
  same.MergeFrom(tail);
  EXPECT_EQ(comparator.Compare(swapped, same.SerializeAsString()).kind, Kind::kNamesOnly);
  same.mutable_disposition()->set_level(v1::LEVEL_URGENT_2W);
  EXPECT_TRUE(comparator.Compare(swapped, same.SerializeAsString()).level_changed);
}

TEST(DecisionComparatorTest, BytesThatAreNoDecisionAreUnreadable) {
  const std::string good = SomeDecision().SerializeAsString();
  DecisionComparator comparator;
  EXPECT_EQ(comparator.Compare("\x0b\xff", good).kind, Kind::kUnreadable);
  EXPECT_EQ(comparator.Compare(good, good.substr(0, good.size() - 3)).kind, Kind::kUnreadable);
}

TEST(FirstDifferenceTest, NamesTheFirstFieldThatDiffers) {
  v1::Decision other = SomeDecision();
  other.mutable_fired_rules(0)->mutable_rationale()->set_text("Else.");
  other.set_disclaimers(0, "Else.");
  EXPECT_EQ(Difference(SomeDecision(), other), "fired_rules[0].rationale.text");
}

TEST(FirstDifferenceTest, NamesElementsAndMessagesThatOnlyOneHas) {
  v1::Decision more = SomeDecision();
  more.add_fired_rules();
  EXPECT_EQ(Difference(SomeDecision(), more), "fired_rules[1]");
  v1::Decision stage = SomeDecision();
  stage.mutable_stage();
  EXPECT_EQ(Difference(SomeDecision(), stage), "stage");
  v1::Decision number = SomeDecision();
  number.mutable_programme(0)->mutable_dose()->set_reps(11);
  EXPECT_EQ(Difference(SomeDecision(), number), "programme[0].dose.reps");
}

TEST(FirstDifferenceTest, EngineVersionIsNamedOnlyWhenNothingElseDiffers) {
  v1::Decision other = SomeDecision();
  other.set_engine_version("9.9.9");
  EXPECT_EQ(Difference(SomeDecision(), other), "engine_version");
  other.mutable_disposition()->set_level(v1::LEVEL_EXERCISE_OK);
  EXPECT_EQ(Difference(SomeDecision(), other), "disposition.level");
}

TEST(FirstDifferenceTest, SameContentInAnotherEncodingNamesTheByte) {
  v1::Decision decision;
  decision.set_engine_version("1");
  const std::string bytes = decision.SerializeAsString();
  EXPECT_EQ(FirstDifference(bytes, bytes + bytes), "encoding at byte 3");
}

}  // namespace
}  // namespace plumbline::service
