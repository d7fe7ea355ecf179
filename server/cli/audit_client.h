// AuditClient: the calls of AuditService, whoever answers them: a log in a folder of this machine,
// or a server.

#ifndef PLUMBLINE_SERVER_CLI_AUDIT_CLIENT_H_
#define PLUMBLINE_SERVER_CLI_AUDIT_CLIENT_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plumbline/client/options.h"
#include "plumbline/v1/audit_service.pb.h"
#include "plumbline/v1/ruleset_service.pb.h"
#include "plumbline/v1/triage_service.pb.h"
#include "server/cli/opened_log.h"

namespace plumbline::cli {

// Calls block. Streams hand each response to `take`, until it returns false. Thread-compatible.
class AuditClient {
 public:
  template <typename Response>
  using Take = absl::FunctionRef<bool(const Response&)>;

  virtual ~AuditClient() = default;

  virtual absl::StatusOr<v1::ListRecordsResponse> ListRecords(
      const v1::ListRecordsRequest& request) = 0;
  virtual absl::StatusOr<v1::GetRecordResponse> GetRecord(const v1::GetRecordRequest& request) = 0;
  virtual absl::StatusOr<v1::GetReceiptResponse> GetReceipt(
      const v1::GetReceiptRequest& request) = 0;
  virtual absl::StatusOr<v1::GetCheckpointResponse> GetCheckpoint(
      const v1::GetCheckpointRequest& request) = 0;
  virtual absl::StatusOr<v1::GetLogStatisticsResponse> GetLogStatistics(
      const v1::GetLogStatisticsRequest& request) = 0;
  virtual absl::Status ExportLog(const v1::ExportLogRequest& request,
                                 Take<v1::ExportLogResponse> take) = 0;
  virtual absl::Status ExportFeedback(const v1::ExportFeedbackRequest& request,
                                      Take<v1::ExportFeedbackResponse> take) = 0;
  virtual absl::StatusOr<v1::ErasePatientResponse> ErasePatient(
      const v1::ErasePatientRequest& request) = 0;
  virtual absl::StatusOr<v1::SetLegalHoldResponse> SetLegalHold(
      const v1::SetLegalHoldRequest& request) = 0;
  virtual absl::Status ReplayDecisions(const v1::ReplayDecisionsRequest& request,
                                       Take<v1::ReplayDecisionsResponse> take) = 0;
  virtual absl::StatusOr<v1::RecordFeedbackResponse> RecordFeedback(
      const v1::RecordFeedbackRequest& request) = 0;
  // Unimplemented where nobody knows more than the log.
  virtual absl::StatusOr<v1::GetRevisionResponse> GetRevision(
      const v1::GetRevisionRequest& request) = 0;

  // The log in the folder; null when a server answers.
  virtual OpenedLog* opened() { return nullptr; }
};

// `caller`: as whom the calls are put on record.
std::unique_ptr<AuditClient> MakeLocalAuditClient(std::unique_ptr<OpenedLog> log,
                                                  std::string caller);

struct AuditServer {
  // HOST:PORT.
  std::string target;
  bool tls = false;
  client::TlsOptions tls_files;
  // What the caller says of itself; a client certificate outranks it.
  std::string caller;
  // For calls that answer at once; exports and replays take as long as they take.
  std::chrono::milliseconds deadline{10'000};
};

// InvalidArgument if a TLS file cannot be read.
absl::StatusOr<std::unique_ptr<AuditClient>> MakeRemoteAuditClient(const AuditServer& server);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_AUDIT_CLIENT_H_
