// The request that the gRPC benchmark sends.

#ifndef PLUMBLINE_TESTS_BENCH_GRPC_BENCH_EXAMPLE_REQUEST_H_
#define PLUMBLINE_TESTS_BENCH_GRPC_BENCH_EXAMPLE_REQUEST_H_

#include <string>

#include "plumbline/v1/triage_service.pb.h"
#include "tests/bench/typical_intakes.h"

namespace plumbline::bench {

// `example` is a file of deploy/examples without its ending, or "empty": nothing answered.
inline v1::EvaluateRequest ExampleRequest(const std::string& example) {
  v1::EvaluateRequest request;
  request.mutable_intake();
  if (example != "empty") *request.mutable_intake() = ReadExampleOrDie(example);
  request.mutable_as_of()->set_year(kAsOfYear);
  request.mutable_as_of()->set_month(kAsOfMonth);
  request.mutable_as_of()->set_day(kAsOfDay);
  request.set_view(v1::DECISION_VIEW_FULL);
  return request;
}

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_GRPC_BENCH_EXAMPLE_REQUEST_H_
