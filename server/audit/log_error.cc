#include "server/audit/log_error.h"

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace plumbline::audit {
namespace {

constexpr char kReasonUrl[] = "plumbline/log-reason";
constexpr char kRetryUrl[] = "plumbline/retry-after-ms";

absl::Status WithReason(absl::Status status, v1::ErrorReason reason) {
  status.SetPayload(kReasonUrl, absl::Cord(v1::ErrorReason_Name(reason)));
  return status;
}

absl::Status WithRetry(absl::Status status, absl::Duration retry_after) {
  status.SetPayload(kRetryUrl, absl::Cord(absl::StrCat(absl::ToInt64Milliseconds(retry_after))));
  return status;
}

}  // namespace

absl::Status LogOverloadedError(absl::string_view message, absl::Duration retry_after) {
  return WithRetry(
      WithReason(absl::ResourceExhaustedError(message), v1::ERROR_REASON_LOG_OVERLOADED),
      retry_after);
}

absl::Status LogDiskFullError(absl::string_view message, absl::Duration retry_after) {
  return WithRetry(WithReason(absl::UnavailableError(message), v1::ERROR_REASON_LOG_DISK_FULL),
                   retry_after);
}

absl::Status LogFailedError(absl::string_view message) {
  return WithReason(absl::UnavailableError(message), v1::ERROR_REASON_LOG_FAILED);
}

absl::Status LogCorruptError(absl::string_view message) {
  return WithReason(absl::DataLossError(message), v1::ERROR_REASON_LOG_CORRUPT);
}

absl::Status UnknownRecordError(absl::string_view message) {
  return WithReason(absl::NotFoundError(message), v1::ERROR_REASON_UNKNOWN_RECORD);
}

v1::ErrorReason LogReasonOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kReasonUrl);
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (payload.has_value()) v1::ErrorReason_Parse(std::string(*payload), &reason);
  return reason;
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kRetryUrl);
  int64_t milliseconds = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &milliseconds)) {
    return std::nullopt;
  }
  return absl::Milliseconds(milliseconds);
}

}  // namespace plumbline::audit
