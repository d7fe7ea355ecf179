// LogRecorder: decisions and feedback into the decision log.
//
// Every decision goes through Begin and Record (decision_recorder.h). Calls with a request id are
// known by (caller, request id): while one is under way, the same request follows it; afterwards it
// gets the recorded answer. Calls without a request id cost nothing of that.
//
// Thread-safe. Log, store, index and indexer must outlive it. The destructor waits for decisions
// that the log is writing; no calls may come meanwhile.

#ifndef PLUMBLINE_SERVER_SERVICE_LOG_RECORDER_H_
#define PLUMBLINE_SERVER_SERVICE_LOG_RECORDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "plumbline/v1/feedback.pb.h"
#include "server/audit/decision_log.h"
#include "server/base/event_sink.h"
#include "server/base/random.h"
#include "server/base/uuid.h"
#include "server/service/caller.h"
#include "server/service/decision_recorder.h"
#include "server/service/log_indexer.h"
#include "server/service/ruleset_source.h"
#include "server/store/store.h"

namespace plumbline::service {

struct RecorderOptions {
  // At most 64 printable ASCII characters; recorded with each decision.
  std::string engine_build;
  // Request ids that are known without asking the index.
  size_t remembered_requests = 1'000'000;
  // While the index stands still, ids are remembered that it does not have, up to this many in all
  // (50 bytes each); then requests with a new id are refused.
  size_t max_remembered_requests = 2'000'000;
  // Records that are read for request ids before Make returns; a thread reads the others.
  uint64_t history_at_start = 100'000;
  // Bits of the fingerprints; fewer than 64 only in tests of collisions.
  int fingerprint_bits = 64;
  // For the operator's log: "request-ids-full", "request-ids-have-room", "request-ids-behind",
  // "request-ids-read", "request-ids-unread"; no patient data. Called on any thread. May be null.
  EventSink on_event;
};

// Feedback that was checked.
struct FeedbackDraft {
  const Caller& caller;
  absl::string_view request_id;
  // Of the whole request.
  absl::string_view request_bytes;
  Uuid decision_id;
  const v1::Feedback& feedback;
};

struct RecordedFeedback {
  Uuid id;
  uint64_t index = 0;
  bool recorded_before = false;
};

class LogRecorder : public DecisionRecorder {
 public:
  // Reads the latest request ids; a thread reads further back. An id that is neither read nor in
  // the index yet is refused for the time being, with ResourceExhausted (OVERLOADED). `store` is
  // that of the log.
  static absl::StatusOr<std::unique_ptr<LogRecorder>> Make(audit::DecisionLog* log,
                                                           store::LogStore* store,
                                                           LogIndexer* indexer,
                                                           RandomSource* random,
                                                           RecorderOptions options);

  // Makes what the first decision of this revision would else wait for, or do without
  // (PayloadEncoders). Call it before a revision goes live.
  virtual absl::Status Prepare(const ServedRuleset& ruleset) = 0;

  // Idempotent by request id. Blocks until the feedback is durable. Errors: see FeedbackService.
  virtual absl::StatusOr<RecordedFeedback> RecordFeedback(const FeedbackDraft& draft) = 0;

  virtual size_t remembered_requests() const = 0;
  virtual size_t max_remembered_requests() const = 0;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_LOG_RECORDER_H_
