// A GoogleMock of TriageClient, for tests of programs that use it.

#ifndef PLUMBLINE_CLIENT_MOCK_TRIAGE_CLIENT_H_
#define PLUMBLINE_CLIENT_MOCK_TRIAGE_CLIENT_H_

#include "gmock/gmock.h"
#include "plumbline/client/triage_client.h"

namespace plumbline::client {

class MockTriageClient : public TriageClient {
 public:
  using TriageClient::Evaluate;
  using TriageClient::EvaluateAsync;
  using TriageClient::EvaluateBatch;
  using TriageClient::RecordFeedback;

  MOCK_METHOD(EvaluateResult, Evaluate,
              (const v1::EvaluateRequest& request, const CallOptions& options), (override));
  MOCK_METHOD(void, EvaluateAsync,
              (const v1::EvaluateRequest& request, const CallOptions& options,
               EvaluateCallback done),
              (override));
  MOCK_METHOD(std::vector<EvaluateResult>, EvaluateBatch,
              (std::span<const v1::EvaluateRequest> requests, const CallOptions& options),
              (override));
  MOCK_METHOD(FeedbackResult, RecordFeedback,
              (const v1::RecordFeedbackRequest& request, const CallOptions& options), (override));
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_MOCK_TRIAGE_CLIENT_H_
