#include "tests/testing/engine/random_intake.h"
#include "tests/unit/engine/evaluate.h"

namespace plumbline::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OpenQuestionsTest : public EngineTest {
 protected:
  static std::vector<std::string> Fields(const v1::Decision& decision, bool disposition_only) {
    std::vector<std::string> fields;
    for (const v1::OpenQuestion& question : decision.open_questions()) {
      if (!disposition_only || question.can_change_disposition())
        fields.push_back(question.field());
    }
    return fields;
  }
  static const v1::OpenQuestion* Find(const v1::Decision& decision, const std::string& field) {
    for (const v1::OpenQuestion& question : decision.open_questions()) {
      if (question.field() == field) return &question;
    }
    return nullptr;
  }
};

TEST_F(OpenQuestionsTest, NoneWhenEverythingThatMattersIsKnown) {
  EXPECT_THAT(Fields(Evaluate(SafeAnswers()), false), IsEmpty());
}

TEST_F(OpenQuestionsTest, MostConsequentialFirst) {
  const v1::Decision decision = Evaluate("");
  const std::vector<std::string> fields = Fields(decision, true);
  ASSERT_GE(fields.size(), 4u);
  EXPECT_EQ(fields[0], "ces_saddle") << "could lead to an emergency";
  const v1::OpenQuestion& first = decision.open_questions(0);
  EXPECT_EQ(first.could_raise_level_to(), v1::LEVEL_EMERGENCY_NOW);
  EXPECT_EQ(first.could_raise_gate_to(), v1::GATE_HOLD);
  EXPECT_TRUE(first.could_lower()) << "the open screen stands on it";
  EXPECT_EQ(first.wording(), "Numb between the legs?");
  EXPECT_THAT(first.affects(), ElementsAre("RF-SADDLE", "SCREEN"));
}

TEST_F(OpenQuestionsTest, AskedAndNotKnownIsMarked) {
  const v1::Decision decision = Evaluate("cauda_equina { ces_saddle: TRI_UNKNOWN }");
  EXPECT_TRUE(Find(decision, "ces_saddle")->asked_not_known());
  EXPECT_FALSE(Find(decision, "fever")->asked_not_known());
}

TEST_F(OpenQuestionsTest, NothingCanChangeTheMostExtremeDisposition) {
  const v1::Decision decision = Evaluate("cauda_equina { ces_saddle: TRI_YES ces_onset_days: 2 }");
  EXPECT_EQ(decision.disposition().level(), v1::LEVEL_EMERGENCY_NOW);
  EXPECT_THAT(Fields(decision, true), IsEmpty());
}

TEST_F(OpenQuestionsTest, RulesOfLowValueComeLastButAreNotForgotten) {
  const v1::Decision decision = Evaluate(
      SafeAnswers() + "person { age_years: 70 } general_illness { weight_loss: TRI_UNKNOWN }");
  EXPECT_THAT(Fields(decision, true), ElementsAre("weight_loss"));
}

TEST_F(OpenQuestionsTest, AskWhenHidesOnlyWhatCannotChangeTheDisposition) {
  const std::string text =
      testing::Replaced(testing::SmallRulesetText(), "when: \"age_years >= 50\"",
                        "when: \"balance_poor && age_years >= 30\"");
  UseRuleset(text);
  const std::string unknown = "function_mood_safety { balance_poor: TRI_UNKNOWN }";
  EXPECT_EQ(Find(Evaluate(SafeAnswers() + unknown), "balance_poor"), nullptr);
  EXPECT_NE(Find(Evaluate(SafeAnswers() + "person { age_years: 60 } " + unknown), "balance_poor"),
            nullptr);
}

// The promise: when no question can change the disposition, no completion of the intake does.
TEST_F(OpenQuestionsTest, EmptyListIsAPromise) {
  UseRuleset(testing::SmallRulesetText());
  std::mt19937_64 random(testing::TestSeed());
  int promises = 0;
  for (int i = 0; i < 4000; ++i) {
    testing::RandomIntakeOptions options;
    options.absent = 0.05 + 0.1 * (i % 8);
    options.tri_yes = 0.2;
    const v1::Intake intake = testing::RandomIntake(engine_->ruleset(), random, options);
    const absl::CivilDay day(2026, 1, 1);
    if (!engine_->Evaluate(intake, day, View::kBasic, workspace_, bytes_).empty()) continue;
    v1::Decision decision;
    ASSERT_TRUE(decision.ParseFromString(bytes_));
    if (!Fields(decision, true).empty()) continue;
    ++promises;
    for (int c = 0; c < 10; ++c) {
      v1::Intake complete = intake;
      testing::CompleteAtRandom(engine_->ruleset(), random, complete);
      if (!engine_->Evaluate(complete, day, View::kBasic, workspace_, bytes_).empty()) continue;
      v1::Decision other;
      ASSERT_TRUE(other.ParseFromString(bytes_));
      ASSERT_EQ(other.disposition().level(), decision.disposition().level())
          << intake.DebugString() << "---\n"
          << complete.DebugString();
      ASSERT_EQ(other.disposition().gate(), decision.disposition().gate());
    }
  }
  EXPECT_GT(promises, 100);
}

}  // namespace
}  // namespace plumbline::engine
