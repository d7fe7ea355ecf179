// DecisionRecorder: what stands between a request, its decision and its answer.
//
// Two steps. Begin, before anything is evaluated: is there room in the log, and was this request
// answered before? Record, after: the answer may leave once the decision is on record.

#ifndef PLUMBLINE_SERVER_SERVICE_DECISION_RECORDER_H_
#define PLUMBLINE_SERVER_SERVICE_DECISION_RECORDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/audit/piece_coding.h"
#include "server/engine/decision_summary.h"
#include "server/service/caller.h"
#include "server/service/ruleset_source.h"

namespace plumbline::service {

// A valid request, as far as a recorder reads it. Views and references are valid until the call
// that takes it returns.
struct RecordedCall {
  const Caller& caller;
  // Both may be empty.
  absl::string_view request_id;
  absl::string_view patient_pseudonym;
  absl::CivilDay as_of;
  // EvaluateRequest as received.
  absl::string_view request_bytes;
};

// What there is to record about a call.
struct DecisionDraft {
  const RecordedCall& call;
  const Choice& choice;
  // Both are null without a ticket.
  const engine::DecisionSummary* summary = nullptr;
  // plumbline.v1.Decision, from which the answer will be put together. Must stay until `done` is
  // called: let `done` own it.
  const audit::CompactDecision* decision = nullptr;
};

// Where something is on record.
struct RecordPlace {
  // UUID, lower case. Empty: no log is kept, and there is no index.
  std::string id;
  uint64_t index = 0;
};

// A decision that answered the same request before.
struct EarlierDecision {
  RecordPlace place;
  std::string revision;
  // plumbline.v1.Decision as it was sent then.
  std::string decision_bytes;
};

// Leave to evaluate: room in the log, and the request id, which nobody else can use meanwhile. Both
// are given back when it is destroyed. Goes to Record, unless there is no decision.
class DecisionTicket {
 public:
  virtual ~DecisionTicket() = default;
  // There will be no decision: whoever waits for it as a repeated request gets `why`.
  virtual void Abandon(const absl::Status& why) = 0;
};

// The same request is under way: its outcome will be this call's, too.
struct Following {};

// What Begin found. The ticket is null when no log is kept.
using Begun = std::variant<std::unique_ptr<DecisionTicket>, EarlierDecision, Following>;

// Thread-safe.
class DecisionRecorder {
 public:
  using Follower = absl::AnyInvocable<void(absl::StatusOr<EarlierDecision>) &&>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<RecordPlace>) &&>;

  virtual ~DecisionRecorder() = default;

  // Errors, before anything was evaluated:
  //   AlreadyExists (REQUEST_ID_REUSED)     the id belongs to another request of this caller
  //   FailedPrecondition (RECORD_ERASED)    what was answered under this id is erased
  //   ResourceExhausted, Unavailable (LOG_OVERLOADED, LOG_DISK_FULL, LOG_FAILED)
  // `make_follower` is called only if the result is Following; what it returns is called exactly
  // once, on any thread, perhaps before Begin returns. Never blocks on another call; reads the log
  // if the request id was used before.
  virtual absl::StatusOr<Begun> Begin(const RecordedCall& call,
                                      absl::FunctionRef<Follower()> make_follower) = 0;

  // Calls `done` exactly once, on any thread, when the decision is on record or cannot be; only
  // after OK may the answer leave. Copies what it needs of `draft`, apart from `draft.decision`,
  // before it returns. `draft.call` is the one that Begin got, `ticket` what Begin gave.
  virtual void Record(std::unique_ptr<DecisionTicket> ticket, const DecisionDraft& draft,
                      Done done) = 0;
};

// Records nothing: for servers that keep no log.
class NullRecorder : public DecisionRecorder {
 public:
  absl::StatusOr<Begun> Begin(const RecordedCall&, absl::FunctionRef<Follower()>) override {
    return Begun();
  }
  void Record(std::unique_ptr<DecisionTicket>, const DecisionDraft&, Done done) override {
    std::move(done)(RecordPlace());
  }
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_DECISION_RECORDER_H_
