#include "server/diff/expression_form.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "plumbline/v1/intake.pb.h"
#include "server/expr/schema.h"

namespace plumbline::diff {
namespace {

class ExpressionFormTest : public ::testing::Test {
 protected:
  ExpressionFormTest()
      : schema_(*expr::Schema::Create(*v1::Intake::descriptor())), environment_(&schema_) {
    environment_.DeclareTerm("older", {expr::Kind::kBool});
    environment_.DeclareTerm("ill", {expr::Kind::kBool});
    older_ = Checked("age_years >= 60");
    ill_ = Checked("fever || unwell");
  }

  expr::CheckedExpr Checked(const std::string& text) const {
    expr::CheckResult result = expr::Check(text, environment_);
    EXPECT_TRUE(result.expr.valid()) << text;
    return result.expr;
  }
  std::string Form(const std::string& text) const { return CanonicalText(Checked(text), as_is_); }
  std::string Change(const std::string& from, const std::string& to) const {
    return DescribeChange(Checked(from), Checked(to), as_is_);
  }
  std::string Expanded(const std::string& text) const {
    const TermLookup terms = [this](absl::string_view name) -> const expr::CheckedExpr* {
      return name == "older" ? &older_ : name == "ill" ? &ill_ : nullptr;
    };
    return ExpandedText(Checked(text), terms, as_is_).value_or("too long");
  }

  const expr::Schema schema_;
  expr::Environment environment_;
  expr::CheckedExpr older_;
  expr::CheckedExpr ill_;
  const TermNames as_is_ = [](const std::string& name) { return name; };
};

TEST_F(ExpressionFormTest, LayoutParenthesesAndOrderMakeNoDifference) {
  const std::string form = Form("fever && age_years >= 50 && (unwell || weight_loss)");
  for (const char* same : {"fever&&age_years>=50&&(unwell||weight_loss)",
                           "(fever && (age_years >= 50)) && ((weight_loss) || unwell)",
                           "fever && ((unwell || weight_loss) && age_years >= 50)",
                           "50 <= age_years && (weight_loss || unwell) && fever"}) {
    EXPECT_EQ(Form(same), form) << same;
  }
  EXPECT_EQ(Form("between(age_years, 16, 17)"), Form("age_years <= 17 && age_years >= 16"));
  EXPECT_EQ(Form("trauma in [Trauma.MINOR, Trauma.MAJOR]"),
            Form("trauma in [Trauma.MAJOR, Trauma.MINOR]"));
  EXPECT_EQ(Form("atLeast(2, [fever, unwell, weight_loss])"),
            Form("atLeast(2, [weight_loss, fever, unwell])"));
}

TEST_F(ExpressionFormTest, MeaningMakesADifference) {
  const std::string form = Form("fever && age_years >= 50");
  for (const char* other :
       {"fever || age_years >= 50", "fever && age_years > 50", "fever && age_years >= 51",
        "fever && age_years <= 50", "!fever && age_years >= 50", "unwell && age_years >= 50",
        "fever && age_years >= 50 && unwell"}) {
    EXPECT_NE(Form(other), form) << other;
  }
  EXPECT_NE(Form("atLeast(2, [fever, unwell, weight_loss])"),
            Form("atLeast(1, [fever, unwell, weight_loss])"));
  // Subtraction and the parts of a choice have an order.
  EXPECT_NE(Form("age_years - 1 > gestation_weeks"), Form("1 - age_years > gestation_weeks"));
  EXPECT_NE(Form("fever ? unwell : weight_loss"), Form("fever ? weight_loss : unwell"));
}

TEST_F(ExpressionFormTest, ChangesAreSaidAsNearAsTheyAre) {
  EXPECT_EQ(Change("age_years >= 50", "age_years >= 55"),
            "threshold `age_years >= 50` becomes `>= 55`");
  EXPECT_EQ(Change("fever && age_years >= 50", "age_years > 50 && fever"),
            "threshold `age_years >= 50` becomes `> 50`");
  EXPECT_EQ(Change("trauma == Trauma.MAJOR", "trauma == Trauma.MINOR"),
            "`trauma == Trauma.MAJOR` becomes `== Trauma.MINOR`");
  EXPECT_EQ(Change("fever && unwell", "fever && unwell && weight_loss"),
            "also requires `weight_loss`");
  EXPECT_EQ(Change("fever && unwell", "fever"), "no longer requires `unwell`");
  EXPECT_EQ(Change("fever", "fever || unwell"), "also holds with `unwell`");
  EXPECT_EQ(Change("fever || unwell || weight_loss", "fever"),
            "no longer holds with `unwell || weight_loss`");
  EXPECT_EQ(Change("fever", "unwell"), "`fever` becomes `unwell`");
  EXPECT_EQ(Change("fever && (unwell || weight_loss)", "fever && (unwell || age_years < 5)"),
            "`weight_loss` becomes `age_years < 5`");
  EXPECT_EQ(
      Change("atLeast(2, [fever, unwell, weight_loss])", "atLeast(3, [fever, unwell, older])"),
      "`at least 2` becomes `at least 3`, no longer counts `weight_loss`, also counts `older`");
}

TEST_F(ExpressionFormTest, UnderANegationTheWordsDoNotSayTheOpposite) {
  EXPECT_EQ(Change("!(fever && unwell)", "!(fever && unwell && weight_loss)"),
            "adds && `weight_loss`");
  EXPECT_EQ(Change("!(fever || unwell)", "!fever"), "drops || `unwell`");
}

TEST_F(ExpressionFormTest, TermsWrittenOutShowThatTheMeaningIsTheSame) {
  EXPECT_EQ(Expanded("older && ill"), Expanded("(unwell || fever) && age_years >= 60"));
  EXPECT_NE(Expanded("older && ill"), Expanded("fever && age_years >= 60"));
}

TEST_F(ExpressionFormTest, RenamedTermsReadAsTheyAreCalledNow) {
  const TermNames renamed = [](const std::string& name) { return name == "older" ? "ill" : name; };
  EXPECT_EQ(CanonicalText(Checked("fever && older"), renamed), Form("ill && fever"));
}

}  // namespace
}  // namespace plumbline::diff
