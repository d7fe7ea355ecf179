#include "plumbline/client/triage_client.h"

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "plumbline/v1/triage_service.grpc.pb.h"
#include "src/error_details.h"

namespace plumbline::client {
namespace {

using EvaluateResult = TriageClient::EvaluateResult;

Error InvalidOptions(std::string message) {
  return Error{Code::kInvalidArgument, std::move(message), v1::ERROR_REASON_UNSPECIFIED, {}, {}};
}

// "0.050s", the form of durations in a service config.
std::string Seconds(std::chrono::milliseconds duration) {
  const std::string rest = std::to_string(duration.count() % 1000);
  return std::to_string(duration.count() / 1000) + "." + std::string(3 - rest.size(), '0') + rest +
         "s";
}

// gRPC carries the policy out below the stub, for both kinds of call. CANCELLED is what a server
// that is stopping answers to calls which it did not begin; this client never cancels by itself.
std::string ServiceConfig(const RetryPolicy& retry) {
  std::ostringstream json;
  json << R"({"methodConfig":[{"name":[)"
       << R"({"service":"plumbline.v1.TriageService","method":"Evaluate"},)"
       << R"({"service":"plumbline.v1.TriageService","method":"EvaluateStream"}],"retryPolicy":{)"
       << R"("maxAttempts":)" << std::min(retry.max_attempts, 5) << R"(,"initialBackoff":")"
       << Seconds(retry.initial_backoff) << R"(","maxBackoff":")" << Seconds(retry.max_backoff)
       << R"(","backoffMultiplier":)" << retry.backoff_multiplier
       << R"(,"retryableStatusCodes":["UNAVAILABLE","CANCELLED"]}}]})";
  return json.str();
}

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) {
    return InvalidOptions("cannot read " + path);
  }
  return text.str();
}

Result<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const ClientOptions& options) {
  if (!options.tls) {
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions ssl;
  const TlsOptions& tls = *options.tls;
  const std::pair<const std::string*, std::string*> files[] = {
      {&tls.ca_file, &ssl.pem_root_certs},
      {&tls.cert_file, &ssl.pem_cert_chain},
      {&tls.key_file, &ssl.pem_private_key}};
  for (const auto& [path, text] : files) {
    if (path->empty()) {
      continue;
    }
    Result<std::string> content = ReadFile(*path);
    if (!content.ok()) {
      return content.error();
    }
    *text = *std::move(content);
  }
  return grpc::SslCredentials(ssl);
}

Error ToError(const grpc::Status& status) {
  return internal::MakeError(status.error_code(), status.error_message(), status.error_details());
}

EvaluateResult ToResult(v1::EvaluateStreamResponse& answer) {
  if (answer.has_response()) {
    return std::move(*answer.mutable_response());
  }
  return internal::MakeError(answer.error());
}

// What has no answer gets the error that ended the stream.
std::vector<EvaluateResult> WithoutGaps(std::vector<std::optional<EvaluateResult>> answers,
                                        const grpc::Status& end) {
  const grpc::Status why =
      end.ok() ? grpc::Status(grpc::StatusCode::INTERNAL, "the stream ended without this answer")
               : end;
  std::vector<EvaluateResult> results;
  results.reserve(answers.size());
  for (std::optional<EvaluateResult>& answer : answers) {
    results.push_back(answer ? *std::move(answer) : EvaluateResult(ToError(why)));
  }
  return results;
}

class GrpcTriageClient : public TriageClient {
 public:
  GrpcTriageClient(const std::shared_ptr<grpc::Channel>& channel,
                   std::chrono::milliseconds deadline, std::string caller)
      : stub_(v1::TriageService::NewStub(channel)),
        deadline_(deadline),
        caller_(std::move(caller)) {}

  ~GrpcTriageClient() override {
    std::unique_lock<std::mutex> lock(mutex_);
    none_pending_.wait(lock, [this] { return pending_ == 0; });
  }

  EvaluateResult Evaluate(const v1::EvaluateRequest& request, const CallOptions& options) override {
    grpc::ClientContext context;
    Prepare(options, context);
    v1::EvaluateResponse response;
    const grpc::Status status = stub_->Evaluate(&context, request, &response);
    if (!status.ok()) {
      return ToError(status);
    }
    return response;
  }

  FeedbackResult RecordFeedback(const v1::RecordFeedbackRequest& request,
                                const CallOptions& options) override {
    grpc::ClientContext context;
    Prepare(options, context);
    v1::RecordFeedbackResponse response;
    const grpc::Status status = stub_->RecordFeedback(&context, request, &response);
    if (!status.ok()) {
      return ToError(status);
    }
    return response;
  }

  std::vector<EvaluateResult> EvaluateBatch(std::span<const v1::EvaluateRequest> requests,
                                            const CallOptions& options) override {
    grpc::ClientContext context;
    Prepare(options, context);
    const auto stream = stub_->EvaluateStream(&context);
    std::thread sender([&] {
      v1::EvaluateStreamRequest item;
      for (const v1::EvaluateRequest& request : requests) {
        *item.mutable_request() = request;
        if (!stream->Write(item)) {
          return;  // Finish says why
        }
      }
      stream->WritesDone();
    });
    std::vector<std::optional<EvaluateResult>> answers(requests.size());
    v1::EvaluateStreamResponse answer;
    while (stream->Read(&answer)) {
      if (answer.position() < answers.size()) {
        answers[answer.position()] = ToResult(answer);
      }
    }
    sender.join();
    return WithoutGaps(std::move(answers), stream->Finish());
  }

  void EvaluateAsync(const v1::EvaluateRequest& request, const CallOptions& options,
                     EvaluateCallback done) override {
    struct Call {
      grpc::ClientContext context;
      v1::EvaluateRequest request;
      v1::EvaluateResponse response;
    };
    auto call = std::make_shared<Call>();
    call->request = request;
    Prepare(options, call->context);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++pending_;
    }
    stub_->async()->Evaluate(&call->context, &call->request, &call->response,
                             [this, call, done = std::move(done)](const grpc::Status& status) {
                               if (status.ok()) {
                                 done(std::move(call->response));
                               } else {
                                 done(ToError(status));
                               }
                               const std::lock_guard<std::mutex> lock(mutex_);
                               --pending_;
                               none_pending_.notify_all();
                             });
  }

 private:
  void Prepare(const CallOptions& options, grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() + options.deadline.value_or(deadline_));
    if (!caller_.empty()) {
      context.AddMetadata("plumbline-caller", caller_);
    }
  }

  const std::unique_ptr<v1::TriageService::Stub> stub_;
  const std::chrono::milliseconds deadline_;
  const std::string caller_;
  std::mutex mutex_;
  std::condition_variable none_pending_;
  int pending_ = 0;
};

