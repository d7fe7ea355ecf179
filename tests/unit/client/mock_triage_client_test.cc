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

TEST(MockTriageClientTest, FeedbackAndBatchesCanBeMockedToo) {
  MockTriageClient client;
  v1::RecordFeedbackResponse recorded;
  recorded.set_feedback_id("f");
  EXPECT_CALL(client, RecordFeedback(_, _)).WillOnce(Return(recorded));
  EXPECT_CALL(client, EvaluateBatch(_, _))
      .WillOnce(Return(std::vector<TriageClient::EvaluateResult>(2, v1::EvaluateResponse())));
  TriageClient& seen_by_caller = client;
  EXPECT_EQ(seen_by_caller.RecordFeedback({})->feedback_id(), "f");
  const std::vector<v1::EvaluateRequest> requests(2);
  EXPECT_EQ(seen_by_caller.EvaluateBatch(requests).size(), 2u);
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
