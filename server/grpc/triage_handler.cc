#include "server/grpc/triage_handler.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/arena.h"
#include "server/service/request_decoder.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {
namespace {

// Memory for the request of the call that this thread works on.
class RequestArena {
 public:
  RequestArena() : arena_(Options(block_)) {}

  v1::EvaluateRequest& NewRequest() {
    arena_.Reset();
    return *google::protobuf::Arena::CreateMessage<v1::EvaluateRequest>(&arena_);
  }

 private:
  static google::protobuf::ArenaOptions Options(char (&block)[16 * 1024]) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block;
    options.initial_block_size = sizeof(block);
    return options;
  }

  alignas(16) char block_[16 * 1024];
  google::protobuf::Arena arena_;
};

// Without a copy: the slice owns the string.
grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* text) { delete static_cast<std::string*>(text); },
      owned);
  return grpc::ByteBuffer(&slice, 1);
}

// What is known about a call while it is under way; ends it and logs it.
class Call {
 public:
  Call(EventLog* log, grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* response,
       size_t request_bytes)
      : log_(log), reactor_(reactor), response_(response), start_(absl::Now()) {
    event_.method = "Evaluate";
    event_.request_bytes = request_bytes;
  }

  void set_has_request_id(bool present) { event_.has_request_id = present; }

  void Succeed(service::EvaluateAnswer answer) {
    event_.code = "OK";
    event_.revision = answer.revision;
    event_.response_bytes = answer.response.size();
    grpc::ByteBuffer bytes = ToByteBuffer(std::move(answer.response));
    response_->Swap(&bytes);
    Log();
    reactor_->Finish(grpc::Status::OK);
  }

  void Fail(const absl::Status& status) {
    const std::string code = absl::StatusCodeToString(status.code());
    const v1::ErrorReason reason = service::ReasonOf(status);
    event_.code = code;
    if (reason != v1::ERROR_REASON_UNSPECIFIED) {
      event_.reason = v1::ErrorReason_Name(reason);
    }
    Log();
    reactor_->Finish(grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                                  std::string(status.message()),
                                  service::ToRpcStatus(status).SerializeAsString()));
  }

 private:
  void Log() {
    event_.latency_us = absl::ToInt64Microseconds(absl::Now() - start_);
    log_->OnCall(event_);
  }

  EventLog* log_;
  grpc::ServerUnaryReactor* reactor_;
  grpc::ByteBuffer* response_;
  absl::Time start_;
  CallEvent event_;
};

}  // namespace

TriageHandler::TriageHandler(const service::EvaluateService* service, EventLog* log,
                             const LimitConfig& limits)
    : service_(service), log_(log), limits_(limits), admission_(limits.max_in_flight) {}

absl::Status TriageHandler::CheckDeadline(std::chrono::system_clock::time_point deadline) const {
  if (deadline == std::chrono::system_clock::time_point::max()) {
    return service::MakeError(absl::StatusCode::kInvalidArgument,
                              v1::ERROR_REASON_DEADLINE_REQUIRED, "the call has no deadline");
  }
  if (absl::FromChrono(deadline) - absl::Now() < limits_.min_remaining) {
    return service::MakeError(absl::StatusCode::kDeadlineExceeded,
                              v1::ERROR_REASON_DEADLINE_TOO_SHORT,
                              "too little time is left before the deadline");
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* TriageHandler::Evaluate(grpc::CallbackServerContext* context,
                                                  const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Call call(log_, reactor, response, request->Length());
  if (const absl::Status status = CheckDeadline(context->deadline()); !status.ok()) {
    call.Fail(status);
    return reactor;
  }
  Admission::Token token = admission_.TryAdmit();
  if (!token) {
    call.Fail(service::MakeOverloadedError("too many requests at once", limits_.retry_after));
    return reactor;
  }
  thread_local RequestArena arena;
  v1::EvaluateRequest& message = arena.NewRequest();
  grpc::Slice slice;
  if (!request->DumpToSingleSlice(&slice).ok()) {
    slice = grpc::Slice();
  }
  const absl::string_view bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
  if (const absl::Status status = service::DecodeRequest(bytes, message); !status.ok()) {
    call.Fail(status);
    return reactor;
  }
  call.set_has_request_id(!message.request_id().empty());
  service_->Evaluate(
      message, bytes, service::Caller(),
      [call, token = std::move(token)](absl::StatusOr<service::EvaluateAnswer> answer) mutable {
        token.Release();
        answer.ok() ? call.Succeed(*std::move(answer)) : call.Fail(answer.status());
      });
  return reactor;
}

}  // namespace plumbline::grpc_server
