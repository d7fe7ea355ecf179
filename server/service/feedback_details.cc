#include "server/service/feedback_details.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/audit/log_error.h"
#include "server/service/earlier_request.h"
#include "server/service/log_status.h"
#include "server/service/record_lookup.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

constexpr absl::Duration kIndexWait = absl::Seconds(2);

}  // namespace

absl::StatusOr<audit::Record> ReadDecisionOf(const audit::DecisionLog& log, LogIndexer& indexer,
                                             const FeedbackDraft& draft) {
  const absl::StatusOr<uint64_t> index = FindRecord(log, indexer, draft.decision_id, kIndexWait);
  if (!index.ok()) {
    return index.status();
  }
  absl::StatusOr<audit::Record> record = ReadRecord(log, *index, store::Parts::kLeafAndDetails);
  if (!record.ok()) {
    return record;
  }
  if (record->kind != v1::RECORD_KIND_DECISION) {
    return ToApiStatus(audit::UnknownRecordError(
        absl::StrCat("record ", draft.decision_id.ToString(), " is no decision")));
  }
  if (record->erased) {
    return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_RECORD_ERASED,
                     "the data of this decision has been erased");
  }
  return record;
}

absl::StatusOr<std::string> FeedbackDetailsBytes(const audit::Record& decision,
                                                 const FeedbackDraft& draft,
                                                 const Sha256Digest* digest) {
  const absl::StatusOr<storage::v1::RecordDetails> of_decision = ParseDetails(decision);
  if (!of_decision.ok()) {
    return of_decision.status();
  }
  storage::v1::RecordDetails details;
  details.set_caller(draft.caller.name);
  details.set_caller_authenticated(draft.caller.authenticated);
  details.set_request_id(std::string(draft.request_id));
  if (digest != nullptr) {
    details.set_request_digest(digest->data(), digest->size());
  }
  details.set_patient_pseudonym(of_decision->patient_pseudonym());
  details.add_linked_ids(decision.id.bytes.data(), decision.id.bytes.size());
  *details.mutable_feedback()->mutable_feedback() = draft.feedback;
  return details.SerializeAsString();
}

}  // namespace plumbline::service
