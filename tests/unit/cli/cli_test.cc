#include "server/cli/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "google/protobuf/util/json_util.h"
#include "plumbline/v1/decision.pb.h"
#include "tests/testing/engine/small_ruleset.h"
#include "tests/testing/grpc/child_process.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct CliResult {
  int code = -1;
  std::string out;
  std::string err;
};

CliResult Plumbline(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), "plumbline");
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Environment environment{in, out, err};
  environment.today = [] { return absl::CivilDay(2026, 3, 4); };
  CliResult result;
  result.code = RunCli(static_cast<int>(argv.size()), argv.data(), environment);
  result.out = out.str();
  result.err = err.str();
  return result;
}

constexpr char kHarmless[] =
    R"({"ces_saddle": "no", "fever": "no", "nprs_back": 3, "age_years": 44})";

class CliTest : public ::testing::Test {
 protected:
  CliTest() { rules_.Write("small.textproto", testing::SmallRulesetText()); }

  CliResult Evaluate(const std::string& intake, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"evaluate", "--rules", rules_.path(), "--intake", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Plumbline(arguments, intake);
  }

  testing::TemporaryFolder rules_;
};

// ---------------------------------------------------------------------------------------------------
// Usage

class HelpTest : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(HelpTest, IsPrintedWithExamples) {
  std::vector<std::string> arguments = GetParam();
  arguments.push_back("--help");
  const CliResult result = Plumbline(arguments);
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, HasSubstr("Example"));
  EXPECT_EQ(result.err, "");
}

INSTANTIATE_TEST_SUITE_P(Commands, HelpTest,
                         ::testing::Values(std::vector<std::string>{},
                                           std::vector<std::string>{"serve"},
                                           std::vector<std::string>{"evaluate"},
                                           std::vector<std::string>{"rules"},
                                           std::vector<std::string>{"rules", "check"},
                                           std::vector<std::string>{"rules", "test"},
                                           std::vector<std::string>{"version"}));

TEST(CliUsageTest, MainHelpListsTheExitCodes) {
  EXPECT_THAT(Plumbline({"--help"}).out, HasSubstr("Exit codes:"));
}

