// Calls Evaluate with bytes, deadlines and metadata that a well-behaved client would not send.

#ifndef PLUMBLINE_TESTS_TESTING_GRPC_RAW_CALL_H_
#define PLUMBLINE_TESTS_TESTING_GRPC_RAW_CALL_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/status.h"
#include "plumbline/v1/error_reason.pb.h"
#include "plumbline/v1/triage_service.pb.h"

namespace plumbline::testing {

struct RawCallOptions {
  // Absent: no deadline is sent.
  std::optional<absl::Duration> deadline = absl::Seconds(10);
  std::map<std::string, std::string> metadata;
  std::string method = "/plumbline.v1.TriageService/Evaluate";
};

// What came back. Details that the server did not send are left at their defaults.
struct RawResult {
  grpc::Status status;
  std::string response;
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  google::rpc::BadRequest bad_request;
  std::optional<google::rpc::RetryInfo> retry_info;

  // Fields of the violations, in order.
  std::vector<std::string> fields() const;
};

// Plaintext, and no retries.
std::shared_ptr<grpc::Channel> PlaintextChannel(const std::string& address);

RawResult RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& request,
                  const RawCallOptions& options = {});

// A request that is complete: empty intake, as of 2026-01-15.
v1::EvaluateRequest ValidRequest();

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_GRPC_RAW_CALL_H_
