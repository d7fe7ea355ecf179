#include "tests/unit/engine/evaluate.h"

namespace plumbline::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BinderTest : public EngineTest {
 protected:
  // Expects exactly one violation of `field` whose description holds `text`.
  void ExpectInvalid(const std::string& intake, const std::string& field, const std::string& text) {
    Evaluate(intake);
    ASSERT_EQ(violations_.size(), 1u) << intake;
    EXPECT_EQ(violations_[0].kind, FieldViolation::Kind::kInvalid);
    EXPECT_EQ(violations_[0].field, field);
    EXPECT_THAT(violations_[0].description, HasSubstr(text));
  }
};

TEST_F(BinderTest, NumbersOutOfRangeNameFieldAndRangeButNotTheValue) {
  ExpectInvalid("person { age_years: 400 }", "person.age_years", "between 0 and 120 (years)");
  EXPECT_THAT(violations_[0].description, Not(HasSubstr("400")));
  ExpectInvalid("person { age_years: -1 }", "person.age_years", "between 0 and 120");
  ExpectInvalid("person { nprs_back: 11 }", "person.nprs_back", "between 0 and 10");
  ExpectInvalid("general_illness { temp_c: 29.9 }", "general_illness.temp_c", "between 30 and 45");
  ExpectInvalid("general_illness { temp_c: nan }", "general_illness.temp_c", "finite");
  ExpectInvalid("general_illness { temp_c: inf }", "general_illness.temp_c", "finite");
}

TEST_F(BinderTest, RangeEndsAreIncluded) {
  for (const char* intake :
       {"person { age_years: 0 }", "person { age_years: 120 }", "person { nprs_back: 10 }",
        "general_illness { temp_c: 30 }", "general_illness { temp_c: 45 }"}) {
    Evaluate(intake);
    EXPECT_TRUE(violations_.empty()) << intake;
  }
}

TEST_F(BinderTest, UnrecognisedEnumNumbersAreRefused) {
  UseRuleset(testing::SmallRulesetText());
  v1::Intake intake;
  intake.mutable_leg_nerve_cord()->set_leg_pain(static_cast<v1::LegPain>(99));
  intake.mutable_general_illness()->set_fever(static_cast<v1::Tri>(-1));
  violations_ =
      engine_->Evaluate(intake, absl::CivilDay(2026, 1, 1), View::kFull, workspace_, bytes_);
  ASSERT_EQ(violations_.size(), 2u);
  EXPECT_EQ(violations_[0].field, "leg_nerve_cord.leg_pain");
  EXPECT_EQ(violations_[1].field, "general_illness.fever");
}

TEST_F(BinderTest, AllProblemsAreReportedTogether) {
  Evaluate("person { age_years: 400 nprs_back: 11 } general_illness { temp_c: 99 }");
  EXPECT_EQ(violations_.size(), 3u);
}

TEST_F(BinderTest, BadIntakeLeavesTheDecisionAlone) {
  Evaluate(SafeAnswers());
  const std::string before = bytes_;
  Evaluate("person { age_years: 400 }");
  EXPECT_EQ(bytes_, before);
}

TEST_F(BinderTest, UnspecifiedIsTheSameAsAbsent) {
  const v1::Decision absent = Evaluate("");
  const v1::Decision unspecified = Evaluate(
      "cauda_equina { ces_saddle: TRI_UNSPECIFIED } leg_nerve_cord { leg_pain: "
      "LEG_PAIN_UNSPECIFIED } person { pain_sites { } }");
  EXPECT_EQ(absent.SerializeAsString(), unspecified.SerializeAsString());
}

