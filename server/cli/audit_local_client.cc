#include <string>
#include <utility>

#include "server/cli/audit_client.h"
#include "server/service/audit_log_service.h"
#include "server/service/caller.h"
#include "server/service/feedback_service.h"

namespace plumbline::cli {
namespace {

// Of some seconds each (AuditLogParts::index_wait): a million records are indexed in a minute.
constexpr int kMaxWaits = 720;

class LocalAuditClient : public AuditClient {
 public:
  // The caller is said, not proved: whoever can read the folder and its keys could say anything.
  LocalAuditClient(std::unique_ptr<OpenedLog> log, std::string caller)
      : log_(std::move(log)), caller_{std::move(caller), false} {}

  absl::StatusOr<v1::ListRecordsResponse> ListRecords(
      const v1::ListRecordsRequest& request) override {
    absl::StatusOr<v1::ListRecordsResponse> answer = log_->service().ListRecords(request, caller_);
    // The index of a log that was just opened may have to catch up first; nobody else is waiting.
    for (int i = 0; i < kMaxWaits && absl::IsResourceExhausted(answer.status()); ++i) {
      answer = log_->service().ListRecords(request, caller_);
    }
    return answer;
  }
  absl::StatusOr<v1::GetRecordResponse> GetRecord(const v1::GetRecordRequest& request) override {
    return log_->service().GetRecord(request, caller_);
  }
  absl::StatusOr<v1::GetReceiptResponse> GetReceipt(const v1::GetReceiptRequest& request) override {
    return log_->service().GetReceipt(request, caller_);
  }
  absl::StatusOr<v1::GetCheckpointResponse> GetCheckpoint(
      const v1::GetCheckpointRequest& request) override {
    return log_->service().GetCheckpoint(request, caller_);
  }
  absl::StatusOr<v1::GetLogStatisticsResponse> GetLogStatistics(
      const v1::GetLogStatisticsRequest& request) override {
    v1::ListRecordsRequest any;  // waits for the index, which counting does not
    any.set_page_size(1);
    if (const auto waited = ListRecords(any); !waited.ok()) return waited.status();
    return log_->service().GetLogStatistics(request, caller_);
  }
  absl::Status ExportLog(const v1::ExportLogRequest& request,
                         Take<v1::ExportLogResponse> take) override {
    return log_->service().ExportLog(request, caller_, take);
  }
  absl::Status ExportFeedback(const v1::ExportFeedbackRequest& request,
                              Take<v1::ExportFeedbackResponse> take) override {
    return log_->service().ExportFeedback(request, caller_, take);
  }
  absl::StatusOr<v1::ErasePatientResponse> ErasePatient(
      const v1::ErasePatientRequest& request) override {
    return log_->service().ErasePatient(request, caller_);
  }
  absl::StatusOr<v1::SetLegalHoldResponse> SetLegalHold(
      const v1::SetLegalHoldRequest& request) override {
    return log_->service().SetLegalHold(request, caller_);
  }
  absl::Status ReplayDecisions(const v1::ReplayDecisionsRequest& request,
                               Take<v1::ReplayDecisionsResponse> take) override {
    return log_->service().ReplayDecisions(request, caller_, take);
  }
  absl::StatusOr<v1::RecordFeedbackResponse> RecordFeedback(
      const v1::RecordFeedbackRequest& request) override {
    return log_->feedback().RecordFeedback(request, caller_);
  }
  absl::StatusOr<v1::GetRevisionResponse> GetRevision(const v1::GetRevisionRequest&) override {
    return absl::UnimplementedError("only a server knows its registry");
  }
  OpenedLog* opened() override { return log_.get(); }

 private:
  const std::unique_ptr<OpenedLog> log_;
  const service::Caller caller_;
};

}  // namespace

std::unique_ptr<AuditClient> MakeLocalAuditClient(std::unique_ptr<OpenedLog> log,
                                                  std::string caller) {
  return std::make_unique<LocalAuditClient>(std::move(log), std::move(caller));
}

}  // namespace plumbline::cli
