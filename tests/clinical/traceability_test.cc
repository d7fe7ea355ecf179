// The ledger of facts is whole, every fact is accounted for, and the hazard log names what is
// there.

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/review/trace.h"
#include "server/ruleset/hazards.h"
#include "tests/clinical/source_rules.h"

namespace plumbline::clinical {
namespace {

ruleset::RulesetDocument SourceDocument() {
  std::vector<Issue> issues;
  auto document = ruleset::RulesetDocument::Parse(SourceRules(), issues, RulesFolder());
  for (const Issue& issue : issues) ADD_FAILURE() << FormatIssue(issue);
  return document;
}

TEST(TraceabilityTest, EveryFactOfTheLedgerIsThere) {
  const ruleset::RulesetDocument document = SourceDocument();
  // By article and kind: exercises, conditions, rules, red flags, programme, adherence, statistics,
  // modalities, lifestyle, not to be encoded; and the disagreements.
  const std::map<std::string, int> kFacts = {
      {"S0-C", 4},  {"S0-EX", 6}, {"S0-R", 4},  {"S0-RF", 1}, {"S0-P", 3},   {"S0-A", 1},
      {"S0-ST", 8}, {"S0-M", 1},  {"S0-N", 2},  {"S1-C", 1},  {"S1-EX", 27}, {"S1-RF", 6},
      {"S1-P", 3},  {"S1-ST", 4}, {"S1-L", 7},  {"S1-N", 8},  {"S2-C", 1},   {"S2-EX", 7},
      {"S2-RF", 3}, {"S2-P", 11}, {"S2-ST", 1}, {"S2-M", 1},  {"S2-L", 1},   {"S3-EX", 12},
      {"S3-RF", 2}, {"S3-P", 7},  {"S3-A", 10}, {"S3-ST", 3}, {"S3-M", 3},   {"S3-N", 1},
      {"S4-C", 1},  {"S4-EX", 7}, {"S4-RF", 4}, {"S4-P", 5},  {"S4-A", 3},   {"S4-ST", 1},
      {"S4-N", 1},  {"D", 30}};
  std::map<std::string, int> facts;
  const std::set<std::string> ledgers = {"S0", "S1", "S2", "S3", "S4", "D"};
  for (const v1::Source& source : document.ruleset().sources()) {
    if (ledgers.count(source.id()) == 0) continue;
    for (const v1::Passage& passage : source.passages()) {
      ++facts[passage.id().substr(0, passage.id().find_last_not_of("0123456789") + 1)];
      EXPECT_FALSE(passage.locator().empty()) << passage.id();
    }
  }
  EXPECT_EQ(facts, kFacts);
}

// `tests/check_rules PLUMBLINE trace` asks for a test of every rule as well.
TEST(TraceabilityTest, EveryFactIsAccountedForAndEveryRuleHasASource) {
  const review::Trace trace = review::BuildTrace(SourceDocument());
  for (const Issue& issue : trace.issues) {
    if (issue.code != "untested-rule") ADD_FAILURE() << FormatIssue(issue);
  }
}

TEST(HazardLogTest, NamesFilesThatAreThere) {
  const char* source = std::getenv("PLUMBLINE_SOURCE_DIR");
  const std::filesystem::path root(source == nullptr ? "." : source);
  const ruleset::RulesetDocument document = SourceDocument();
  EXPECT_GE(document.ruleset().hazards_size(), 20);
  for (const v1::Hazard& hazard : document.ruleset().hazards()) {
    for (const v1::HazardControl& control : hazard.controls()) {
      for (const std::string& path : control.evidence()) {
        EXPECT_TRUE(std::filesystem::exists(root / path)) << hazard.id() << ": " << path;
      }
    }
  }
}

TEST(HazardLogTest, LeavesNoSeriousRisk) {
  const ruleset::RulesetDocument document = SourceDocument();
  for (const v1::Hazard& hazard : document.ruleset().hazards()) {
    EXPECT_LE(ruleset::RiskAfter(hazard), 3) << hazard.id();
  }
}

}  // namespace
}  // namespace plumbline::clinical