std::string CheckOptions(const ClientOptions& options) {
  if (options.target.empty()) {
    return "the target is empty";
  }
  if (options.deadline <= std::chrono::milliseconds(0)) {
    return "the deadline must be positive";
  }
  if (options.tls && options.tls->cert_file.empty() != options.tls->key_file.empty()) {
    return "a client certificate needs its key, and a key its certificate";
  }
  if (options.caller.size() > 128 || !std::all_of(options.caller.begin(), options.caller.end(),
                                                  [](char c) { return c >= ' ' && c <= '~'; })) {
    return "the caller's name must be at most 128 printable ASCII characters";
  }
  const RetryPolicy& retry = options.retry;
  if (retry.max_attempts < 1 || retry.initial_backoff <= std::chrono::milliseconds(0) ||
      retry.max_backoff < retry.initial_backoff || !(retry.backoff_multiplier > 0)) {
    return "the retry policy needs at least 1 attempt, positive backoffs and a positive multiplier";
  }
  return "";
}

}  // namespace

EvaluateResult TriageClient::Evaluate(const v1::EvaluateRequest& request) {
  return Evaluate(request, CallOptions());
}

void TriageClient::EvaluateAsync(const v1::EvaluateRequest& request, EvaluateCallback done) {
  EvaluateAsync(request, CallOptions(), std::move(done));
}

std::future<EvaluateResult> TriageClient::EvaluateFuture(const v1::EvaluateRequest& request,
                                                         const CallOptions& options) {
  auto promise = std::make_shared<std::promise<EvaluateResult>>();
  std::future<EvaluateResult> future = promise->get_future();
  EvaluateAsync(request, options,
                [promise](EvaluateResult result) { promise->set_value(std::move(result)); });
  return future;
}

std::vector<EvaluateResult> TriageClient::EvaluateBatch(
    std::span<const v1::EvaluateRequest> requests) {
  return EvaluateBatch(requests, CallOptions());
}

TriageClient::FeedbackResult TriageClient::RecordFeedback(
    const v1::RecordFeedbackRequest& request) {
  return RecordFeedback(request, CallOptions());
}

Result<std::unique_ptr<TriageClient>> MakeTriageClient(const ClientOptions& options) {
  if (std::string problem = CheckOptions(options); !problem.empty()) {
    return InvalidOptions(std::move(problem));
  }
  Result<std::shared_ptr<grpc::ChannelCredentials>> credentials = MakeCredentials(options);
  if (!credentials.ok()) {
    return credentials.error();
  }
  grpc::ChannelArguments arguments;
  // The policy of this client counts, not one from the name service.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                   static_cast<int>(options.retry.initial_backoff.count()));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 10'000);
  if (options.retry.max_attempts > 1) {
    arguments.SetServiceConfigJSON(ServiceConfig(options.retry));
  }
  if (!options.user_agent.empty()) {
    arguments.SetUserAgentPrefix(options.user_agent);
  }
  if (options.tls && !options.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls->server_name);
  }
  return std::unique_ptr<TriageClient>(std::make_unique<GrpcTriageClient>(
      grpc::CreateCustomChannel(options.target, *credentials, arguments), options.deadline,
      options.caller));
}

}  // namespace plumbline::client
