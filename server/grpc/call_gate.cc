#include "server/grpc/call_gate.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {

absl::Status CallGate::CheckDeadline(std::chrono::system_clock::time_point deadline) const {
  if (deadline == std::chrono::system_clock::time_point::max()) {
    return service::MakeError(absl::StatusCode::kInvalidArgument,
                              v1::ERROR_REASON_DEADLINE_REQUIRED, "the call has no deadline");
  }
  if (absl::FromChrono(deadline) - absl::Now() < limits_.min_remaining) {
    return service::MakeError(absl::StatusCode::kDeadlineExceeded,
                              v1::ERROR_REASON_DEADLINE_TOO_SHORT,
                              "too little time is left before the deadline");
  }
  return absl::OkStatus();
}

absl::StatusOr<Admission::Token> CallGate::Admit() {
  Admission::Token token = admission_.TryAdmit();
  if (!token) {
    return service::MakeOverloadedError("too many requests at once", limits_.retry_after);
  }
  return token;
}

absl::StatusOr<Admission::Token> CallGate::Enter(std::chrono::system_clock::time_point deadline) {
  if (absl::Status status = CheckDeadline(deadline); !status.ok()) {
    return status;
  }
  return Admit();
}

}  // namespace plumbline::grpc_server
