#include "plumbline/client/mock_triage_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumbline::client {
namespace {

using ::testing::_;
using ::testing::Return;

TEST(MockTriageClientTest, CallersCanBeTestedWithoutAServer) {
  MockTriageClient client;
  v1::EvaluateResponse response;
  response.set_request_id("7");
  EXPECT_CALL(client, Evaluate(_, _)).WillOnce(Return(TriageClient::EvaluateResult(response)));
  TriageClient& seen_by_caller = client;
  const auto result = seen_by_caller.Evaluate(v1::EvaluateRequest());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->request_id(), "7");
}

TEST(MockTriageClientTest, FutureHoldsWhatTheCallbackGot) {
  MockTriageClient client;
  EXPECT_CALL(client, EvaluateAsync(_, _, _))
      .WillOnce([](const v1::EvaluateRequest&, const CallOptions&,
                   const TriageClient::EvaluateCallback& done) {
        done(Error{Code::kUnavailable, "gone", v1::ERROR_REASON_UNSPECIFIED, {}, {}});
      });
  auto future = client.EvaluateFuture(v1::EvaluateRequest());
  const auto result = future.get();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace plumbline::client
