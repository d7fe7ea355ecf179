// Health and reflection, called by their wire form: Debian ships no generated code for them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/raw_call.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;

// HealthCheckRequest{service = 1}.
std::string HealthRequest(const std::string& service) {
  return service.empty() ? ""
                         : "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
}

const std::string kServing("\x08\x01", 2);  // HealthCheckResponse{status = SERVING}

testing::RawResult Call(const testing::TestServer& server, const std::string& method,
                        const std::string& request) {
  testing::RawCallOptions options;
  options.method = method;
  return testing::RawCall(server.Channel(), request, options);
}

class HealthTest : public ::testing::Test {
 protected:
  testing::RawResult Check(const std::string& service) {
    return Call(server_, "/grpc.health.v1.Health/Check", HealthRequest(service));
  }
  testing::TestServer server_{testing::FakeRuleset(std::make_shared<testing::FakeEvaluator>())};
};

TEST_F(HealthTest, ServerAndServiceAreServing) {
  EXPECT_EQ(Check("").response, kServing);
  EXPECT_EQ(Check("plumbline.v1.TriageService").response, kServing);
}

TEST_F(HealthTest, UnknownServiceIsNotFound) {
  EXPECT_EQ(Check("plumbline.v1.Nothing").status.error_code(), grpc::StatusCode::NOT_FOUND);
}

// ServerReflectionRequest{list_services = 7: "*"}.
const std::string kListServices("\x3a\x01*", 3);
constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

TEST(ReflectionTest, IsOffByDefault) {
  testing::TestServer server(testing::FakeRuleset(std::make_shared<testing::FakeEvaluator>()));
  EXPECT_EQ(Call(server, kReflection, kListServices).status.error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST(ReflectionTest, ListsTheServiceWhenOn) {
  grpc_server::ServerConfig config;
  config.reflection = true;
  testing::TestServer server(testing::FakeRuleset(std::make_shared<testing::FakeEvaluator>()),
                             config);
  const auto result = Call(server, kReflection, kListServices);
  EXPECT_TRUE(result.status.ok()) << result.status.error_message();
  EXPECT_THAT(result.response, HasSubstr("plumbline.v1.TriageService"));
}

}  // namespace
}  // namespace plumbline
