// What the server refuses to protect itself.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/raw_call.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline {
namespace {

using testing::RawCall;

grpc_server::ServedServices Offering(const service::EvaluateService& service) {
  grpc_server::ServedServices services;
  services.evaluate = &service;
  return services;
}

class LimitsTest : public ::testing::Test {
 protected:
  void Start() {
    server_ = std::make_unique<testing::TestServer>(testing::FakeRuleset(evaluator_), config_);
    channel_ = server_->Channel();
  }
  // Destroyed from below: the evaluator outlives the server.
  grpc_server::ServerConfig config_;
  std::shared_ptr<testing::FakeEvaluator> evaluator_ = std::make_shared<testing::FakeEvaluator>();
  std::unique_ptr<testing::TestServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  const std::string valid_ = testing::ValidRequest().SerializeAsString();
};

TEST_F(LimitsTest, OversizedRequestIsResourceExhausted) {
  Start();
  v1::EvaluateRequest request = testing::ValidRequest();
  request.set_request_id(std::string(256 * 1024, 'x'));
  const auto result = RawCall(channel_, request.SerializeAsString());
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(RawCall(channel_, valid_).status.ok());
}

TEST_F(LimitsTest, RequestAtTheLimitIsLookedAt) {
  Start();
  std::string bytes = valid_;
  bytes += "\x7a";  // unknown field 15, length-delimited: skipped
  const size_t rest = 256 * 1024 - bytes.size() - 3;
  bytes += static_cast<char>((rest & 0x7F) | 0x80);
  bytes += static_cast<char>(((rest >> 7) & 0x7F) | 0x80);
  bytes += static_cast<char>(rest >> 14);
  bytes += std::string(rest, 'x');
  ASSERT_EQ(bytes.size(), 256 * 1024u);
  EXPECT_TRUE(RawCall(channel_, bytes).status.ok());
}

TEST_F(LimitsTest, LargeMetadataIsRefused) {
  Start();
  testing::RawCallOptions options;
  options.metadata["x-large"] = std::string(20'000, 'x');
  EXPECT_EQ(RawCall(channel_, valid_, options).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  // gRPC may close the connection of the offender; everybody else is served.
  EXPECT_TRUE(RawCall(server_->Channel(), valid_).status.ok());
}

TEST_F(LimitsTest, CompressedRequestIsRefused) {
  Start();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  const grpc::Slice slice(valid_ + "\x7a\x80\x20" + std::string(4096, 'x'));
  const grpc::ByteBuffer bytes(&slice, 1);
  grpc::ByteBuffer answer;
  grpc::Status status;
  grpc::CompletionQueue queue;
  auto call = grpc::GenericStub(channel_).PrepareUnaryCall(
      &context, "/plumbline.v1.TriageService/Evaluate", bytes, &queue);
  call->StartCall();
  call->Finish(&answer, &status, &context);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
}

TEST_F(LimitsTest, CallWithoutDeadlineIsRefused) {
  Start();
  testing::RawCallOptions options;
  options.deadline.reset();
  const auto result = RawCall(channel_, valid_, options);
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(result.reason, v1::ERROR_REASON_DEADLINE_REQUIRED);
}

TEST_F(LimitsTest, TooShortDeadlineIsRefusedBeforeEvaluation) {
  config_.limits.min_remaining = absl::Seconds(5);
  Start();
  testing::RawCallOptions options;
  options.deadline = absl::Seconds(3);
  const auto result = RawCall(channel_, valid_, options);
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(result.reason, v1::ERROR_REASON_DEADLINE_TOO_SHORT);
  EXPECT_EQ(evaluator_->finished(), 0);
  options.deadline = absl::Seconds(30);
  EXPECT_TRUE(RawCall(channel_, valid_, options).status.ok());
}

TEST_F(LimitsTest, MoreCallsThanTokensAreShedWithRetryInfo) {
  config_.limits.max_in_flight = 1;
  config_.limits.retry_after = absl::Milliseconds(250);
  Start();
  evaluator_->CloseGate();
  std::thread occupied([this] { EXPECT_TRUE(RawCall(channel_, valid_).status.ok()); });
  evaluator_->WaitForBegun(1);
  const auto result = RawCall(server_->Channel(), valid_);
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(result.reason, v1::ERROR_REASON_OVERLOADED);
  ASSERT_TRUE(result.retry_info.has_value());
  EXPECT_EQ(result.retry_info->retry_delay().nanos(), 250'000'000);
  // Health is exempt.
  testing::RawCallOptions health;
  health.method = "/grpc.health.v1.Health/Check";
  EXPECT_TRUE(RawCall(channel_, "", health).status.ok());
  evaluator_->OpenGate();
  occupied.join();
  EXPECT_TRUE(RawCall(channel_, valid_).status.ok());
}

TEST_F(LimitsTest, PortInUseIsUnavailable) {
  Start();
  service::NullRecorder recorder;
  const service::SingleRulesetSource source(testing::FakeRuleset(evaluator_));
  const service::EvaluateService service(&source, &recorder);
  grpc_server::EventLog log(grpc_server::MakeStderrLogger(), grpc_server::CallLogging::kNone);
  grpc_server::ServerConfig config;
  config.listen = server_->address();
  EXPECT_EQ(grpc_server::Server::Start(config, Offering(service), &log).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(LimitsTest, PlaintextBeyondLoopbackMustBeAllowed) {
  service::NullRecorder recorder;
  const service::SingleRulesetSource source(testing::FakeRuleset(evaluator_));
  const service::EvaluateService service(&source, &recorder);
  grpc_server::EventLog log(grpc_server::MakeStderrLogger(), grpc_server::CallLogging::kNone);
  grpc_server::ServerConfig config;
  config.listen = "0.0.0.0:0";
  EXPECT_EQ(grpc_server::Server::Start(config, Offering(service), &log).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumbline
