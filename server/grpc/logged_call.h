// LoggedCall: the entry of one call in the event log, and the status that ends the call.

#ifndef PLUMBLINE_SERVER_GRPC_LOGGED_CALL_H_
#define PLUMBLINE_SERVER_GRPC_LOGGED_CALL_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"
#include "server/grpc/event_log.h"

namespace plumbline::grpc_server {

// With the google.rpc details of `status`.
grpc::Status ToGrpcStatus(const absl::Status& status);

// Copyable; for one thread at a time. `log` and the text of `method` must outlive it. Nothing is
// logged unless one of the ending methods is called, once.
class LoggedCall {
 public:
  LoggedCall(EventLog* log, absl::string_view method, size_t request_bytes);

  void set_has_request_id(bool present) { event_.has_request_id = present; }
  // Of a stream: what came and went in it.
  void AddRequestBytes(size_t bytes) { event_.request_bytes += bytes; }
  void AddResponseBytes(size_t bytes) { event_.response_bytes += bytes; }
  void CountItem(bool failed);

  // Each logs the call and returns what to finish it with.
  grpc::Status Succeed(absl::string_view revision = "");
  grpc::Status Fail(const absl::Status& status);
  // The client gave up, or its deadline passed.
  void Cancelled();

 private:
  void Log();

  EventLog* log_;
  absl::Time start_;
  CallEvent event_;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_LOGGED_CALL_H_
