// Finds and reads records by what callers name them.

#ifndef PLUMBLINE_SERVER_SERVICE_RECORD_LOOKUP_H_
#define PLUMBLINE_SERVER_SERVICE_RECORD_LOOKUP_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/audit/decision_log.h"
#include "server/base/uuid.h"
#include "server/service/log_indexer.h"

namespace plumbline::service {

// Index of the record with this id, wherever the query index is: what it does not have yet is
// looked for in the log. NotFound (UNKNOWN_RECORD); ResourceExhausted when the index is so far
// behind that it does not catch up within `max_wait`.
absl::StatusOr<uint64_t> FindRecord(const audit::DecisionLog& log, LogIndexer& indexer,
                                    const Uuid& id, absl::Duration max_wait);

// Errors are those of the API; NotFound (UNKNOWN_RECORD) beyond the end.
absl::StatusOr<audit::Record> ReadRecord(const audit::DecisionLog& log, uint64_t index,
                                         store::Parts parts);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_RECORD_LOOKUP_H_
