#include "server/cli/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "server/base/note_key.h"
#include "server/cli/serve_options.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline::cli {
namespace {

using ::testing::HasSubstr;

std::string Write(const std::string& text) {
  const std::string path = ::testing::TempDir() + "plumbline_config_test.conf";
  std::ofstream(path) << text;
  return path;
}

// `serve`, parsed with these arguments and the settings of a file with that text.
class Serve {
 public:
  Serve(const std::string& settings, std::vector<std::string> arguments = {}) {
    reader_.Declare(app_);
    if (!settings.empty()) {
      arguments.push_back("--config=" + Write(settings));
    }
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    app_.parse(arguments);
    status_ = reader_.Finish(options_);
  }

  const absl::Status& status() const { return status_; }
  std::string message() const { return std::string(status_.message()); }
  const ServeOptions& options() const { return options_; }

 private:
  CLI::App app_;
  ServeOptionReader reader_;
  ServeOptions options_;
  absl::Status status_;
};

TEST(ConfigFileTest, SettingsAreTheLongOptionsWithoutDashes) {
  const Serve serve(
      "# a comment\n"
      "\n"
      "rules = rules/low_back_pain   # behind a value, too\n"
      "listen=\"unix:/tmp/a # b.sock\"\n"
      "  max-in-flight = 7\n"
      "allow-plaintext = true\n"
      "reflection = false\n");
  ASSERT_TRUE(serve.status().ok()) << serve.status();
  EXPECT_EQ(serve.options().rules.rules, "rules/low_back_pain");
  EXPECT_EQ(serve.options().server.listen, "unix:/tmp/a # b.sock");
  EXPECT_EQ(serve.options().server.limits.max_in_flight, 7);
  EXPECT_TRUE(serve.options().server.allow_plaintext);
  EXPECT_FALSE(serve.options().server.reflection);
}

constexpr char kLog[] = "rules = a\nlog = b\nlog-signing-key = c\n";

TEST(ConfigFileTest, WitnessesAreSeparatedByCommas) {
  const Serve none(std::string(kLog) + "log-witness = nonsense\n");
  EXPECT_EQ(none.message(),
            "--log-witness: a witness is its verifier key and its URL, with a space between");
  CountingRandom random(7);
  const auto vkey = [&](const char* name) {
    return GenerateNoteKey(random, name, NoteAlgorithm::kCosignatureV1)->vkey;
  };
  const std::string one = vkey("a.example") + " https://a.example";
  const std::string two = vkey("b.example") + " http://127.0.0.1:81/b";
  const Serve both(std::string(kLog) + "log-witness = " + one + ", " + two + "\n");
  ASSERT_TRUE(both.status().ok()) << both.status();
  EXPECT_EQ(both.options().log.witnesses.witnesses.size(), 2u);
  const Serve given("", {"--rules=a", "--log=b", "--log-signing-key=c", "--log-witness", one,
                         "--log-witness", two});
  ASSERT_TRUE(given.status().ok()) << given.status();
  EXPECT_EQ(given.options().log.witnesses.witnesses.size(), 2u);
  const Serve twice(std::string(kLog) + "log-witness = " + one + "," + one + "\n");
  EXPECT_THAT(twice.message(), HasSubstr("is there twice"));
  const Serve plaintext(std::string(kLog) + "log-witness = " + vkey("c.example") +
                        " http://c.example\n");
  EXPECT_THAT(plaintext.message(), HasSubstr("--log-witness-plaintext"));
  const Serve stray("rules = a\nlog-witness = " + one + "\n");
  EXPECT_THAT(stray.message(), HasSubstr("belong to --log"));
}

TEST(ConfigFileTest, CommandLineComesFirst) {
  const Serve serve("rules = a\nmax-in-flight = 7\n", {"--rules", "b"});
  ASSERT_TRUE(serve.status().ok()) << serve.status();
  EXPECT_EQ(serve.options().rules.rules, "b");
  EXPECT_EQ(serve.options().server.limits.max_in_flight, 7);
}

TEST(ConfigFileTest, MistakesNameFileLineAndSetting) {
  for (const auto& [line, message] : std::vector<std::pair<std::string, std::string>>{
           {"ruels = a", "ruels: there is no such setting"},
           {"config = a", "config: there is no such setting"},
           {"rules", "is not of the form `name = value`"},
           {"= a", "is not of the form `name = value`"},
           {"max-in-flight = many", "max-in-flight"},
           {"max-in-flight = 0", "max-in-flight"},
           {"watch = perhaps", "watch: must be true or false"},
           {"listen = \"open", "listen: the closing quote is missing"},
           {"listen = \"a\" b", "listen: there is something behind the closing quote"}}) {
    const Serve serve("rules = a\n" + line + "\n");
    EXPECT_EQ(serve.status().code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(serve.message(), HasSubstr(".conf:2: ")) << line;
    EXPECT_THAT(serve.message(), HasSubstr(message)) << line;
  }
}

TEST(ConfigFileTest, SettingThatIsThereTwiceIsRefused) {
  const Serve serve("rules = a\nrules = b\n");
  EXPECT_THAT(serve.message(), HasSubstr(":2: rules: is there twice"));
}

TEST(ConfigFileTest, MissingFileIsNamed) {
  const Serve serve("", {"--config", "/nonexistent/plumbline.conf"});
  EXPECT_EQ(serve.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(serve.message(), HasSubstr("/nonexistent/plumbline.conf"));
}

TEST(ConfigFileTest, FileOfTheServiceIsUnderstood) {
  const std::string source = std::string(std::getenv("PLUMBLINE_SOURCE_DIR"));
  const Serve serve("", {"--config", source + "/deploy/systemd/plumbline.conf"});
  ASSERT_TRUE(serve.status().ok()) << serve.status();
  EXPECT_EQ(serve.options().log.folder, "/var/lib/plumbline/log");
  EXPECT_EQ(serve.options().rules.registry, "/var/lib/plumbline/registry");
  EXPECT_TRUE(serve.options().rules.watch);
  EXPECT_TRUE(serve.options().server.tls.has_value());
}

struct WrongCase {
  const char* name;
  std::vector<std::string> arguments;
  const char* message;
};

class WrongServeOptionsTest : public ::testing::TestWithParam<WrongCase> {};

TEST_P(WrongServeOptionsTest, AreRefusedWithTheirReason) {
  const Serve serve("", GetParam().arguments);
  EXPECT_EQ(serve.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(serve.message(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Options, WrongServeOptionsTest,
    ::testing::Values(
        WrongCase{"NoRules", {}, "give --rules or --registry"},
        WrongCase{"RulesAndRegistry",
                  {"--rules", "a", "--registry", "b", "--trust", "c"},
                  "exclude each other"},
        WrongCase{"AdminBeyondLoopbackWithoutClientCertificates",
                  {"--rules", "a", "--admin-listen", "0.0.0.0:0", "--admin-tls-cert", "c",
                   "--admin-tls-key", "k"},
                  "must prove who they are"},
        WrongCase{"RegistryWithoutTrust", {"--registry", "a"}, "--registry needs --trust"},
        WrongCase{"WatchWithoutRegistry", {"--rules", "a", "--watch"}, "belong to --registry"},
        WrongCase{"CertificateWithoutKey", {"--rules", "a", "--tls-cert", "b"}, "--tls-key"},
        WrongCase{"AdminCertificateWithoutKey",
                  {"--rules", "a", "--admin-listen", "127.0.0.1:0", "--admin-tls-cert", "b"},
                  "--admin-tls-key"},
        WrongCase{"AdminTlsWithoutAddress",
                  {"--rules", "a", "--admin-tls-cert", "b", "--admin-tls-key", "c"},
                  "belong to --admin-listen"},
        WrongCase{"LogWithoutSigningKey", {"--rules", "a", "--log", "b"}, "--log-signing-key"},
        WrongCase{"KeyWithoutLog", {"--rules", "a", "--log-key", "b"}, "belong to --log"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ServeOptionsTest, StateOfARegistryIsBesideIt) {
  const Serve serve("", {"--registry", "/srv/registry", "--trust", "t"});
  ASSERT_TRUE(serve.status().ok()) << serve.status();
  EXPECT_EQ(serve.options().rules.state, "/srv/registry.state");
}

}  // namespace
}  // namespace plumbline::cli
