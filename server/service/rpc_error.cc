#include "server/service/rpc_error.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace plumbline::service {
namespace {

template <typename Detail>
std::string TypeUrl() {
  return absl::StrCat("type.googleapis.com/", Detail::descriptor()->full_name());
}

template <typename Detail>
void Attach(const Detail& detail, absl::Status& status) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

google::rpc::BadRequest ToBadRequest(const std::vector<FieldProblem>& problems) {
  google::rpc::BadRequest bad_request;
  size_t bytes = 0;
  size_t told = 0;
  for (const FieldProblem& problem : problems) {
    bytes += problem.field.size() + problem.description.size();
    if (told > 0 && (told == kMaxViolations || bytes > kMaxViolationBytes)) {
      break;
    }
    google::rpc::BadRequest::FieldViolation& violation = *bad_request.add_field_violations();
    violation.set_field(problem.field.substr(0, kMaxViolationBytes / 4));
    violation.set_description(problem.description.substr(0, kMaxViolationBytes / 2));
    ++told;
  }
  if (told < problems.size()) {
    google::rpc::BadRequest::FieldViolation& rest = *bad_request.add_field_violations();
    rest.set_description(absl::StrCat("and ", problems.size() - told, " more"));
  }
  return bad_request;
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, v1::ErrorReason reason, absl::string_view message) {
  absl::Status status(code, message);
  google::rpc::ErrorInfo info;
  info.set_reason(v1::ErrorReason_Name(reason));
  info.set_domain(kErrorDomain);
  Attach(info, status);
  return status;
}

absl::Status MakeFieldError(v1::ErrorReason reason, const std::vector<FieldProblem>& problems) {
  const google::rpc::BadRequest bad_request = ToBadRequest(problems);
  const auto& first = bad_request.field_violations(0);
  std::string message = absl::StrCat(first.field(), ": ", first.description());
  message.resize(std::min<size_t>(message.size(), 512));
  if (problems.size() > 1) {
    absl::StrAppend(&message, " (and ", problems.size() - 1, " more)");
  }
  absl::Status status = MakeError(absl::StatusCode::kInvalidArgument, reason, message);
  Attach(bad_request, status);
  return status;
}

absl::Status MakeOverloadedError(absl::string_view message, absl::Duration retry_after) {
  absl::Status status =
      MakeError(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_OVERLOADED, message);
  AddRetryInfo(retry_after, status);
  return status;
}

void AddRetryInfo(absl::Duration retry_after, absl::Status& status) {
  google::rpc::RetryInfo retry;
  const int64_t seconds = absl::IDivDuration(retry_after, absl::Seconds(1), &retry_after);
  retry.mutable_retry_delay()->set_seconds(seconds);
  retry.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(retry_after)));
  Attach(retry, status);
}

v1::ErrorReason ReasonOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(TypeUrl<google::rpc::ErrorInfo>());
  google::rpc::ErrorInfo info;
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (payload.has_value() && info.ParseFromString(std::string(*payload)) &&
      info.domain() == kErrorDomain && v1::ErrorReason_Parse(info.reason(), &reason)) {
    return reason;
  }
  return v1::ERROR_REASON_UNSPECIFIED;
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int32_t>(status.code()));
  rpc.set_message(std::string(status.message()));
  std::map<std::string, std::string> details;  // ForEachPayload has no order
  status.ForEachPayload([&details](absl::string_view url, const absl::Cord& bytes) {
    details.emplace(std::string(url), std::string(bytes));
  });
  for (auto& [url, bytes] : details) {
    google::protobuf::Any& any = *rpc.add_details();
    any.set_type_url(url);
    any.set_value(std::move(bytes));
  }
  return rpc;
}

}  // namespace plumbline::service
