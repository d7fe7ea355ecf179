#include "server/grpc/blocking_calls.h"

#include <atomic>
#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/grpc/byte_buffer.h"
#include "server/grpc/caller_identity.h"
#include "server/grpc/logged_call.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {
namespace {

// Messages of a stream that may wait for a slow reader.
constexpr size_t kMaxQueued = 4;

absl::Status TooManyWaiting() {
  return service::MakeOverloadedError("too many administrative calls at once", absl::Seconds(1));
}

// Deletes itself when gRPC is done with it.
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(const LoggedCall& call, Admission::Token attendance, grpc::ByteBuffer* response)
      : call_(call), attendance_(std::move(attendance)), response_(response) {}

  void End(absl::StatusOr<std::string> answer) {
    if (!answer.ok()) {
      Finish(call_.Fail(answer.status()));
      return;
    }
    call_.AddResponseBytes(answer->size());
    grpc::ByteBuffer bytes = ToByteBuffer(*std::move(answer));
    response_->Swap(&bytes);
    Finish(call_.Succeed());
  }

 private:
  void OnCancel() override {}  // the work is short, and its answer is dropped
  void OnDone() override { delete this; }

  LoggedCall call_;
  const Admission::Token attendance_;
  grpc::ByteBuffer* response_;
};

// Between the thread that works and gRPC, which writes one message at a time. Deletes itself when
// both are done with it: Finish may lead to OnDone, on another thread, before it returns.
class StreamCall : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  StreamCall(const LoggedCall& call, Admission::Token attendance)
      : attendance_(std::move(attendance)), call_(call) {}

  // Waits for room. False: cancelled.
  bool Emit(std::string message) {
    absl::MutexLock lock(&mutex_);
    const auto room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return cancelled_ || queue_.size() < kMaxQueued;
    };
    mutex_.Await(absl::Condition(&room));
    if (cancelled_) {
      return false;
    }
    call_.AddResponseBytes(message.size());
    queue_.push_back(ToByteBuffer(std::move(message)));
    if (queue_.size() == 1) {
      StartWrite(&queue_.front());
    }
    return true;
  }

  // The work is over; nothing is emitted any more.
  void End(const absl::Status& status) {
    {
      absl::MutexLock lock(&mutex_);
      ended_ = true;
      if (cancelled_) {
        call_.Cancelled();
        end_status_ = grpc::Status::CANCELLED;
      } else {
        end_status_ = status.ok() ? call_.Succeed() : call_.Fail(status);
      }
      if (queue_.empty()) {
        Finish(end_status_);
      }
    }
    Release();
  }

 private:
  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    if (ok) {
      queue_.pop_front();
    } else {
      cancelled_ = true;
      queue_.clear();
    }
    if (!queue_.empty()) {
      StartWrite(&queue_.front());
    } else if (ended_) {
      Finish(end_status_);
    }
  }

  // What is being written ends by OnWriteDone(false).
  void OnCancel() override {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
  }

  void OnDone() override { Release(); }

  void Release() {
    if (users_.fetch_sub(1) == 1) {
      delete this;
    }
  }

  const Admission::Token attendance_;
  std::atomic<int> users_{2};
  absl::Mutex mutex_;
  LoggedCall call_ ABSL_GUARDED_BY(mutex_);
  // The first one is being written.
  std::deque<grpc::ByteBuffer> queue_ ABSL_GUARDED_BY(mutex_);
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

BlockingCalls::BlockingCalls(CallGate* gate, EventLog* log, const LimitConfig& limits,
                             const BlockingConfig& config)
    : gate_(gate),
      log_(log),
      max_send_bytes_(static_cast<size_t>(limits.max_send_bytes)),
      unary_(config.unary_threads, static_cast<size_t>(config.max_waiting)),
      streams_(config.stream_threads, static_cast<size_t>(config.max_waiting)) {}

grpc::ServerUnaryReactor* BlockingCalls::RunBytes(grpc::CallbackServerContext* context,
                                                  absl::string_view method,
                                                  const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response, Work work) {
  auto* call =
      new UnaryCall(LoggedCall(log_, method, request->Length()), gate_->Attend(), response);
  absl::StatusOr<service::Caller> caller = CallerOf(*context);
  if (!caller.ok()) {
    call->End(caller.status());
    return call;
  }
  absl::StatusOr<Admission::Token> token = gate_->Enter(context->deadline());
  if (!token.ok()) {
    call->End(token.status());
    return call;
  }
  const bool taken = unary_.TryRun([this, call, context, request, caller = *std::move(caller),
                                    token = *std::move(token), work = std::move(work)]() mutable {
    // It may have waited for its turn in vain.
    if (absl::Status late = gate_->CheckDeadline(context->deadline()); !late.ok()) {
      token.Release();
      call->End(std::move(late));
      return;
    }
    absl::StatusOr<std::string> answer = std::move(work)(FlatBytes(*request).view(), caller);
    if (answer.ok() && answer->size() > max_send_bytes_) {
      answer = absl::ResourceExhaustedError(absl::StrCat("the answer has ", answer->size(),
                                                         " bytes; this address sends at most ",
                                                         max_send_bytes_));
    }
    token.Release();
    call->End(std::move(answer));
  });
  if (!taken) {
    call->End(TooManyWaiting());
  }
  return call;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* BlockingCalls::StreamBytes(
    grpc::CallbackServerContext* context, absl::string_view method, const grpc::ByteBuffer* request,
    StreamWork work) {
  auto* call = new StreamCall(LoggedCall(log_, method, request->Length()), gate_->Attend());
  absl::StatusOr<service::Caller> caller = CallerOf(*context);
  if (!caller.ok()) {
    call->End(caller.status());
    return call;
  }
  absl::StatusOr<Admission::Token> token = gate_->Enter(context->deadline());
  if (!token.ok()) {
    call->End(token.status());
    return call;
  }
  // The request may be gone as soon as the reactor is finished, but not before.
  const bool taken = streams_.TryRun([call, request, caller = *std::move(caller),
                                      token = *std::move(token), work = std::move(work)]() mutable {
    absl::Status status;
    {
      const FlatBytes bytes(*request);
      status = std::move(work)(bytes.view(), caller, [call](std::string message) {
        return call->Emit(std::move(message));
      });
    }
    token.Release();
    call->End(status);
  });
  if (!taken) {
    call->End(TooManyWaiting());
  }
  return call;
}

}  // namespace plumbline::grpc_server
