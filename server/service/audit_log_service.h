// AuditLogService: the use cases of plumbline.v1.AuditService, without a transport.
//
// docs/reference/audit_api.md says what each call shows, and what it leaves on record. Who may call
// is the transport's matter.

#ifndef PLUMBLINE_SERVER_SERVICE_AUDIT_LOG_SERVICE_H_
#define PLUMBLINE_SERVER_SERVICE_AUDIT_LOG_SERVICE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "plumbline/v1/audit_service.pb.h"
#include "server/audit/decision_log.h"
#include "server/audit/payload.h"
#include "server/service/caller.h"
#include "server/service/decision_replayer.h"
#include "server/service/erasure.h"
#include "server/service/event_records.h"
#include "server/service/log_indexer.h"
#include "server/store/store.h"

namespace plumbline::service {

// Everything must outlive the service.
struct AuditLogParts {
  audit::DecisionLog* log = nullptr;
  const store::LogStore* store = nullptr;
  LogIndexer* indexer = nullptr;
  Erasure* erasure = nullptr;
  // Null: ReplayDecisions is UNIMPLEMENTED.
  DecisionReplayer* replayer = nullptr;
  // As RecorderOptions.
  std::string engine_build{};
  // Longest wait for the index to catch up with the log.
  absl::Duration index_wait = absl::Seconds(5);
};

// Thread-safe. Calls block. Every request is checked, and all wrong fields are named at once;
// errors carry google.rpc details (rpc_error.h). Streaming calls hand each response to `emit`; when
// that returns false the reader is gone, and the call ends with OK.
class AuditLogService {
 public:
  explicit AuditLogService(const AuditLogParts& parts);

  absl::StatusOr<v1::ListRecordsResponse> ListRecords(const v1::ListRecordsRequest& request,
                                                      const Caller& caller);
  absl::StatusOr<v1::GetRecordResponse> GetRecord(const v1::GetRecordRequest& request,
                                                  const Caller& caller);
  absl::StatusOr<v1::GetReceiptResponse> GetReceipt(const v1::GetReceiptRequest& request,
                                                    const Caller& caller);
  absl::StatusOr<v1::GetCheckpointResponse> GetCheckpoint(const v1::GetCheckpointRequest& request,
                                                          const Caller& caller);
  absl::StatusOr<v1::GetInclusionProofResponse> GetInclusionProof(
      const v1::GetInclusionProofRequest& request, const Caller& caller);
  absl::StatusOr<v1::GetConsistencyProofResponse> GetConsistencyProof(
      const v1::GetConsistencyProofRequest& request, const Caller& caller);
  absl::StatusOr<v1::GetLogStatisticsResponse> GetLogStatistics(
      const v1::GetLogStatisticsRequest& request, const Caller& caller);
  absl::Status ExportLog(const v1::ExportLogRequest& request, const Caller& caller,
                         absl::FunctionRef<bool(const v1::ExportLogResponse&)> emit);
  absl::Status ExportFeedback(const v1::ExportFeedbackRequest& request, const Caller& caller,
                              absl::FunctionRef<bool(const v1::ExportFeedbackResponse&)> emit);
  absl::StatusOr<v1::ErasePatientResponse> ErasePatient(const v1::ErasePatientRequest& request,
                                                        const Caller& caller);
  absl::StatusOr<v1::SetLegalHoldResponse> SetLegalHold(const v1::SetLegalHoldRequest& request,
                                                        const Caller& caller);
  absl::Status ReplayDecisions(const v1::ReplayDecisionsRequest& request, const Caller& caller,
                               absl::FunctionRef<bool(const v1::ReplayDecisionsResponse&)> emit);

 private:
  absl::Status WaitForIndex() const;
  // Checks that the name says which record.
  absl::StatusOr<uint64_t> IndexOf(const v1::RecordName& name) const;
  absl::StatusOr<v1::RecordSummary> SummaryAt(uint64_t index) const;
  // Who looks for one patient or one request learns something about them: on record, with whom was
  // looked for, sealed. `found`: some of the records. Nothing if the filter names neither.
  // `reason`: what the caller said, if the call asks for it.
  absl::Status RecordLookup(const v1::RecordFilter& filter, absl::string_view what,
                            absl::Span<const uint64_t> found, const Caller& caller,
                            absl::string_view reason = "");
  // Feedback, erasures and later answers that name the record; the newest first.
  absl::Status AddRelated(const audit::Record& record, v1::Record& view) const;
  // Newest last.
  absl::StatusOr<std::vector<uint64_t>> FindFeedback(const store::IndexQuery& query) const;
  // The latest checkpoint, and the size that it says; it covers at least so many records.
  struct SizedCheckpoint {
    std::string text;
    uint64_t size = 0;
  };
  absl::StatusOr<SizedCheckpoint> LatestCheckpoint(uint64_t at_least) const;
  // One with cosignatures, if it covers so many records, else the latest.
  absl::StatusOr<SizedCheckpoint> BestCheckpoint(uint64_t at_least) const;

  const AuditLogParts parts_;
  const audit::PayloadReader payloads_;
  EventRecords events_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_AUDIT_LOG_SERVICE_H_
