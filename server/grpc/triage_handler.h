// TriageHandler: plumbline.v1.TriageService on gRPC's callback API.
//
// Requests and responses are handled as bytes: a request is parsed on an arena of the thread, the
// response goes out as the one slice that the use case has assembled. Building protobuf objects for
// the answer would cost several times the evaluation.

#ifndef PLUMBLINE_SERVER_GRPC_TRIAGE_HANDLER_H_
#define PLUMBLINE_SERVER_GRPC_TRIAGE_HANDLER_H_

#include <chrono>

#include "plumbline/v1/triage_service.grpc.pb.h"
#include "server/grpc/admission.h"
#include "server/grpc/event_log.h"
#include "server/grpc/server_config.h"
#include "server/service/evaluate_service.h"

namespace plumbline::grpc_server {

// Thread-safe. Keeps pointers to service and log, which must outlive it.
class TriageHandler final
    : public v1::TriageService::WithRawCallbackMethod_Evaluate<v1::TriageService::Service> {
 public:
  TriageHandler(const service::EvaluateService* service, EventLog* log, const LimitConfig& limits);

  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

 private:
  absl::Status CheckDeadline(std::chrono::system_clock::time_point deadline) const;

  const service::EvaluateService* service_;
  EventLog* log_;
  const LimitConfig limits_;
  Admission admission_;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_TRIAGE_HANDLER_H_
