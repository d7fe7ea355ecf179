#include "server/grpc/evaluate_stream.h"

#include <atomic>
#include <deque>
#include <string>
#include <utility>

#include "server/grpc/byte_buffer.h"
#include "server/grpc/caller_identity.h"
#include "server/grpc/logged_call.h"
#include "server/grpc/request_arena.h"
#include "server/grpc/stream_messages.h"
#include "server/service/request_decoder.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {
namespace {

using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

absl::Status Stopping() {
  return absl::UnavailableError("the server is stopping: send what is not answered again");
}

class RefusedStream : public Reactor {
 public:
  explicit RefusedStream(const grpc::Status& status) { Finish(status); }

 private:
  void OnDone() override { delete this; }
};

}  // namespace

// Owned by itself: gRPC holds a share until OnDone, and so does every evaluation that is under way.
//
// Finish is called exactly once, when nothing is being evaluated or written and nothing more will
// be read. It may lead to OnDone, on another thread, before it returns.
class EvaluateStreams::Stream : public Reactor {
 public:
  Stream(EvaluateStreams* streams, service::Caller caller)
      : streams_(streams),
        caller_(std::move(caller)),
        attendance_(streams->gate_->Attend()),
        call_(streams->log_, "EvaluateStream", 0) {}

  void Begin() {
    absl::MutexLock lock(&mutex_);
    reading_ = true;
    StartRead(&read_);
  }

  void Drain() {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    FinishIfIdle();
  }

 private:
  void OnReadDone(bool ok) override {
    grpc::ByteBuffer item;
    uint64_t position = 0;
    {
      absl::MutexLock lock(&mutex_);
      reading_ = false;
      if (!ok || draining_) {
        reads_ended_ = true;
        FinishIfIdle();
        return;
      }
      item.Swap(&read_);
      position = next_position_++;
      ++unanswered_;
      call_.AddRequestBytes(item.Length());
      ReadOnIfRoom();  // the next item may be evaluated on another core meanwhile
    }
    users_.fetch_add(1);
    Evaluate(position, item);
  }

  void Evaluate(uint64_t position, const grpc::ByteBuffer& item) {
    const FlatBytes flat(item);
    std::string joined;
    const absl::StatusOr<absl::string_view> bytes = InnerRequest(flat.view(), joined);
    if (!bytes.ok()) {
      return Answer(position, bytes.status(), "");
    }
    v1::EvaluateRequest& request = RequestArena::NewRequestOfThisThread();
    if (absl::Status status = service::DecodeRequest(*bytes, request); !status.ok()) {
      return Answer(position, std::move(status), "");
    }
    absl::StatusOr<Admission::Token> token = streams_->gate_->Admit();
    if (!token.ok()) {
      return Answer(position, token.status(), request.request_id());
    }
    streams_->service_->Evaluate(
        request, *bytes, caller_,
        [this, position, request_id = request.request_id(),
         token = *std::move(token)](absl::StatusOr<service::EvaluateAnswer> answer) mutable {
          token.Release();
          Answer(position, std::move(answer), request_id);
        });
  }

  void Answer(uint64_t position, absl::StatusOr<service::EvaluateAnswer> answer,
              const std::string& request_id) {
    grpc::ByteBuffer message = answer.ok() ? MakeStreamAnswer(position, std::move(answer->response))
                                           : MakeStreamError(position, answer.status(), request_id);
    {
      absl::MutexLock lock(&mutex_);
      call_.CountItem(!answer.ok());
      if (cancelled_) {
        --unanswered_;
        FinishIfIdle();
      } else {
        call_.AddResponseBytes(message.Length());
        queue_.push_back(std::move(message));
        if (queue_.size() == 1) {
          StartWrite(&queue_.front());
        }
      }
    }
    Release();
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    queue_.pop_front();
    --unanswered_;
    if (!ok || cancelled_) {
      Cancel();
    } else if (!queue_.empty()) {
      StartWrite(&queue_.front());
    }
    ReadOnIfRoom();
    FinishIfIdle();
  }

  void OnCancel() override {
    absl::MutexLock lock(&mutex_);
    const bool writing = !queue_.empty() && !cancelled_;
    Cancel(writing);
    FinishIfIdle();
  }

  // Nobody will take answers any more. Keeps the one that is being written, if any.
  void Cancel(bool writing = false) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    cancelled_ = true;
    const size_t kept = writing ? 1 : 0;
    while (queue_.size() > kept) {
      queue_.pop_back();
      --unanswered_;
    }
  }

  void ReadOnIfRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!reading_ && !reads_ended_ && !draining_ && !cancelled_ &&
        unanswered_ < streams_->limits_.max_unanswered) {
      reading_ = true;
      StartRead(&read_);
    }
  }

  // Whoever calls this holds a share of this object until the lock is released.
  void FinishIfIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool no_more = reads_ended_ || draining_ || (cancelled_ && !reading_);
    if (finished_ || !no_more || unanswered_ > 0) {
      return;
    }
    finished_ = true;
    if (cancelled_) {
      call_.Cancelled();
      Finish(grpc::Status::CANCELLED);
    } else if (draining_ && !reads_ended_) {
      Finish(call_.Fail(Stopping()));
    } else {
      Finish(call_.Succeed());
    }
  }

  void OnDone() override {
    streams_->Remove(this);
    Release();
  }

  void Release() {
    if (users_.fetch_sub(1) == 1) {
      delete this;
    }
  }

  EvaluateStreams* streams_;
  const service::Caller caller_;
  const Admission::Token attendance_;
  std::atomic<int> users_{1};
  grpc::ByteBuffer read_;  // gRPC's while `reading_`
  absl::Mutex mutex_;
  LoggedCall call_ ABSL_GUARDED_BY(mutex_);
  // The first one is being written.
  std::deque<grpc::ByteBuffer> queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_position_ ABSL_GUARDED_BY(mutex_) = 0;
  int unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

EvaluateStreams::EvaluateStreams(const service::EvaluateService* service, CallGate* gate,
                                 EventLog* log, const LimitConfig& limits)
    : service_(service), gate_(gate), log_(log), limits_(limits) {}

Reactor* EvaluateStreams::Open(grpc::CallbackServerContext* context) {
  LoggedCall call(log_, "EvaluateStream", 0);
  if (const absl::Status status = gate_->CheckDeadline(context->deadline()); !status.ok()) {
    return new RefusedStream(call.Fail(status));
  }
  absl::StatusOr<service::Caller> caller = CallerOf(*context);
  if (!caller.ok()) {
    return new RefusedStream(call.Fail(caller.status()));
  }
  auto* stream = new Stream(this, *std::move(caller));
  if (const absl::Status status = Add(stream); !status.ok()) {
    delete stream;
    return new RefusedStream(call.Fail(status));
  }
  stream->Begin();
  return stream;
}

absl::Status EvaluateStreams::Add(Stream* stream) {
  absl::MutexLock lock(&mutex_);
  if (draining_) {
    return Stopping();
  }
  if (open_.size() >= static_cast<size_t>(limits_.max_open_streams)) {
    return service::MakeOverloadedError("too many open streams", limits_.retry_after);
  }
  open_.insert(stream);
  return absl::OkStatus();
}

void EvaluateStreams::Remove(Stream* stream) {
  absl::MutexLock lock(&mutex_);
  open_.erase(stream);
}

void EvaluateStreams::Drain() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  for (Stream* stream : open_) {
    stream->Drain();
  }
}

}  // namespace plumbline::grpc_server
