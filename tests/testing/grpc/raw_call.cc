#include "tests/testing/grpc/raw_call.h"

#include "absl/time/clock.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"

namespace plumbline::testing {
namespace {

void ReadDetails(RawResult& result) {
  google::rpc::Status rpc;
  if (result.status.error_details().empty() ||
      !rpc.ParseFromString(result.status.error_details())) {
    return;
  }
  for (const google::protobuf::Any& any : rpc.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info) && info.domain() == "plumbline") {
      v1::ErrorReason_Parse(info.reason(), &result.reason);
    } else if (any.UnpackTo(&retry)) {
      result.retry_info = retry;
    } else {
      any.UnpackTo(&result.bad_request);
    }
  }
}

}  // namespace

std::vector<std::string> RawResult::fields() const {
  std::vector<std::string> fields;
  for (const auto& violation : bad_request.field_violations()) {
    fields.push_back(violation.field());
  }
  return fields;
}

std::shared_ptr<grpc::Channel> PlaintextChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

RawResult RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& request,
                  const RawCallOptions& options) {
  grpc::ClientContext context;
  if (options.deadline) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + *options.deadline));
  }
  for (const auto& [key, value] : options.metadata) {
    context.AddMetadata(key, value);
  }
  const grpc::Slice slice(request);
  const grpc::ByteBuffer bytes(&slice, 1);
  grpc::ByteBuffer answer;
  RawResult result;
  grpc::CompletionQueue queue;
  const auto call =
      grpc::GenericStub(channel).PrepareUnaryCall(&context, options.method, bytes, &queue);
  call->StartCall();
  call->Finish(&answer, &result.status, &context);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  grpc::Slice received;
  if (result.status.ok() && answer.DumpToSingleSlice(&received).ok()) {
    result.response.assign(reinterpret_cast<const char*>(received.begin()), received.size());
  }
  ReadDetails(result);
  return result;
}

v1::EvaluateRequest ValidRequest() {
  v1::EvaluateRequest request;
  request.mutable_intake();
  request.mutable_as_of()->set_year(2026);
  request.mutable_as_of()->set_month(1);
  request.mutable_as_of()->set_day(15);
  return request;
}

}  // namespace plumbline::testing
