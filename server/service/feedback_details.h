// The record of a feedback, and the decision that it is about.

#ifndef PLUMBLINE_SERVER_SERVICE_FEEDBACK_DETAILS_H_
#define PLUMBLINE_SERVER_SERVICE_FEEDBACK_DETAILS_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/audit/decision_log.h"
#include "server/base/sha256.h"
#include "server/service/log_indexer.h"
#include "server/service/log_recorder.h"

namespace plumbline::service {

// Leaf and details of the decision. NotFound (UNKNOWN_RECORD), also for a record that is no
// decision; FailedPrecondition (RECORD_ERASED).
absl::StatusOr<audit::Record> ReadDecisionOf(const audit::DecisionLog& log, LogIndexer& indexer,
                                             const FeedbackDraft& draft);

// Serialized plumbline.storage.v1.RecordDetails. The feedback belongs to the decision's patient, so
// that it is found and erased with the decision. `digest`: of the request, if it has an id.
absl::StatusOr<std::string> FeedbackDetailsBytes(const audit::Record& decision,
                                                 const FeedbackDraft& draft,
                                                 const Sha256Digest* digest);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_FEEDBACK_DETAILS_H_
