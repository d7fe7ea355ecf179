#include "server/metrics/call_metrics.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/metrics/metrics_server.h"

namespace plumbline::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Text(const CallMetrics& metrics) {
  return RenderText({[&metrics] { return metrics.Collect(); }});
}

TEST(CallMetricsTest, CallsAreCountedByMethodAndCode) {
  CallMetrics metrics({"Evaluate", "RecordFeedback"});
  metrics.OnCall("Evaluate", "OK", 70);
  metrics.OnCall("Evaluate", "OK", 80);
  metrics.OnCall("Evaluate", "INVALID_ARGUMENT", 10);
  metrics.OnCall("RecordFeedback", "OK", 900);
  const std::string text = Text(metrics);
  EXPECT_THAT(text, HasSubstr("plumbline_calls_total{method=\"Evaluate\",code=\"OK\"} 2\n"));
  EXPECT_THAT(
      text, HasSubstr("plumbline_calls_total{method=\"Evaluate\",code=\"INVALID_ARGUMENT\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("plumbline_calls_total{method=\"RecordFeedback\",code=\"OK\"} 1\n"));
}

TEST(CallMetricsTest, MethodsAndCodesThatAreNotKnownMakeNoNewLabels) {
  CallMetrics metrics({"Evaluate"});
  metrics.OnCall("Intruder", "ODD", 1);
  const std::string text = Text(metrics);
  EXPECT_THAT(text, HasSubstr("{method=\"other\",code=\"UNKNOWN\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("Intruder")));
}

TEST(CallMetricsTest, BucketsCountUpToAndIncludingTheirBound) {
  CallMetrics metrics({"Evaluate"});
  metrics.OnCall("Evaluate", "OK", 50);
  metrics.OnCall("Evaluate", "OK", 51);
  metrics.OnCall("Evaluate", "OK", 60'000'000);
  const std::string text = Text(metrics);
  EXPECT_THAT(text,
              HasSubstr("plumbline_call_seconds_bucket{method=\"Evaluate\",le=\"5e-05\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("plumbline_call_seconds_bucket{method=\"Evaluate\",le=\"0.0001\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("plumbline_call_seconds_bucket{method=\"Evaluate\",le=\"5\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("plumbline_call_seconds_bucket{method=\"Evaluate\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("plumbline_call_seconds_count{method=\"Evaluate\"} 3\n"));
}

TEST(CallMetricsTest, AClockThatWentBackCountsAsNoTime) {
  CallMetrics metrics({"Evaluate"});
  metrics.OnCall("Evaluate", "OK", -5);
  EXPECT_THAT(Text(metrics), HasSubstr("plumbline_call_seconds_sum{method=\"Evaluate\"} 0\n"));
}

TEST(CallMetricsTest, NoCallIsLostWhenThreadsCountAtOnce) {
  CallMetrics metrics({"Evaluate"});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics] {
      for (int call = 0; call < 10'000; ++call) metrics.OnCall("Evaluate", "OK", call);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Text(metrics),
              HasSubstr("plumbline_call_seconds_count{method=\"Evaluate\"} 40000\n"));
}

}  // namespace
}  // namespace plumbline::metrics
