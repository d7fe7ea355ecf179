// What the log knows of a request id.

#ifndef PLUMBLINE_SERVER_SERVICE_EARLIER_REQUEST_H_
#define PLUMBLINE_SERVER_SERVICE_EARLIER_REQUEST_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/audit/decision_log.h"
#include "server/base/sha256.h"
#include "server/base/uuid.h"
#include "server/service/log_indexer.h"
#include "server/service/request_claims.h"

namespace plumbline::service {

struct EarlierUse {
  // The record that answers the same request, if there is one.
  std::optional<audit::Record> record;
  // Records of the same id by a caller of that name who was proved where this one is not, or the
  // other way round: another caller, as far as anybody can tell, and so another request.
  std::vector<Uuid> linked;
};

// Reads the records that may be of this request. Errors: AlreadyExists (REQUEST_ID_REUSED) when the
// id belongs to another request; FailedPrecondition (RECORD_ERASED) when what it belongs to was
// erased; ResourceExhausted (OVERLOADED) when the index has to be asked and is being made anew;
// those of the log.
absl::StatusOr<EarlierUse> FindEarlierUse(const audit::DecisionLog& log, LogIndexer& indexer,
                                          const NamedRequest& request,
                                          const RequestClaims::Claim& claim);

// The error for an id that belongs to another request.
absl::Status RequestIdReusedError();

// Parses a record's details. DataLoss (LOG_CORRUPT) if they are none.
absl::StatusOr<storage::v1::RecordDetails> ParseDetails(const audit::Record& record);

// Requests with an id among records first .. first + count - 1: fingerprint and index of each.
absl::StatusOr<std::vector<std::pair<uint64_t, uint64_t>>> ReadRequestIds(
    const audit::DecisionLog& log, const RequestClaims& claims, uint64_t first, uint64_t count);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_EARLIER_REQUEST_H_
