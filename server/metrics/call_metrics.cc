#include "server/metrics/call_metrics.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace plumbline::metrics {
namespace {

// In the order of their numbers.
constexpr absl::string_view kCodeNames[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
constexpr size_t kUnknown = 2;

// Two or three to a decade, from what an evaluation takes to what a caller may wait.
constexpr int64_t kBoundsUs[] = {50,      100,       200,       500,      1'000,   2'000,
                                 5'000,   10'000,    20'000,    50'000,   100'000, 200'000,
                                 500'000, 1'000'000, 2'000'000, 5'000'000};

size_t CodeIndex(absl::string_view code) {
  const auto* const found = std::find(std::begin(kCodeNames), std::end(kCodeNames), code);
  return found == std::end(kCodeNames) ? kUnknown
                                       : static_cast<size_t>(found - std::begin(kCodeNames));
}

}  // namespace

CallMetrics::CallMetrics(std::vector<std::string> methods) {
  static_assert(std::size(kCodeNames) == kCodes);
  static_assert(std::size(kBoundsUs) == kBounds);
  methods.emplace_back("other");
  for (std::string& name : methods) {
    methods_.push_back(std::make_unique<OfMethod>());
    methods_.back()->name = std::move(name);
  }
}

void CallMetrics::OnCall(absl::string_view method, absl::string_view code, int64_t latency_us) {
  const auto found = std::find_if(methods_.begin(), methods_.end() - 1,
                                  [&](const auto& of) { return of->name == method; });
  OfMethod& of = **found;
  const int64_t latency = std::max<int64_t>(latency_us, 0);
  const auto* const bound = std::lower_bound(std::begin(kBoundsUs), std::end(kBoundsUs), latency);
  of.codes[CodeIndex(code)].fetch_add(1, std::memory_order_relaxed);
  of.buckets[static_cast<size_t>(bound - std::begin(kBoundsUs))].fetch_add(
      1, std::memory_order_relaxed);
  of.sum_us.fetch_add(static_cast<uint64_t>(latency), std::memory_order_relaxed);
}

Metric CallMetrics::Calls() const {
  Metric metric{"plumbline_calls_total",
                "Calls that have ended, by method and status code.",
                MetricKind::kCounter,
                {}};
  for (const auto& of : methods_) {
    for (size_t code = 0; code < kCodes; ++code) {
      const uint64_t count = of->codes[code].load(std::memory_order_relaxed);
      if (count > 0) {
        metric.values.push_back({{{"method", of->name}, {"code", std::string(kCodeNames[code])}},
                                 static_cast<double>(count)});
      }
    }
  }
  return metric;
}

Metric CallMetrics::Durations() const {
  Metric metric{"plumbline_call_seconds",
                "Time from a call's arrival to its answer, by method.",
                MetricKind::kHistogram,
                {}};
  for (const auto& of : methods_) {
    MetricValue value;
    value.labels = {{"method", of->name}};
    for (size_t i = 0; i <= kBounds; ++i) {
      value.count += of->buckets[i].load(std::memory_order_relaxed);
      if (i < kBounds) {
        value.cumulative_buckets.emplace_back(static_cast<double>(kBoundsUs[i]) / 1e6, value.count);
      }
    }
    if (value.count == 0) continue;
    value.sum = static_cast<double>(of->sum_us.load(std::memory_order_relaxed)) / 1e6;
    metric.values.push_back(std::move(value));
  }
  return metric;
}

std::vector<Metric> CallMetrics::Collect() const { return {Calls(), Durations()}; }

}  // namespace plumbline::metrics
