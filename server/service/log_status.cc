#include "server/service/log_status.h"

#include <optional>

#include "absl/time/time.h"
#include "server/audit/log_error.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

v1::ErrorReason ReasonFor(const absl::Status& status) {
  const v1::ErrorReason reason = audit::LogReasonOf(status);
  if (reason != v1::ERROR_REASON_UNSPECIFIED) {
    return reason;
  }
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return v1::ERROR_REASON_UNKNOWN_RECORD;
    case absl::StatusCode::kDataLoss:
      return v1::ERROR_REASON_LOG_CORRUPT;
    case absl::StatusCode::kInvalidArgument:
      return v1::ERROR_REASON_INVALID_REQUEST;
    case absl::StatusCode::kResourceExhausted:
      return v1::ERROR_REASON_LOG_DISK_FULL;
    case absl::StatusCode::kUnavailable:
      return v1::ERROR_REASON_LOG_FAILED;
    default:
      return v1::ERROR_REASON_INTERNAL;
  }
}

}  // namespace

absl::Status ToApiStatus(const absl::Status& status) {
  if (status.ok() || ReasonOf(status) != v1::ERROR_REASON_UNSPECIFIED) {
    return status;
  }
  absl::Status error = MakeError(status.code(), ReasonFor(status), status.message());
  if (const std::optional<absl::Duration> retry_after = audit::RetryAfterOf(status)) {
    AddRetryInfo(*retry_after, error);
  }
  return error;
}

}  // namespace plumbline::service
