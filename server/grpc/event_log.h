// EventLog: what happens in the server, one JSON object a line.
//
// No patient data by construction: a call is logged by counts, sizes and codes only. Neither field
// values nor error texts nor request ids (which callers may have made from a patient's number) have
// a place here.

#ifndef PLUMBLINE_SERVER_GRPC_EVENT_LOG_H_
#define PLUMBLINE_SERVER_GRPC_EVENT_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "server/metrics/call_metrics.h"
#include "spdlog/logger.h"

namespace plumbline::grpc_server {

struct CallEvent {
  absl::string_view method;
  // "OK", "INVALID_ARGUMENT".
  absl::string_view code;
  // Name of the v1::ErrorReason; empty if there is none.
  absl::string_view reason;
  int64_t latency_us = 0;
  // Revision that decided; empty if none did.
  absl::string_view revision;
  size_t request_bytes = 0;
  size_t response_bytes = 0;
  bool has_request_id = false;
  // Of a stream: its requests, and how many of them were answered with an error.
  uint64_t items = 0;
  uint64_t failed_items = 0;
};

// Which calls are logged.
enum class CallLogging { kNone, kFailures, kAll };

// Thread-safe if the logger is.
class EventLog {
 public:
  EventLog(std::shared_ptr<spdlog::logger> logger, CallLogging calls);

  // Counts all calls from now on, whichever are logged. Set before the first call; must outlive
  // this.
  void set_metrics(metrics::CallMetrics* metrics) { metrics_ = metrics; }

  void OnCall(const CallEvent& call);

  // Start, stop and the like. Values are texts about the server, never about a request.
  using Fields = std::initializer_list<std::pair<absl::string_view, absl::string_view>>;
  void OnEvent(absl::string_view event, Fields fields = {});

 private:
  std::shared_ptr<spdlog::logger> logger_;
  CallLogging calls_;
  metrics::CallMetrics* metrics_ = nullptr;
};

// Turns what gRPC itself logs into events with the place in its source only: its texts may quote
// what a peer sent. For the whole process; null: drop them. `log` must outlive every server and
// channel.
void CaptureGrpcLog(EventLog* log);

// One JSON object a line on stderr.
std::shared_ptr<spdlog::logger> MakeStderrLogger();

// `text` as a JSON string, quotes included.
std::string JsonString(absl::string_view text);

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_EVENT_LOG_H_
