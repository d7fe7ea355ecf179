// CallMetrics: how many calls ended how, and how long they took.

#ifndef PLUMBLINE_SERVER_METRICS_CALL_METRICS_H_
#define PLUMBLINE_SERVER_METRICS_CALL_METRICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/metrics/metric.h"

namespace plumbline::metrics {

// Thread-safe, without locks: counting must not slow down a call. A scrape beside calls under way
// may see one of them in the count and not yet in the sum.
class CallMetrics {
 public:
  // Methods to tell apart; calls of others are counted as "other".
  explicit CallMetrics(std::vector<std::string> methods);

  // `code`: name of a canonical status code ("OK", "INVALID_ARGUMENT"); an unknown one counts as
  // "UNKNOWN".
  void OnCall(absl::string_view method, absl::string_view code, int64_t latency_us);

  // plumbline_calls_total{method,code}, plumbline_call_seconds{method}.
  std::vector<Metric> Collect() const;

 private:
  static constexpr size_t kCodes = 17;
  static constexpr size_t kBounds = 16;
  struct OfMethod {
    std::string name;
    std::array<std::atomic<uint64_t>, kCodes> codes{};
    // The last one: above all bounds.
    std::array<std::atomic<uint64_t>, kBounds + 1> buckets{};
    std::atomic<uint64_t> sum_us{0};
  };

  Metric Calls() const;
  Metric Durations() const;

  // "other" is the last one.
  std::vector<std::unique_ptr<OfMethod>> methods_;
};

}  // namespace plumbline::metrics

#endif  // PLUMBLINE_SERVER_METRICS_CALL_METRICS_H_
