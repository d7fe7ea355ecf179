// CallGate: what every call must pass before any work is done for it.

#ifndef PLUMBLINE_SERVER_GRPC_CALL_GATE_H_
#define PLUMBLINE_SERVER_GRPC_CALL_GATE_H_

#include <chrono>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/grpc/admission.h"
#include "server/grpc/server_config.h"

namespace plumbline::grpc_server {

// Thread-safe; outlives the tokens that it gives.
class CallGate {
 public:
  explicit CallGate(const LimitConfig& limits)
      : limits_(limits), admission_(limits.max_in_flight) {}

  // INVALID_ARGUMENT without a deadline, DEADLINE_EXCEEDED if too little time is left.
  absl::Status CheckDeadline(std::chrono::system_clock::time_point deadline) const;
  // RESOURCE_EXHAUSTED with RetryInfo if too much is being worked on.
  absl::StatusOr<Admission::Token> Admit();
  // Both.
  absl::StatusOr<Admission::Token> Enter(std::chrono::system_clock::time_point deadline);

 private:
  const LimitConfig limits_;
  Admission admission_;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_CALL_GATE_H_
