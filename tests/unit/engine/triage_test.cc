#include "tests/unit/engine/evaluate.h"

namespace plumbline::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class TriageTest : public EngineTest {};

TEST_F(TriageTest, NothingFiredIsExerciseOkAndAllow) {
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_EQ(decision.disposition().level(), v1::LEVEL_EXERCISE_OK);
  EXPECT_EQ(decision.disposition().gate(), v1::GATE_ALLOW);
  EXPECT_FALSE(decision.disposition().has_due_days());
  EXPECT_EQ(decision.disposition().level_title(), "Exercise");
  EXPECT_EQ(decision.disposition().gate_text(), "g1");
  EXPECT_THAT(decision.fired_rules(), IsEmpty());
  EXPECT_THAT(decision.not_excluded_rules(), IsEmpty());
  EXPECT_THAT(decision.disposition().level_rule_ids(), IsEmpty());
}

TEST_F(TriageTest, MostUrgentLevelAndStrictestGateOfAllThatFire) {
  const v1::Decision decision =
      Evaluate(SafeAnswers() +
               "person { nprs_back: 9 age_years: 70 } general_illness { weight_loss: TRI_YES }");
  EXPECT_EQ(decision.disposition().level(), v1::LEVEL_URGENT_2W);
  EXPECT_EQ(decision.disposition().gate(), v1::GATE_HOLD_UNTIL_REVIEW);
  EXPECT_THAT(FiredIds(decision), ElementsAre("RF-WEIGHT", "RF-PAIN"));
  EXPECT_THAT(decision.disposition().level_rule_ids(), ElementsAre("RF-WEIGHT"));
  EXPECT_THAT(decision.disposition().gate_rule_ids(), ElementsAre("RF-WEIGHT"));
  EXPECT_EQ(decision.disposition().due_days(), 7) << "the rule's own limit is shorter";
  EXPECT_THAT(decision.programme(), IsEmpty());
}

TEST_F(TriageTest, FactsSourcesAndFilledTextExplainARule) {
  const v1::Decision decision = Evaluate(SafeAnswers() + "general_illness { temp_c: 38.6 }");
  ASSERT_EQ(decision.fired_rules_size(), 1);
  const v1::FiredRule& rule = decision.fired_rules(0);
  EXPECT_EQ(rule.rationale().rule_id(), "RF-FEVER");
  EXPECT_EQ(rule.rationale().text(), "There is a fever; temperature: 38.6 °C.");
  ASSERT_EQ(rule.rationale().facts_size(), 1) << "fever = no did not decide it";
  EXPECT_EQ(rule.rationale().facts(0).field(), "temp_c");
  EXPECT_EQ(rule.rationale().facts(0).label(), "Temperature");
  EXPECT_EQ(rule.rationale().facts(0).value(), "38.6");
  EXPECT_EQ(rule.rationale().facts(0).display(), "38.6 °C");
  EXPECT_THAT(rule.rationale().sources(), ElementsAre("T/1"));
  EXPECT_EQ(decision.citations(0).citation(), "Test source. 2026.");
}

TEST_F(TriageTest, UnknownFactInATextIsSaidToBeNotKnown) {
  const v1::Decision decision =
      Evaluate(SafeAnswers() + "general_illness { fever: TRI_YES temp_c: 36.5 }");
  EXPECT_EQ(decision.fired_rules(0).rationale().text(), "There is a fever; temperature: 36.5 °C.");
  const v1::Decision unknown = Evaluate("general_illness { fever: TRI_YES }");
  EXPECT_EQ(unknown.fired_rules(0).rationale().text(), "There is a fever; temperature: not known.");
}

TEST_F(TriageTest, IndeterminateWithRaiseFiresOnlyWhenItsGuardMatches) {
  const v1::Decision raised = Evaluate(SafeAnswers() + "cauda_equina { ces_saddle: TRI_YES }");
  EXPECT_EQ(raised.disposition().level(), v1::LEVEL_URGENT_SAME_DAY);
  ASSERT_EQ(raised.fired_rules_size(), 1);
  EXPECT_EQ(raised.fired_rules(0).fired_by(), v1::FIRED_BY_RAISE);
  EXPECT_EQ(raised.fired_rules(0).rationale().text(), "Numb, since when is not known.");
  EXPECT_THAT(raised.fired_rules(0).missing_fields(), ElementsAre("ces_onset_days"));

  const v1::Decision open = Evaluate(SafeAnswers() + "cauda_equina { ces_saddle: TRI_UNKNOWN }");
  EXPECT_THAT(FiredIds(open), ElementsAre("SCREEN"));
  ASSERT_EQ(open.not_excluded_rules_size(), 1);
  EXPECT_EQ(open.not_excluded_rules(0).rule_id(), "RF-SADDLE");
  EXPECT_EQ(open.not_excluded_rules(0).level(), v1::LEVEL_EMERGENCY_NOW);
}

TEST_F(TriageTest, ARaiseThatOnlyLimitsExerciseRefersToNobody) {
  const std::string raise_to = "action: ACTION_RAISE\n      when: \"ces_saddle\"\n      level: ";
  UseRuleset(testing::SmallRulesetText());
  const std::string open_date = SafeAnswers() + "cauda_equina { ces_saddle: TRI_YES }";
  ASSERT_EQ(Evaluate(open_date).referrals_size(), 1);
  UseRuleset(testing::Replaced(testing::SmallRulesetText(),
                               raise_to + "LEVEL_URGENT_SAME_DAY\n      gate: GATE_HOLD",
                               raise_to + "LEVEL_EXERCISE_OK\n      gate: GATE_ALLOW_RESTRICTED"));
  const v1::Decision decision = Evaluate(open_date);
  EXPECT_THAT(FiredIds(decision), ::testing::Contains("RF-SADDLE"));
  EXPECT_EQ(decision.referrals_size(), 0);
}

