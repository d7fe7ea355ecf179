// Records of the log as the messages that readers get.

#ifndef PLUMBLINE_SERVER_SERVICE_RECORD_VIEW_H_
#define PLUMBLINE_SERVER_SERVICE_RECORD_VIEW_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/record.pb.h"
#include "server/audit/payload.h"
#include "server/audit/record.h"

namespace plumbline::service {

// From leaf and details. Shows no patient data: not the pseudonym, nothing of intake and decision
// but level, gate and ids. DataLoss (LOG_CORRUPT) if the details are none.
absl::StatusOr<v1::RecordSummary> ToSummary(const audit::Record& record);

// All that the record holds, without `related`. An erased one is its summary and its leaf. DataLoss
// also if payload, request or decision cannot be read.
absl::StatusOr<v1::Record> ToRecordView(const audit::Record& record,
                                        const audit::PayloadReader& payloads);

// The word that a value of an enum stands for: "not used", from FEEDBACK_VERDICT_NOT_USED and the
// enum's prefix.
std::string EnumWord(absl::string_view name, absl::string_view prefix);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_RECORD_VIEW_H_
