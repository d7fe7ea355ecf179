// suspected.*, likely.* and stage.*: the terms that the compiler declares by itself, in three
// values.

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "server/expr/frame.h"
#include "server/ruleset/compiler.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::ruleset {
namespace {

using expr::Outcome;
using plumbline::testing::CompileRules;
using plumbline::testing::Edited;
using plumbline::testing::Formatted;
using plumbline::testing::MinimalRulesetText;

constexpr Outcome kYes = Outcome::kMatch;
constexpr Outcome kNo = Outcome::kNoMatch;
constexpr Outcome kOpen = Outcome::kIndeterminate;

// One patient: sets answers, evaluates, reads conditions and stages.
class Patient {
 public:
  explicit Patient(const std::string& text = MinimalRulesetText()) {
    CompileResult result = CompileRules(text);
    EXPECT_EQ(Formatted(result.issues), "");
    ruleset_ = std::move(result.ruleset);
    frame_ = ruleset_->plan.MakeFrame();
  }

  Patient& LegPain(v1::LegPain value) {
    frame_.SetInt(Slot("leg_pain"), value);
    return *this;
  }
  Patient& Answer(const char* field, bool value) {
    frame_.SetBool(Slot(field), value);
    return *this;
  }
  Patient& Age(int years) {
    frame_.SetInt(Slot("age_years"), years);
    return *this;
  }
  Patient& Confirmed(const char* condition) {
    expr::ListCell cell{};
    const std::string_view id(condition);
    cell.cell.s = {id.data(), static_cast<uint32_t>(id.size())};
    cell.known = true;
    frame_.SetList(Slot("confirmed_conditions"), absl::MakeConstSpan(&cell, 1), 1);
    return *this;
  }
  Patient& Evaluate() {
    ruleset_->plan.Evaluate(frame_);
    return *this;
  }

  Outcome Suspected(size_t condition) { return Read(ruleset_->conditions[condition].suspected); }
  Outcome Likely(size_t condition) { return Read(ruleset_->conditions[condition].likely); }
  Outcome Stage(size_t stage) { return Read(ruleset_->stages[stage].active); }

 private:
  SlotIndex Slot(const char* field) const { return ruleset_->schema->Find(field).value(); }
  Outcome Read(NodeId node) const { return expr::Plan::OutcomeOf(node, frame_); }

  std::shared_ptr<const CompiledRuleset> ruleset_;
  expr::Frame frame_;
};

// In the minimal ruleset: leggy = leg pain; +2 below the knee, -1 fever; possible at 1, likely
// at 2.
constexpr size_t kLeggy = 0;
constexpr size_t kRest = 1;

TEST(DerivedTermsTest, NothingKnownLeavesThePatternOpen) {
  Patient patient;
  patient.Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kOpen);
  EXPECT_EQ(patient.Likely(kLeggy), kOpen);
}

TEST(DerivedTermsTest, RequirementThatFailsDecidesWhateverIsOpen) {
  Patient patient;
  patient.LegPain(v1::LEG_PAIN_NONE).Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kNo);
  EXPECT_EQ(patient.Likely(kLeggy), kNo);
}

TEST(DerivedTermsTest, PointsThatOpenAnswersCannotTakeAwayDecide) {
  Patient patient;
  // 2 points, at worst 1.
  patient.LegPain(v1::LEG_PAIN_BELOW_KNEE).Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kYes);
  EXPECT_EQ(patient.Likely(kLeggy), kOpen);
  patient.Answer("fever", false).Evaluate();
  EXPECT_EQ(patient.Likely(kLeggy), kYes);
  patient.Answer("fever", true).Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kYes);
  EXPECT_EQ(patient.Likely(kLeggy), kNo);
}

TEST(DerivedTermsTest, PointsOutOfReachDecide) {
  Patient patient;
  patient.LegPain(v1::LEG_PAIN_ABOVE_KNEE).Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kNo);
}

TEST(DerivedTermsTest, ConfirmedConditionOutranksItsPattern) {
  Patient patient;
  patient.LegPain(v1::LEG_PAIN_NONE).Confirmed("leggy").Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kYes);
  EXPECT_EQ(patient.Likely(kLeggy), kYes);
  EXPECT_EQ(patient.Suspected(kRest), kNo);
}

TEST(DerivedTermsTest, ConditionWithoutLikelyAtIsLikelyOnlyWhenConfirmed) {
  Patient patient;
  patient.LegPain(v1::LEG_PAIN_NONE).Answer("fever", false).Evaluate();
  EXPECT_EQ(patient.Suspected(kRest), kYes);
  EXPECT_EQ(patient.Likely(kRest), kNo);
  patient.Confirmed("rest").Evaluate();
  EXPECT_EQ(patient.Likely(kRest), kYes);
}

