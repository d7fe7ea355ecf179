#include "server/review/safety_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::review {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHazards[] = R"(
hazards {
  id: "HZ-LOW"
  title: "Small thing"
  hazard: "It happens."
  causes: "A cause"
  effect: "A bruise."
  severity_before: HAZARD_SEVERITY_MINOR
  likelihood_before: HAZARD_LIKELIHOOD_LOW
  controls {
    kind: HAZARD_CONTROL_KIND_DESIGN
    text: "A file."
    evidence: "docs/x.md"
  }
  severity_after: HAZARD_SEVERITY_MINOR
  likelihood_after: HAZARD_LIKELIHOOD_VERY_LOW
  owner: "project"
  status: HAZARD_STATUS_CONTROLLED
}
hazards {
  id: "HZ-HIGH"
  title: "Big <b>thing</b>"
  hazard: "It happens & hurts."
  causes: "Another cause"
  effect: "Death."
  severity_before: HAZARD_SEVERITY_CATASTROPHIC
  likelihood_before: HAZARD_LIKELIHOOD_HIGH
  controls {
    kind: HAZARD_CONTROL_KIND_RULE
    text: "A rule."
    rule_ids: "RF-1"
    test_ids: "V-1"
  }
  severity_after: HAZARD_SEVERITY_CATASTROPHIC
  likelihood_after: HAZARD_LIKELIHOOD_VERY_LOW
  residual_acceptability: "Because."
  sources: "BOOK/1"
  owner: "officer"
  status: HAZARD_STATUS_OPEN
}
)";

ruleset::RulesetDocument Document() {
  std::vector<Issue> issues;
  auto document = ruleset::RulesetDocument::Parse(
      {{"rules.textproto", plumbline::testing::MinimalRulesetText() + kHazards}}, issues);
  EXPECT_TRUE(issues.empty()) << plumbline::testing::Formatted(issues);
  return document;
}

TEST(SafetyCaseTest, HazardsComeWorstFirst) {
  const auto document = Document();
  const auto hazards = HazardsByRisk(document.ruleset());
  ASSERT_EQ(hazards.size(), 2u);
  EXPECT_EQ(hazards[0]->id(), "HZ-HIGH");
  EXPECT_EQ(hazards[1]->id(), "HZ-LOW");
}

TEST(SafetyCaseTest, MarkdownTellsRiskControlsAndWhatIsLeft) {
  const std::string text = SafetyCaseMarkdown(Document(), "rules");
  EXPECT_THAT(text, HasSubstr("# Safety case: A minimal ruleset"));
  EXPECT_THAT(text, HasSubstr("No clinician has reviewed this version"));
  EXPECT_THAT(text, HasSubstr("Tests"));
  EXPECT_THAT(text, HasSubstr("| before | catastrophic | high | 5 unacceptable |"));
  EXPECT_THAT(text, HasSubstr("| after | catastrophic | very low | 3 undesirable |"));
  EXPECT_THAT(text, HasSubstr("Rules: `RF-1`; tests: `V-1`."));
  EXPECT_THAT(text, HasSubstr("See: docs/x.md."));
  EXPECT_THAT(text, HasSubstr("What is left: Because."));
  EXPECT_THAT(text, HasSubstr("Sources: BOOK/1"));
  EXPECT_LT(text.find("### HZ-HIGH"), text.find("### HZ-LOW"));
}

TEST(SafetyCaseTest, MarkdownLinksRulesAndTestsBackToTheirHazards) {
  const std::string text = SafetyCaseMarkdown(Document(), "rules");
  EXPECT_THAT(text, HasSubstr("| `RF-1` | Fever | rules.textproto:"));
  EXPECT_THAT(text, HasSubstr("| `V-1` | Fever at seventy | rules.textproto:"));
  EXPECT_THAT(text, HasSubstr("[HZ-HIGH](#hz-high)"));
  EXPECT_THAT(text, HasSubstr("<a id=\"hz-high\"></a>"));
}

TEST(SafetyCaseTest, HtmlEscapesAndLinks) {
  const std::string html = SafetyCaseHtml(Document(), "rules");
  EXPECT_THAT(html, HasSubstr("Big &lt;b&gt;thing&lt;/b&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<b>thing")));
  EXPECT_THAT(html, HasSubstr("It happens &amp; hurts."));
  EXPECT_THAT(html, HasSubstr("href=\"#rule-RF-1\""));
  EXPECT_THAT(html, HasSubstr("id=\"rule-RF-1\""));
  EXPECT_THAT(html, HasSubstr("href=\"#hazard-HZ-HIGH\""));
  EXPECT_THAT(html, HasSubstr("No clinician has reviewed this version"));
}

}  // namespace
}  // namespace plumbline::review
