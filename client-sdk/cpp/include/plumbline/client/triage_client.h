// TriageClient: asks a Plumbline service for decisions.
//
//   plumbline::client::ClientOptions options;
//   options.target = "localhost:50051";
//   auto client = plumbline::client::MakeTriageClient(options);
//   if (!client.ok()) { ... client.error().ToString() ... }
//   auto response = (*client)->Evaluate(request);
//   if (response.ok()) { ... response->decision() ... }

#ifndef PLUMBLINE_CLIENT_TRIAGE_CLIENT_H_
#define PLUMBLINE_CLIENT_TRIAGE_CLIENT_H_

#include <functional>
#include <future>
#include <memory>
#include <span>
#include <vector>

#include "plumbline/client/options.h"
#include "plumbline/client/result.h"
#include "plumbline/v1/triage_service.pb.h"

namespace plumbline::client {

// Thread-safe; one client serves a whole program. An interface, so that callers can be tested
// without a server (mock_triage_client.h). The destructor waits for asynchronous calls that are
// under way, which ends at their deadlines; it must not run inside a callback.
class TriageClient {
 public:
  using EvaluateResult = Result<v1::EvaluateResponse>;
  using EvaluateCallback = std::function<void(EvaluateResult)>;
  using FeedbackResult = Result<v1::RecordFeedbackResponse>;

  virtual ~TriageClient() = default;

  // Blocks until there is an answer or an error, at most until the deadline.
  virtual EvaluateResult Evaluate(const v1::EvaluateRequest& request,
                                  const CallOptions& options) = 0;

  // Returns at once. Calls `done` exactly once, on a thread of the library: it must not block.
  virtual void EvaluateAsync(const v1::EvaluateRequest& request, const CallOptions& options,
                             EvaluateCallback done) = 0;

  // Evaluates many over one stream, which costs less than as many calls. Blocks until all are
  // answered, at most until the deadline, which is for all of them together. One result for each
  // request, in their order; what the end of the stream left without an answer has its error.
  virtual std::vector<EvaluateResult> EvaluateBatch(std::span<const v1::EvaluateRequest> requests,
                                                    const CallOptions& options) = 0;

  // Records what became of a decision. Blocks. Never tried again by itself: with a request id it is
  // safe to call it again, without one it would be recorded twice.
  virtual FeedbackResult RecordFeedback(const v1::RecordFeedbackRequest& request,
                                        const CallOptions& options) = 0;

  // The same with default options, and with a future in place of the callback.
  EvaluateResult Evaluate(const v1::EvaluateRequest& request);
  void EvaluateAsync(const v1::EvaluateRequest& request, EvaluateCallback done);
  std::future<EvaluateResult> EvaluateFuture(const v1::EvaluateRequest& request,
                                             const CallOptions& options = {});
  std::vector<EvaluateResult> EvaluateBatch(std::span<const v1::EvaluateRequest> requests);
  FeedbackResult RecordFeedback(const v1::RecordFeedbackRequest& request);
};

// Fails with kInvalidArgument if the options contradict themselves or a TLS file cannot be read.
// Does not connect yet: the first call does.
Result<std::unique_ptr<TriageClient>> MakeTriageClient(const ClientOptions& options);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_TRIAGE_CLIENT_H_
