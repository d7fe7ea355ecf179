// Erasure: the one place where records lose their keys, and where legal holds forbid it.
//
// An erasure is on record, durably, before the first key is destroyed; its record names the records
// that it erases in its links. What a crash leaves half done is finished when the log is opened
// (keys) and when the index is (LogIndexer).
//
// A damaged record keeps no other from being erased: it is left out, and named in the answer, in
// the record of the erasure and in an event. Only one that may be a legal hold stops everything,
// until somebody has settled what it was.

#ifndef PLUMBLINE_SERVER_SERVICE_ERASURE_H_
#define PLUMBLINE_SERVER_SERVICE_ERASURE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/audit/decision_log.h"
#include "server/base/event_sink.h"
#include "server/base/uuid.h"
#include "server/service/caller.h"
#include "server/service/event_records.h"
#include "server/service/legal_holds.h"
#include "server/service/log_indexer.h"
#include "server/store/store.h"

namespace plumbline::service {

struct ErasureOptions {
  // As RecorderOptions.
  std::string engine_build;
  // Longest wait of ErasePatient and SetLegalHold for the index to catch up.
  absl::Duration index_wait = absl::Seconds(30);
  // For the operator's log: "erasure-damaged" (which records could not be erased); no patient data.
  // Called on any thread, must not call the erasure. May be null.
  EventSink on_event;
};

// Thread-safe: one change at a time. Log and indexer must outlive it. Errors are those of the API.
class Erasure {
 public:
  struct Erased {
    uint64_t records = 0;
    // Of the last erasure record; absent when there was nothing to erase, or in a dry run.
    std::optional<Uuid> erasure_id;
    // Ascending: records that could not be erased because they are damaged.
    std::vector<uint64_t> damaged;
  };

  static absl::StatusOr<std::unique_ptr<Erasure>> Open(audit::DecisionLog* log, LogIndexer* indexer,
                                                       ErasureOptions options = {});

  // All records of the patient. FailedPrecondition (LEGAL_HOLD). Idempotent: what a failed call has
  // left is erased by the next. Also `damaged`: records of which nobody can tell whose they are.
  absl::StatusOr<Erased> ErasePatient(absl::string_view pseudonym, absl::string_view reason,
                                      bool dry_run, const Caller& caller);
  // Returns the id of the record.
  absl::StatusOr<Uuid> SetLegalHold(absl::string_view pseudonym, bool hold,
                                    absl::string_view reason, const Caller& caller);
  // Somebody has made sure that these records, which are damaged or holds that do not say what they
  // do, need not be heeded as holds. At most 1,000.
  absl::StatusOr<Uuid> SettleDamaged(absl::Span<const uint64_t> indices, absl::string_view reason,
                                     const Caller& caller);

  // One step of a retention run.
  struct Step {
    absl::Time before;
    // Where to begin; how many records to look at, and to erase, at most.
    uint64_t first = 0;
    size_t max_looked_at = 2000;
    size_t max_erased = 500;
    // Why, for the record.
    absl::string_view policy;
    bool dry_run = false;
    // Longest wait for the index, which is needed once after the start.
    absl::Duration index_wait = absl::ZeroDuration();
  };
  struct Due {
    Erased erased;
    uint64_t held = 0;
    // Where to go on.
    uint64_t next = 0;
    // Lowest record that was due but could not be erased: held, or damaged.
    std::optional<uint64_t> first_left;
    bool finished = false;
  };
  // Erases decisions, feedback, disagreements and looks for a patient or a request id that are
  // older than `before` and not held. Takes a bounded time. ResourceExhausted (OVERLOADED) while
  // the index is behind.
  absl::StatusOr<Due> EraseBefore(const Step& step);

  // Different damaged records that were met since the start.
  uint64_t damaged_met() const { return damaged_met_count_.load(std::memory_order_relaxed); }

 private:
  Erasure(audit::DecisionLog* log, LogIndexer* indexer, ErasureOptions options);
  // The index has all holds.
  absl::Status WaitForHolds(absl::Duration wait);
  // Finds the legal holds in the log, at the first use. An erasure that does not know all of them
  // must not happen.
  absl::Status LoadHolds() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What the record says of holds, if it is one. DataLoss: it may be one, and cannot be read.
  absl::Status ApplyHold(uint64_t index, LegalHolds& holds) const;
  absl::StatusOr<std::vector<uint64_t>> FindAll(const store::IndexQuery& query) const;
  // Records that the index could not read when it was made: adds those of the patient, and to
  // `damaged` those that still cannot be read.
  absl::Status AddUnreadable(absl::string_view pseudonym, std::vector<uint64_t>& indices,
                             std::vector<uint64_t>& damaged) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Uuid> AppendHold(Event event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Looks at the records of a step. `found`: to erase.
  absl::Status Look(const Step& step, Due& due, std::vector<uint64_t>& found)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether the record is due, held, or neither.
  absl::Status Judge(const audit::Record& record, absl::Time before, Due& due,
                     std::vector<uint64_t>& found) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The same for one whose details cannot be read.
  void JudgeDamaged(absl::Time before, Due& due, std::vector<uint64_t>& found)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `indices`: ascending. `event`: its summary and attributes, without the numbers. `damaged`: what
  // was found damaged already.
  absl::StatusOr<Erased> Destroy(absl::Span<const uint64_t> indices, const Event& event,
                                 std::vector<uint64_t> damaged)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Adds to `total`.
  absl::Status DestroyBatch(absl::Span<const uint64_t> indices, Event event, Erased& total)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Report(const std::vector<uint64_t>& damaged) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  audit::DecisionLog* const log_;
  LogIndexer* const indexer_;
  const ErasureOptions options_;
  EventRecords events_;
  absl::Mutex mutex_;
  bool holds_loaded_ ABSL_GUARDED_BY(mutex_) = false;
  LegalHolds holds_ ABSL_GUARDED_BY(mutex_);
  // All holds are in records below it: they are written by this class alone.
  uint64_t holds_below_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> damaged_met_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> damaged_met_count_{0};  // for metrics, which must not wait for an erasure
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_ERASURE_H_
