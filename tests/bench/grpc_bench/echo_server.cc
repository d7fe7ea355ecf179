// The bare echo: a TriageService that takes the same requests and answers with a ready response.
//
//   plumbline_echo_server --copy-from HOST:PORT --example NAME
//
// Asks the real service once for the answer to deploy/examples/NAME.json and then gives exactly
// that answer to everyone. Typed messages, callback API, one arena for each call: what a well-made
// gRPC service of these message sizes costs when it does nothing. Listens on a free port of the
// loopback interface and prints "listening on 127.0.0.1:PORT". SIGTERM or SIGINT stop it.

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/message_allocator.h>
#include <pthread.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "google/protobuf/arena.h"
#include "plumbline/v1/triage_service.grpc.pb.h"
#include "tests/bench/grpc_bench/example_request.h"

namespace plumbline::bench {
namespace {

// Request and response of one call, in an arena that goes when the call is over.
class ArenaMessages : public grpc::MessageHolder<v1::EvaluateRequest, v1::EvaluateResponse> {
 public:
  ArenaMessages() {
    set_request(google::protobuf::Arena::CreateMessage<v1::EvaluateRequest>(&arena_));
    set_response(google::protobuf::Arena::CreateMessage<v1::EvaluateResponse>(&arena_));
  }
  void Release() override { delete this; }

 private:
  google::protobuf::Arena arena_;
};

class ArenaAllocator : public grpc::MessageAllocator<v1::EvaluateRequest, v1::EvaluateResponse> {
 public:
  grpc::MessageHolder<v1::EvaluateRequest, v1::EvaluateResponse>* AllocateMessages() override {
    return new ArenaMessages;
  }
};

class EchoService : public v1::TriageService::CallbackService {
 public:
  explicit EchoService(v1::EvaluateResponse response) : response_(std::move(response)) {}

  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context,
                                     const v1::EvaluateRequest* /*request*/,
                                     v1::EvaluateResponse* response) override {
    response->CopyFrom(response_);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const v1::EvaluateResponse response_;
};

// The service's answer; prints why and returns false if there is none.
bool AskService(const std::string& address, const v1::EvaluateRequest& request,
                v1::EvaluateResponse& response) {
  const auto stub =
      v1::TriageService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  context.set_wait_for_ready(true);
  const grpc::Status status = stub->Evaluate(&context, request, &response);
  if (!status.ok()) {
    std::fprintf(stderr, "no answer from %s: %s\n", address.c_str(),
                 status.error_message().c_str());
  }
  return status.ok();
}

int Serve(v1::EvaluateResponse response) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);  // before gRPC starts threads

  EchoService service(std::move(response));
  ArenaAllocator allocator;
  service.SetMessageAllocatorFor_Evaluate(&allocator);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&stop, &signal);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  return 0;
}

int Main(int argc, char** argv) {
  std::string address;
  std::string example;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--copy-from") address = argv[i + 1];
    if (name == "--example") example = argv[i + 1];
  }
  if (address.empty() || example.empty()) {
    std::fprintf(stderr, "usage: %s --copy-from HOST:PORT --example NAME\n", argv[0]);
    return 2;
  }
  v1::EvaluateResponse response;
  if (!AskService(address, ExampleRequest(example), response)) return 1;
  return Serve(std::move(response));
}

}  // namespace
}  // namespace plumbline::bench

int main(int argc, char** argv) { return plumbline::bench::Main(argc, argv); }
