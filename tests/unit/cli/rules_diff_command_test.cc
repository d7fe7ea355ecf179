// `rules diff`: recorded outputs for a small ruleset, exit codes, files.

#include "server/cli/rules_diff_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "google/protobuf/util/json_util.h"
#include "server/cli/cli.h"
#include "server/diff/impact.h"
#include "server/diff/ruleset_diff.h"
#include "tests/testing/grpc/child_process.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::cli {
namespace {

using testing::Edited;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Result {
  int code = -1;
  std::string out;
  std::string err;
};

Result Diff(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"plumbline", "rules", "diff"});
  std::vector<const char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Environment environment{in, out, err};
  Result result;
  result.code = RunCli(static_cast<int>(pointers.size()), pointers.data(), environment);
  result.out = out.str();
  result.err = err.str();
  return result;
}

std::string Golden(const std::string& name) {
  return std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) + "/tests/unit/cli/golden/" + name;
}

// PLUMBLINE_UPDATE_GOLDEN=1 writes the files anew.
void ExpectGolden(const std::string& actual, const std::string& name) {
  if (std::getenv("PLUMBLINE_UPDATE_GOLDEN") != nullptr) std::ofstream(Golden(name)) << actual;
  EXPECT_EQ(actual, testing::ReadWholeFile(Golden(name)));
}

// Clinical changes, words, records, a test; one thing renamed, one moved, one new, one gone.
std::string NewerText(const std::string& version) {
  std::string text =
      Edited(testing::MinimalRulesetText(), "version: \"1.2.3\"", "version: \"" + version + "\"");
  text = Edited(text, "expression: \"age_years >= 60\"", "expression: \"age_years >= 65\"");
  text = Edited(text, "words: \"sixty or older\"", "words: \"sixty-five or older\"");
  text = Edited(text, "when: \"leg_pain == LegPain.BELOW_KNEE && fever\"",
                "when: \"fever && leg_pain == LegPain.BELOW_KNEE && unwell\"");
  text = Edited(text, "text: \"Five times\" reps: 5", "text: \"Six times\" reps: 6");
  text = Edited(text, "text: \"Go easy.\"", "text: \"Go easy | `slowly` <b>now</b>.\"");
  text = Edited(text, "citation: \"Author A. A book. 2020.\"",
                "citation: \"Author A. A book. 2nd edition. 2024.\"");
  text = Edited(text, "follow_up_rules { id: \"FU-1\"", "follow_up_rules { id: \"FU-2W\"");
  text = Edited(text, "advice { id: \"AD-1\" category: \"comfort\" text: \"Keep warm.\"",
                "advice { id: \"AD-2\" category: \"comfort\" text: \"Keep cool.\"");
  text = Edited(text, "    advice: \"AD-1\"\n", "");
  const std::string late = "  id: \"SZ-1\"\n    when: \"older\"";
  text = Edited(text, late, "  id: \"SZ-1\"\n    when: \"fever || older\"");
  return text;
}

class RulesDiffCommandTest : public ::testing::Test {
 protected:
  RulesDiffCommandTest() {
    old_.Write("rules.textproto", testing::MinimalRulesetText());
    new_.Write("rules.textproto", NewerText("2.0.0"));
  }

  testing::TemporaryFolder old_;
  testing::TemporaryFolder new_;
};

TEST_F(RulesDiffCommandTest, OutputsAreAsRecorded) {
  for (const char* format : {"text", "md", "json"}) {
    const Result result = Diff({old_.path(), new_.path(), "--format", format});
    EXPECT_EQ(result.code, kExitOk) << result.err;
    EXPECT_THAT(result.err, IsEmpty());
    ExpectGolden(result.out, std::string("rules_diff.") + (format[0] == 't' ? "txt" : format));
  }
}

TEST_F(RulesDiffCommandTest, JsonReadsBackAsTheMessage) {
  const Result result = Diff({old_.path(), new_.path(), "--format", "json"});
  v1::RulesetDiff diff;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(result.out, &diff).ok());
  EXPECT_EQ(diff.required_bump(), v1::VERSION_BUMP_MAJOR);
  EXPECT_EQ(diff.new_version(), "2.0.0");
  EXPECT_GT(diff.changes_size(), 5);
}

