#include "server/grpc/logged_call.h"

#include <string>

#include "absl/time/clock.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      service::ToRpcStatus(status).SerializeAsString());
}

LoggedCall::LoggedCall(EventLog* log, absl::string_view method, size_t request_bytes)
    : log_(log), start_(absl::Now()) {
  event_.method = method;
  event_.request_bytes = request_bytes;
}

void LoggedCall::CountItem(bool failed) {
  ++event_.items;
  event_.failed_items += failed ? 1 : 0;
}

grpc::Status LoggedCall::Succeed(absl::string_view revision) {
  event_.code = "OK";
  event_.revision = revision;
  Log();
  return grpc::Status::OK;
}

grpc::Status LoggedCall::Fail(const absl::Status& status) {
  const std::string code = absl::StatusCodeToString(status.code());
  const v1::ErrorReason reason = service::ReasonOf(status);
  event_.code = code;
  if (reason != v1::ERROR_REASON_UNSPECIFIED) {
    event_.reason = v1::ErrorReason_Name(reason);
  }
  Log();
  return ToGrpcStatus(status);
}

void LoggedCall::Cancelled() {
  event_.code = "CANCELLED";
  Log();
}

void LoggedCall::Log() {
  event_.latency_us = absl::ToInt64Microseconds(absl::Now() - start_);
  log_->OnCall(event_);
}

}  // namespace plumbline::grpc_server