TEST_F(TriageTest, MatchOutranksItsOwnRaise) {
  const v1::Decision decision =
      Evaluate(SafeAnswers() + "cauda_equina { ces_saddle: TRI_YES ces_onset_days: 14 }");
  EXPECT_EQ(decision.disposition().level(), v1::LEVEL_EMERGENCY_NOW);
  EXPECT_EQ(decision.fired_rules(0).fired_by(), v1::FIRED_BY_MATCH);
  EXPECT_EQ(decision.fired_rules(0).rationale().text(), "Numb for 14 days.");
  EXPECT_FALSE(decision.has_safety_net()) << "exempt at this level";
  ASSERT_TRUE(decision.disposition().has_due_days());
  EXPECT_EQ(decision.disposition().due_days(), 0);

  const v1::Decision later =
      Evaluate(SafeAnswers() + "cauda_equina { ces_saddle: TRI_YES ces_onset_days: 15 }");
  EXPECT_EQ(later.disposition().level(), v1::LEVEL_EXERCISE_OK);
}

TEST_F(TriageTest, IgnoredIndeterminateIsNeitherFiredNorShown) {
  const v1::Decision decision = Evaluate(
      SafeAnswers() + "person { age_years: 70 } general_illness { weight_loss: TRI_UNKNOWN }");
  EXPECT_EQ(decision.disposition().level(), v1::LEVEL_EXERCISE_OK);
  EXPECT_THAT(decision.not_excluded_rules(), IsEmpty());
}

TEST_F(TriageTest, ReportOnlyRulesAreNotesWithoutEffect) {
  const v1::Decision decision = Evaluate(SafeAnswers() + "person { age_years: 81 }");
  EXPECT_EQ(decision.disposition().level(), v1::LEVEL_EXERCISE_OK);
  EXPECT_THAT(decision.fired_rules(), IsEmpty());
  ASSERT_EQ(decision.notes_size(), 1);
  EXPECT_EQ(decision.notes(0).rationale().rule_id(), "RF-NOTE");
}

TEST_F(TriageTest, EmptyIntakeIsAnIncompleteScreenWithItsQuestions) {
  const v1::Decision decision = Evaluate("");
  EXPECT_EQ(decision.disposition().level(), v1::LEVEL_PRO_REVIEW_BEFORE_EXERCISE);
  EXPECT_EQ(decision.disposition().gate(), v1::GATE_HOLD_UNTIL_REVIEW);
  EXPECT_THAT(FiredIds(decision), ElementsAre("SCREEN"));
  EXPECT_THAT(decision.fired_rules(0).missing_fields(),
              UnorderedElementsAre("ces_saddle", "fever"));
  EXPECT_THAT(decision.programme(), IsEmpty());
  EXPECT_THAT(decision.excluded(), IsEmpty()) << "nothing about exercises while the gate holds";
}

TEST_F(TriageTest, ScreenEscalatesOnlyForAnOpenItemOfItsGroup) {
  const v1::Decision escalated =
      Evaluate(SafeAnswers() +
               "cauda_equina { ces_saddle: TRI_UNKNOWN } leg_nerve_cord { leg_pain: "
               "LEG_PAIN_ABOVE_KNEE leg_side: LEG_SIDE_BOTH }");
  EXPECT_EQ(escalated.disposition().level(), v1::LEVEL_URGENT_SAME_DAY);
  EXPECT_EQ(escalated.fired_rules(0).rationale().text(),
            "Safety questions are open. Both legs are affected.");
  EXPECT_EQ(escalated.fired_rules(0).rationale().facts(0).display(), "both");
  EXPECT_THAT(escalated.fired_rules(0).rationale().sources(), ElementsAre("T/1"));
  EXPECT_EQ(escalated.citations_size(), 2) << "the escalation's source is cited too";

  const v1::Decision other_group =
      Evaluate(SafeAnswers() +
               "general_illness { fever: TRI_UNKNOWN } leg_nerve_cord { leg_pain: "
               "LEG_PAIN_ABOVE_KNEE leg_side: LEG_SIDE_BOTH }");
  EXPECT_EQ(other_group.disposition().level(), v1::LEVEL_PRO_REVIEW_BEFORE_EXERCISE);
}

TEST_F(TriageTest, ReferralsAreGatheredByTarget) {
  const v1::Decision decision =
      Evaluate(SafeAnswers() +
               "general_illness { fever: TRI_YES } cauda_equina { ces_saddle: "
               "TRI_YES ces_onset_days: 1 }");
  ASSERT_EQ(decision.referrals_size(), 1);
  EXPECT_EQ(decision.referrals(0).target_id(), "DOCTOR");
  EXPECT_EQ(decision.referrals(0).level(), v1::LEVEL_EMERGENCY_NOW);
  EXPECT_THAT(decision.referrals(0).rule_ids(), ElementsAre("RF-SADDLE", "RF-FEVER"));
  EXPECT_THAT(decision.referrals(0).notes(), ElementsAre("at once"));
}

TEST_F(TriageTest, ReviewIsDueWhenTheLevelSaysSoWhileExerciseIsHeld) {
  const v1::Decision decision = Evaluate("");
  EXPECT_EQ(decision.follow_up().review_date().month(), 12);
  EXPECT_EQ(decision.follow_up().review_date().day(), 5) << "14 days after 21 November";
  EXPECT_THAT(decision.follow_up().items(), IsEmpty());
}

}  // namespace
}  // namespace plumbline::engine
