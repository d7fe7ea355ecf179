// Why a call failed, in a form that programs can act on.

#ifndef PLUMBLINE_CLIENT_ERROR_H_
#define PLUMBLINE_CLIENT_ERROR_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "plumbline/v1/error_reason.pb.h"

namespace plumbline::client {

// The numbers are those of gRPC and google.rpc.Code.
enum class Code {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "INVALID_ARGUMENT".
const char* CodeName(Code code);

// One field of the request that the service refused.
struct FieldViolation {
  // Path in the request ("intake.person.age_years"); empty if it is about no single field.
  std::string field;
  std::string description;
};

struct Error {
  Code code = Code::kUnknown;
  // To developers. May name what the request said: treat it like the request itself in logs.
  std::string message;
  // Unspecified when the error does not come from the service (connection lost, deadline passed).
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  std::vector<FieldViolation> field_violations;
  // When the service asks to wait before another try.
  std::optional<std::chrono::milliseconds> retry_after;

  // "INVALID_ARGUMENT (ERROR_REASON_INVALID_INTAKE): ...", for people.
  std::string ToString() const;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_ERROR_H_
