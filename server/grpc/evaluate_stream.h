// EvaluateStreams: the streams of TriageService.EvaluateStream that are open.
//
// A stream reads ahead until `max_unanswered` of its requests have no answer on the wire yet, and
// reads on when the client has taken some: a slow reader slows itself down, and nobody else. Each
// request passes admission by itself, so that a stream is not more than its share of the calls.

#ifndef PLUMBLINE_SERVER_GRPC_EVALUATE_STREAM_H_
#define PLUMBLINE_SERVER_GRPC_EVALUATE_STREAM_H_

#include <unordered_set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/grpc/call_gate.h"
#include "server/grpc/event_log.h"
#include "server/service/evaluate_service.h"

namespace plumbline::grpc_server {

// Thread-safe. Service, gate and log must outlive it, and it must outlive the server.
class EvaluateStreams {
 public:
  EvaluateStreams(const service::EvaluateService* service, CallGate* gate, EventLog* log,
                  const LimitConfig& limits);

  // Never null. A stream without a deadline, or one too many, ends at once.
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Open(
      grpc::CallbackServerContext* context);

  // Reads no more: streams end with UNAVAILABLE once what they have read is answered.
  void Drain();

 private:
  class Stream;

  // RESOURCE_EXHAUSTED if there are too many, UNAVAILABLE if all are being drained.
  absl::Status Add(Stream* stream);
  void Remove(Stream* stream);

  const service::EvaluateService* service_;
  CallGate* gate_;
  EventLog* log_;
  const LimitConfig limits_;
  mutable absl::Mutex mutex_;
  std::unordered_set<Stream*> open_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_EVALUATE_STREAM_H_
