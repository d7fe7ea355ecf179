// `rules trace`, `rules readability` and `rules safety-case`.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "server/cli/cli.h"
#include "tests/testing/grpc/child_process.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Result {
  int code = -1;
  std::string out;
  std::string err;
};

Result Rules(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"plumbline", "rules"});
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Environment environment{in, out, err};
  Result result;
  result.code = RunCli(static_cast<int>(arguments.size()), arguments.data(), environment);
  result.out = out.str();
  result.err = err.str();
  return result;
}

class ReviewCommandsTest : public ::testing::Test {
 protected:
  ReviewCommandsTest() { rules_.Write("rules.textproto", testing::MinimalRulesetText()); }

  testing::TemporaryFolder rules_;
  const std::string path_ = rules_.path();
  const char* folder_ = path_.c_str();
};

TEST_F(ReviewCommandsTest, PrintHelpWithExamples) {
  for (const char* command : {"trace", "readability", "safety-case"}) {
    const Result result = Rules({command, "--help"});
    EXPECT_EQ(result.code, kExitOk) << command;
    EXPECT_THAT(result.out, HasSubstr("Example"));
  }
}

TEST_F(ReviewCommandsTest, MissingFoldersAndBrokenRulesAreBadInput) {
  const testing::TemporaryFolder broken;
  broken.Write("rules.textproto", "nonsense: 1");
  const std::string broken_path = broken.path();
  for (const char* command : {"trace", "readability", "safety-case"}) {
    EXPECT_EQ(Rules({command, "/no/such/folder"}).code, kExitBadInput) << command;
    const Result result = Rules({command, broken_path.c_str()});
    EXPECT_EQ(result.code, kExitBadInput) << command;
    EXPECT_THAT(result.err, HasSubstr("cannot be used"));
  }
}

TEST_F(ReviewCommandsTest, TraceFailsAndListsWhatIsNotAccountedFor) {
  const Result result = Rules({"trace", folder_});
  EXPECT_EQ(result.code, kExitCheckFailed);
  EXPECT_THAT(result.out, HasSubstr("untested-rule"));
  EXPECT_THAT(result.out, HasSubstr("rules.textproto:"));
  EXPECT_THAT(result.out, HasSubstr("FAILED: "));
}

TEST_F(ReviewCommandsTest, TraceOfOneFactOrRuleTellsBothDirections) {
  const Result fact = Rules({"trace", folder_, "--fact", "BOOK/2"});
  EXPECT_EQ(fact.code, kExitOk);
  EXPECT_THAT(fact.out, HasSubstr("RF-2"));
  EXPECT_THAT(fact.out, Not(HasSubstr("RF-1")));
  const Result rule = Rules({"trace", folder_, "--rule", "RF-1"});
  EXPECT_EQ(rule.code, kExitOk);
  EXPECT_THAT(rule.out, HasSubstr("BOOK/1"));
  EXPECT_THAT(rule.out, HasSubstr("V-1"));
  EXPECT_EQ(Rules({"trace", folder_, "--fact", "none"}).code, kExitBadInput);
  EXPECT_EQ(Rules({"trace", folder_, "--rule", "none"}).code, kExitBadInput);
}

TEST_F(ReviewCommandsTest, TraceIsWrittenAsMarkdownAndJsonToo) {
  const Result markdown = Rules({"trace", folder_, "--format", "md"});
  EXPECT_THAT(markdown.out, HasSubstr("## Facts and the rules that encode them"));
  EXPECT_THAT(markdown.out, HasSubstr("| RF-1 | red flag | Fever | BOOK/1 | V-1 |"));
  const Result json = Rules({"trace", folder_, "--format", "json"});
  EXPECT_THAT(json.out, HasSubstr("\"ok\": false"));
  EXPECT_THAT(json.out, HasSubstr("\"not_encoded_because\""));
}

TEST_F(ReviewCommandsTest, ReadabilityPassesPlainTexts) {
  const Result result = Rules({"readability", folder_});
  EXPECT_EQ(result.code, kExitOk) << result.out;
  EXPECT_THAT(result.out, HasSubstr("OK: "));
  EXPECT_THAT(result.out, HasSubstr("RF-1"));
}

TEST_F(ReviewCommandsTest, ReadabilityFailsHardTextsAndShowsThem) {
  rules_.Write("rules.textproto",
               testing::Edited(testing::MinimalRulesetText(), "text: \"Keep warm.\"",
                               "text: \"Continuous superficial thermotherapy administration "
                               "facilitates muscular relaxation considerably.\""));
  const Result result = Rules({"readability", folder_, "--above", "12", "--texts"});
  EXPECT_EQ(result.code, kExitCheckFailed);
  EXPECT_THAT(result.out, HasSubstr("AD-1"));
  EXPECT_THAT(result.out, HasSubstr("thermotherapy"));
  EXPECT_THAT(result.out, Not(HasSubstr("RF-1")));
}

TEST_F(ReviewCommandsTest, SafetyCaseNeedsHazards) {
  EXPECT_EQ(Rules({"safety-case", folder_}).code, kExitCheckFailed);
  rules_.Write("hazards.textproto",
               R"pb(hazards {
                      id: "HZ-1"
                      title: "Something"
                      hazard: "It happens."
                      causes: "A cause"
                      effect: "A bruise."
                      severity_before: HAZARD_SEVERITY_MINOR
                      likelihood_before: HAZARD_LIKELIHOOD_LOW
                      controls { kind: HAZARD_CONTROL_KIND_RULE text: "A rule." rule_ids: "RF-1" }
                      severity_after: HAZARD_SEVERITY_MINOR
                      likelihood_after: HAZARD_LIKELIHOOD_LOW
                      owner: "project"
                      status: HAZARD_STATUS_OPEN
                    })pb");
  const Result markdown = Rules({"safety-case", folder_});
  EXPECT_EQ(markdown.code, kExitOk) << markdown.err;
  EXPECT_THAT(markdown.out, HasSubstr("# Safety case: A minimal ruleset"));
  EXPECT_THAT(Rules({"safety-case", folder_, "--format", "html"}).out,
              HasSubstr("<!DOCTYPE html>"));
}

}  // namespace
}  // namespace plumbline::cli
