#include "server/service/replay_compare.h"

#include <string>
#include <vector>

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
  rule.set_level(v1::LEVEL_URGENT_2W);
  rule.set_gate(v1::GATE_ALLOW);
  rule.set_due_days(14);
  v1::Fact& fact = *rule.mutable_rationale()->add_facts();
  fact.set_field("age_years");
  fact.set_value("60");
  v1::Referral& referral = *decision.add_referrals();
  referral.set_target_id("physio");
  referral.set_level(v1::LEVEL_URGENT_2W);
  referral.add_rule_ids("RF-1");
  decision.add_notes()->mutable_rationale()->set_rule_id("RF-N");
  v1::Prescription& plank = *decision.add_programme();
  plank.set_exercise_id("plank");
  plank.mutable_dose()->set_reps(10);
  decision.add_programme()->set_exercise_id("bridge");
  v1::Assessment& assessment = *decision.add_assessments();
  assessment.set_condition_id("stenosis");
  assessment.set_likelihood(v1::LIKELIHOOD_UNLIKELY);
  v1::Rationale& finding = *assessment.add_findings_for();
  finding.set_rule_id("F-1");
  finding.set_points(2);
  v1::ExcludedExercise& excluded = *decision.add_excluded();
  excluded.set_exercise_id("sit_up");
  excluded.set_kind(v1::EXCLUSION_KIND_CONTRAINDICATED);
  excluded.add_reasons()->set_rule_id("CI-1");
  v1::FollowUpItem& follow_up = *decision.mutable_follow_up()->add_items();
  follow_up.set_after_days(14);
  follow_up.mutable_rationale()->set_rule_id("FU-1");
  decision.add_open_questions()->set_field("fever");
  decision.add_disclaimers("Not a diagnosis.");
  return decision;
}

// What is another about `id`; empty when it is not altered.
std::vector<std::string> AlteredOf(const std::string& id, const DecisionChange& change) {
  std::vector<std::string> names;
  for (const Alteration& alteration : change.effects.altered) {
    if (alteration.id != id) continue;
    for (size_t i = 0; i < kAspects; ++i) {
      if (alteration.aspects.test(i)) names.emplace_back(AspectName(static_cast<Aspect>(i)));
    }
  }
  return names;
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
  v1::FiredRule& rule = *other.mutable_fired_rules(0);
  rule.set_title("Another title");
  rule.set_clinician_note("Another note");
  rule.mutable_rationale()->set_text("For another reason.");
  rule.mutable_rationale()->add_sources("BOOK/1");
  other.mutable_programme(0)->add_cues("Breathe.");
  other.mutable_programme(0)->mutable_dose()->add_sources("BOOK/2");
  other.mutable_assessments(0)->set_title("Another title");
  other.mutable_referrals(0)->set_patient_text("Go there.");
  other.mutable_disposition()->set_patient_text("Soon.");
  other.mutable_open_questions(0)->set_wording("Which?");
  const DecisionChange change = Change(SomeDecision(), other);
  EXPECT_EQ(change.kind, Kind::kDifferent);
  EXPECT_TRUE(change.only_words());
}

// Clinical in a comparison of rulesets; replay.md says that a replay does not count them.
TEST(DecisionComparatorTest, TextsOfCautionsAndQuestionsAreOnlyWords) {
  v1::Decision was = SomeDecision();
  was.mutable_programme(0)->add_cautions()->set_rule_id("CA-1");
  was.add_alternatives()->set_exercise_id("walk");
  was.mutable_alternatives(0)->add_cautions()->set_rule_id("CA-1");
  v1::Decision programme = was;
  programme.mutable_programme(0)->mutable_cautions(0)->set_text("Go easy.");
  v1::Decision alternative = was;
  alternative.mutable_alternatives(0)->mutable_cautions(0)->set_text("Go easy.");
  v1::Decision question = was;
  question.mutable_open_questions(0)->set_label("Temperature");
  question.mutable_open_questions(0)->set_wording("Do you feel hot?");
  question.mutable_open_questions(0)->set_clinician_wording("Febrile?");
  for (const v1::Decision& other : {programme, alternative, question}) {
    EXPECT_TRUE(Change(was, other).only_words());
  }
}