TEST(DerivedTermsTest, ResidualIsSuspectedAsLongAsNoOtherIsKnownToBe) {
  Patient patient;
  patient.Evaluate();
  EXPECT_EQ(patient.Suspected(kRest), kYes) << "the other one is open, not known";
  patient.LegPain(v1::LEG_PAIN_BELOW_KNEE).Evaluate();
  EXPECT_EQ(patient.Suspected(kRest), kNo);
}

TEST(DerivedTermsTest, ResidualIsLikelyOnlyWhenEveryOtherIsKnownNotToBe) {
  const std::string text = Edited(
      MinimalRulesetText(), "  residual: true\n",
      "  residual: true\n  findings { id: \"F-9\" points: 1 when: \"unwell\" because: \"x\" }\n"
      "  likely_at: 1\n");
  Patient patient(text);
  patient.Answer("unwell", true).Evaluate();
  EXPECT_EQ(patient.Suspected(kRest), kYes);
  EXPECT_EQ(patient.Likely(kRest), kOpen);
  patient.LegPain(v1::LEG_PAIN_NONE).Evaluate();
  EXPECT_EQ(patient.Likely(kRest), kYes);
  patient.LegPain(v1::LEG_PAIN_BELOW_KNEE).Evaluate();
  EXPECT_EQ(patient.Likely(kRest), kNo);
}

TEST(DerivedTermsTest, CancelledPatternIsNotSuspected) {
  Patient patient(Edited(MinimalRulesetText(), "  possible_at: 1\n",
                         "  cancelled_when: \"unwell\"\n  possible_at: 1\n"));
  patient.LegPain(v1::LEG_PAIN_BELOW_KNEE).Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kOpen) << "the cancelling answer is missing";
  patient.Answer("unwell", true).Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kNo);
  patient.Answer("unwell", false).Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kYes);
}

TEST(DerivedTermsTest, PossibleWhenIsDemandedOnTopOfThePoints) {
  Patient patient(Edited(MinimalRulesetText(), "  possible_at: 1\n",
                         "  possible_at: 1\n  possible_when: \"unwell\"\n"));
  patient.LegPain(v1::LEG_PAIN_BELOW_KNEE).Answer("unwell", false).Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kNo);
  patient.Answer("unwell", true).Evaluate();
  EXPECT_EQ(patient.Suspected(kLeggy), kYes);
}

// Exactly one stage, always decided. Stage A: leggy and not older; ASSUME.
TEST(DerivedTermsTest, OpenStageIsAssumedWhenTheFileSaysSo) {
  Patient patient;
  patient.Evaluate();
  EXPECT_EQ(patient.Stage(0), kYes);
  EXPECT_EQ(patient.Stage(1), kNo);
  patient.Age(70).Evaluate();
  EXPECT_EQ(patient.Stage(0), kNo);
  EXPECT_EQ(patient.Stage(1), kYes);
}

TEST(DerivedTermsTest, OpenStageIsSkippedWhenTheFileSaysSo) {
  Patient patient(Edited(MinimalRulesetText(), "ON_INDETERMINATE_ASSUME", "ON_INDETERMINATE_SKIP"));
  patient.Evaluate();
  EXPECT_EQ(patient.Stage(0), kNo);
  EXPECT_EQ(patient.Stage(1), kYes);
  patient.Age(40).LegPain(v1::LEG_PAIN_BELOW_KNEE).Evaluate();
  EXPECT_EQ(patient.Stage(0), kYes);
  EXPECT_EQ(patient.Stage(1), kNo);
}

// Terms may stand in any order, also over derived ones.
TEST(DerivedTermsTest, TermsAreResolvedInAnyOrder) {
  std::string text = MinimalRulesetText();
  text +=
      "terms { id: \"first\" expression: \"second && !fever\" words: \"x\" }\n"
      "terms { id: \"second\" expression: \"third || stage.B\" words: \"x\" }\n"
      "terms { id: \"third\" expression: \"likely.leggy\" words: \"x\" }\n";
  text = Edited(text, "unless: \"unwell\"", "unless: \"unwell || first\"");
  const CompileResult result = CompileRules(text);
  EXPECT_EQ(Formatted(result.issues), "");
  EXPECT_NE(result.ruleset, nullptr);
}

}  // namespace
}  // namespace plumbline::ruleset
