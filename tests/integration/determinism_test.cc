// The same request gives the same bytes: in process, from the server, again, and from many threads.

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "server/service/evaluate_service.h"
#include "tests/testing/engine/random_intake.h"
#include "tests/testing/engine/small_ruleset.h"
#include "tests/testing/grpc/raw_call.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline {
namespace {

std::vector<v1::EvaluateRequest> RandomRequests(int count) {
  const auto ruleset = testing::CompileText(testing::SmallRulesetText());
  std::mt19937_64 random(testing::TestSeed());
  std::vector<v1::EvaluateRequest> requests;
  for (int i = 0; i < count; ++i) {
    requests.push_back(testing::ValidRequest());
    *requests.back().mutable_intake() = testing::RandomIntake(*ruleset, random);
    requests.back().set_view(i % 2 == 0 ? v1::DECISION_VIEW_FULL : v1::DECISION_VIEW_BASIC);
    if (i % 3 == 0) {
      requests.back().set_request_id("request-" + std::to_string(i));
    }
  }
  return requests;
}

TEST(DeterminismTest, InProcessAndFromTheServerAreTheSameBytes) {
  const auto ruleset = testing::SmallServedRuleset();
  const service::SingleRulesetSource source(ruleset);
  service::NullRecorder recorder;
  const service::EvaluateService service(&source, &recorder);
  testing::TestServer server(ruleset);
  const auto channel = server.Channel();
  int answered = 0;
  for (const v1::EvaluateRequest& request : RandomRequests(300)) {
    const auto answer = service.EvaluateAndWait(request);
    const auto remote = testing::RawCall(channel, request.SerializeAsString());
    ASSERT_EQ(answer.ok(), remote.status.ok()) << remote.status.error_message();
    if (answer.ok()) {
      ++answered;
      ASSERT_EQ(answer->response, remote.response);
    }
  }
  EXPECT_GT(answered, 100);
}

TEST(DeterminismTest, ThreadsDoNotDisturbEachOther) {
  testing::TestServer server(testing::SmallServedRuleset());
  const std::vector<v1::EvaluateRequest> requests = RandomRequests(40);
  std::vector<std::string> expected;
  const auto channel = server.Channel();
  for (const v1::EvaluateRequest& request : requests) {
    expected.push_back(testing::RawCall(channel, request.SerializeAsString()).response);
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto own_channel = server.Channel();
      for (size_t i = 0; i < requests.size(); ++i) {
        const size_t index = (i * 7 + static_cast<size_t>(t) * 11) % requests.size();
        EXPECT_EQ(testing::RawCall(own_channel, requests[index].SerializeAsString()).response,
                  expected[index]);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

}  // namespace
}  // namespace plumbline
