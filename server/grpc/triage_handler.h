// TriageHandler: plumbline.v1.TriageService on gRPC's callback API.
//
// Requests and responses are handled as bytes: a request is parsed on an arena of the thread, the
// response goes out as the one slice that the use case has assembled. Building protobuf objects for
// the answer would cost several times the evaluation.

#ifndef PLUMBLINE_SERVER_GRPC_TRIAGE_HANDLER_H_
#define PLUMBLINE_SERVER_GRPC_TRIAGE_HANDLER_H_

#include "plumbline/v1/triage_service.grpc.pb.h"
#include "server/grpc/blocking_calls.h"
#include "server/grpc/call_gate.h"
#include "server/grpc/evaluate_stream.h"
#include "server/grpc/event_log.h"
#include "server/grpc/server_config.h"
#include "server/service/evaluate_service.h"
#include "server/service/feedback_service.h"

namespace plumbline::grpc_server {

// Every method as bytes.
using RawTriageService = v1::TriageService::WithRawCallbackMethod_Evaluate<
    v1::TriageService::WithRawCallbackMethod_EvaluateStream<
        v1::TriageService::WithRawCallbackMethod_RecordFeedback<v1::TriageService::Service>>>;

// Thread-safe. Keeps pointers to services, gate, calls and log, which must outlive it.
class TriageHandler final : public RawTriageService {
 public:
  TriageHandler(const service::EvaluateService* service, const service::FeedbackService* feedback,
                CallGate* gate, BlockingCalls* calls, EventLog* log, const LimitConfig& limits);

  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* EvaluateStream(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* RecordFeedback(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override;

  // Ends streams once what they have read is answered.
  void Drain() { streams_.Drain(); }

 private:
  const service::EvaluateService* service_;
  const service::FeedbackService* feedback_;
  CallGate* gate_;
  BlockingCalls* calls_;
  EventLog* log_;
  EvaluateStreams streams_;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_TRIAGE_HANDLER_H_
