// The client library against a server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "absl/time/clock.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "plumbline/client/triage_client.h"
#include "plumbline/v1/triage_service.grpc.pb.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/raw_call.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline {
namespace {

using client::ClientOptions;
using client::Code;
using client::MakeTriageClient;

std::unique_ptr<client::TriageClient> Connect(const std::string& target,
                                              ClientOptions options = {}) {
  options.target = target;
  auto made = MakeTriageClient(options);
  EXPECT_TRUE(made.ok());
  return *std::move(made);
}

TEST(ClientServerTest, AnswersComeBack) {
  testing::TestServer server(testing::SmallServedRuleset());
  const auto client = Connect(server.address());
  v1::EvaluateRequest request = testing::ValidRequest();
  request.set_request_id("abc");
  const auto response = client->Evaluate(request);
  ASSERT_TRUE(response.ok()) << response.error().ToString();
  EXPECT_EQ(response->request_id(), "abc");
  EXPECT_EQ(response->decision().ruleset().ruleset_id(), "small");
}

TEST(ClientServerTest, ErrorsAreTyped) {
  testing::TestServer server(testing::SmallServedRuleset());
  v1::EvaluateRequest request = testing::ValidRequest();
  request.mutable_intake()->mutable_person()->set_age_years(400);
  const auto response = Connect(server.address())->Evaluate(request);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kInvalidArgument);
  EXPECT_EQ(response.error().reason, v1::ERROR_REASON_INVALID_INTAKE);
  ASSERT_EQ(response.error().field_violations.size(), 1u);
  EXPECT_EQ(response.error().field_violations[0].field, "intake.person.age_years");
}

TEST(ClientServerTest, BatchComesBackInItsOrderWithItsErrors) {
  testing::TestServer server(testing::SmallServedRuleset());
  std::vector<v1::EvaluateRequest> requests;
  for (int i = 0; i < 200; ++i) {
    requests.push_back(testing::ValidRequest());
    requests.back().set_request_id(std::to_string(i));
  }
  requests[5].mutable_intake()->mutable_person()->set_age_years(400);
  client::CallOptions options;
  options.deadline = std::chrono::seconds(20);
  const auto results = Connect(server.address())->EvaluateBatch(requests, options);
  ASSERT_EQ(results.size(), 200u);
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_EQ(results[i].ok(), i != 5) << i;
    if (i != 5) {
      EXPECT_EQ(results[i]->request_id(), std::to_string(i));
    }
  }
  EXPECT_EQ(results[5].error().reason, v1::ERROR_REASON_INVALID_INTAKE);
  EXPECT_TRUE(Connect(server.address())->EvaluateBatch({}).empty());
}

TEST(ClientServerTest, BatchThatBreaksOffSaysSoForEachRequest) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  testing::TestServer server(testing::FakeRuleset(evaluator));
  evaluator->CloseGate();
  const std::vector<v1::EvaluateRequest> requests(3, testing::ValidRequest());
  client::CallOptions options;
  options.deadline = std::chrono::milliseconds(300);
  const auto results = Connect(server.address())->EvaluateBatch(requests, options);
  evaluator->OpenGate();
  ASSERT_EQ(results.size(), 3u);
  for (const auto& result : results) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Code::kDeadlineExceeded);
  }
}

TEST(ClientServerTest, FeedbackToAServerWithoutALogIsRefusedWithItsReason) {
  testing::TestServer server(testing::SmallServedRuleset());
  v1::RecordFeedbackRequest request;
  request.set_decision_id("01234567-89ab-7def-8123-456789abcdef");
  const auto recorded = Connect(server.address())->RecordFeedback(request);
  ASSERT_FALSE(recorded.ok());
  EXPECT_EQ(recorded.error().code, Code::kFailedPrecondition);
  EXPECT_EQ(recorded.error().reason, v1::ERROR_REASON_NO_LOG);
}

TEST(ClientServerTest, CallbackAndFutureAnswerToo) {
  testing::TestServer server(testing::SmallServedRuleset());
  const auto client = Connect(server.address());
  EXPECT_TRUE(client->EvaluateFuture(testing::ValidRequest()).get().ok());
  std::promise<bool> done;
  client->EvaluateAsync(testing::ValidRequest(), [&](client::TriageClient::EvaluateResult result) {
    done.set_value(result.ok());
  });
  EXPECT_TRUE(done.get_future().get());
}

TEST(ClientServerTest, DestructorWaitsForCallsUnderWay) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  testing::TestServer server(testing::FakeRuleset(evaluator));
  evaluator->CloseGate();
  std::atomic<bool> called{false};
  auto client = Connect(server.address());
  client->EvaluateAsync(testing::ValidRequest(),
                        [&](client::TriageClient::EvaluateResult) { called = true; });
  evaluator->WaitForBegun(1);
  evaluator->OpenGate();
  client.reset();
  EXPECT_TRUE(called);
}

