// CallGate: what every call must pass before any work is done for it.

#ifndef PLUMBLINE_SERVER_GRPC_CALL_GATE_H_
#define PLUMBLINE_SERVER_GRPC_CALL_GATE_H_

#include <chrono>
#include <limits>

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

  // For calls that are not over when their work is: to be held until gRPC has sent the answer.
  Admission::Token Attend() { return attendance_.TryAdmit(); }
  // Nothing is being worked on, and nobody attends.
  bool idle() const { return admission_.in_flight() == 0 && attendance_.in_flight() == 0; }

 private:
  const LimitConfig limits_;
  Admission admission_;
  Admission attendance_{std::numeric_limits<int>::max()};
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_CALL_GATE_H_
