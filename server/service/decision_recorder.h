// DecisionRecorder: the step between a decision and its answer.

#ifndef PLUMBLINE_SERVER_SERVICE_DECISION_RECORDER_H_
#define PLUMBLINE_SERVER_SERVICE_DECISION_RECORDER_H_

#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/service/ruleset_source.h"

namespace plumbline::service {

// What there is to record. Views are valid only until Record returns.
struct DecisionDraft {
  const ServedRuleset& ruleset;
  // EvaluateRequest as received, plumbline.v1.Decision as sent.
  absl::string_view request_bytes;
  absl::string_view decision_bytes;
};

// Thread-safe.
class DecisionRecorder {
 public:
  using Done = absl::AnyInvocable<void(absl::Status) &&>;

  virtual ~DecisionRecorder() = default;
  // Calls `done` exactly once, on any thread, when the decision is on record or cannot be; only
  // after OK may the answer leave. Takes a copy of what it needs before it returns.
  virtual void Record(const DecisionDraft& draft, Done done) = 0;
};

// Records nothing.
class NullRecorder : public DecisionRecorder {
 public:
  void Record(const DecisionDraft&, Done done) override { std::move(done)(absl::OkStatus()); }
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_DECISION_RECORDER_H_
