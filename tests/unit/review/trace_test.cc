#include "server/review/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::review {
namespace {

using plumbline::testing::Edited;
using plumbline::testing::MinimalRulesetText;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

Trace TraceOf(std::string text) {
  std::vector<Issue> issues;
  const auto document =
      ruleset::RulesetDocument::Parse({{"rules.textproto", std::move(text)}}, issues);
  EXPECT_THAT(issues, IsEmpty()) << plumbline::testing::Formatted(issues);
  return BuildTrace(document);
}

// What the messages with that code name first.
std::vector<std::string> Codes(const Trace& trace, const std::string& code) {
  std::vector<std::string> ids;
  for (const Issue& issue : trace.issues) {
    if (issue.code != code) continue;
    const size_t begin = issue.message.find('`') + 1;
    ids.push_back(issue.message.substr(begin, issue.message.find('`', begin) - begin));
  }
  return ids;
}

// The minimal ruleset with a seed article of three facts.
std::string WithSeed() {
  return Edited(MinimalRulesetText(), "questions {\n  field: \"age_years\"",
                R"(sources {
  id: "S0"
  title: "A seed"
  citation: "Seed."
  status: SOURCE_STATUS_KNOWN
  passages { id: "S0-A" summary: "Cited." }
  passages { id: "S0-B" summary: "Not sound." not_encoded_because: "Not sound." }
  passages { id: "S0-C" summary: "Forgotten." }
}
questions {
  field: "age_years")");
}

TEST(TraceTest, FactsKnowTheirRulesAndTests) {
  const Trace trace = TraceOf(MinimalRulesetText());
  const TracedFact* fact = trace.FindFact("BOOK/2");
  ASSERT_NE(fact, nullptr);
  EXPECT_EQ(fact->source_id, "BOOK");
  EXPECT_EQ(fact->summary, "What else.");
  EXPECT_EQ(fact->status, v1::SOURCE_STATUS_UNVERIFIED);
  EXPECT_THAT(fact->rules, ElementsAre("RF-2"));
  EXPECT_THAT(fact->tests, IsEmpty());
  EXPECT_EQ(fact->place.file, "rules.textproto");
  EXPECT_GT(fact->place.line, 1);
  EXPECT_THAT(trace.FindFact("BOOK/1")->tests, ElementsAre("V-1"));
  EXPECT_EQ(trace.FindFact("BOOK/1")->status, v1::SOURCE_STATUS_VERIFIED) << "as its source";
  EXPECT_EQ(trace.FindFact("BOOK/9"), nullptr);
}

TEST(TraceTest, RulesKnowTheirFactsAndTests) {
  const Trace trace = TraceOf(MinimalRulesetText());
  const TracedRule* rule = trace.FindRule("RF-1");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->kind, "red flag");
  EXPECT_EQ(rule->title, "Fever");
  EXPECT_THAT(rule->facts, ElementsAre("BOOK/1"));
  EXPECT_THAT(rule->tests, ElementsAre("V-1"));
  EXPECT_THAT(trace.FindRule("RF-2")->facts, ElementsAre("BOOK/1", "BOOK/2"));
  EXPECT_THAT(trace.FindRule("RF-2")->tests, IsEmpty());
  EXPECT_EQ(trace.FindRule("none"), nullptr);
}

TEST(TraceTest, EveryKindOfRuleIsThere) {
  const Trace trace = TraceOf(MinimalRulesetText());
  for (const char* id : {"older", "SCREEN",    "RF-1", "leggy", "F-1",        "A",    "EX-WALK",
                         "IN-1",  "CI-1",      "CA-1", "PR-1",  "SA-1",       "SZ-1", "QU-1",
                         "PA-1",  "responses", "AD-1", "FU-1",  "safety_net", "NO-1"}) {
    EXPECT_NE(trace.FindRule(id), nullptr) << id;
  }
  EXPECT_EQ(trace.FindRule("EX-WALK/dose-1"), nullptr) << "its exercise cites for it";
}

TEST(TraceTest, PartsWithoutSourcesStandOnTheirRule) {
  const Trace trace = TraceOf(MinimalRulesetText());
  EXPECT_THAT(trace.FindRule("F-1")->facts, ElementsAre("BOOK/1"));
  const TracedRule* escalation = trace.FindRule("SCREEN/infection-1");
  ASSERT_NE(escalation, nullptr);
  EXPECT_THAT(escalation->facts, ElementsAre("BOOK/1"));
  EXPECT_FALSE(escalation->nameable);
}