TEST(DecisionComparatorTest, ARuleThatFiresOnBothSidesWithAnotherResultIsAltered) {
  v1::Decision other = SomeDecision();
  v1::FiredRule& rule = *other.mutable_fired_rules(0);
  rule.set_due_days(7);
  DecisionChange change = Change(SomeDecision(), other);
  EXPECT_THAT(AlteredOf("RF-1", change), ElementsAre("time_limit"));
  EXPECT_TRUE(change.time_limit_changed);
  EXPECT_TRUE(change.rules_changed());
  EXPECT_FALSE(change.only_words());
  EXPECT_FALSE(change.level_changed || change.gate_changed || change.programme_changed ||
               change.referrals_changed || change.follow_up_changed ||
               change.open_questions_changed || change.availability_changed);
  EXPECT_THAT(change.effects.appeared, IsEmpty());
  EXPECT_THAT(change.effects.disappeared, IsEmpty());

  rule.clear_due_days();
  EXPECT_THAT(AlteredOf("RF-1", Change(SomeDecision(), other)), ElementsAre("time_limit"))
      << "no limit any more";
  rule = SomeDecision().fired_rules(0);
  rule.set_level(v1::LEVEL_URGENT_SAME_DAY);
  rule.set_gate(v1::GATE_HOLD);
  change = Change(SomeDecision(), other);
  EXPECT_THAT(AlteredOf("RF-1", change), ElementsAre("level", "gate"));
  EXPECT_FALSE(change.level_changed) << "another rule decides the level";
  EXPECT_FALSE(change.time_limit_changed);
}

TEST(DecisionComparatorTest, WhatARuleRestsOnIsItsBasis) {
  v1::Decision other = SomeDecision();
  v1::FiredRule& rule = *other.mutable_fired_rules(0);
  rule.set_fired_by(v1::FIRED_BY_RAISE);
  EXPECT_THAT(AlteredOf("RF-1", Change(SomeDecision(), other)), ElementsAre("basis"));
  rule = SomeDecision().fired_rules(0);
  rule.mutable_rationale()->mutable_facts(0)->set_display("sixty");
  EXPECT_TRUE(Change(SomeDecision(), other).only_words());
  rule.mutable_rationale()->mutable_facts(0)->set_value("61");
  EXPECT_THAT(AlteredOf("RF-1", Change(SomeDecision(), other)), ElementsAre("basis"));
}

TEST(DecisionComparatorTest, AReferralIsAlteredAndSoIsTheRuleThatAsksForIt) {
  v1::Decision other = SomeDecision();
  other.mutable_referrals(0)->set_level(v1::LEVEL_ROUTINE_REFERRAL);
  DecisionChange change = Change(SomeDecision(), other);
  EXPECT_THAT(AlteredOf("physio", change), ElementsAre("level"));
  EXPECT_TRUE(change.referrals_changed);
  other = SomeDecision();
  other.mutable_referrals(0)->set_rule_ids(0, "RF-N");
  change = Change(SomeDecision(), other);
  EXPECT_THAT(AlteredOf("RF-1", change), ElementsAre("referral"));
  EXPECT_THAT(AlteredOf("RF-N", change), ElementsAre("referral"));
  EXPECT_THAT(AlteredOf("physio", change), IsEmpty());
  EXPECT_TRUE(change.referrals_changed);
  EXPECT_THAT(change.effects.appeared, IsEmpty());
}

