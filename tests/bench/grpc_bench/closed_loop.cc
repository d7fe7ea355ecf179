#include "tests/bench/grpc_bench/closed_loop.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace plumbline::bench {
namespace {

constexpr std::chrono::seconds kDeadline(30);

double Seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double Now() { return Seconds(CLOCK_MONOTONIC); }

// User and system time of a process so far; 0 if there is no such process.
double CpuSecondsOf(pid_t process) {
  clockid_t clock{};
  return clock_getcpuclockid(process, &clock) == 0 ? Seconds(clock) : 0;
}

double PercentileMicroseconds(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const size_t index = static_cast<size_t>(static_cast<double>(sorted.size()) * share);
  return sorted[std::min(index, sorted.size() - 1)] * 1e6;
}

grpc::ByteBuffer ToByteBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

struct ClosedLoop::Call {
  grpc::ClientContext context;
  grpc::ByteBuffer response;
  grpc::Status status;
  double start = 0;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

ClosedLoop::ClosedLoop(const std::string& address, pid_t server, std::string method, int channels)
    : method_(std::move(method)), server_(server) {
  for (int i = 0; i < channels; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // one connection for each channel
    channels_.push_back(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    stubs_.push_back(std::make_unique<grpc::GenericStub>(channels_.back()));
  }
}

bool ClosedLoop::Connect() {
  const auto limit = std::chrono::system_clock::now() + std::chrono::seconds(5);
  return std::all_of(channels_.begin(), channels_.end(),
                     [&](const auto& channel) { return channel->WaitForConnected(limit); });
}

void ClosedLoop::Start(const grpc::ByteBuffer& request, double now) {
  auto* call = new Call;
  call->start = now;
  call->context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  grpc::GenericStub& stub = *stubs_[next_channel_++ % used_channels_];
  call->reader = stub.PrepareUnaryCall(&call->context, method_, request, &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, call);
}

int64_t ClosedLoop::ResponseSize(const std::string& request) {
  Start(ToByteBuffer(request), Now());
  void* tag = nullptr;
  bool ok = false;
  queue_.Next(&tag, &ok);
  const std::unique_ptr<Call> call(static_cast<Call*>(tag));
  if (call->status.ok()) return static_cast<int64_t>(call->response.Length());
  std::fprintf(stderr, "the call failed: %s\n", call->status.error_message().c_str());
  return -1;
}

LoopMeasurement ClosedLoop::Run(const std::string& request, int64_t response_size,
                                int64_t size_slack, int in_flight, int channels,
                                double warm_up_seconds, double seconds) {
  const grpc::ByteBuffer bytes = ToByteBuffer(request);
  used_channels_ = static_cast<size_t>(channels);
  LoopMeasurement result;
  std::vector<double> latencies;
  latencies.reserve(1'000'000);

  const double begin = Now() + warm_up_seconds;
  const double end = begin + seconds;
  double began = 0;
  double ended = 0;
  double server_cpu = 0;
  double client_cpu = 0;
  for (int i = 0; i < in_flight; ++i) Start(bytes, Now());
  void* tag = nullptr;
  bool ok = false;
  for (int running = in_flight; running > 0 && queue_.Next(&tag, &ok);) {
    const std::unique_ptr<Call> call(static_cast<Call*>(tag));
    const double now = Now();
    if (began == 0 && now >= begin) {
      began = now;
      server_cpu = CpuSecondsOf(server_);
      client_cpu = CpuSecondsOf(getpid());
    } else if (began != 0 && ended == 0) {
      latencies.push_back(now - call->start);
      const auto size = static_cast<int64_t>(call->response.Length());
      if (!call->status.ok() || std::abs(size - response_size) > size_slack) {
        ++result.errors;
      }
      if (now >= end) {
        ended = now;
        server_cpu = CpuSecondsOf(server_) - server_cpu;
        client_cpu = CpuSecondsOf(getpid()) - client_cpu;
      }
    }
    if (ended == 0) {
      Start(bytes, now);
    } else {
      --running;
    }
  }

  std::sort(latencies.begin(), latencies.end());
  const double count = static_cast<double>(latencies.size());
  result.calls = latencies.size();
  result.qps = count / (ended - began);
  result.p50_us = PercentileMicroseconds(latencies, 0.50);
  result.p99_us = PercentileMicroseconds(latencies, 0.99);
  result.server_cpu_us = server_cpu * 1e6 / count;
  result.client_cpu_us = client_cpu * 1e6 / count;
  return result;
}

}  // namespace plumbline::bench