TEST(TraceTest, DosesWithSourcesAreRulesOfTheirOwn) {
  const Trace trace = TraceOf(Edited(MinimalRulesetText(), "text: \"Five times\" reps: 5",
                                     "text: \"Five times\" reps: 5 sources: \"BOOK/2\"") +
                              "dose_registers { exercise_id: \"EX-BEND\" steps: \"start: 5\" }\n");
  const TracedRule* dose = trace.FindRule("EX-BEND/dose-1");
  ASSERT_NE(dose, nullptr);
  EXPECT_EQ(dose->kind, "dose");
  EXPECT_THAT(dose->facts, ElementsAre("BOOK/2"));
  EXPECT_THAT(dose->tests, ElementsAre("doses EX-BEND"));
}

TEST(TraceTest, TestsKnowTheRulesThatTheyName) {
  const Trace trace = TraceOf(MinimalRulesetText() +
                              "outcome_tables { rule_id: \"RF-2\" part: \"when\" patient: \"V-1\" "
                              "rows { outcome: CONDITION_OUTCOME_MATCH } }\n");
  const TracedTest* vignette = trace.FindTest("V-1");
  ASSERT_NE(vignette, nullptr);
  EXPECT_EQ(vignette->kind, "vignette");
  EXPECT_THAT(vignette->rules, ElementsAre("AD-1", "B", "CI-1", "EX-BEND", "RF-1"));
  EXPECT_THAT(vignette->facts, ElementsAre("BOOK/1"));
  const TracedTest* table = trace.FindTest("outcomes RF-2 when");
  ASSERT_NE(table, nullptr);
  EXPECT_THAT(table->rules, ElementsAre("RF-2"));
  EXPECT_THAT(trace.FindRule("RF-2")->tests, ElementsAre("outcomes RF-2 when"));
}

TEST(TraceTest, CountsTellHowFarASourceIsAccountedFor) {
  const Trace trace = TraceOf(Edited(WithSeed(), "words: \"sixty or older\"\n  sources: \"BOOK/1\"",
                                     "words: \"sixty or older\"\n  sources: \"S0-A\""));
  ASSERT_EQ(trace.sources.size(), 2u);
  EXPECT_EQ(trace.sources[0].source_id, "BOOK");
  EXPECT_EQ(trace.sources[0].cited, 2);
  const SourceCount& seed = trace.sources[1];
  EXPECT_EQ(seed.source_id, "S0");
  EXPECT_EQ(seed.facts, 3);
  EXPECT_EQ(seed.cited, 1);
  EXPECT_EQ(seed.not_encoded, 1);
  EXPECT_EQ(seed.unaccounted, 1);
}

TEST(TraceTest, UnaccountedFactsOfALedgerAreErrors) {
  const Trace trace = TraceOf(WithSeed());
  EXPECT_THAT(Codes(trace, "unaccounted-fact"), ElementsAre("S0-A", "S0-C"));
  EXPECT_TRUE(HasErrors(trace.issues));
}

TEST(TraceTest, UncitedPassagesOfOtherSourcesAreWarnings) {
  const Trace trace = TraceOf(Edited(MinimalRulesetText(), "  sources: \"BOOK/2\"\n", ""));
  EXPECT_THAT(Codes(trace, "uncited-passage"), ElementsAre("BOOK/2"));
  EXPECT_THAT(Codes(trace, "unaccounted-fact"), IsEmpty());
}

TEST(TraceTest, FactsThatAreCitedAndMarkedAsNotEncodedAreErrors) {
  const Trace trace = TraceOf(Edited(MinimalRulesetText(), "summary: \"What it says.\"",
                                     "summary: \"What it says.\" not_encoded_because: \"No.\""));
  EXPECT_THAT(Codes(trace, "contradicted-fact"), ElementsAre("BOOK/1"));
}

TEST(TraceTest, RulesWithoutSourceAreErrors) {
  EXPECT_THAT(Codes(TraceOf(MinimalRulesetText()), "uncited-rule"), ElementsAre("NO-1"));
}

TEST(TraceTest, RulesThatNoTestNamesAreErrors) {
  const std::vector<std::string> ids = Codes(TraceOf(MinimalRulesetText()), "untested-rule");
  EXPECT_THAT(ids, Contains("RF-2"));
  EXPECT_THAT(ids, Contains("F-1"));
  EXPECT_THAT(ids, Not(Contains("RF-1")));
  EXPECT_THAT(ids, Not(Contains("older"))) << "terms are tested through the rules that read them";
  EXPECT_THAT(ids, Not(Contains("responses"))) << "cannot be named";
}

}  // namespace
}  // namespace plumbline::review
