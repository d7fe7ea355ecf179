#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "plumbline/client/triage_client.h"

namespace plumbline::client {
namespace {

struct OptionsCase {
  const char* name;
  std::function<void(ClientOptions&)> change;
};

class WrongOptionsTest : public ::testing::TestWithParam<OptionsCase> {};

TEST_P(WrongOptionsTest, AreRefused) {
  ClientOptions options;
  options.target = "localhost:1";
  GetParam().change(options);
  const auto client = MakeTriageClient(options);
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.error().code, Code::kInvalidArgument);
  EXPECT_NE(client.error().message, "");
}

INSTANTIATE_TEST_SUITE_P(
    Options, WrongOptionsTest,
    ::testing::Values(
        OptionsCase{"NoTarget", [](ClientOptions& options) { options.target = ""; }},
        OptionsCase{"NoDeadline", [](ClientOptions& options) { options.deadline = {}; }},
        OptionsCase{"NoAttempt", [](ClientOptions& options) { options.retry.max_attempts = 0; }},
        OptionsCase{"NoBackoff",
                    [](ClientOptions& options) { options.retry.initial_backoff = {}; }},
        OptionsCase{"ShrinkingBackoff",
                    [](ClientOptions& options) { options.retry.max_backoff = {}; }},
        OptionsCase{"LongCaller",
                    [](ClientOptions& options) { options.caller = std::string(129, 'x'); }},
        OptionsCase{"UnprintableCaller",
                    [](ClientOptions& options) { options.caller = "ward\t7"; }},
        OptionsCase{"NoMultiplier",
                    [](ClientOptions& options) { options.retry.backoff_multiplier = 0; }},
        OptionsCase{"KeyWithoutCertificate",
                    [](ClientOptions& options) {
                      options.tls.emplace();
                      options.tls->key_file = "x";
                    }},
        OptionsCase{"MissingAuthority",
                    [](ClientOptions& options) {
                      options.tls.emplace();
                      options.tls->ca_file = "/nonexistent/ca.pem";
                    }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ClientOptionsTest, DefaultsAreAccepted) {
  ClientOptions options;
  options.target = "localhost:1";
  EXPECT_TRUE(MakeTriageClient(options).ok());
}

TEST(CodeNameTest, NamesAreGrpcs) {
  EXPECT_STREQ(CodeName(Code::kOk), "OK");
  EXPECT_STREQ(CodeName(Code::kResourceExhausted), "RESOURCE_EXHAUSTED");
  EXPECT_STREQ(CodeName(Code::kUnauthenticated), "UNAUTHENTICATED");
  EXPECT_STREQ(CodeName(static_cast<Code>(40)), "UNKNOWN");
}

}  // namespace
}  // namespace plumbline::client
