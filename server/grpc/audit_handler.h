// AuditHandler: plumbline.v1.AuditService on gRPC. For administrative addresses only.

#ifndef PLUMBLINE_SERVER_GRPC_AUDIT_HANDLER_H_
#define PLUMBLINE_SERVER_GRPC_AUDIT_HANDLER_H_

#include "plumbline/v1/audit_service.grpc.pb.h"
#include "server/grpc/blocking_calls.h"
#include "server/service/audit_log_service.h"

namespace plumbline::grpc_server {

template <typename Base>
using RawAuditProofs = v1::AuditService::WithRawCallbackMethod_GetReceipt<
    v1::AuditService::WithRawCallbackMethod_GetCheckpoint<
        v1::AuditService::WithRawCallbackMethod_GetInclusionProof<
            v1::AuditService::WithRawCallbackMethod_GetConsistencyProof<Base>>>>;
template <typename Base>
using RawAuditStreams = v1::AuditService::WithRawCallbackMethod_ExportLog<
    v1::AuditService::WithRawCallbackMethod_ExportFeedback<
        v1::AuditService::WithRawCallbackMethod_ReplayDecisions<Base>>>;
template <typename Base>
using RawAuditRecords = v1::AuditService::WithRawCallbackMethod_ListRecords<
    v1::AuditService::WithRawCallbackMethod_GetRecord<
        v1::AuditService::WithRawCallbackMethod_GetLogStatistics<
            v1::AuditService::WithRawCallbackMethod_ErasePatient<
                v1::AuditService::WithRawCallbackMethod_SetLegalHold<Base>>>>>;
// Every method as bytes.
using RawAuditService = RawAuditRecords<RawAuditProofs<RawAuditStreams<v1::AuditService::Service>>>;

// Thread-safe. Keeps pointers to service and calls, which must outlive it.
class AuditHandler final : public RawAuditService {
 public:
  AuditHandler(service::AuditLogService* service, BlockingCalls* calls)
      : service_(service), calls_(calls) {}

  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;
  using Unary = grpc::ServerUnaryReactor;
  using Stream = grpc::ServerWriteReactor<grpc::ByteBuffer>;

  Unary* ListRecords(Context*, const Bytes* request, Bytes* response) override;
  Unary* GetRecord(Context*, const Bytes* request, Bytes* response) override;
  Unary* GetReceipt(Context*, const Bytes* request, Bytes* response) override;
  Unary* GetCheckpoint(Context*, const Bytes* request, Bytes* response) override;
  Unary* GetInclusionProof(Context*, const Bytes* request, Bytes* response) override;
  Unary* GetConsistencyProof(Context*, const Bytes* request, Bytes* response) override;
  Unary* GetLogStatistics(Context*, const Bytes* request, Bytes* response) override;
  Unary* ErasePatient(Context*, const Bytes* request, Bytes* response) override;
  Unary* SetLegalHold(Context*, const Bytes* request, Bytes* response) override;
  Stream* ExportLog(Context*, const Bytes* request) override;
  Stream* ExportFeedback(Context*, const Bytes* request) override;
  Stream* ReplayDecisions(Context*, const Bytes* request) override;

 private:
  service::AuditLogService* service_;
  BlockingCalls* calls_;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_AUDIT_HANDLER_H_
