#include "server/metrics/metrics_server.h"

#include <exception>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"
#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"

namespace plumbline::metrics {
namespace {

// A scrape is rare and small: two threads serve it and one that hangs.
constexpr int kThreads = 2;
constexpr int kMaxPort = 65'535;

prometheus::MetricType TypeOf(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric ToClientMetric(const MetricValue& value, MetricKind kind) {
  prometheus::ClientMetric metric;
  for (const auto& [name, text] : value.labels) {
    metric.label.push_back({name, text});
  }
  metric.counter.value = kind == MetricKind::kCounter ? value.value : 0;
  metric.gauge.value = kind == MetricKind::kGauge ? value.value : 0;
  metric.histogram.sample_count = value.count;
  metric.histogram.sample_sum = value.sum;
  for (const auto& [bound, count] : value.cumulative_buckets) {
    metric.histogram.bucket.push_back({count, bound});
  }
  return metric;
}

std::vector<prometheus::MetricFamily> Families(const std::vector<MetricSource>& sources) {
  std::map<std::string, prometheus::MetricFamily> families;
  for (const MetricSource& source : sources) {
    for (const Metric& metric : source()) {
      prometheus::MetricFamily& family = families[metric.name];
      family.name = metric.name;
      family.help = metric.help;
      family.type = TypeOf(metric.kind);
      for (const MetricValue& value : metric.values) {
        family.metric.push_back(ToClientMetric(value, metric.kind));
      }
    }
  }
  std::vector<prometheus::MetricFamily> ordered;
  for (auto& [name, family] : families) {
    if (!family.metric.empty()) ordered.push_back(std::move(family));
  }
  return ordered;
}

class SourcesCollectable : public prometheus::Collectable {
 public:
  explicit SourcesCollectable(std::vector<MetricSource> sources) : sources_(std::move(sources)) {}
  std::vector<prometheus::MetricFamily> Collect() const override { return Families(sources_); }

 private:
  std::vector<MetricSource> sources_;
};

class ExposerServer : public MetricsServer {
 public:
  ExposerServer(const std::string& address, std::vector<MetricSource> sources)
      : sources_(std::make_shared<SourcesCollectable>(std::move(sources))),
        exposer_(address, kThreads),
        port_(exposer_.GetListeningPorts().at(0)) {
    exposer_.RegisterCollectable(sources_);
  }

  int port() const override { return port_; }

 private:
  std::shared_ptr<SourcesCollectable> sources_;
  prometheus::Exposer exposer_;
  int port_;
};

absl::Status CheckAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = -1;
  const bool valid = colon != std::string::npos && colon > 0 &&
                     absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 0 &&
                     port <= kMaxPort &&
                     // A comma would begin a second port, other letters options of the HTTP server.
                     address.find_first_not_of("0123456789abcdefABCDEF.:[]") == std::string::npos;
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "metrics address \"", address, "\" is not IP:PORT, for example 127.0.0.1:9464 or [::1]:0"));
}

}  // namespace

std::string RenderText(const std::vector<MetricSource>& sources) {
  return prometheus::TextSerializer().Serialize(Families(sources));
}

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const std::string& address, std::vector<MetricSource> sources) {
  if (absl::Status valid = CheckAddress(address); !valid.ok()) {
    return valid;
  }
  try {  // the library throws when it cannot listen
    return std::make_unique<ExposerServer>(address, std::move(sources));
  } catch (const std::exception&) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address, " for metrics"));
  }
}

}  // namespace plumbline::metrics
