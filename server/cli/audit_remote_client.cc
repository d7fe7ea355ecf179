#include <memory>
#include <string>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "plumbline/v1/audit_service.grpc.pb.h"
#include "plumbline/v1/ruleset_service.grpc.pb.h"
#include "plumbline/v1/triage_service.grpc.pb.h"
#include "server/cli/audit_client.h"
#include "server/cli/server_channel.h"

namespace plumbline::cli {
namespace {

class RemoteAuditClient : public AuditClient {
 public:
  RemoteAuditClient(const std::shared_ptr<grpc::Channel>& channel, const AuditServer& server)
      : audit_(v1::AuditService::NewStub(channel)),
        rulesets_(v1::RulesetService::NewStub(channel)),
        triage_(v1::TriageService::NewStub(channel)),
        caller_(server.caller),
        deadline_(server.deadline) {}

  absl::StatusOr<v1::ListRecordsResponse> ListRecords(
      const v1::ListRecordsRequest& request) override {
    return Call<v1::ListRecordsResponse>(*audit_, &v1::AuditService::Stub::ListRecords, request);
  }
  absl::StatusOr<v1::GetRecordResponse> GetRecord(const v1::GetRecordRequest& request) override {
    return Call<v1::GetRecordResponse>(*audit_, &v1::AuditService::Stub::GetRecord, request);
  }
  absl::StatusOr<v1::GetReceiptResponse> GetReceipt(const v1::GetReceiptRequest& request) override {
    return Call<v1::GetReceiptResponse>(*audit_, &v1::AuditService::Stub::GetReceipt, request);
  }
  absl::StatusOr<v1::GetCheckpointResponse> GetCheckpoint(
      const v1::GetCheckpointRequest& request) override {
    return Call<v1::GetCheckpointResponse>(*audit_, &v1::AuditService::Stub::GetCheckpoint,
                                           request);
  }
  absl::StatusOr<v1::GetLogStatisticsResponse> GetLogStatistics(
      const v1::GetLogStatisticsRequest& request) override {
    return Call<v1::GetLogStatisticsResponse>(*audit_, &v1::AuditService::Stub::GetLogStatistics,
                                              request);
  }
  absl::Status ExportLog(const v1::ExportLogRequest& request,
                         Take<v1::ExportLogResponse> take) override {
    return Stream<v1::ExportLogResponse>(&v1::AuditService::Stub::ExportLog, request, take);
  }
  absl::Status ExportFeedback(const v1::ExportFeedbackRequest& request,
                              Take<v1::ExportFeedbackResponse> take) override {
    return Stream<v1::ExportFeedbackResponse>(&v1::AuditService::Stub::ExportFeedback, request,
                                              take);
  }
  absl::StatusOr<v1::ErasePatientResponse> ErasePatient(
      const v1::ErasePatientRequest& request) override {
    return Call<v1::ErasePatientResponse>(*audit_, &v1::AuditService::Stub::ErasePatient, request);
  }
  absl::StatusOr<v1::SetLegalHoldResponse> SetLegalHold(
      const v1::SetLegalHoldRequest& request) override {
    return Call<v1::SetLegalHoldResponse>(*audit_, &v1::AuditService::Stub::SetLegalHold, request);
  }
  absl::Status ReplayDecisions(const v1::ReplayDecisionsRequest& request,
                               Take<v1::ReplayDecisionsResponse> take) override {
    return Stream<v1::ReplayDecisionsResponse>(&v1::AuditService::Stub::ReplayDecisions, request,
                                               take);
  }
  absl::StatusOr<v1::RecordFeedbackResponse> RecordFeedback(
      const v1::RecordFeedbackRequest& request) override {
    return Call<v1::RecordFeedbackResponse>(*triage_, &v1::TriageService::Stub::RecordFeedback,
                                            request);
  }
  absl::StatusOr<v1::GetRevisionResponse> GetRevision(
      const v1::GetRevisionRequest& request) override {
    return Call<v1::GetRevisionResponse>(*rulesets_, &v1::RulesetService::Stub::GetRevision,
                                         request);
  }

 private:
  // Exports and replays run long; the server demands a deadline all the same.
  static constexpr std::chrono::hours kStreamDeadline{24};

  void Prepare(grpc::ClientContext& context, std::chrono::milliseconds deadline) const {
    context.set_deadline(std::chrono::system_clock::now() + deadline);
    if (!caller_.empty()) context.AddMetadata("plumbline-caller", caller_);
  }

  template <typename Response, typename Stub, typename Method, typename Request>
  absl::StatusOr<Response> Call(Stub& stub, Method method, const Request& request) {
    grpc::ClientContext context;
    Prepare(context, deadline_);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return FromRpc(status);
    return response;
  }

  template <typename Response, typename Method, typename Request>
  absl::Status Stream(Method method, const Request& request, Take<Response> take) {
    grpc::ClientContext context;
    Prepare(context, kStreamDeadline);
    const std::unique_ptr<grpc::ClientReader<Response>> reader =
        (audit_.get()->*method)(&context, request);
    Response response;
    bool wanted = true;
    while (wanted && reader->Read(&response)) wanted = take(response);
    if (!wanted) context.TryCancel();
    const grpc::Status status = reader->Finish();
    return wanted ? FromRpc(status) : absl::OkStatus();
  }

  const std::unique_ptr<v1::AuditService::Stub> audit_;
  const std::unique_ptr<v1::RulesetService::Stub> rulesets_;
  const std::unique_ptr<v1::TriageService::Stub> triage_;
  const std::string caller_;
  const std::chrono::milliseconds deadline_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AuditClient>> MakeRemoteAuditClient(const AuditServer& server) {
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = MakeChannel(server);
  if (!channel.ok()) return channel.status();
  return std::make_unique<RemoteAuditClient>(*channel, server);
}

}  // namespace plumbline::cli