TEST(ClientServerTest, DeadlineEndsAWaitThatIsTooLong) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  testing::TestServer server(testing::FakeRuleset(evaluator));
  evaluator->CloseGate();
  client::CallOptions call;
  call.deadline = std::chrono::milliseconds(200);
  const auto response = Connect(server.address())->Evaluate(testing::ValidRequest(), call);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kDeadlineExceeded);
  evaluator->OpenGate();
}

TEST(ClientServerTest, OverloadTellsWhenToTryAgain) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  grpc_server::ServerConfig config;
  config.limits.max_in_flight = 1;
  testing::TestServer server(testing::FakeRuleset(evaluator), config);
  evaluator->CloseGate();
  const auto client = Connect(server.address());
  auto occupied = client->EvaluateFuture(testing::ValidRequest());
  evaluator->WaitForBegun(1);
  const auto response = client->Evaluate(testing::ValidRequest());
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, v1::ERROR_REASON_OVERLOADED);
  EXPECT_EQ(response.error().retry_after, std::chrono::milliseconds(100));
  evaluator->OpenGate();
  EXPECT_TRUE(occupied.get().ok());
}

// Refuses the first calls with a code, then answers.
class FlakyService : public v1::TriageService::CallbackService {
 public:
  FlakyService(int failures, grpc::StatusCode code) : failures_(failures), code_(code) {}

  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context,
                                     const v1::EvaluateRequest*, v1::EvaluateResponse*) override {
    ++calls;
    user_agent = std::string(context->client_metadata().find("user-agent")->second.data(),
                             context->client_metadata().find("user-agent")->second.size());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(calls <= failures_ ? grpc::Status(code_, "not now") : grpc::Status::OK);
    return reactor;
  }

  std::atomic<int> calls{0};
  std::string user_agent;

 private:
  const int failures_;
  const grpc::StatusCode code_;
};

class FlakyServer {
 public:
  FlakyServer(int failures, grpc::StatusCode code) : service(failures, code) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  FlakyService service;

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(ClientRetryTest, UnavailableIsTriedAgain) {
  FlakyServer server(2, grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(Connect(server.address())->Evaluate(testing::ValidRequest()).ok());
  EXPECT_EQ(server.service.calls, 3);
}

TEST(ClientRetryTest, CancelledByAStoppingServerIsTriedAgain) {
  FlakyServer server(1, grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Connect(server.address())->Evaluate(testing::ValidRequest()).ok());
  EXPECT_EQ(server.service.calls, 2);
}

TEST(ClientRetryTest, AttemptsAreLimited) {
  FlakyServer server(10, grpc::StatusCode::UNAVAILABLE);
  const auto response = Connect(server.address())->Evaluate(testing::ValidRequest());
  EXPECT_FALSE(response.ok());
  EXPECT_EQ(server.service.calls, 3);
}

TEST(ClientRetryTest, OneAttemptMeansNoRetry) {
  FlakyServer server(1, grpc::StatusCode::UNAVAILABLE);
  ClientOptions options;
  options.retry.max_attempts = 1;
  EXPECT_FALSE(Connect(server.address(), options)->Evaluate(testing::ValidRequest()).ok());
  EXPECT_EQ(server.service.calls, 1);
}

TEST(ClientRetryTest, OtherErrorsAreNotTriedAgain) {
  FlakyServer server(1, grpc::StatusCode::INTERNAL);
  const auto response = Connect(server.address())->Evaluate(testing::ValidRequest());
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kInternal);
  EXPECT_EQ(server.service.calls, 1);
}

TEST(ClientRetryTest, AsynchronousCallsAreTriedAgainToo) {
  FlakyServer server(2, grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(Connect(server.address())->EvaluateFuture(testing::ValidRequest()).get().ok());
}

TEST(ClientRetryTest, RetriesStayWithinTheDeadline) {
  FlakyServer server(10, grpc::StatusCode::UNAVAILABLE);
  ClientOptions options;
  options.deadline = std::chrono::milliseconds(300);
  options.retry.initial_backoff = std::chrono::milliseconds(5000);
  options.retry.max_backoff = std::chrono::milliseconds(5000);
  const absl::Time start = absl::Now();
  EXPECT_FALSE(Connect(server.address(), options)->Evaluate(testing::ValidRequest()).ok());
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
}

TEST(ClientServerTest, UserAgentIsSent) {
  FlakyServer server(0, grpc::StatusCode::OK);
  ClientOptions options;
  options.user_agent = "my-ehr/4.2";
  EXPECT_TRUE(Connect(server.address(), options)->Evaluate(testing::ValidRequest()).ok());
  EXPECT_THAT(server.service.user_agent, ::testing::StartsWith("my-ehr/4.2 grpc-c++/"));
}

TEST(ClientServerTest, NobodyThereIsUnavailable) {
  ClientOptions options;
  options.retry.max_attempts = 1;
  const auto response = Connect("127.0.0.1:1", options)->Evaluate(testing::ValidRequest());
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_EQ(response.error().reason, v1::ERROR_REASON_UNSPECIFIED);
}

}  // namespace
}  // namespace plumbline