TEST(DecisionComparatorTest, TheSameExerciseInAnotherWayIsAltered) {
  const auto altered = [](auto edit) {
    v1::Decision other = SomeDecision();
    edit(other);
    const DecisionChange change = Change(SomeDecision(), other);
    EXPECT_TRUE(change.programme_changed);
    EXPECT_THAT(change.effects.appeared, IsEmpty());
    EXPECT_THAT(AlteredOf("bridge", change), IsEmpty()) << "nothing is another about it";
    return AlteredOf("plank", change);
  };
  EXPECT_THAT(altered([](auto& d) { d.mutable_programme(0)->mutable_dose()->set_reps(12); }),
              ElementsAre("dose"));
  EXPECT_THAT(altered([](auto& d) { d.mutable_programme(0)->mutable_dose()->set_text("Ten."); }),
              ElementsAre("dose"));
  EXPECT_THAT(altered([](auto& d) { d.mutable_programme(0)->set_dose_step(2); }),
              ElementsAre("dose"));
  EXPECT_THAT(
      altered([](auto& d) { d.mutable_programme(0)->mutable_variant()->set_name("kneeling"); }),
      ElementsAre("variant"));
}

TEST(DecisionComparatorTest, OneExerciseMoreDoesNotMoveTheOthersButAnotherOrderDoes) {
  v1::Decision was = SomeDecision();
  was.mutable_programme(0)->set_session_order(1);
  was.mutable_programme(1)->set_session_order(2);
  v1::Decision more = was;
  more.mutable_programme(0)->set_session_order(2);
  more.mutable_programme(1)->set_session_order(3);
  v1::Prescription& walk = *more.add_programme();
  walk.set_exercise_id("walk");
  walk.set_session_order(1);
  DecisionChange change = Change(was, more);
  EXPECT_THAT(change.effects.appeared, ElementsAre("walk"));
  EXPECT_THAT(change.effects.altered, IsEmpty());
  v1::Decision turned = was;
  turned.mutable_programme(0)->set_session_order(2);
  turned.mutable_programme(1)->set_session_order(1);
  change = Change(was, turned);
  EXPECT_TRUE(change.programme_changed);
  EXPECT_THAT(AlteredOf("plank", change), ElementsAre("session_order"));
  EXPECT_THAT(AlteredOf("bridge", change), ElementsAre("session_order"));
}

TEST(DecisionComparatorTest, LikelihoodAndPointsOfAConditionAreAltered) {
  v1::Decision was = SomeDecision();
  was.mutable_assessments(0)->set_likelihood(v1::LIKELIHOOD_POSSIBLE);
  v1::Decision other = was;
  other.mutable_assessments(0)->set_likelihood(v1::LIKELIHOOD_LIKELY);
  other.mutable_assessments(0)->mutable_findings_for(0)->set_points(5);
  const DecisionChange change = Change(was, other);
  EXPECT_THAT(AlteredOf("stenosis", change), ElementsAre("likelihood"));
  EXPECT_THAT(AlteredOf("F-1", change), ElementsAre("points"));
  other = SomeDecision();
  other.mutable_assessments(0)->set_ruled_out(true);
  EXPECT_THAT(Change(SomeDecision(), other).effects.altered, IsEmpty())
      << "unlikely as before: it stands in neither answer";
}

TEST(DecisionComparatorTest, AContraindicationThatTakesOtherExercisesAwayIsAltered) {
  v1::Decision other = SomeDecision();
  v1::ExcludedExercise& excluded = *other.add_excluded();
  excluded.set_exercise_id("jump");
  excluded.add_reasons()->set_rule_id("CI-1");
  DecisionChange change = Change(SomeDecision(), other);
  EXPECT_THAT(AlteredOf("CI-1", change), ElementsAre("exclusion"));
  EXPECT_TRUE(change.availability_changed);
  EXPECT_FALSE(change.programme_changed);
  other = SomeDecision();
  other.mutable_excluded(0)->set_kind(v1::EXCLUSION_KIND_WITHHELD);
  EXPECT_THAT(AlteredOf("CI-1", Change(SomeDecision(), other)), ElementsAre("exclusion"));
}