TEST_F(BinderTest, ListsMustAgreeWithTheirStatus) {
  ExpectInvalid("person { pain_sites { status: LIST_STATUS_LISTED } }", "person.pain_sites",
                "LIST_STATUS_NONE");
  ExpectInvalid("person { pain_sites { status: LIST_STATUS_NONE values: PAIN_SITE_BUTTOCK } }",
                "person.pain_sites.status", "LIST_STATUS_LISTED");
  ExpectInvalid("person { pain_sites { values: PAIN_SITE_BUTTOCK } }", "person.pain_sites.status",
                "LIST_STATUS_LISTED");
  ExpectInvalid(
      "person { pain_sites { status: LIST_STATUS_LISTED values: PAIN_SITE_UNSPECIFIED } }",
      "person.pain_sites.values[0]", "not a value");
}

TEST_F(BinderTest, KnownListsDecideAndUnknownOnesDoNot) {
  const v1::Decision listed =
      Evaluate(SafeAnswers() +
               "person { pain_sites { status: LIST_STATUS_LISTED values: PAIN_SITE_GROIN "
               "values: PAIN_SITE_BUTTOCK } }");
  ASSERT_EQ(listed.notices_size(), 1);
  EXPECT_EQ(listed.notices(0).notice_id(), "NO-BUTTOCK");
  for (const char* status : {"LIST_STATUS_NONE", "LIST_STATUS_DECLINED", "LIST_STATUS_NOT_ASKED"}) {
    const v1::Decision other =
        Evaluate(SafeAnswers() + "person { pain_sites { status: " + status + " } }");
    EXPECT_EQ(other.notices_size(), 0) << status;
  }
}

TEST_F(BinderTest, ResponsesMustNameExercisesOnceWithAResponse) {
  const std::string head = "exercise_responses { status: LIST_STATUS_LISTED values { ";
  ExpectInvalid(head + "exercise_id: \"EX-NO\" response: RESPONSE_KIND_EASY } }",
                "exercise_responses.values[0].exercise_id", "id of an exercise");
  ExpectInvalid(head + "exercise_id: \"EX-WALK\" } }", "exercise_responses.values[0].response",
                "required");
  ExpectInvalid(head + "exercise_id: \"EX-WALK\" response: RESPONSE_KIND_EASY dose_step: 2 } }",
                "exercise_responses.values[0].dose_step", "dose ladder");
  ExpectInvalid(
      head + "exercise_id: \"EX-WALK\" response: RESPONSE_KIND_AGGRAVATED aggravated_count: 0 } }",
      "exercise_responses.values[0].aggravated_count", "between 1 and 1000");
  ExpectInvalid(head +
                    "exercise_id: \"EX-WALK\" response: RESPONSE_KIND_EASY } values { "
                    "exercise_id: \"EX-WALK\" response: RESPONSE_KIND_EASY } }",
                "exercise_responses.values[1].exercise_id", "twice");
}

TEST_F(BinderTest, ConfirmedConditionsMustExist) {
  ExpectInvalid("confirmed_conditions { status: LIST_STATUS_LISTED values: \"gout\" }",
                "confirmed_conditions.values[0]", "id of a condition");
}

TEST_F(BinderTest, ContradictionsNameEveryFieldInvolved) {
  Evaluate("leg_nerve_cord { leg_pain: LEG_PAIN_NONE leg_side: LEG_SIDE_LEFT }");
  ASSERT_EQ(violations_.size(), 2u);
  EXPECT_EQ(violations_[0].kind, FieldViolation::Kind::kContradiction);
  EXPECT_EQ(violations_[0].field, "leg_nerve_cord.leg_pain");
  EXPECT_EQ(violations_[1].field, "leg_nerve_cord.leg_side");
  EXPECT_EQ(violations_[0].description, "a side of leg symptoms contradicts leg pain none");

  Evaluate(
      "leg_nerve_cord { leg_pain: LEG_PAIN_NONE leg_side: LEG_SIDE_LEFT } general_illness { "
      "fever: TRI_YES }");
  EXPECT_TRUE(violations_.empty()) << "the exception applies";
}

}  // namespace
}  // namespace plumbline::engine
