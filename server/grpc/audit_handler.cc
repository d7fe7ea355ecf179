#include "server/grpc/audit_handler.h"

#include "absl/functional/function_ref.h"

namespace plumbline::grpc_server {

using service::Caller;

AuditHandler::Unary* AuditHandler::ListRecords(Context* context, const Bytes* request,
                                               Bytes* response) {
  return calls_->Run<v1::ListRecordsRequest>(
      context, "ListRecords", request, response,
      [this](const v1::ListRecordsRequest& message, const Caller& caller) {
        return service_->ListRecords(message, caller);
      });
}

AuditHandler::Unary* AuditHandler::GetRecord(Context* context, const Bytes* request,
                                             Bytes* response) {
  return calls_->Run<v1::GetRecordRequest>(
      context, "GetRecord", request, response,
      [this](const v1::GetRecordRequest& message, const Caller& caller) {
        return service_->GetRecord(message, caller);
      });
}

AuditHandler::Unary* AuditHandler::GetReceipt(Context* context, const Bytes* request,
                                              Bytes* response) {
  return calls_->Run<v1::GetReceiptRequest>(
      context, "GetReceipt", request, response,
      [this](const v1::GetReceiptRequest& message, const Caller& caller) {
        return service_->GetReceipt(message, caller);
      });
}

AuditHandler::Unary* AuditHandler::GetCheckpoint(Context* context, const Bytes* request,
                                                 Bytes* response) {
  return calls_->Run<v1::GetCheckpointRequest>(
      context, "GetCheckpoint", request, response,
      [this](const v1::GetCheckpointRequest& message, const Caller& caller) {
        return service_->GetCheckpoint(message, caller);
      });
}

AuditHandler::Unary* AuditHandler::GetInclusionProof(Context* context, const Bytes* request,
                                                     Bytes* response) {
  return calls_->Run<v1::GetInclusionProofRequest>(
      context, "GetInclusionProof", request, response,
      [this](const v1::GetInclusionProofRequest& message, const Caller& caller) {
        return service_->GetInclusionProof(message, caller);
      });
}

AuditHandler::Unary* AuditHandler::GetConsistencyProof(Context* context, const Bytes* request,
                                                       Bytes* response) {
  return calls_->Run<v1::GetConsistencyProofRequest>(
      context, "GetConsistencyProof", request, response,
      [this](const v1::GetConsistencyProofRequest& message, const Caller& caller) {
        return service_->GetConsistencyProof(message, caller);
      });
}

AuditHandler::Unary* AuditHandler::GetLogStatistics(Context* context, const Bytes* request,
                                                    Bytes* response) {
  return calls_->Run<v1::GetLogStatisticsRequest>(
      context, "GetLogStatistics", request, response,
      [this](const v1::GetLogStatisticsRequest& message, const Caller& caller) {
        return service_->GetLogStatistics(message, caller);
      });
}

AuditHandler::Unary* AuditHandler::ErasePatient(Context* context, const Bytes* request,
                                                Bytes* response) {
  return calls_->Run<v1::ErasePatientRequest>(
      context, "ErasePatient", request, response,
      [this](const v1::ErasePatientRequest& message, const Caller& caller) {
        return service_->ErasePatient(message, caller);
      });
}

AuditHandler::Unary* AuditHandler::SetLegalHold(Context* context, const Bytes* request,
                                                Bytes* response) {
  return calls_->Run<v1::SetLegalHoldRequest>(
      context, "SetLegalHold", request, response,
      [this](const v1::SetLegalHoldRequest& message, const Caller& caller) {
        return service_->SetLegalHold(message, caller);
      });
}

AuditHandler::Stream* AuditHandler::ExportLog(Context* context, const Bytes* request) {
  return calls_->Stream<v1::ExportLogRequest, v1::ExportLogResponse>(
      context, "ExportLog", request,
      [this](const v1::ExportLogRequest& message, const Caller& caller,
             absl::FunctionRef<bool(const v1::ExportLogResponse&)> emit) {
        return service_->ExportLog(message, caller, emit);
      });
}

AuditHandler::Stream* AuditHandler::ExportFeedback(Context* context, const Bytes* request) {
  return calls_->Stream<v1::ExportFeedbackRequest, v1::ExportFeedbackResponse>(
      context, "ExportFeedback", request,
      [this](const v1::ExportFeedbackRequest& message, const Caller& caller,
             absl::FunctionRef<bool(const v1::ExportFeedbackResponse&)> emit) {
        return service_->ExportFeedback(message, caller, emit);
      });
}

AuditHandler::Stream* AuditHandler::ReplayDecisions(Context* context, const Bytes* request) {
  return calls_->Stream<v1::ReplayDecisionsRequest, v1::ReplayDecisionsResponse>(
      context, "ReplayDecisions", request,
      [this](const v1::ReplayDecisionsRequest& message, const Caller& caller,
             absl::FunctionRef<bool(const v1::ReplayDecisionsResponse&)> emit) {
        return service_->ReplayDecisions(message, caller, emit);
      });
}

}  // namespace plumbline::grpc_server
