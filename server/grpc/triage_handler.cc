#include "server/grpc/triage_handler.h"

#include <utility>

#include "server/grpc/byte_buffer.h"
#include "server/grpc/caller_identity.h"
#include "server/grpc/logged_call.h"
#include "server/grpc/request_arena.h"
#include "server/service/request_decoder.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {

TriageHandler::TriageHandler(const service::EvaluateService* service,
                             const service::FeedbackService* feedback, CallGate* gate,
                             BlockingCalls* calls, EventLog* log, const LimitConfig& limits)
    : service_(service),
      feedback_(feedback),
      gate_(gate),
      calls_(calls),
      log_(log),
      streams_(service, gate, log, limits) {}

grpc::ServerUnaryReactor* TriageHandler::Evaluate(grpc::CallbackServerContext* context,
                                                  const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  LoggedCall call(log_, "Evaluate", request->Length());
  const auto fail = [&](const absl::Status& status) {
    reactor->Finish(call.Fail(status));
    return reactor;
  };
  absl::StatusOr<Admission::Token> token = gate_->Enter(context->deadline());
  if (!token.ok()) {
    return fail(token.status());
  }
  const absl::StatusOr<service::Caller> caller = CallerOf(*context);
  if (!caller.ok()) {
    return fail(caller.status());
  }
  const FlatBytes bytes(*request);
  v1::EvaluateRequest& message = RequestArena::NewRequestOfThisThread();
  if (const absl::Status status = service::DecodeRequest(bytes.view(), message); !status.ok()) {
    return fail(status);
  }
  call.set_has_request_id(!message.request_id().empty());
  service_->Evaluate(message, bytes.view(), *caller,
                     [call, reactor, response, token = *std::move(token)](
                         absl::StatusOr<service::EvaluateAnswer> answer) mutable {
                       token.Release();
                       if (!answer.ok()) {
                         reactor->Finish(call.Fail(answer.status()));
                         return;
                       }
                       call.AddResponseBytes(answer->response.size());
                       grpc::ByteBuffer buffer = ToByteBuffer(std::move(answer->response));
                       response->Swap(&buffer);
                       reactor->Finish(call.Succeed(answer->revision));
                     });
  return reactor;
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* TriageHandler::EvaluateStream(
    grpc::CallbackServerContext* context) {
  return streams_.Open(context);
}

grpc::ServerUnaryReactor* TriageHandler::RecordFeedback(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request,
                                                        grpc::ByteBuffer* response) {
  return calls_->Run<v1::RecordFeedbackRequest>(
      context, "RecordFeedback", request, response,
      [this](const v1::RecordFeedbackRequest& message, const service::Caller& caller) {
        return feedback_->RecordFeedback(message, caller);
      });
}

}  // namespace plumbline::grpc_server
