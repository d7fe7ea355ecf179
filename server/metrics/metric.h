// What a running server tells about itself, as Prometheus reads it.
//
// Labels hold names of methods, codes, steps, aliases, rules and revisions: never anything that
// comes from a request or a patient.

#ifndef PLUMBLINE_SERVER_METRICS_METRIC_H_
#define PLUMBLINE_SERVER_METRICS_METRIC_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace plumbline::metrics {

enum class MetricKind { kCounter, kGauge, kHistogram };

struct MetricValue {
  using Labels = std::vector<std::pair<std::string, std::string>>;
  Labels labels;
  // Counter, gauge.
  double value = 0;
  // Histogram: upper bounds and how many values were at most that; the whole count and sum.
  std::vector<std::pair<double, uint64_t>> cumulative_buckets = {};
  uint64_t count = 0;
  double sum = 0;
};

// All values of one name. Names follow Prometheus: "plumbline_" first, the base unit last, counters
// end with "_total".
struct Metric {
  std::string name;
  std::string help;
  MetricKind kind = MetricKind::kGauge;
  std::vector<MetricValue> values;
};

// Asked at every scrape, on a thread of the metrics server; must be thread-safe and quick.
using MetricSource = std::function<std::vector<Metric>()>;

inline Metric Gauge(std::string name, std::string help, double value) {
  return {std::move(name), std::move(help), MetricKind::kGauge, {{{}, value}}};
}
inline Metric Counter(std::string name, std::string help, double value) {
  return {std::move(name), std::move(help), MetricKind::kCounter, {{{}, value}}};
}

}  // namespace plumbline::metrics

#endif  // PLUMBLINE_SERVER_METRICS_METRIC_H_
