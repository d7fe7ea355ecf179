#include "tests/unit/engine/evaluate.h"

namespace plumbline::engine {
namespace {

using ::testing::IsEmpty;

class AssessmentTest : public EngineTest {
 protected:
  static const v1::Assessment& Find(const v1::Decision& decision, const std::string& id) {
    for (const v1::Assessment& assessment : decision.assessments()) {
      if (assessment.condition_id() == id) return assessment;
    }
    ADD_FAILURE() << id << " is not assessed";
    return v1::Assessment::default_instance();
  }

  static constexpr char kDisc[] =
      "leg_nerve_cord { leg_pain: LEG_PAIN_BELOW_KNEE leg_side: LEG_SIDE_LEFT } ";
};

TEST_F(AssessmentTest, ResidualLeadsWhenNothingElseIsSuspected) {
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_EQ(decision.assessments(0).condition_id(), "plain");
  EXPECT_TRUE(decision.assessments(0).leading());
  EXPECT_EQ(decision.assessments(0).likelihood(), v1::LIKELIHOOD_LIKELY);
  EXPECT_TRUE(Find(decision, "disc").ruled_out());
  EXPECT_THAT(decision.notices(), IsEmpty());
}

TEST_F(AssessmentTest, ResidualIsOnlyPossibleWhileAnotherIsOpen) {
  const v1::Decision decision = Evaluate(SafeAnswers() +
                                         "person { age_years: 55 } mechanical { "
                                         "ease_sitting: TRI_UNKNOWN }");
  EXPECT_EQ(Find(decision, "plain").likelihood(), v1::LIKELIHOOD_POSSIBLE);
  EXPECT_TRUE(Find(decision, "plain").leading());
  EXPECT_TRUE(Find(decision, "narrow").open());
  EXPECT_EQ(Find(decision, "narrow").points_max(), 1);
}

TEST_F(AssessmentTest, PointsDecideBetweenPossibleAndLikely) {
  const v1::Decision possible = Evaluate(
      SafeAnswers() + kDisc + "person { nprs_back: 5 } mechanical { worse_sitting: TRI_NO }");
  EXPECT_EQ(Find(possible, "disc").likelihood(), v1::LIKELIHOOD_POSSIBLE);
  EXPECT_EQ(Find(possible, "disc").points(), 1);
  EXPECT_EQ(Find(possible, "disc").findings_for(0).text(), "Pain of 5.");

  const v1::Decision likely = Evaluate(
      SafeAnswers() + kDisc + "person { nprs_back: 5 } mechanical { worse_sitting: TRI_YES }");
  EXPECT_EQ(Find(likely, "disc").likelihood(), v1::LIKELIHOOD_LIKELY);
  EXPECT_EQ(Find(likely, "disc").points(), 3);
  EXPECT_TRUE(likely.assessments(0).leading());
  EXPECT_EQ(likely.assessments(0).condition_id(), "disc");

  const v1::Decision against =
      Evaluate(SafeAnswers() + kDisc +
               "person { nprs_back: 5 age_years: 61 } mechanical { worse_sitting: TRI_YES }");
  EXPECT_EQ(Find(against, "disc").points(), 2);
  EXPECT_EQ(Find(against, "disc").likelihood(), v1::LIKELIHOOD_POSSIBLE);
  EXPECT_EQ(Find(against, "disc").findings_against(0).points(), -1);
}

TEST_F(AssessmentTest, UnknownFindingsLeaveAnIntervalAndAreNamed) {
  const v1::Decision decision = Evaluate(
      SafeAnswers() + kDisc + "person { nprs_back: 5 } mechanical { worse_sitting: TRI_UNKNOWN }");
  const v1::Assessment& disc = Find(decision, "disc");
  EXPECT_EQ(disc.points_min(), 1);
  EXPECT_EQ(disc.points_max(), 3);
  EXPECT_TRUE(disc.open());
  ASSERT_EQ(disc.unknown_size(), 1);
  EXPECT_EQ(disc.unknown(0).finding_id(), "D-SIT");
  EXPECT_EQ(disc.unknown(0).missing_fields(0), "worse_sitting");
}

TEST_F(AssessmentTest, CancellationRulesAPatternOut) {
  const v1::Decision decision = Evaluate(
      SafeAnswers() + kDisc +
      "person { nprs_back: 5 } mechanical { worse_sitting: TRI_YES ease_sitting: TRI_YES }");
  EXPECT_EQ(Find(decision, "disc").likelihood(), v1::LIKELIHOOD_UNLIKELY);
  EXPECT_TRUE(Find(decision, "disc").ruled_out());
}

TEST_F(AssessmentTest, ClinicianConfirmationOutranksThePattern) {
  const v1::Decision decision = Evaluate(
      SafeAnswers() + kDisc + "person { nprs_back: 5 } mechanical { worse_sitting: TRI_YES } " +
      "confirmed_conditions { status: LIST_STATUS_LISTED values: \"narrow\" }");
  EXPECT_EQ(decision.assessments(0).condition_id(), "narrow");
  EXPECT_EQ(decision.assessments(0).likelihood(), v1::LIKELIHOOD_CONFIRMED);
  EXPECT_TRUE(decision.assessments(0).leading());
  EXPECT_FALSE(decision.assessments(0).open());
}

TEST_F(AssessmentTest, TwoPatternsGiveTheMixedNotice) {
  const v1::Decision decision =
      Evaluate(SafeAnswers() + kDisc + "person { nprs_back: 5 age_years: 55 } " +
               "confirmed_conditions { status: LIST_STATUS_LISTED values: \"narrow\" }");
  ASSERT_EQ(decision.notices_size(), 1);
  EXPECT_EQ(decision.notices(0).notice_id(), "NO-MIXED");
}

TEST_F(AssessmentTest, NoPatternGivesTheUnclearNoticeAndTheNeutralSet) {
  const v1::Decision decision = Evaluate(SafeAnswers() + kDisc);
  EXPECT_EQ(decision.assessments(0).likelihood(), v1::LIKELIHOOD_UNLIKELY);
  EXPECT_FALSE(decision.assessments(0).leading());
  EXPECT_EQ(decision.notices(0).notice_id(), "NO-UNCLEAR");
  EXPECT_THAT(Ids(decision.programme()), ::testing::UnorderedElementsAre("EX-WALK", "EX-CALM"));
}

TEST_F(AssessmentTest, StageIsTheFirstThatHoldsAndUnknownIsAssumed) {
  EXPECT_EQ(Evaluate(SafeAnswers() + "person { nprs_back: 6 }").stage().stage_id(), "A");
  EXPECT_EQ(Evaluate(SafeAnswers() + "person { nprs_back: 5 }").stage().stage_id(), "B");
  const v1::Decision unknown = Evaluate(
      "person { age_years: 40 } general_illness { fever: TRI_NO temp_c: 36.5 weight_loss: TRI_NO } "
      "cauda_equina { ces_saddle: TRI_NO } leg_nerve_cord { leg_pain: LEG_PAIN_NONE }");
  EXPECT_EQ(unknown.stage().stage_id(), "A");
  EXPECT_TRUE(unknown.stage().assumed());
  EXPECT_THAT(unknown.stage().missing_fields(), ::testing::ElementsAre("nprs_back"));
}

}  // namespace
}  // namespace plumbline::engine
