// MetricsServer: answers Prometheus's scrapes over HTTP, at /metrics.

#ifndef PLUMBLINE_SERVER_METRICS_METRICS_SERVER_H_
#define PLUMBLINE_SERVER_METRICS_METRICS_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/metrics/metric.h"

namespace plumbline::metrics {

// The sources' metrics in Prometheus's text format, as a scrape would show them. A name that two
// sources use appears once, with the values of both.
std::string RenderText(const std::vector<MetricSource>& sources);

// Serves until it is destroyed. Thread-safe.
class MetricsServer {
 public:
  // Listens on `address`, "HOST:PORT" with an IP address for the host, and port 0 for any free one.
  // InvalidArgument for another form; Unavailable if it cannot listen there.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(const std::string& address,
                                                              std::vector<MetricSource> sources);
  virtual ~MetricsServer() = default;

  virtual int port() const = 0;
};

}  // namespace plumbline::metrics

#endif  // PLUMBLINE_SERVER_METRICS_METRICS_SERVER_H_