TEST(DecisionComparatorTest, ACautionThatIsGivenForOtherExercisesIsAltered) {
  v1::Decision was = SomeDecision();
  for (int i = 0; i < 2; ++i) was.mutable_programme(i)->add_cautions()->set_rule_id("CA-1");
  v1::Decision is = was;
  is.mutable_programme(1)->clear_cautions();
  const DecisionChange change = Change(was, is);
  EXPECT_THAT(AlteredOf("CA-1", change), ElementsAre("exclusion"));
  EXPECT_THAT(change.effects.disappeared, IsEmpty()) << "it still stands at the other exercise";
  EXPECT_FALSE(change.only_words());
  EXPECT_THAT(AlteredOf("CA-1", Change(is, was)), ElementsAre("exclusion"));
}

TEST(DecisionComparatorTest, ACautionOrAnotherMovementOfAnAlternativeIsAvailability) {
  v1::Decision was = SomeDecision();
  was.add_alternatives()->set_exercise_id("walk");
  v1::Decision caution = was;
  caution.mutable_alternatives(0)->add_cautions()->set_rule_id("CA-1");
  EXPECT_TRUE(Change(was, caution).availability_changed);
  v1::Decision stop = was;
  stop.mutable_alternatives(0)->add_stop_rules("Stop when it hurts.");
  EXPECT_TRUE(Change(was, stop).availability_changed);
}

TEST(DecisionComparatorTest, ASafetyNetComesGoesOrIsAltered) {
  v1::Decision was = SomeDecision();
  was.mutable_safety_net()->set_title("Watch out");
  was.mutable_safety_net()->add_items("Numbness");
  DecisionChange change = Change(was, SomeDecision());
  EXPECT_THAT(change.effects.disappeared, ElementsAre("safety_net"));
  EXPECT_FALSE(change.only_words());
  EXPECT_THAT(Change(SomeDecision(), was).effects.appeared, ElementsAre("safety_net"));

  v1::Decision other = was;
  other.mutable_safety_net()->set_title("Look out");
  EXPECT_TRUE(Change(was, other).only_words());
  other.mutable_safety_net()->add_items("Fever");
  change = Change(was, other);
  EXPECT_THAT(AlteredOf("safety_net", change), ElementsAre("basis"));
  EXPECT_FALSE(change.only_words());
}

// As rules, vignettes and comparisons of rulesets name it.
TEST(DecisionComparatorTest, AStratumIsNamedByItsToolAndItsGroup) {
  v1::Decision was = SomeDecision();
  v1::StratumResult& stratum = *was.add_strata();
  stratum.set_stratification_id("start_back");
  stratum.set_stratum_id("low");
  v1::Decision is = was;
  is.mutable_strata(0)->set_stratum_id("high");
  const DecisionChange change = Change(was, is);
  EXPECT_THAT(change.effects.appeared, ElementsAre("start_back/high"));
  EXPECT_THAT(change.effects.disappeared, ElementsAre("start_back/low"));
}

TEST(DecisionComparatorTest, AStepOrAStopRuleMoreIsAnotherVariant) {
  v1::Decision step = SomeDecision();
  step.mutable_programme(0)->add_steps("Lie down.");
  v1::Decision stop = SomeDecision();
  stop.mutable_programme(0)->add_stop_rules("Stop when it hurts.");
  v1::Decision variant = SomeDecision();
  variant.mutable_programme(0)->mutable_variant()->add_steps("Kneel.");
  for (const v1::Decision& other : {step, stop, variant}) {
    const DecisionChange change = Change(SomeDecision(), other);
    EXPECT_THAT(AlteredOf("plank", change), ElementsAre("variant"));
    EXPECT_FALSE(change.only_words() || change.programme_changed);
  }
}

TEST(DecisionComparatorTest, AlternativesAndLockedExercisesAreAvailability) {
  v1::Decision other = SomeDecision();
  other.add_alternatives()->set_exercise_id("walk");
  DecisionChange change = Change(SomeDecision(), other);
  EXPECT_TRUE(change.availability_changed);
  EXPECT_FALSE(change.rules_changed() || change.only_words());
  other = SomeDecision();
  other.add_later()->set_exercise_id("jump");
  EXPECT_TRUE(Change(SomeDecision(), other).availability_changed);
}

