// A stop that loses nothing that was accepted.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/raw_call.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline {
namespace {

TEST(StopTest, CallsUnderWayAreAnswered) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  testing::TestServer server(testing::FakeRuleset(evaluator));
  evaluator->CloseGate();
  const auto channel = server.Channel();
  std::thread caller([&] {
    const auto result = testing::RawCall(channel, testing::ValidRequest().SerializeAsString());
    EXPECT_TRUE(result.status.ok()) << result.status.error_message();
    EXPECT_FALSE(result.response.empty());
  });
  evaluator->WaitForBegun(1);
  std::thread stopper([&] { server.server().Stop(); });
  absl::SleepFor(absl::Milliseconds(100));
  evaluator->OpenGate();
  stopper.join();
  caller.join();
}

TEST(StopTest, UnderLoadNoAcceptedCallIsLost) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  testing::TestServer server(testing::FakeRuleset(evaluator));
  std::atomic<bool> go_on{true};
  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 6; ++t) {
    callers.emplace_back([&] {
      const auto channel = server.Channel();
      const std::string bytes = testing::ValidRequest().SerializeAsString();
      while (go_on) {
        const auto result = testing::RawCall(channel, bytes);
        if (result.status.ok()) {
          ++answered;
        } else {
          // Refused before it was begun. CANCELLED is what gRPC says to calls that come in
          // between the start of the stop and the notice of it to the client.
          EXPECT_THAT(result.status.error_code(),
                      ::testing::AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED))
              << result.status.error_message();
          ++refused;
          absl::SleepFor(absl::Milliseconds(5));
        }
      }
    });
  }
  while (answered < 200) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  server.server().Stop();
  absl::SleepFor(absl::Milliseconds(50));
  go_on = false;
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(answered, evaluator->finished());
  EXPECT_GT(refused, 0);
}

TEST(StopTest, DrainLimitEndsAWaitThatIsTooLong) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  grpc_server::ServerConfig config;
  config.stop.drain_limit = absl::Milliseconds(100);
  testing::TestServer server(testing::FakeRuleset(evaluator), config);
  evaluator->CloseGate();
  const auto channel = server.Channel();
  std::thread caller([&] {
    EXPECT_FALSE(
        testing::RawCall(channel, testing::ValidRequest().SerializeAsString()).status.ok());
  });
  evaluator->WaitForBegun(1);
  std::thread stopper([&] { server.server().Stop(); });
  caller.join();  // cancelled although the evaluation still hangs
  evaluator->OpenGate();
  stopper.join();
}

TEST(StopTest, DuringNoticeHealthIsNotServingAndCallsGoOn) {
  grpc_server::ServerConfig config;
  config.stop.notice = absl::Seconds(2);
  testing::TestServer server(testing::FakeRuleset(std::make_shared<testing::FakeEvaluator>()),
                             config);
  const auto channel = server.Channel();
  testing::RawCallOptions health;
  health.method = "/grpc.health.v1.Health/Check";
  ASSERT_EQ(testing::RawCall(channel, "", health).response, std::string("\x08\x01", 2));
  std::thread stopper([&] { server.server().Stop(); });
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_EQ(testing::RawCall(channel, "", health).response, std::string("\x08\x02", 2));
  EXPECT_TRUE(testing::RawCall(channel, testing::ValidRequest().SerializeAsString()).status.ok());
  stopper.join();
}

}  // namespace
}  // namespace plumbline
