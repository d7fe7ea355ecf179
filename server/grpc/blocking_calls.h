// BlockingCalls: runs the calls that may wait (for a disk, a log, a ruleset to be checked) on
// threads of their own, with the checks, the conversion and the logging that all of them share.
//
// A handler's method is one line: which use case to call with the decoded request and its caller.

#ifndef PLUMBLINE_SERVER_GRPC_BLOCKING_CALLS_H_
#define PLUMBLINE_SERVER_GRPC_BLOCKING_CALLS_H_

#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/grpc/call_gate.h"
#include "server/grpc/event_log.h"
#include "server/grpc/server_config.h"
#include "server/grpc/worker_pool.h"
#include "server/service/caller.h"
#include "server/service/request_decoder.h"

namespace plumbline::grpc_server {

// Thread-safe. `gate` and `log` must outlive it; it must outlive the server, which ends all calls.
class BlockingCalls {
 public:
  // The response's bytes.
  using Work = absl::AnyInvocable<absl::StatusOr<std::string>(absl::string_view request,
                                                              const service::Caller&) &&>;
  // Takes the bytes of one message of the stream and returns once there is room for the next; false
  // when nobody wants more, and the work should end.
  using Emit = absl::FunctionRef<bool(std::string message)>;
  using StreamWork = absl::AnyInvocable<absl::Status(absl::string_view request,
                                                     const service::Caller&, Emit emit) &&>;

  BlockingCalls(CallGate* gate, EventLog* log, const LimitConfig& limits,
                const BlockingConfig& config);

  // `method` must be a literal: it is kept until the call ends.
  grpc::ServerUnaryReactor* RunBytes(grpc::CallbackServerContext* context, absl::string_view method,
                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                     Work work);
  grpc::ServerWriteReactor<grpc::ByteBuffer>* StreamBytes(grpc::CallbackServerContext* context,
                                                          absl::string_view method,
                                                          const grpc::ByteBuffer* request,
                                                          StreamWork work);

  // The same with messages. `use_case`: StatusOr<Response>(const Request&, const Caller&).
  template <typename Request, typename UseCase>
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, absl::string_view method,
                                const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                UseCase use_case) {
    return RunBytes(
        context, method, request, response,
        [use_case = std::move(use_case)](
            absl::string_view bytes, const service::Caller& caller) -> absl::StatusOr<std::string> {
          Request message;
          if (absl::Status status = service::DecodeRequest(bytes, message); !status.ok()) {
            return status;
          }
          auto answer = use_case(message, caller);
          if (!answer.ok()) {
            return answer.status();
          }
          return answer->SerializeAsString();
        });
  }

  // `use_case`: Status(const Request&, const Caller&, FunctionRef<bool(const Response&)>).
  template <typename Request, typename Response, typename UseCase>
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Stream(grpc::CallbackServerContext* context,
                                                     absl::string_view method,
                                                     const grpc::ByteBuffer* request,
                                                     UseCase use_case) {
    return StreamBytes(
        context, method, request,
        [use_case = std::move(use_case)](absl::string_view bytes, const service::Caller& caller,
                                         Emit emit) -> absl::Status {
          Request message;
          if (absl::Status status = service::DecodeRequest(bytes, message); !status.ok()) {
            return status;
          }
          return use_case(message, caller, [&emit](const Response& response) {
            return emit(response.SerializeAsString());
          });
        });
  }

 private:
  CallGate* gate_;
  EventLog* log_;
  const size_t max_send_bytes_;
  WorkerPool unary_;
  WorkerPool streams_;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_BLOCKING_CALLS_H_
