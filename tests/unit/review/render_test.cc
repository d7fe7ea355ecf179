// The reading forms, on the real ruleset and on a small one with hostile texts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/review/criterion.h"
#include "server/review/html_writer.h"
#include "server/review/render_html.h"
#include "server/review/render_md.h"
#include "server/review/render_model.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::review {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ruleset::RulesetDocument RealRules() {
  auto files = ruleset::ReadRulesetFolder(std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) +
                                          "/rules/low_back_pain");
  std::vector<Issue> issues;
  auto document = ruleset::RulesetDocument::Parse(*std::move(files), issues);
  EXPECT_THAT(issues, IsEmpty());
  return document;
}

// How often each value of the attribute occurs.
std::map<std::string, int> Values(const std::string& html, const std::string& attribute) {
  std::map<std::string, int> values;
  const std::string lead = absl::StrCat(" ", attribute, "=\"");
  for (size_t at = html.find(lead); at != std::string::npos; at = html.find(lead, at)) {
    at += lead.size();
    ++values[html.substr(at, html.find('"', at) - at)];
  }
  return values;
}

class RealRenderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    document_ = new ruleset::RulesetDocument(RealRules());
    auto page = BuildReviewPage(*document_);
    ASSERT_TRUE(page.ok());
    page_ = new ReviewPage(*std::move(page));
    rendered_ = new RenderedHtml(RenderHtml(*page_));
  }
  static const ruleset::RulesetDocument* document_;
  static const ReviewPage* page_;
  static const RenderedHtml* rendered_;
};
const ruleset::RulesetDocument* RealRenderTest::document_ = nullptr;
const ReviewPage* RealRenderTest::page_ = nullptr;
const RenderedHtml* RealRenderTest::rendered_ = nullptr;

TEST_F(RealRenderTest, EverythingIsThereOnce) {
  const std::map<std::string, int> anchors = Values(rendered_->html, "id");
  for (const auto& [anchor, count] : anchors) EXPECT_EQ(count, 1) << anchor;
  const v1::Ruleset& rules = document_->ruleset();
  const auto expect = [&anchors](const std::string& anchor) {
    EXPECT_EQ(anchors.count(anchor), 1U) << anchor;
  };
  for (const auto& one : rules.red_flags()) expect(RuleAnchor(one.id()));
  for (const auto& one : rules.conditions()) expect(RuleAnchor(one.id()));
  for (const auto& one : rules.exercises()) expect(RuleAnchor(one.id()));
  for (const auto& one : rules.contraindications()) expect(RuleAnchor(one.id()));
  for (const auto& one : rules.indications()) expect(RuleAnchor(one.id()));
  for (const auto& one : rules.cautions()) expect(RuleAnchor(one.id()));
  for (const auto& one : rules.advice()) expect(RuleAnchor(one.id()));
  for (const auto& one : rules.terms()) expect(RuleAnchor(one.id()));
  for (const auto& one : rules.questions()) expect(QuestionAnchor(one.field()));
  for (const auto& one : rules.vignettes()) expect(AnchorOf("test", one.id()));
  for (const auto& one : rules.hazards()) expect(AnchorOf("hazard", one.id()));
  for (const auto& source : rules.sources()) {
    for (const auto& passage : source.passages()) expect(AnchorOf("passage", passage.id()));
  }
  EXPECT_GT(rules.vignettes_size(), 1000);
}

TEST_F(RealRenderTest, EveryLinkInsideLeadsSomewhere) {
  const std::map<std::string, int> anchors = Values(rendered_->html, "id");
  size_t links = 0;
  for (const auto& [target, count] : Values(rendered_->html, "href")) {
    if (target.empty() || target[0] != '#') continue;
    links += static_cast<size_t>(count);
    EXPECT_EQ(anchors.count(target.substr(1)), 1U) << target;
  }
  EXPECT_GT(links, 10'000U);
  EXPECT_THAT(rendered_->problems, IsEmpty());
  EXPECT_THAT(page_->dangling, IsEmpty());
}

TEST_F(RealRenderTest, NeedsNothingFromOutside) {
  EXPECT_THAT(rendered_->html, HasSubstr("Content-Security-Policy"));
  EXPECT_THAT(rendered_->html, Not(HasSubstr(" src=\"http")));
  EXPECT_THAT(rendered_->html, Not(HasSubstr("@import")));
  EXPECT_THAT(rendered_->html, Not(HasSubstr("url(")));
}

TEST_F(RealRenderTest, CalculationsKeepTheirOrder) {
  EXPECT_THAT(rendered_->html, HasSubstr(" + 1) * 366"));
}

TEST_F(RealRenderTest, SaysThatNobodyHasReviewedItAndMarksProjectChoices) {
  EXPECT_THAT(rendered_->html, HasSubstr("No clinician has reviewed this version"));
  EXPECT_THAT(rendered_->html, HasSubstr(">PC<"));
  EXPECT_THAT(rendered_->html, HasSubstr("UNVERIFIED"));
}

TEST_F(RealRenderTest, TheSameRulesGiveTheSameBytes) {
  const auto again = BuildReviewPage(RealRules());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(RenderHtml(*again).html, rendered_->html);
  EXPECT_EQ(RenderMarkdown(*again), RenderMarkdown(*page_));
}

// A pipe or a line break inside a cell would end it: every row of a table has as many cells as its
// head.
TEST_F(RealRenderTest, TablesInMarkdownKeepTheirColumns) {
  const auto cells = [](absl::string_view line) {
    int count = 0;
    for (size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '|' && (i == 0 || line[i - 1] != '\\')) ++count;
    }
    return count;
  };
  int rows = 0;
  int head = 0;
  const std::string markdown = RenderMarkdown(*page_);
  for (const absl::string_view line : absl::StrSplit(markdown, '\n')) {
    if (line.empty() || line[0] != '|') {
      head = 0;
      continue;
    }
    if (head == 0) head = cells(line);
    EXPECT_EQ(cells(line), head) << line.substr(0, 120);
    ++rows;
  }
  EXPECT_GT(rows, 1000);
}

TEST(RenderTest, HostileTextsStayText) {
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(
      {{"small.textproto",
        plumbline::testing::Edited(
            plumbline::testing::MinimalRulesetText(), "summary: \"What it says.\"",
            "summary: \"<script>alert('x')</script> & \\\"quoted\\\" | piped\"")}},
      issues);
  const auto page = BuildReviewPage(document);
  ASSERT_TRUE(page.ok()) << page.status();
  const std::string html = RenderHtml(*page).html;
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert"));
  EXPECT_THAT(RenderMarkdown(*page), Not(HasSubstr("<script>")));
}

TEST(RenderTest, RulesetsWithWrongExpressionsAreRefused) {
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(
      {{"bad.textproto", "terms { id: \"wrong\" expression: \"age_yers > 3\" }"}}, issues);
  EXPECT_FALSE(BuildReviewPage(document).ok());
}

}  // namespace
}  // namespace plumbline::review
