// Two servers beside each other, in interleaved pairs: the service and the echo, or the service
// with and without something.
//
//   plumbline_closed_loop --service HOST:PORT --service-pid PID --echo HOST:PORT --echo-pid PID
//                         --example NAME [--in-flight 1,16,64,256] [--pairs 7] [--seconds 1.5]
//                         [--service-name service] [--echo-name echo] [--size-slack 0]
//
// For every number of calls in flight, measures both one after the other, as often as --pairs says,
// with the order changing from pair to pair. Prints Markdown: medians of both, and the median and
// range of the ratios within the pairs. Responses of both may differ by --size-slack bytes (ids of
// decisions and the like). Exit codes: 0; 1 a call failed; 2 wrong usage.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/bench/grpc_bench/closed_loop.h"
#include "tests/bench/grpc_bench/example_request.h"

namespace plumbline::bench {
namespace {

constexpr char kMethod[] = "/plumbline.v1.TriageService/Evaluate";
constexpr int kChannels = 4;
constexpr double kWarmUpSeconds = 0.3;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

std::string MedianAndRange(const std::vector<double>& values) {
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  return absl::StrFormat("%.2f (%.2f–%.2f)", Median(values), *least, *greatest);
}

// Measurements of one server at one number of calls in flight.
struct Series {
  std::vector<LoopMeasurement> runs;

  std::vector<double> All(double LoopMeasurement::*value) const {
    std::vector<double> values;
    for (const LoopMeasurement& run : runs) values.push_back(run.*value);
    return values;
  }
  std::string Row(const char* name, int in_flight) const {
    return absl::StrFormat(
        "| %d | %s | %.0f | %.0f | %.0f | %.1f | %.1f |", in_flight, name,
        Median(All(&LoopMeasurement::qps)), Median(All(&LoopMeasurement::p50_us)),
        Median(All(&LoopMeasurement::p99_us)), Median(All(&LoopMeasurement::server_cpu_us)),
        Median(All(&LoopMeasurement::client_cpu_us)));
  }
};

std::string Ratio(const Series& service, const Series& echo, double LoopMeasurement::*value) {
  std::vector<double> ratios;
  for (size_t i = 0; i < service.runs.size(); ++i) {
    ratios.push_back(service.runs[i].*value / echo.runs[i].*value);
  }
  return MedianAndRange(ratios);
}

struct Options {
  std::map<std::string, std::string> values = {
      {"--in-flight", "1,16,64,256"}, {"--pairs", "7"},        {"--seconds", "1.5"},
      {"--service-name", "service"},  {"--echo-name", "echo"}, {"--size-slack", "0"}};

  const std::string& Text(const std::string& name) { return values[name]; }
  int Int(const std::string& name) { return std::atoi(values[name].c_str()); }
  double Number(const std::string& name) { return std::atof(values[name].c_str()); }
};

class PairedRun {
 public:
  explicit PairedRun(Options& options)
      : request_(ExampleRequest(options.Text("--example")).SerializeAsString()),
        pairs_(options.Int("--pairs")),
        seconds_(options.Number("--seconds")),
        size_slack_(options.Int("--size-slack")),
        service_name_(options.Text("--service-name")),
        echo_name_(options.Text("--echo-name")),
        service_(options.Text("--service"), options.Int("--service-pid"), kMethod, kChannels),
        echo_(options.Text("--echo"), options.Int("--echo-pid"), kMethod, kChannels) {}

  bool Prepare() {
    if (!service_.Connect() || !echo_.Connect()) {
      std::fprintf(stderr, "a server cannot be reached\n");
      return false;
    }
    response_size_ = service_.ResponseSize(request_);
    const int64_t echo_size = echo_.ResponseSize(request_);
    const bool alike = std::abs(response_size_ - echo_size) <= size_slack_;
    if (!alike) {
      std::fprintf(stderr, "%s answers with %lld bytes, %s with %lld\n", echo_name_.c_str(),
                   static_cast<long long>(echo_size), service_name_.c_str(),
                   static_cast<long long>(response_size_));
    }
    return response_size_ > 0 && echo_size > 0 && alike;
  }

  bool Measure(int in_flight) {
    const int channels = in_flight == 1 ? 1 : kChannels;
    Series service;
    Series echo;
    for (int pair = 0; pair < pairs_; ++pair) {
      const auto run = [&](ClosedLoop& loop, Series& series) {
        series.runs.push_back(loop.Run(request_, response_size_, size_slack_, in_flight, channels,
                                       kWarmUpSeconds, seconds_));
        return series.runs.back().errors == 0 && series.runs.back().calls > 0;
      };
      const bool service_first = pair % 2 == 0;
      bool ok = service_first ? run(service_, service) : run(echo_, echo);
      ok = (service_first ? run(echo_, echo) : run(service_, service)) && ok;
      if (!ok) {
        std::fprintf(stderr, "calls failed at %d in flight\n", in_flight);
        return false;
      }
    }
    std::printf("%s | | | |\n", echo.Row(echo_name_.c_str(), in_flight).c_str());
    std::printf("%s %s | %s | %s |\n", service.Row(service_name_.c_str(), in_flight).c_str(),
                Ratio(service, echo, &LoopMeasurement::qps).c_str(),
                Ratio(service, echo, &LoopMeasurement::p99_us).c_str(),
                Ratio(service, echo, &LoopMeasurement::server_cpu_us).c_str());
    std::fflush(stdout);
    return true;
  }

  size_t request_size() const { return request_.size(); }
  int64_t response_size() const { return response_size_; }

 private:
  const std::string request_;
  const int pairs_;
  const double seconds_;
  const int64_t size_slack_;
  const std::string service_name_;
  const std::string echo_name_;
  ClosedLoop service_;
  ClosedLoop echo_;
  int64_t response_size_ = 0;
};

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) options.values[argv[i]] = argv[i + 1];
  for (const char* name : {"--service", "--service-pid", "--echo", "--echo-pid", "--example"}) {
    if (!options.Text(name).empty()) continue;
    std::fprintf(stderr, "%s is missing; the head of closed_loop_main.cc says how to use this\n",
                 name);
    return 2;
  }
  PairedRun run(options);
  if (!run.Prepare()) return 1;
  std::printf("%s: request %zu bytes, response %lld bytes.\n\n", options.Text("--example").c_str(),
              run.request_size(), static_cast<long long>(run.response_size()));
  std::printf(
      "| in flight | server | calls/s | p50 µs | p99 µs | server CPU µs/call | client CPU µs/call "
      "| calls/s, ratio to %s | p99, ratio to %s | server CPU, ratio to %s |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n",
      options.Text("--echo-name").c_str(), options.Text("--echo-name").c_str(),
      options.Text("--echo-name").c_str());
  const std::vector<std::string> steps = absl::StrSplit(options.Text("--in-flight"), ',');
  for (const std::string& text : steps) {
    int in_flight = 0;
    if (!absl::SimpleAtoi(text, &in_flight) || in_flight < 1) return 2;
    if (!run.Measure(in_flight)) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace plumbline::bench

int main(int argc, char** argv) { return plumbline::bench::Main(argc, argv); }
