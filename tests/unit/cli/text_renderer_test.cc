#include "server/cli/text_renderer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "google/protobuf/text_format.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Golden(const std::string& name) {
  return std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) + "/tests/unit/cli/golden/" + name;
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

v1::Decision ReadDecision(const std::string& name) {
  v1::Decision decision;
  const std::string text = Read(Golden(name));
  EXPECT_FALSE(text.empty()) << name;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &decision));
  return decision;
}

// PLUMBLINE_UPDATE_GOLDEN=1 writes the files anew.
void ExpectGolden(const std::string& actual, const std::string& name) {
  if (std::getenv("PLUMBLINE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(Golden(name)) << actual;
  }
  EXPECT_EQ(actual, Read(Golden(name)));
}

TEST(TextRendererTest, ProgrammeIsShownAsRecorded) {
  ExpectGolden(RenderDecision(ReadDecision("programme.textproto"), {}), "programme.txt");
}

TEST(TextRendererTest, HowToIsShownAsRecorded) {
  TextOptions options;
  options.width = 72;
  options.how_to = true;
  ExpectGolden(RenderDecision(ReadDecision("programme.textproto"), options),
               "programme_how_to.txt");
}

TEST(TextRendererTest, HoldIsShownAsRecorded) {
  ExpectGolden(RenderDecision(ReadDecision("hold.textproto"), {}), "hold.txt");
}

TEST(TextRendererTest, HoldIsSaidInPlainWords) {
  const std::string text = RenderDecision(ReadDecision("hold.textproto"), {});
  EXPECT_THAT(text, HasSubstr("EXERCISE IS ON HOLD"));
  EXPECT_THAT(text, HasSubstr("None: exercise is on hold until a professional has looked."));
}

TEST(TextRendererTest, DispositionComesFirst) {
  const std::string text = RenderDecision(ReadDecision("hold.textproto"), {});
  EXPECT_EQ(text.find(ReadDecision("hold.textproto").disposition().level_title()), 0u);
}

TEST(TextRendererTest, NoLineIsWiderThanAskedFor) {
  for (const int width : {60, 80, 100, 160}) {
    TextOptions options;
    options.width = width;
    options.how_to = true;
    std::istringstream lines(RenderDecision(ReadDecision("programme.textproto"), options));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(DisplayWidth(line), width) << line;
      EXPECT_THAT(line, Not(::testing::EndsWith(" ")));
    }
  }
}

TEST(TextRendererTest, EverySourceThatIsCitedIsListed) {
  const v1::Decision decision = ReadDecision("programme.textproto");
  const std::string text = RenderDecision(decision, {});
  for (const v1::Citation& citation : decision.citations()) {
    EXPECT_THAT(text, HasSubstr("[" + citation.passage_id() + "]"));
  }
}

TEST(TextRendererTest, TodayIsSaid) {
  TextOptions options;
  options.as_of_is_today = true;
  options.width = 160;
  EXPECT_THAT(RenderDecision(ReadDecision("hold.textproto"), options),
              HasSubstr("As of 2026-01-15 (today; --as-of states another date)"));
}

TEST(TextRendererTest, EmptyDecisionIsRendered) {
  EXPECT_THAT(RenderDecision({}, {}), HasSubstr("No red flag and no referral rule fired."));
}

TEST(TextRendererTest, TraceShowsFiredRulesWithFacts) {
  const std::string trace = RenderTrace(ReadDecision("hold.textproto"), {});
  EXPECT_THAT(trace, HasSubstr("[RF-CES-1]"));
  EXPECT_THAT(trace, HasSubstr("facts: Numbness between the legs: yes"));
  EXPECT_EQ(RenderTrace({}, {}), "  no rule fired\n");
}

TEST(TextRendererTest, TextsCannotDriveTheTerminal) {
  v1::Decision decision = ReadDecision("hold.textproto");
  decision.mutable_fired_rules(0)->mutable_rationale()->mutable_facts(0)->set_display(
      "\x1b]0;title\x07");
  EXPECT_THAT(RenderDecision(decision, {}), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace plumbline::cli
