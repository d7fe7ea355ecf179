// The binary as a process: start, signals, exit codes, and the same answer with and without a
// server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "grpcpp/client_context.h"
#include "plumbline/v1/triage_service.grpc.pb.h"
#include "tests/testing/engine/small_ruleset.h"
#include "tests/testing/grpc/child_process.h"
#include "tests/testing/grpc/raw_call.h"

namespace plumbline {
namespace {

using testing::ChildProcess;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kIntake[] =
    R"({"age_years": 44, "nprs_back": 3, "ces_saddle": "no", "fever": false, "cancer_type":
        "Zebrafish carcinoma", "leg_pain": "below_knee"})";

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() { rules_.Write("small.textproto", testing::SmallRulesetText()); }

  std::vector<std::string> Serve(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {PLUMBLINE_BINARY, "serve",    "--rules",
                                          rules_.path(),    "--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  testing::TemporaryFolder rules_;
};

TEST_F(ProcessTest, ServesUntilSigtermAndEndsWithZero) {
  ChildProcess server(Serve());
  const std::string address = server.WaitForLine("listening on ");
  EXPECT_TRUE(testing::RawCall(testing::PlaintextChannel(address),
                               testing::ValidRequest().SerializeAsString())
                  .status.ok());
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
  EXPECT_THAT(server.errors(), HasSubstr("\"event\":\"stopped\""));
}

TEST_F(ProcessTest, SigintStopsItToo) {
  ChildProcess server(Serve());
  server.WaitForLine("listening on ");
  server.Signal(SIGINT);
  EXPECT_EQ(server.Wait(), 0);
}

TEST_F(ProcessTest, SecondSignalEndsItAtOnce) {
  ChildProcess server(Serve({"--stop-notice-ms", "60000"}));
  server.WaitForLine("listening on ");
  server.Signal(SIGTERM);
  absl::SleepFor(absl::Milliseconds(300));
  server.Signal(SIGINT);
  EXPECT_EQ(server.Wait(absl::Seconds(10)), 128 + SIGINT);
}

TEST_F(ProcessTest, PortFileHoldsThePort) {
  const std::string file = rules_.path("port");
  ChildProcess server(Serve({"--port-file", file}));
  const std::string address = server.WaitForLine("listening on ");
  EXPECT_EQ("127.0.0.1:" + testing::ReadWholeFile(file), address + "\n");
}

TEST_F(ProcessTest, SigtermUnderLoadLosesNoAcceptedCall) {
  ChildProcess server(Serve());
  const std::string address = server.WaitForLine("listening on ");
  std::atomic<bool> go_on{true};
  std::atomic<int> answered{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      const auto channel = testing::PlaintextChannel(address);
      const std::string bytes = testing::ValidRequest().SerializeAsString();
      while (go_on) {
        const auto result = testing::RawCall(channel, bytes);
        if (result.status.ok()) {
          ++answered;
        } else {
          EXPECT_THAT(result.status.error_code(),
                      ::testing::AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED));
          absl::SleepFor(absl::Milliseconds(5));
        }
      }
    });
  }
  while (answered < 100) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
  go_on = false;
  for (std::thread& caller : callers) {
    caller.join();
  }
  const std::string log = server.errors();
  int logged = 0;
  for (size_t at = log.find("\"code\":\"OK\""); at != std::string::npos;
       at = log.find("\"code\":\"OK\"", at + 1)) {
    ++logged;
  }
  EXPECT_EQ(answered, logged);
}

TEST_F(ProcessTest, SigtermDoesNotWaitForAClientThatNeverReadsItsAnswers) {
  ChildProcess server(Serve({"--drain-ms", "1000"}));
  const auto stub =
      v1::TriageService::NewStub(testing::PlaintextChannel(server.WaitForLine("listening on ")));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(10));
  const auto stream = stub->EvaluateStream(&context);
  constexpr int kMost = 1'000'000;
  std::atomic<int> sent{0};
  std::atomic<bool> ended{false};
  std::thread sender([&] {
    v1::EvaluateStreamRequest item;
    *item.mutable_request() = testing::ValidRequest();
    // Not tiny: the connection holds some megabytes of requests before it stops.
    item.mutable_request()->set_patient_pseudonym(std::string(100, 'p'));
    while (sent < kMost && stream->Write(item)) ++sent;
    ended = true;
  });
  // Answers fill what client and connection hold, then the server takes no more requests, and in
  // the end none can be sent.
  for (int before = -1; !ended && (before != sent || sent == 0);) {
    before = sent;
    absl::SleepFor(absl::Seconds(2));
  }
  EXPECT_FALSE(ended) << "after " << sent << " requests: " << server.errors();
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
  context.TryCancel();
  sender.join();
  // Not at its end, nor refused: it had answers that nobody took.
  EXPECT_THAT(server.errors(), HasSubstr("\"method\":\"EvaluateStream\",\"code\":\"CANCELLED\""));
  EXPECT_THAT(server.errors(), HasSubstr("\"event\":\"stopped\""));
}

TEST_F(ProcessTest, BrokenRulesEndWithThree) {
  rules_.Write("broken.textproto", "manifest {");
  ChildProcess server(Serve());
  EXPECT_EQ(server.Wait(), 3);
  EXPECT_THAT(server.errors(), HasSubstr("broken.textproto"));
  EXPECT_THAT(server.output(), Not(HasSubstr("listening")));
}

TEST_F(ProcessTest, PlaintextBeyondLoopbackEndsWithTwo) {
  ChildProcess server(
      {PLUMBLINE_BINARY, "serve", "--rules", rules_.path(), "--listen", "0.0.0.0:0"});
  EXPECT_EQ(server.Wait(), 2);
  EXPECT_THAT(server.errors(), HasSubstr("--allow-plaintext"));
}

TEST_F(ProcessTest, OccupiedPortEndsWithFour) {
  ChildProcess first(Serve());
  const std::string address = first.WaitForLine("listening on ");
  ChildProcess second({PLUMBLINE_BINARY, "serve", "--rules", rules_.path(), "--listen", address});
  EXPECT_EQ(second.Wait(), 4);
}

TEST_F(ProcessTest, AnswerIsTheSameInProcessAndFromTheServer) {
  ChildProcess server(Serve());
  const std::string address = server.WaitForLine("listening on ");
  for (const char* format : {"json", "text"}) {
    const std::vector<std::string> tail = {"--intake", "-",    "--as-of", "2026-01-15",
                                           "--format", format, "--how-to"};
    std::vector<std::string> in_process = {PLUMBLINE_BINARY, "evaluate", "--rules", rules_.path()};
    in_process.insert(in_process.end(), tail.begin(), tail.end());
    std::vector<std::string> remote = {PLUMBLINE_BINARY, "evaluate", "--server", address};
    remote.insert(remote.end(), tail.begin(), tail.end());
    ChildProcess one(in_process, kIntake);
    ChildProcess other(remote, kIntake);
    EXPECT_EQ(one.Wait(), 0) << one.errors();
    EXPECT_EQ(other.Wait(), 0) << other.errors();
    EXPECT_NE(one.output(), "");
    EXPECT_EQ(one.output(), other.output());
  }
  server.Signal(SIGTERM);
  server.Wait();
  for (const char* secret : {"Zebrafish", "BELOW", "below", "age_years"}) {
    EXPECT_THAT(server.errors(), Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace plumbline
