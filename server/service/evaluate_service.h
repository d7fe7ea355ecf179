// EvaluateService: the use case "one intake in, one decision out", without a transport.
//
// Steps: validate the request, ask the recorder for leave (which may know the answer already),
// choose the ruleset, evaluate, record, answer. The response is assembled as wire bytes around
// those of the decision, which are never parsed: as the engine wrote them or, with a log, as they
// were recorded.

#ifndef PLUMBLINE_SERVER_SERVICE_EVALUATE_SERVICE_H_
#define PLUMBLINE_SERVER_SERVICE_EVALUATE_SERVICE_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/triage_service.pb.h"
#include "server/service/caller.h"
#include "server/service/decision_recorder.h"
#include "server/service/ruleset_source.h"

namespace plumbline::service {

struct EvaluateAnswer {
  // Wire bytes of plumbline.v1.EvaluateResponse.
  std::string response;
  // Revision that decided.
  std::string revision;
  // The recorded answer of an earlier call; nothing was evaluated.
  bool answered_before = false;
};

// Thread-safe. Keeps pointers to source and recorder, which must outlive it and every call.
// Errors carry google.rpc details (rpc_error.h); they never hold patient data apart from the
// violations' descriptions, which go to the caller only.
class EvaluateService {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<EvaluateAnswer>) &&>;

  EvaluateService(const RulesetSource* source, DecisionRecorder* recorder);

  // Calls `done` exactly once: on this thread if the request is refused or was answered before,
  // else on the recorder's. `request_bytes` is the request as it came, for the record; everything
  // but `done` may be dropped when this returns.
  void Evaluate(const v1::EvaluateRequest& request, absl::string_view request_bytes,
                const Caller& caller, Done done) const;

  // Evaluate for callers that may block.
  absl::StatusOr<EvaluateAnswer> EvaluateAndWait(const v1::EvaluateRequest& request,
                                                 const Caller& caller = {}) const;

 private:
  // Without a ticket, and with one.
  void Decide(const v1::EvaluateRequest& request, const RecordedCall& call, Done done) const;
  void DecideForRecord(const v1::EvaluateRequest& request, const RecordedCall& call,
                       std::unique_ptr<DecisionTicket> ticket, Done done) const;

  const RulesetSource* source_;
  DecisionRecorder* recorder_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_EVALUATE_SERVICE_H_
