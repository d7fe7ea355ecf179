// Checks that several use cases make of their requests.

#ifndef PLUMBLINE_SERVER_SERVICE_REQUEST_CHECKS_H_
#define PLUMBLINE_SERVER_SERVICE_REQUEST_CHECKS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {

// Longest request id, pseudonym, caller or user.
inline constexpr size_t kMaxNameBytes = 128;
// Longest purpose of a read, reason of an erasure or hold.
inline constexpr size_t kMaxPurposeBytes = 200;

// All of them append to `problems` what is wrong with the field.

// At most kMaxNameBytes printable ASCII characters; may be empty.
void CheckShortText(absl::string_view field, absl::string_view value,
                    std::vector<FieldProblem>& problems);
// At most `max_bytes` of UTF-8 without control characters other than line breaks and tabs; may be
// empty.
void CheckText(absl::string_view field, absl::string_view value, size_t max_bytes,
               std::vector<FieldProblem>& problems);
// CheckText of kMaxPurposeBytes, and not blank.
void CheckPurpose(absl::string_view field, absl::string_view value,
                  std::vector<FieldProblem>& problems);
// Nothing if absent or (with a problem) not a time between the years 1 and 9999.
std::optional<absl::Time> CheckTime(absl::string_view field, bool present,
                                    const google::protobuf::Timestamp& value,
                                    std::vector<FieldProblem>& problems);
google::protobuf::Timestamp ToTimestamp(absl::Time time);

// OK, or INVALID_ARGUMENT (ERROR_REASON_INVALID_REQUEST) with the problems.
absl::Status RequestStatus(const std::vector<FieldProblem>& problems);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REQUEST_CHECKS_H_