class WrongUsageTest : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(WrongUsageTest, EndsWithTwo) {
  const CliResult result = Plumbline(GetParam());
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_NE(result.err, "");
  EXPECT_EQ(result.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, WrongUsageTest,
    ::testing::Values(
        std::vector<std::string>{}, std::vector<std::string>{"frobnicate"},
        std::vector<std::string>{"rules"}, std::vector<std::string>{"rules", "check"},
        std::vector<std::string>{"evaluate"}, std::vector<std::string>{"evaluate", "--bogus"},
        std::vector<std::string>{"evaluate", "--intake", "-"},
        std::vector<std::string>{"evaluate", "--intake", "-", "--rules", "a", "--server", "b"},
        std::vector<std::string>{"evaluate", "--intake", "-", "--rules", "a", "--as-of", "today"},
        std::vector<std::string>{"evaluate", "--intake", "-", "--rules", "a", "--request-id", "r"},
        std::vector<std::string>{"evaluate", "--intake", "-", "--patient-pseudonym", "p"},
        std::vector<std::string>{"evaluate", "--intake", "-", "--rules", "a", "--as-of",
                                 "2026-02-30"},
        std::vector<std::string>{"evaluate", "--intake", "-", "--rules", "a", "--as-of",
                                 "26-02-03"},
        std::vector<std::string>{"evaluate", "--intake", "-", "--rules", "a", "--format", "xml"},
        std::vector<std::string>{"evaluate", "--intake", "-", "--rules", "a", "--width", "5"},
        std::vector<std::string>{"evaluate", "--intake", "-", "--rules", "a", "--deadline-ms", "0"},
        std::vector<std::string>{"serve", "--rules", "a", "--tls-cert", "x"}));

TEST(CliUsageTest, VersionIsPrinted) {
  const CliResult result = Plumbline({"version"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_THAT(result.out, ::testing::MatchesRegex("plumbline [0-9]+\\.[0-9]+\\.[0-9]+.*\n"));
}

// ---------------------------------------------------------------------------------------------------
// Evaluate

TEST_F(CliTest, EvaluateAnswersInText) {
  const CliResult result = Evaluate(kHarmless, {"--as-of", "2026-01-15"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("EXERCISE_OK"));
  EXPECT_THAT(result.out, HasSubstr("As of 2026-01-15;"));
  EXPECT_THAT(result.out, HasSubstr("Made up for tests."));
}

TEST_F(CliTest, WithoutAsOfTodayIsTakenAndStated) {
  const CliResult result = Evaluate(kHarmless, {"--wide"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("As of 2026-03-04 (today"));
}

TEST_F(CliTest, JsonIsTheDecision) {
  const CliResult result = Evaluate(kHarmless, {"--format", "json", "--as-of", "2026-01-15"});
  ASSERT_EQ(result.code, kExitOk) << result.err;
  v1::Decision decision;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(result.out, &decision).ok());
  EXPECT_EQ(decision.ruleset().ruleset_id(), "small");
  EXPECT_THAT(result.out, HasSubstr("\"ruleset_id\""));
}

TEST_F(CliTest, TextprotoIntakeIsTaken) {
  EXPECT_EQ(Evaluate("person { age_years: 44 }").code, kExitOk);
}

TEST_F(CliTest, UnknownFieldIsBadInputAndNamed) {
  const CliResult result = Evaluate(R"({"agee_years": 44})");
  EXPECT_EQ(result.code, kExitBadInput);
  EXPECT_THAT(result.err, HasSubstr("did you mean age_years?"));
  EXPECT_EQ(result.out, "");
}

TEST_F(CliTest, ValueOutOfRangeIsBadInputAndNamed) {
  const CliResult result = Evaluate(R"({"age_years": 400})");
  EXPECT_EQ(result.code, kExitBadInput);
  EXPECT_THAT(result.err, HasSubstr("intake: person.age_years: "));
}

TEST_F(CliTest, ContradictionIsBadInputAndNamed) {
  const CliResult result = Evaluate(R"({"leg_pain": "none", "leg_side": "left", "fever": "no"})");
  EXPECT_EQ(result.code, kExitBadInput);
  EXPECT_THAT(result.err, HasSubstr("leg_nerve_cord.leg_pain"));
}

TEST_F(CliTest, MissingIntakeFileIsBadInput) {
  const CliResult result =
      Plumbline({"evaluate", "--rules", rules_.path(), "--intake", rules_.path("missing.json")});
  EXPECT_EQ(result.code, kExitBadInput);
  EXPECT_THAT(result.err, HasSubstr("missing.json"));
}

TEST_F(CliTest, BrokenRulesAreBadInputWithTheirPlaces) {
  rules_.Write("broken.textproto", "manifest {");
  const CliResult result = Evaluate(kHarmless);
  EXPECT_EQ(result.code, kExitBadInput);
  EXPECT_THAT(result.err, HasSubstr("broken.textproto:"));
}

TEST_F(CliTest, MissingRulesFolderIsBadInput) {
  EXPECT_EQ(Plumbline({"evaluate", "--rules", rules_.path("no"), "--intake", "-"}, "{}").code,
            kExitBadInput);
}

TEST_F(CliTest, UnknownRevisionIsBadInput) {
  EXPECT_EQ(Evaluate(kHarmless, {"--revision", testing::FakeRevision()}).code, kExitBadInput);
}

TEST_F(CliTest, UnreachableServerIsFour) {
  const CliResult result = Plumbline(
      {"evaluate", "--server", "127.0.0.1:1", "--intake", "-", "--deadline-ms", "300"}, "{}");
  EXPECT_EQ(result.code, kExitRpcFailed);
  EXPECT_NE(result.err, "");
}

TEST_F(CliTest, ServerAndInProcessSayTheSame) {
  testing::TestServer server(testing::SmallServedRuleset());
  const std::vector<std::string> tail = {"--format", "json", "--as-of", "2026-01-15"};
  std::vector<std::string> remote = {"evaluate", "--server", server.address(), "--intake", "-"};
  remote.insert(remote.end(), tail.begin(), tail.end());
  const CliResult from_server = Plumbline(remote, kHarmless);
  EXPECT_EQ(from_server.code, kExitOk) << from_server.err;
  // The revisions differ when the ruleset's file has another name; all else is the same.
  EXPECT_EQ(Plumbline(remote, R"({"age_years": 400})").code, kExitBadInput);
  EXPECT_THAT(Plumbline(remote, R"({"age_years": 400})").err, HasSubstr("person.age_years"));
}

// ---------------------------------------------------------------------------------------------------
// Rules

TEST_F(CliTest, CheckOfCleanRulesPasses) {
  const CliResult result = Plumbline({"rules", "check", rules_.path()});
  EXPECT_EQ(result.code, kExitOk) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("OK: "));
  EXPECT_THAT(result.out, HasSubstr("small 1.2.3"));
}

TEST_F(CliTest, CheckOfBrokenRulesFailsWithPlaces) {
  const testing::TemporaryFolder folder;
  folder.Write("small.textproto",
               testing::Replaced(testing::SmallRulesetText(), "age_years > 80", "agee > 80"));
  const CliResult result = Plumbline({"rules", "check", folder.path()});
  EXPECT_EQ(result.code, kExitCheckFailed);
  EXPECT_THAT(result.out, HasSubstr("small.textproto:"));
  EXPECT_THAT(result.out, HasSubstr("error: "));
  EXPECT_THAT(result.out, HasSubstr("FAILED: "));
}

TEST_F(CliTest, CheckInJsonIsParseable) {
  const testing::TemporaryFolder folder;
  folder.Write("small.textproto", "manifest { nonsense: 1 }");
  const CliResult result = Plumbline({"rules", "check", folder.path(), "--format", "json"});
  EXPECT_EQ(result.code, kExitCheckFailed);
  EXPECT_THAT(result.out, HasSubstr("\"severity\": \"error\""));
  EXPECT_THAT(result.out, HasSubstr("\"ok\": false"));
}

TEST_F(CliTest, CheckOfAMissingFolderIsBadInput) {
  EXPECT_EQ(Plumbline({"rules", "check", rules_.path("no")}).code, kExitBadInput);
}

TEST_F(CliTest, TestWithoutVignettesFails) {
  const CliResult result = Plumbline({"rules", "test", rules_.path(), "--filter", "no such id"});
  EXPECT_EQ(result.code, kExitCheckFailed);
  EXPECT_THAT(result.out, HasSubstr("no vignette ran"));
}

TEST_F(CliTest, PassingVignettesPass) {
  rules_.Write("tests/v.textproto",
               R"pb(vignettes {
                      id: "V-OK"
                      title: "Nothing wrong"
                      origin: "constructed"
                      given {
                        cauda_equina { ces_saddle: TRI_NO }
                        general_illness { fever: TRI_NO }
                        person { nprs_back: 3 age_years: 44 }
                      }
                      expect { level: LEVEL_EXERCISE_OK }
                    })pb");
  const CliResult result = Plumbline({"rules", "test", rules_.path()});
  EXPECT_EQ(result.code, kExitOk) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("V-OK"));
  EXPECT_THAT(result.out, HasSubstr("OK: "));
}

TEST_F(CliTest, FailingVignettesShowDifferencesAndTrace) {
  rules_.Write("tests/v.textproto",
               R"pb(vignettes {
                      id: "V-BAD"
                      title: "Fever"
                      origin: "constructed"
                      given { general_illness { fever: TRI_YES } }
                      expect { level: LEVEL_EMERGENCY_NOW }
                    })pb");
  const CliResult result = Plumbline({"rules", "test", rules_.path(), "--filter", "V-BAD"});
  EXPECT_EQ(result.code, kExitCheckFailed);
  EXPECT_THAT(result.out, HasSubstr("FAILED"));
  EXPECT_THAT(result.out, HasSubstr("[RF-FEVER]"));
  EXPECT_THAT(result.out, HasSubstr("1 unsafe"));
}

}  // namespace
}  // namespace plumbline::cli
