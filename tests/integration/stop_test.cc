// A stop that loses nothing that was accepted.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
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

// Speaks HTTP/2 once, and then neither reads nor answers: a client between two calls does not look
// at its connection either.
class SilentClient {
 public:
  explicit SilentClient(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    const std::string greeting("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 33);
    EXPECT_EQ(send(socket_, greeting.data(), greeting.size(), 0), 33);
    char settings[9];
    EXPECT_EQ(recv(socket_, settings, sizeof(settings), MSG_WAITALL), 9);
  }
  ~SilentClient() { close(socket_); }
  SilentClient(const SilentClient&) = delete;
  SilentClient& operator=(const SilentClient&) = delete;

 private:
  const int socket_;
};

// gRPC alone would wait for the client for 20 seconds, or up to the limit.
TEST(StopTest, IdleClientsAreNotWaitedForButCallsUnderWayAre) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  grpc_server::ServerConfig config;
  config.stop.drain_limit = absl::Minutes(5);
  testing::TestServer server(testing::FakeRuleset(evaluator), config);
  const SilentClient silent(server.server().port());
  evaluator->CloseGate();
  const auto channel = server.Channel();
  std::thread caller([&] {
    EXPECT_TRUE(testing::RawCall(channel, testing::ValidRequest().SerializeAsString()).status.ok());
  });
  evaluator->WaitForBegun(1);
  std::thread stopper([&] { server.server().Stop(); });
  absl::SleepFor(absl::Milliseconds(500));  // longer than an idle server takes to stop
  const absl::Time begin = absl::Now();
  evaluator->OpenGate();
  caller.join();
  stopper.join();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(15));
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
