#include "server/ruletest/mutants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "server/ruletest/expression_mutants.h"
#include "server/ruletest/mutation_run.h"
#include "server/ruletest/table_text.h"
#include "server/ruletest/table_writer.h"
#include "tests/unit/ruletest/subject.h"

namespace plumbline::ruletest {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> MutantsOf(const std::string& when) {
  const auto subject = MakeSubject(
      testing::Replaced(testing::SmallRulesetText(), "weight_loss && age_years >= 60", when) +
      kPlainVignette);
  std::vector<std::string> texts;
  for (ExpressionMutant& mutant : MutateExpression(subject->probes.Find({"RF-WEIGHT", ""})->expr)) {
    texts.push_back(std::move(mutant.text));
  }
  return texts;
}

TEST(ExpressionMutantsTest, EveryKindOfChangeIsMade) {
  const std::vector<std::string> simple = MutantsOf("weight_loss && age_years >= 60");
  EXPECT_THAT(simple, Contains("weight_loss || age_years >= 60"));
  EXPECT_THAT(simple, Contains("weight_loss"));
  EXPECT_THAT(simple, Contains("age_years >= 60"));
  EXPECT_THAT(simple, Contains("!weight_loss && age_years >= 60"));
  EXPECT_THAT(simple, Contains("weight_loss && age_years > 60"));
  EXPECT_THAT(simple, Contains("weight_loss && age_years < 60"));
  EXPECT_THAT(simple, Contains("weight_loss && age_years >= 59"));
  EXPECT_THAT(simple, Contains("weight_loss && age_years >= 61"));
  EXPECT_THAT(MutantsOf("!weight_loss || temp_c > 38.5"), Contains("weight_loss || temp_c > 38.5"));
  EXPECT_THAT(MutantsOf("!weight_loss || temp_c > 38.5"),
              Contains("!weight_loss || temp_c > 38.6"));
  const std::vector<std::string> counts = MutantsOf("atLeast(2, [fever, weight_loss, hot])");
  EXPECT_THAT(counts, Contains("atLeast(1, [fever, weight_loss, hot])"));
  EXPECT_THAT(counts, Contains("atLeast(3, [fever, weight_loss, hot])"));
  EXPECT_THAT(counts, Contains("atLeast(2, [fever, hot])"));
  const std::vector<std::string> lists = MutantsOf("leg_side in [LegSide.LEFT, LegSide.BOTH]");
  EXPECT_THAT(lists, Contains("leg_side in [LegSide.BOTH]"));
  EXPECT_THAT(lists, Contains("leg_side in [LegSide.LEFT]"));
  EXPECT_THAT(MutantsOf("leg_side == LegSide.LEFT"), Contains("leg_side != LegSide.LEFT"));
}

class MutantsTest : public ::testing::Test {
 protected:
  static std::string Tested(const std::string& text) {
    const auto subject = MakeSubject(text);
    const CaseSet cases(*subject->ruleset);
    return text + FormatTables(WriteTables(*subject, cases, {}, {}).tables);
  }
};

TEST_F(MutantsTest, EachMutantChangesTheRulesetAtItsPlace) {
  const auto subject = MakeSubject(testing::SmallRulesetText() + kPlainVignette);
  ASSERT_NE(subject, nullptr);
  std::set<std::string> kinds;
  for (const Mutant& mutant : MakeMutants(subject->ruleset->source, subject->probes)) {
    v1::Ruleset changed = subject->ruleset->source;
    ASSERT_TRUE(ApplyMutant(mutant, changed)) << mutant.path;
    EXPECT_NE(changed.SerializeAsString(), subject->ruleset->source.SerializeAsString())
        << mutant.path << ": " << mutant.what;
    kinds.insert(mutant.kind);
  }
  for (const char* kind : {"threshold", "operator", "dropped part", "negation", "list", "level",
                           "gate", "rule removed", "screen item", "dose", "points", "unanswered"}) {
    EXPECT_THAT(kinds, Contains(kind));
  }
  v1::Ruleset untouched = subject->ruleset->source;
  Mutant nowhere;
  nowhere.path = "red_flags[99].when";
  EXPECT_FALSE(ApplyMutant(nowhere, untouched));
}

TEST_F(MutantsTest, WithoutTestsMutantsSurviveAndWithTablesTheyDoNot) {
  const std::string bare = testing::SmallRulesetText() + kPlainVignette;
  const auto untested = MakeSubject(bare);
  ASSERT_NE(untested, nullptr);
  const CaseSet few(*untested->ruleset);
  const MutationReport weak = RunMutants(*untested, few, {});
  const std::string text = Tested(bare);
  const auto tested = MakeSubject(text);
  ASSERT_NE(tested, nullptr);
  const CaseSet cases(*tested->ruleset);
  ASSERT_THAT(RunAll(*tested, cases), IsEmpty());
  const MutationReport strong = RunMutants(*tested, cases, {});
  EXPECT_EQ(weak.results.size(), strong.results.size());
  EXPECT_GT(weak.results.size(), 100U);
  EXPECT_LT(weak.KilledShare(), 0.7);
  // What is left: points and selectors that one patient alone cannot show.
  EXPECT_GT(strong.KilledShare(), 0.85);
  EXPECT_GT(strong.KilledShare(), weak.KilledShare());
  // Every threshold of every condition: the tables have a row on either side of it.
  for (const MutantResult& result : strong.results) {
    if (result.mutant.kind != "threshold") continue;
    EXPECT_NE(result.fate, MutantResult::Fate::kSurvived)
        << result.mutant.rule_id << ": " << result.mutant.what;
  }
}

TEST_F(MutantsTest, OptionsTakeASampleAndAFilter) {
  const auto subject = MakeSubject(testing::SmallRulesetText() + kPlainVignette);
  ASSERT_NE(subject, nullptr);
  const CaseSet cases(*subject->ruleset);
  MutationOptions options;
  options.filter = "RF-WEIGHT";
  const MutationReport all = RunMutants(*subject, cases, options);
  ASSERT_FALSE(all.results.empty());
  for (const MutantResult& result : all.results) {
    EXPECT_EQ(result.mutant.rule_id, "RF-WEIGHT");
  }
  options.every = 3;
  const MutationReport sample = RunMutants(*subject, cases, options);
  EXPECT_EQ(sample.results.size(), (all.results.size() + 2) / 3);
}

}  // namespace
}  // namespace plumbline::ruletest
