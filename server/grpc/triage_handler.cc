#include "server/grpc/triage_handler.h"

#include <utility>

#include "server/grpc/byte_buffer.h"
#include "server/grpc/caller_identity.h"
#include "server/grpc/logged_call.h"
#include "server/grpc/request_arena.h"
#include "server/service/request_decoder.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {
namespace {

// Attends until gRPC has sent the answer: one that is on its way to a slow client is not cut off by
// a stop. Deletes itself when gRPC is done with it.
class EvaluateCall final : public grpc::ServerUnaryReactor {
 public:
  EvaluateCall(const LoggedCall& call, Admission::Token attendance, grpc::ByteBuffer* response)
      : call_(call), attendance_(std::move(attendance)), response_(response) {}

  void set_has_request_id(bool present) { call_.set_has_request_id(present); }

  // One of them is called, once; the object may be gone when it returns.
  void Fail(const absl::Status& status) { Finish(call_.Fail(status)); }
  void Succeed(service::EvaluateAnswer answer) {
    call_.AddResponseBytes(answer.response.size());
    grpc::ByteBuffer bytes = ToByteBuffer(std::move(answer.response));
    response_->Swap(&bytes);
    Finish(call_.Succeed(answer.revision));
  }

 private:
  void OnDone() override { delete this; }

  LoggedCall call_;
  const Admission::Token attendance_;
  grpc::ByteBuffer* const response_;
};

}  // namespace

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
  auto* call =
      new EvaluateCall(LoggedCall(log_, "Evaluate", request->Length()), gate_->Attend(), response);
  const auto fail = [call](const absl::Status& status) {
    call->Fail(status);
    return call;
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
  call->set_has_request_id(!message.request_id().empty());
  service_->Evaluate(
      message, bytes.view(), *caller,
      [call, token = *std::move(token)](absl::StatusOr<service::EvaluateAnswer> answer) mutable {
        token.Release();
        if (answer.ok()) {
          call->Succeed(*std::move(answer));
        } else {
          call->Fail(answer.status());
        }
      });
  return call;
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
