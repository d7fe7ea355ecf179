#include "tests/unit/engine/evaluate.h"

namespace plumbline::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

class SelectionTest : public EngineTest {
 protected:
  static const v1::ExcludedExercise* Excluded(const v1::Decision& decision, const std::string& id) {
    for (const auto& excluded : decision.excluded()) {
      if (excluded.exercise_id() == id) return &excluded;
    }
    return nullptr;
  }
  static const v1::Prescription* Selectable(const v1::Decision& decision, const std::string& id) {
    for (const auto* list : {&decision.programme(), &decision.alternatives()}) {
      for (const auto& prescription : *list) {
        if (prescription.exercise_id() == id) return &prescription;
      }
    }
    return nullptr;
  }
};

TEST_F(SelectionTest, ContraindicationExcludesWithReasonAndFacts) {
  const v1::Decision decision = Evaluate(SafeAnswers() + "injury { osteoporosis: TRI_YES }");
  const v1::ExcludedExercise* curl = Excluded(decision, "EX-CURL");
  ASSERT_NE(curl, nullptr);
  EXPECT_EQ(curl->kind(), v1::EXCLUSION_KIND_CONTRAINDICATED);
  EXPECT_EQ(curl->reasons(0).rule_id(), "CI-BONE");
  EXPECT_EQ(curl->reasons(0).facts(0).field(), "osteoporosis");
  EXPECT_EQ(curl->reasons(0).facts(0).display(), "yes");
}

TEST_F(SelectionTest, UnknownContraindicationWithholdsOrCautionsAsTheRuleSays) {
  const v1::Decision decision =
      Evaluate(SafeAnswers() +
               "injury { osteoporosis: TRI_UNKNOWN } function_mood_safety { "
               "prone_ok: TRI_UNKNOWN }");
  const v1::ExcludedExercise* curl = Excluded(decision, "EX-CURL");
  ASSERT_NE(curl, nullptr);
  EXPECT_EQ(curl->kind(), v1::EXCLUSION_KIND_WITHHELD);
  EXPECT_THAT(curl->missing_fields(), ElementsAre("osteoporosis"));
  const v1::Prescription* prone = Selectable(decision, "EX-PRONE");
  ASSERT_NE(prone, nullptr);
  ASSERT_EQ(prone->cautions_size(), 1);
  EXPECT_EQ(prone->cautions(0).rule_id(), "CI-PRONE");
}

TEST_F(SelectionTest, NeverPrescribedStaysOutWithItsReason) {
  const v1::ExcludedExercise* never = nullptr;
  const v1::Decision decision = Evaluate(SafeAnswers());
  never = Excluded(decision, "EX-NEVER");
  ASSERT_NE(never, nullptr);
  EXPECT_EQ(never->kind(), v1::EXCLUSION_KIND_NEVER_PRESCRIBED);
  EXPECT_EQ(never->reasons(0).text(), "Too hard for the back.");
}

TEST_F(SelectionTest, StageAndPrerequisiteLock) {
  const v1::Decision acute = Evaluate(SafeAnswers() + "person { nprs_back: 7 }");
  const std::vector<std::string> later = Ids(acute.later());
  EXPECT_THAT(later, Contains("EX-ABS"));
  EXPECT_THAT(later, Contains("EX-HARD"));
  const v1::Decision better = Evaluate(SafeAnswers() + "person { nprs_back: 3 }");
  EXPECT_THAT(Ids(better.later()), ElementsAre("EX-HARD"));
  EXPECT_EQ(better.later(0).reasons(0).text(), "Until pain is 2 or less.");
  EXPECT_EQ(better.later(0).earliest_stage(), "");
  const v1::Decision good = Evaluate(SafeAnswers() + "person { nprs_back: 2 }");
  EXPECT_THAT(Ids(good.later()), Not(Contains("EX-HARD")));
}

TEST_F(SelectionTest, PointsComeWithReasonsAndAddUp) {
  const v1::Decision decision = Evaluate(SafeAnswers() + "person { age_years: 50 }");
  const v1::Prescription* walk = Selectable(decision, "EX-WALK");
  ASSERT_NE(walk, nullptr);
  EXPECT_EQ(walk->points(), 3);
  int sum = 0;
  for (const v1::Rationale& rationale : walk->rationales()) sum += rationale.points();
  EXPECT_EQ(sum, walk->points());
  EXPECT_EQ(walk->rank(), 1);
  EXPECT_EQ(walk->rationales(1).text(), "Walking suits 50 years.");
}

TEST_F(SelectionTest, ARuleThatRestsOnAPatternNamesThePatternAndNotAllItsAnswers) {
  const v1::Decision decision = Evaluate(
      SafeAnswers() +
      "leg_nerve_cord { leg_pain: LEG_PAIN_BELOW_KNEE leg_side: LEG_SIDE_LEFT } mechanical { "
      "worse_sitting: TRI_YES } person { nprs_back: 5 }");
  const v1::Prescription* prone = Selectable(decision, "EX-PRONE");
  ASSERT_NE(prone, nullptr);
  ASSERT_EQ(prone->rationales(1).rule_id(), "IN-DISC");
  ASSERT_EQ(prone->rationales(1).facts_size(), 1);
  EXPECT_EQ(prone->rationales(1).facts(0).field(), "suspected.disc");
  EXPECT_EQ(prone->rationales(1).facts(0).label(), "Disc");
  EXPECT_EQ(prone->rationales(1).facts(0).value(), "LIKELY");
}

