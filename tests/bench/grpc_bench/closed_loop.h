// ClosedLoop: keeps a number of calls in flight at one server and measures it.
//
// A byte-buffer client on one thread: the request is serialised once and the response is not
// parsed, because client and server share the machine. Not thread-safe.

#ifndef PLUMBLINE_TESTS_BENCH_GRPC_BENCH_CLOSED_LOOP_H_
#define PLUMBLINE_TESTS_BENCH_GRPC_BENCH_CLOSED_LOOP_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace plumbline::bench {

struct LoopMeasurement {
  uint64_t calls = 0;
  uint64_t errors = 0;  // calls that failed, or whose response had another size
  double qps = 0;
  double p50_us = 0;
  double p99_us = 0;
  double server_cpu_us = 0;  // user and system time of the server process, per call
  double client_cpu_us = 0;
};

class ClosedLoop {
 public:
  // `server` is the process that listens at `address`; `method` is "/package.Service/Method".
  ClosedLoop(const std::string& address, pid_t server, std::string method, int channels);

  // False if the server cannot be reached within five seconds.
  bool Connect();

  // Size of the response to `request`; negative (and the reason on the standard error) if it fails.
  int64_t ResponseSize(const std::string& request);

  // Keeps `in_flight` calls going over the first `channels` channels; measures for `seconds` after
  // `warm_up_seconds`. Responses may differ from `response_size` by `size_slack` bytes.
  LoopMeasurement Run(const std::string& request, int64_t response_size, int64_t size_slack,
                      int in_flight, int channels, double warm_up_seconds, double seconds);

 private:
  struct Call;
  void Start(const grpc::ByteBuffer& request, double now);

  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  grpc::CompletionQueue queue_;
  const std::string method_;
  const pid_t server_;
  size_t used_channels_ = 1;
  size_t next_channel_ = 0;
};

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_GRPC_BENCH_CLOSED_LOOP_H_
