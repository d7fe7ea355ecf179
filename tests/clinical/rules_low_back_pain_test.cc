// The low back pain rules of this source tree: sound, and true to their own worked patients.

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "server/engine/vignette_runner.h"
#include "tests/clinical/source_rules.h"

namespace plumbline::clinical {
namespace {

TEST(LowBackPainRulesTest, CompileWithoutErrorsAndWarnings) {
  const auto result = ruleset::CompileFolder(RulesFolder());
  ASSERT_TRUE(result.ok()) << result.status().message();
  for (const Issue& issue : result->issues) ADD_FAILURE() << FormatIssue(issue);
  EXPECT_NE(result->ruleset, nullptr);
}

TEST(LowBackPainRulesTest, OwnVignettesPass) {
  const auto ruleset = CompileFiles(SourceRules());
  ASSERT_NE(ruleset, nullptr);
  const engine::Engine engine(ruleset);
  const std::vector<engine::VignetteResult> results = engine::RunVignettes(engine);
  EXPECT_GT(results.size(), 0u);
  for (const engine::VignetteResult& result : results) {
    EXPECT_TRUE(result.passed) << result.id << " " << result.title << "\n  "
                               << absl::StrJoin(result.differences, "\n  ");
  }
  RecordProperty("vignettes", static_cast<int>(results.size()));
}

TEST(LowBackPainRulesTest, EmptyIntakeLeavesTheSafetyScreenOpenAndAsks) {
  const auto ruleset = CompileFiles(SourceRules());
  ASSERT_NE(ruleset, nullptr);
  Evaluator evaluator(ruleset);
  const v1::Decision decision = evaluator.Decide({});
  bool screen = false;
  for (const v1::FiredRule& rule : decision.fired_rules()) {
    screen = screen || rule.rationale().rule_id() == "INCOMPLETE_SAFETY_SCREEN";
  }
  EXPECT_TRUE(screen) << decision.ShortDebugString();
  EXPECT_GE(decision.disposition().level(), v1::LEVEL_PRO_REVIEW_BEFORE_EXERCISE);
  EXPECT_GE(decision.disposition().gate(), v1::GATE_HOLD_UNTIL_REVIEW);
  EXPECT_EQ(decision.programme_size(), 0);
  EXPECT_GE(decision.open_questions_size(), 5);
}

}  // namespace
}  // namespace plumbline::clinical
