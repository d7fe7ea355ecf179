#include "tests/unit/engine/evaluate.h"

namespace plumbline::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

class ProgrammeTest : public EngineTest {
 protected:
  static std::string LeftOutBy(const v1::Decision& decision, const std::string& id) {
    for (const auto& item : decision.alternatives()) {
      if (item.exercise_id() == id) return item.left_out_by();
    }
    return "not an alternative";
  }
};

// ABS, BACK, CALM, CURL, FOLD, PRONE, WALK in this order; one stretch; five places; 40 minutes;
// ABS (abdominal) needs BACK (extensor).
TEST_F(ProgrammeTest, WalksTheRankingUnderSizeAndQuota) {
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_THAT(Ids(decision.programme()),
              ElementsAre("EX-ABS", "EX-BACK", "EX-CALM", "EX-CURL", "EX-PRONE"));
  EXPECT_EQ(LeftOutBy(decision, "EX-FOLD"), "quota") << "its turn came before the last place went";
  EXPECT_EQ(LeftOutBy(decision, "EX-WALK"), "size");
}

TEST_F(ProgrammeTest, QuotaMaximumHoldsBeforeSize) {
  UseRuleset(
      testing::Replaced(testing::SmallRulesetText(), "max_exercises: 5", "max_exercises: 9"));
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_EQ(LeftOutBy(decision, "EX-FOLD"), "quota");
  EXPECT_THAT(Ids(decision.programme()), Contains("EX-WALK"));
}

TEST_F(ProgrammeTest, QuotaMinimumKeepsAPlaceFree) {
  UseRuleset(
      testing::Replaced(testing::SmallRulesetText(), "max_exercises: 5", "max_exercises: 3"));
  EXPECT_THAT(Ids(Evaluate(SafeAnswers()).programme()),
              ElementsAre("EX-ABS", "EX-BACK", "EX-CURL"));
}

TEST_F(ProgrammeTest, MinutesAreALimit) {
  UseRuleset(testing::Replaced(testing::SmallRulesetText(), "max_minutes_per_day: 40",
                               "max_minutes_per_day: 17"));
  const v1::Decision decision = Evaluate(SafeAnswers());
  int minutes = 0;
  for (const auto& item : decision.programme()) minutes += item.minutes_per_day();
  EXPECT_EQ(minutes, 15);
  EXPECT_EQ(LeftOutBy(decision, "EX-WALK"), "time");
}

TEST_F(ProgrammeTest, OneOfAFamily) {
  UseRuleset(testing::Replaced(testing::SmallRulesetText(), "family: \"calm\"", "family: \"abs\""));
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_THAT(Ids(decision.programme()), Not(Contains("EX-CALM")));
  EXPECT_EQ(LeftOutBy(decision, "EX-CALM"), "family");
}

TEST_F(ProgrammeTest, PartnerIsAddedWithTheExerciseThatNeedsIt) {
  // WALK is far behind in the ranking, and becomes the only extensor.
  std::string text = testing::Replaced(testing::SmallRulesetText(), "tags: \"extensor\"", "");
  text = testing::Replaced(text, "tags: \"standing\"", "tags: \"standing\" tags: \"extensor\"");
  UseRuleset(text);
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_THAT(Ids(decision.programme()), Contains("EX-ABS"));
  EXPECT_THAT(Ids(decision.programme()), Contains("EX-WALK"));
}

TEST_F(ProgrammeTest, WithoutAPartnerTheExerciseIsKeptAndTheNoticeSaysSo) {
  // The only extensor is contraindicated.
  std::string text = testing::Replaced(testing::SmallRulesetText(), "tags: \"extensor\"",
                                       "tags: \"extensor\" tags: \"flexion\"");
  UseRuleset(text);
  const v1::Decision decision = Evaluate(SafeAnswers() + "injury { osteoporosis: TRI_YES }");
  EXPECT_THAT(Ids(decision.programme()), Contains("EX-ABS"));
  ASSERT_EQ(decision.notices_size(), 1);
  EXPECT_EQ(decision.notices(0).notice_id(), "NO-PAIR");
}

TEST_F(ProgrammeTest, StrictPairingLeavesTheExerciseOut) {
  std::string text = testing::Replaced(testing::SmallRulesetText(), "tags: \"extensor\"",
                                       "tags: \"extensor\" tags: \"flexion\"");
  text = testing::Replaced(text, "with_tag: \"extensor\"", "with_tag: \"extensor\" strict: true");
  UseRuleset(text);
  const v1::Decision decision = Evaluate(SafeAnswers() + "injury { osteoporosis: TRI_YES }");
  EXPECT_THAT(Ids(decision.programme()), Not(Contains("EX-ABS")));
  EXPECT_EQ(LeftOutBy(decision, "EX-ABS"), "pairing");
}

TEST_F(ProgrammeTest, AlternativesAreLimitedAndBestFirst) {
  UseRuleset(testing::Replaced(testing::SmallRulesetText(), "max_alternatives: 10",
                               "max_alternatives: 1"));
  EXPECT_THAT(Ids(Evaluate(SafeAnswers()).alternatives()), ElementsAre("EX-FOLD"));
}

TEST_F(ProgrammeTest, FirstSizeThatMatchesApplies) {
  UseRuleset(testing::Replaced(testing::SmallRulesetText(), "sizes { id: \"SZ\"",
                               "sizes { id: \"SZ-OLD\" when: \"age_years >= 80\" max_exercises: 1 "
                               "because: \"Few.\" sources: \"T/1\" } sizes { id: \"SZ\""));
  EXPECT_EQ(Evaluate(SafeAnswers() + "person { age_years: 79 }").programme_size(), 5);
  EXPECT_EQ(Evaluate(SafeAnswers() + "person { age_years: 80 }").programme_size(), 1);
}

TEST_F(ProgrammeTest, BasicViewLeavesInstructionTextsOut) {
  const v1::Decision full = Evaluate(SafeAnswers());
  EXPECT_EQ(full.programme(0).steps_size(), 1);
  EXPECT_FALSE(full.citations(0).citation().empty());
  const v1::Decision basic = Evaluate(SafeAnswers(), View::kBasic);
  EXPECT_EQ(basic.programme(0).steps_size(), 0);
  EXPECT_EQ(basic.programme(0).cues_size(), 0);
  EXPECT_TRUE(basic.citations(0).citation().empty());
  EXPECT_EQ(basic.programme(0).dose().text(), full.programme(0).dose().text());
}

TEST_F(ProgrammeTest, ReviewDateIsTheEarliestMatchingRule) {
  const v1::Decision decision = Evaluate(SafeAnswers() + "person { nprs_back: 7 }");
  EXPECT_EQ(decision.follow_up().items_size(), 2);
  EXPECT_EQ(decision.follow_up().review_date().day(), 5);
  EXPECT_EQ(decision.follow_up().review_date().month(), 12);
  const v1::Decision calm = Evaluate(SafeAnswers());
  EXPECT_EQ(calm.follow_up().review_date().year(), 2027);
  EXPECT_EQ(calm.follow_up().review_date().month(), 1);
  EXPECT_EQ(calm.follow_up().review_date().day(), 2);
}

}  // namespace
}  // namespace plumbline::engine
