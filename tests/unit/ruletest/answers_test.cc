#include "server/ruletest/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plumbline/v1/intake.pb.h"
#include "tests/unit/ruletest/subject.h"

namespace plumbline::ruletest {
namespace {

using ::testing::HasSubstr;

class AnswersTest : public ::testing::Test {
 protected:
  AnswersTest() : schema_(*expr::Schema::Create(*v1::Intake::descriptor())) {}

  absl::Status Set(const std::string& answer) { return SetAnswer(answer, schema_, intake_); }

  expr::Schema schema_;
  v1::Intake intake_;
};

TEST_F(AnswersTest, EveryKindOfFieldTakesItsAnswers) {
  EXPECT_TRUE(Set("age_years = 71").ok());
  EXPECT_TRUE(Set("temp_c=38.5").ok());
  EXPECT_TRUE(Set(" fever = true ").ok());
  EXPECT_TRUE(Set("unwell = false").ok());
  EXPECT_TRUE(Set("vomiting = ASKED").ok());
  EXPECT_TRUE(Set("trauma = MINOR").ok());
  EXPECT_TRUE(Set("pain_sites = [BUTTOCK, GROIN]").ok());
  EXPECT_TRUE(Set("exercise_responses = NONE").ok());
  EXPECT_TRUE(Set("equipment = ASKED").ok());
  EXPECT_EQ(intake_.person().age_years(), 71);
  EXPECT_DOUBLE_EQ(intake_.general_illness().temp_c(), 38.5);
  EXPECT_EQ(intake_.general_illness().fever(), v1::TRI_YES);
  EXPECT_EQ(intake_.general_illness().unwell(), v1::TRI_NO);
  EXPECT_EQ(intake_.organs().vomiting(), v1::TRI_UNKNOWN);
  EXPECT_EQ(intake_.injury().trauma(), v1::TRAUMA_MINOR);
  EXPECT_EQ(intake_.person().pain_sites().values_size(), 2);
  EXPECT_EQ(intake_.exercise_responses().values_size(), 0);
  EXPECT_EQ(intake_.function_mood_safety().equipment().status(), v1::LIST_STATUS_DECLINED);
  EXPECT_NE(intake_.exercise_responses().status(), 0);
}

TEST_F(AnswersTest, UnknownTakesAnAnswerAway) {
  intake_.mutable_person()->set_age_years(71);
  intake_.mutable_general_illness()->set_fever(v1::TRI_YES);
  EXPECT_TRUE(Set("age_years = UNKNOWN").ok());
  EXPECT_TRUE(Set("fever = UNKNOWN").ok());
  EXPECT_FALSE(intake_.person().has_age_years());
  EXPECT_FALSE(intake_.general_illness().has_fever());
}

TEST_F(AnswersTest, MistakesAreNamed) {
  EXPECT_THAT(std::string(Set("age = 71").message()), HasSubstr("no field `age`"));
  EXPECT_THAT(std::string(Set("age_years").message()), HasSubstr("field = value"));
  EXPECT_THAT(std::string(Set("age_years = old").message()), HasSubstr("`age_years`"));
  EXPECT_THAT(std::string(Set("fever = YES").message()), HasSubstr("`YES` is no answer"));
  EXPECT_THAT(std::string(Set("trauma = SMALL").message()), HasSubstr("`SMALL`"));
  EXPECT_THAT(std::string(Set("trauma = UNSPECIFIED").message()), HasSubstr("`trauma`"));
  EXPECT_THAT(std::string(Set("age_years = ASKED").message()), HasSubstr("`ASKED`"));
  EXPECT_THAT(std::string(Set("pain_sites = [KNEE]").message()), HasSubstr("`KNEE`"));
  EXPECT_EQ(intake_.ByteSizeLong() > 0 && intake_.person().has_age_years(), false);
}

// What FormatAnswer writes, SetAnswer reads: over every scalar field of a bound patient.
TEST_F(AnswersTest, FormattedAnswersReadBack) {
  const auto subject = MakeSubject(testing::SmallRulesetText() + kPlainVignette);
  ASSERT_NE(subject, nullptr);
  const CaseSet cases(*subject->ruleset);
  CaseRunner runner(*subject);
  ASSERT_TRUE(runner.Run(cases.cases()[0]).empty());
  int scalars = 0;
  v1::Intake copy;
  for (expr::SlotIndex slot = 0; slot < schema_.slots().size(); ++slot) {
    const std::string answer = FormatAnswer(slot, schema_, runner.frame());
    if (answer.empty()) continue;
    ++scalars;
    EXPECT_TRUE(SetAnswer(answer, schema_, copy).ok()) << answer;
  }
  EXPECT_GT(scalars, 100);
  EXPECT_EQ(copy.person().age_years(), 40);
  EXPECT_EQ(copy.general_illness().fever(), v1::TRI_NO);
  EXPECT_EQ(copy.leg_nerve_cord().leg_pain(), v1::LEG_PAIN_NONE);
}

}  // namespace
}  // namespace plumbline::ruletest