TEST_F(RulesDiffCommandTest, TheHtmlPageStandsAlone) {
  const Result result = Diff({old_.path(), new_.path(), "--format", "html"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(result.out, HasSubstr("<ins>"));
  EXPECT_THAT(result.out, HasSubstr("<del>"));
  EXPECT_THAT(result.out, HasSubstr("default-src &#39;none&#39;"));
  EXPECT_THAT(result.out, Not(HasSubstr("<b>now</b>"))) << "text of a rule became markup";
  EXPECT_THAT(result.out, Not(HasSubstr("http://")));
  EXPECT_THAT(result.out, Not(HasSubstr("<script")));
}

TEST_F(RulesDiffCommandTest, ATooSmallVersionIsRefusedWithTheReason) {
  const testing::TemporaryFolder small;
  small.Write("rules.textproto", NewerText("1.3.0"));
  const Result result = Diff({old_.path(), small.path()});
  EXPECT_EQ(result.code, kExitCheckFailed);
  EXPECT_EQ(result.err,
            "plumbline: version 1.3.0 is too small: MAJOR is required, 2.0.0 or later, because of "
            "this change: term older \"sixty or older\": expression threshold `age_years >= 60` "
            "becomes `>= 65`; and 1 more\n");
  EXPECT_THAT(result.out, HasSubstr("too small")) << "the difference is shown all the same";
}

TEST_F(RulesDiffCommandTest, AVersionThatGoesBackIsRefused) {
  const Result result = Diff({new_.path(), old_.path()});
  EXPECT_EQ(result.code, kExitCheckFailed);
  EXPECT_EQ(result.err, "plumbline: The version goes back from 2.0.0 to 1.2.3.\n");
}

TEST_F(RulesDiffCommandTest, TheSameRulesAreNoChange) {
  const testing::TemporaryFolder same;
  same.Write("other.textproto", "# Again.\n" + testing::MinimalRulesetText());
  const Result result = Diff({old_.path(), same.path()});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("No semantic change."));
}

TEST_F(RulesDiffCommandTest, WritesAFile) {
  const std::string file = new_.path("diff.html");
  const Result result = Diff({old_.path(), new_.path(), "--format", "html", "-o", file});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(testing::ReadWholeFile(file), StartsWith("<!DOCTYPE html>"));
  EXPECT_EQ(Diff({old_.path(), new_.path(), "-o", "/nowhere/diff.txt"}).code, kExitBadInput);
}

TEST_F(RulesDiffCommandTest, WhatCannotBeReadIsBadInput) {
  const testing::TemporaryFolder broken;
  broken.Write("rules.textproto", "nonsense: 1");
  EXPECT_EQ(Diff({old_.path(), broken.path()}).code, kExitBadInput);
  EXPECT_EQ(Diff({broken.path(), old_.path()}).code, kExitBadInput);
  EXPECT_EQ(Diff({old_.path(), old_.path("nothing")}).code, kExitBadInput);
  EXPECT_EQ(Diff({old_.path()}).code, kExitUsage);
  EXPECT_EQ(Diff({old_.path(), new_.path(), "--format", "pdf"}).code, kExitUsage);
}

TEST_F(RulesDiffCommandTest, BuiltFilesAreReadToo) {
  const std::string file = old_.path("old.plumb");
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Environment environment{in, out, err};
  const std::string folder = old_.path();
  const char* build[] = {"plumbline", "rules", "build", folder.c_str(), "-o", file.c_str()};
  ASSERT_EQ(RunCli(6, build, environment), kExitOk) << err.str();
  EXPECT_EQ(Diff({file, new_.path()}).out, Diff({old_.path(), new_.path()}).out);
}

TEST(FormatDiffTest, WhatAReplaySaysIsInEveryForm) {
  const auto from = testing::CompileRules(testing::MinimalRulesetText());
  const auto to = testing::CompileRules(NewerText("2.0.0"));
  ASSERT_NE(to.ruleset, nullptr) << testing::Formatted(to.issues);
  v1::RulesetDiff diff = diff::DiffRulesets(*from.ruleset, *to.ruleset);
  v1::ImpactReport report;
  report.set_decisions(1000);
  report.set_evaluated(990);
  report.set_identical(900);
  report.set_level_changed(7);
  v1::LevelChange& level = *report.add_level_changes();
  level.set_from(v1::LEVEL_URGENT_SAME_DAY);
  level.set_to(v1::LEVEL_EXERCISE_OK);
  level.set_count(7);
  level.add_example_ids("dec-17");
  v1::RuleImpact& rule = *report.add_rules();
  rule.set_rule_id("RF-1");
  rule.set_disappears(7);
  rule.set_level_changed(7);
  rule.add_example_ids("dec-17");
  report.set_time_limit_changed(5);
  v1::RuleImpact& follow_up = *report.add_rules();
  follow_up.set_rule_id("FU-2W");
  follow_up.set_altered(5);
  follow_up.mutable_alterations()->set_time_limit(5);
  follow_up.add_example_ids("dec-18");
  v1::ReplayOmission& left_out = *report.add_left_out();
  left_out.set_reason("erased");
  left_out.set_count(10);
  diff::JoinImpact(diff, report);
  for (const char* format : {"text", "md", "html", "json"}) {
    SCOPED_TRACE(format);
    std::ostringstream err;
    const std::string out = FormatDiff(diff, format, 100, /*color=*/false, err);
    EXPECT_THAT(err.str(), IsEmpty());
    EXPECT_THAT(out, HasSubstr("1000"));
    EXPECT_THAT(out, HasSubstr("dec-17"));
    EXPECT_THAT(out, HasSubstr("erased"));
    if (format != std::string("json")) {
      EXPECT_THAT(out, HasSubstr("at least 7 with another level"));
      EXPECT_THAT(out, HasSubstr("altered for 5 (time limit 5)"));
      EXPECT_THAT(out, HasSubstr("Recorded patients"));
    }
  }
  std::ostringstream err;
  ExpectGolden(FormatDiff(diff, "text", 100, /*color=*/false, err), "rules_diff_replay.txt");
}

}  // namespace
}  // namespace plumbline::cli
