// RequestArena: memory for the request that a thread works on.

#ifndef PLUMBLINE_SERVER_GRPC_REQUEST_ARENA_H_
#define PLUMBLINE_SERVER_GRPC_REQUEST_ARENA_H_

#include "google/protobuf/arena.h"
#include "plumbline/v1/triage_service.pb.h"

namespace plumbline::grpc_server {

// Not thread-safe: one for each thread. The message lives until the next call.
class RequestArena {
 public:
  RequestArena() : arena_(Options(block_)) {}

  static v1::EvaluateRequest& NewRequestOfThisThread() {
    thread_local RequestArena arena;
    return arena.NewRequest();
  }

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

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_REQUEST_ARENA_H_