TEST(DecisionComparatorTest, FollowUpThatIsDueElsewhenIsAltered) {
  v1::Decision other = SomeDecision();
  other.mutable_follow_up()->mutable_items(0)->set_after_days(7);
  DecisionChange change = Change(SomeDecision(), other);
  EXPECT_THAT(AlteredOf("FU-1", change), ElementsAre("time_limit"));
  EXPECT_TRUE(change.follow_up_changed);
  EXPECT_FALSE(change.time_limit_changed) << "that is the disposition's and its rules'";
  other = SomeDecision();
  other.mutable_follow_up()->mutable_review_date()->set_day(9);
  change = Change(SomeDecision(), other);
  EXPECT_TRUE(change.follow_up_changed);
  EXPECT_FALSE(change.rules_changed());
}

TEST(DecisionComparatorTest, LimitOfTheDispositionIsATimeLimit) {
  v1::Decision other = SomeDecision();
  other.mutable_disposition()->set_due_days(3);
  EXPECT_TRUE(Change(SomeDecision(), other).time_limit_changed);
  other = SomeDecision();
  other.mutable_disposition()->set_time_frame("within a week");
  EXPECT_TRUE(Change(SomeDecision(), other).time_limit_changed);
}

TEST(DecisionComparatorTest, QuestionsAndWhatTheyLeaveOpenAreOpenQuestions) {
  v1::Decision other = SomeDecision();
  other.mutable_open_questions(0)->set_could_raise_level_to(v1::LEVEL_EMERGENCY_NOW);
  EXPECT_TRUE(Change(SomeDecision(), other).open_questions_changed);
  other = SomeDecision();
  other.add_not_excluded_rules()->set_rule_id("RF-9");
  const DecisionChange change = Change(SomeDecision(), other);
  EXPECT_TRUE(change.open_questions_changed);
  EXPECT_FALSE(change.only_words() || change.rules_changed());
}

// The programme is the same on both sides and is not parsed at first.
TEST(DecisionComparatorTest, AnIdThatStandsInAnEqualPartTooDoesNotCome) {
  v1::Decision was = SomeDecision();
  was.mutable_programme(0)->add_cautions()->set_rule_id("CI-9");
  v1::Decision is = was;
  is.mutable_excluded(0)->add_reasons()->set_rule_id("CI-9");
  const DecisionChange change = Change(was, is);
  EXPECT_THAT(change.effects.appeared, IsEmpty());
  EXPECT_THAT(AlteredOf("CI-9", change), ElementsAre("exclusion"));
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
  EXPECT_THAT(Change(SomeDecision(), exercise).effects.appeared, ElementsAre("walk"));
  EXPECT_TRUE(Change(SomeDecision(), order).programme_changed);
  EXPECT_THAT(Change(SomeDecision(), order).effects.appeared, IsEmpty());
  EXPECT_TRUE(Change(SomeDecision(), dose).programme_changed);
  EXPECT_FALSE(Change(SomeDecision(), steps).programme_changed);
}

TEST(DecisionComparatorTest, RulesConditionsAndContraindicationsComeAndGo) {
  v1::Decision other = SomeDecision();
  other.mutable_fired_rules(0)->mutable_rationale()->set_rule_id("RF-2");
  other.mutable_assessments(0)->set_likelihood(v1::LIKELIHOOD_POSSIBLE);
  other.add_excluded()->add_reasons()->set_rule_id("CI-2");
  const DecisionChange change = Change(SomeDecision(), other);
  EXPECT_THAT(change.effects.appeared, ElementsAre("CI-2", "RF-2", "stenosis"));
  EXPECT_THAT(change.effects.disappeared, ElementsAre("RF-1"));
}

TEST(DecisionComparatorTest, RuleThatOnlyMovedNeitherComesNorGoes) {
  v1::Decision other = SomeDecision();
  *other.add_fired_rules() = other.notes(0);
  other.clear_notes();
  const DecisionChange change = Change(SomeDecision(), other);
  EXPECT_EQ(change.kind, Kind::kDifferent);
  EXPECT_THAT(change.effects.appeared, IsEmpty());
  EXPECT_THAT(change.effects.disappeared, IsEmpty());
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
