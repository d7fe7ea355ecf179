// Errors of the decision log carry their reason, and when to try again, as payloads of the status:
// the log knows no RPC, and the service need not parse messages.

#ifndef PLUMBLINE_SERVER_AUDIT_LOG_ERROR_H_
#define PLUMBLINE_SERVER_AUDIT_LOG_ERROR_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plumbline/v1/error_reason.pb.h"

namespace plumbline::audit {

// RESOURCE_EXHAUSTED, ERROR_REASON_LOG_OVERLOADED: nothing was done; try again after `retry_after`.
absl::Status LogOverloadedError(absl::string_view message, absl::Duration retry_after);
// UNAVAILABLE, ERROR_REASON_LOG_DISK_FULL: nothing was stored; try again after `retry_after`.
absl::Status LogDiskFullError(absl::string_view message, absl::Duration retry_after);
// UNAVAILABLE, ERROR_REASON_LOG_FAILED: until the log is opened anew.
absl::Status LogFailedError(absl::string_view message);
// DATA_LOSS, ERROR_REASON_LOG_CORRUPT.
absl::Status LogCorruptError(absl::string_view message);
// NOT_FOUND, ERROR_REASON_UNKNOWN_RECORD.
absl::Status UnknownRecordError(absl::string_view message);

// ERROR_REASON_UNSPECIFIED if the status is none of those above.
v1::ErrorReason LogReasonOf(const absl::Status& status);
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

inline bool IsLogOverloaded(const absl::Status& status) {
  return LogReasonOf(status) == v1::ERROR_REASON_LOG_OVERLOADED;
}
inline bool IsLogDiskFull(const absl::Status& status) {
  return LogReasonOf(status) == v1::ERROR_REASON_LOG_DISK_FULL;
}
inline bool IsLogFailed(const absl::Status& status) {
  return LogReasonOf(status) == v1::ERROR_REASON_LOG_FAILED;
}

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_LOG_ERROR_H_
