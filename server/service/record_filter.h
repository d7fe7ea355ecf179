// RecordFilter of the API -> query of the index, and the pages of its answers.

#ifndef PLUMBLINE_SERVER_SERVICE_RECORD_FILTER_H_
#define PLUMBLINE_SERVER_SERVICE_RECORD_FILTER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/timestamp.pb.h"
#include "plumbline/v1/audit_service.pb.h"
#include "server/audit/decision_log.h"
#include "server/service/rpc_error.h"
#include "server/store/store.h"

namespace plumbline::service {

// Appends to `problems` what is wrong; the query is of use only if nothing is. `path`: of the
// filter in the request ("filter").
store::IndexQuery ToIndexQuery(const audit::DecisionLog& log, absl::string_view path,
                               const v1::RecordFilter& filter, std::vector<FieldProblem>& problems);

// From and until of a request, checked: both as microseconds since 1970, rounded so that the query
// lets through exactly the records of that time.
struct TimeRange {
  std::optional<int64_t> from_us;
  std::optional<int64_t> until_us;
};
TimeRange CheckTimeRange(absl::string_view path, bool has_from,
                         const google::protobuf::Timestamp& from, bool has_until,
                         const google::protobuf::Timestamp& until,
                         std::vector<FieldProblem>& problems);

// Where the page ended that showed `last_index` as its last record. The token holds for this filter
// and log only, and cannot be made by anybody else; it outlives restarts.
std::string MakePageToken(const audit::DecisionLog& log, const v1::RecordFilter& filter,
                          uint64_t last_index);
// The index, or InvalidArgument (INVALID_PAGE_TOKEN).
absl::StatusOr<uint64_t> ReadPageToken(const audit::DecisionLog& log,
                                       const v1::RecordFilter& filter, absl::string_view token);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_RECORD_FILTER_H_