TEST_F(SelectionTest, EqualPointsRankById) {
  const v1::Decision decision = Evaluate(SafeAnswers());
  std::vector<std::pair<int, std::string>> ranked;
  for (const auto* list : {&decision.programme(), &decision.alternatives()}) {
    for (const auto& item : *list) ranked.emplace_back(item.rank(), item.exercise_id());
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> ids;
  for (size_t i = 0; i < ranked.size(); ++i) {
    EXPECT_EQ(ranked[i].first, static_cast<int>(i) + 1);
    ids.push_back(ranked[i].second);
  }
  EXPECT_THAT(ids, ElementsAre("EX-ABS", "EX-BACK", "EX-CALM", "EX-CURL", "EX-FOLD", "EX-PRONE",
                               "EX-WALK"));
}

std::string Answered(const std::string& id, const std::string& response,
                     const std::string& more = "") {
  return "exercise_responses { status: LIST_STATUS_LISTED values { exercise_id: \"" + id +
         "\" response: RESPONSE_KIND_" + response + " " + more + " } } ";
}

TEST_F(SelectionTest, EasyMovesUpTheDoseLadder) {
  const v1::Decision decision = Evaluate(SafeAnswers() + Answered("EX-PRONE", "EASY"));
  const v1::Prescription* prone = Selectable(decision, "EX-PRONE");
  ASSERT_NE(prone, nullptr);
  EXPECT_EQ(prone->dose_step(), 1);
  EXPECT_EQ(prone->dose().text(), "twice 5 times");
  EXPECT_EQ(prone->points(), 1 + 3);
}

TEST_F(SelectionTest, EasyAtTheLastStepFavoursTheProgression) {
  const v1::Decision decision =
      Evaluate(SafeAnswers() + Answered("EX-PRONE", "EASY", "dose_step: 1"));
  EXPECT_EQ(Selectable(decision, "EX-PRONE")->dose_step(), 1);
  EXPECT_EQ(Selectable(decision, "EX-BACK")->points(), 1 + 3);
}

TEST_F(SelectionTest, ToleratedKeepsTheDose) {
  const v1::Decision decision =
      Evaluate(SafeAnswers() + Answered("EX-PRONE", "TOLERATED", "dose_step: 1"));
  EXPECT_EQ(Selectable(decision, "EX-PRONE")->dose_step(), 1);
  EXPECT_EQ(Selectable(decision, "EX-PRONE")->points(), 1 + 1);
}

TEST_F(SelectionTest, AggravatedReducesFirstAndSkipsThen) {
  const v1::Decision once =
      Evaluate(SafeAnswers() + Answered("EX-PRONE", "AGGRAVATED", "dose_step: 1"));
  EXPECT_EQ(Selectable(once, "EX-PRONE")->dose_step(), 0);
  EXPECT_EQ(Selectable(once, "EX-PRONE")->points(), 1 - 2);
  EXPECT_EQ(Selectable(once, "EX-CALM")->points(), 1 + 1) << "the regression is favoured";
  const v1::Decision twice =
      Evaluate(SafeAnswers() + Answered("EX-PRONE", "AGGRAVATED", "aggravated_count: 2"));
  ASSERT_NE(Excluded(twice, "EX-PRONE"), nullptr);
  EXPECT_EQ(Excluded(twice, "EX-PRONE")->kind(), v1::EXCLUSION_KIND_RESPONSE);
  EXPECT_EQ(Excluded(twice, "EX-PRONE")->reasons(0).text(), "It hurt twice.");
}

TEST_F(SelectionTest, LimitOfTheDispositionLeavesOnlyWhatItNames) {
  const v1::Decision decision = Evaluate(SafeAnswers() + "person { nprs_back: 9 }");
  EXPECT_EQ(decision.disposition().level(), v1::LEVEL_PRO_REVIEW_BEFORE_EXERCISE);
  EXPECT_THAT(Ids(decision.programme()), ElementsAre("EX-WALK"));
  ASSERT_NE(Excluded(decision, "EX-CALM"), nullptr);
  EXPECT_EQ(Excluded(decision, "EX-CALM")->kind(), v1::EXCLUSION_KIND_LIMITED);
  EXPECT_EQ(Excluded(decision, "EX-CALM")->reasons(0).text(), "Only walking until the review.");
}

TEST_F(SelectionTest, NotIndicatedWhenNothingSpeaksForIt) {
  UseRuleset(
      testing::Replaced(testing::SmallRulesetText(), "all: true", "exercise_ids: \"EX-WALK\""));
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_THAT(Ids(decision.programme()), ElementsAre("EX-WALK"));
  EXPECT_EQ(Excluded(decision, "EX-CALM")->kind(), v1::EXCLUSION_KIND_NOT_INDICATED);
}

TEST_F(SelectionTest, NothingEligibleIsSaid) {
  UseRuleset(testing::Replaced(testing::SmallRulesetText(), "when: \"true\"",
                               "when: \"age_years > 100\""));
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_EQ(decision.programme_size(), 0);
  ASSERT_EQ(decision.notices_size(), 1);
  EXPECT_EQ(decision.notices(0).notice_id(), "NO-NOTHING");
}

}  // namespace
}  // namespace plumbline::engine
