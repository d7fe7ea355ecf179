#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/grpcpp.h"
#include "plumbline/v1/audit_service.grpc.pb.h"
#include "plumbline/v1/ruleset_service.grpc.pb.h"
#include "plumbline/v1/triage_service.grpc.pb.h"
#include "server/cli/audit_client.h"

namespace plumbline::cli {
namespace {

absl::StatusOr<std::string> ReadPem(const char* what, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string pem{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || pem.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(what, " ", path, " cannot be read"));
  }
  return pem;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const AuditServer& server) {
  if (!server.tls) return grpc::InsecureChannelCredentials();
  if (server.tls_files.cert_file.empty() != server.tls_files.key_file.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key belong together");
  }
  grpc::SslCredentialsOptions ssl;
  const struct {
    const char* flag;
    const std::string& path;
    std::string& pem;
  } files[] = {{"--tls-ca", server.tls_files.ca_file, ssl.pem_root_certs},
               {"--tls-cert", server.tls_files.cert_file, ssl.pem_cert_chain},
               {"--tls-key", server.tls_files.key_file, ssl.pem_private_key}};
  for (const auto& file : files) {
    if (file.path.empty()) continue;
    absl::StatusOr<std::string> pem = ReadPem(file.flag, file.path);
    if (!pem.ok()) return pem.status();
    file.pem = *std::move(pem);
  }
  return grpc::SslCredentials(ssl);
}

// The server's words, with every field that it found wrong.
absl::Status FromRpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  std::string message = status.error_message();
  google::rpc::Status details;
  google::rpc::BadRequest bad;
  if (details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : details.details()) {
      if (!detail.UnpackTo(&bad)) continue;
      for (const auto& violation : bad.field_violations()) {
        absl::StrAppend(&message, "\n  ", violation.field(), ": ", violation.description());
      }
    }
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), message);
}

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
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = MakeCredentials(server);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("plumbline-cli");
  // A record holds a request and a decision, which may each have as much as a server takes.
  arguments.SetMaxReceiveMessageSize(64 << 20);
  if (server.tls && !server.tls_files.server_name.empty()) {
    arguments.SetSslTargetNameOverride(server.tls_files.server_name);
  }
  return std::make_unique<RemoteAuditClient>(
      grpc::CreateCustomChannel(server.target, *credentials, arguments), server);
}

}  // namespace plumbline::cli
