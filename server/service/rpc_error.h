// Errors of the API: absl::Status that carries google.rpc details as payloads.
//
// A payload's type URL is that of the detail ("type.googleapis.com/google.rpc.ErrorInfo"), its
// bytes the serialized detail, so that a transport only has to copy them into a google.rpc.Status.

#ifndef PLUMBLINE_SERVER_SERVICE_RPC_ERROR_H_
#define PLUMBLINE_SERVER_SERVICE_RPC_ERROR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"
#include "plumbline/v1/error_reason.pb.h"

namespace plumbline::service {

// Domain of every ErrorInfo.
inline constexpr char kErrorDomain[] = "plumbline";

// Details travel in a trailer, and clients accept 8 KiB of those by default: what would not fit is
// left out, and the last violation says how many more there are.
inline constexpr size_t kMaxViolations = 32;
inline constexpr size_t kMaxViolationBytes = 3 * 1024;

// One field of the request that is wrong. `field` is its path ("intake.person.age_years").
struct FieldProblem {
  std::string field;
  std::string description;
};

absl::Status MakeError(absl::StatusCode code, v1::ErrorReason reason, absl::string_view message);

// INVALID_ARGUMENT. The message sums up the problems, of which there must be at least one.
absl::Status MakeFieldError(v1::ErrorReason reason, const std::vector<FieldProblem>& problems);

// RESOURCE_EXHAUSTED with RetryInfo.
absl::Status MakeOverloadedError(absl::string_view message, absl::Duration retry_after);

// Says when trying again may help.
void AddRetryInfo(absl::Duration retry_after, absl::Status& status);

// UNSPECIFIED if `status` carries no reason of ours.
v1::ErrorReason ReasonOf(const absl::Status& status);

// Details are ordered by type URL: the same status gives the same bytes.
google::rpc::Status ToRpcStatus(const absl::Status& status);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_RPC_ERROR_H_
