// Erasure: the one place where records lose their keys, and where legal holds forbid it.
//
// An erasure is on record, durably, before the first key is destroyed; its record names the records
// that it erases in its links. What a crash leaves half done is finished when the log is opened
// (keys) and when the index is (LogIndexer).

#ifndef PLUMBLINE_SERVER_SERVICE_ERASURE_H_
#define PLUMBLINE_SERVER_SERVICE_ERASURE_H_

#include <cstdint>
#include <memory>
#include <optional>
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
#include "server/base/uuid.h"
#include "server/service/caller.h"
#include "server/service/event_records.h"
#include "server/service/legal_holds.h"
#include "server/service/log_indexer.h"
#include "server/store/store.h"

namespace plumbline::service {

// Thread-safe: one change at a time. Log and indexer must outlive it. Errors are those of the API.
class Erasure {
 public:
  struct Erased {
    uint64_t records = 0;
    // Of the last erasure record; absent when there was nothing to erase, or in a dry run.
    std::optional<Uuid> erasure_id;
  };

  // `engine_build`: as RecorderOptions. `index_wait`: longest wait of a call for the index to catch
  // up.
  static absl::StatusOr<std::unique_ptr<Erasure>> Open(
      audit::DecisionLog* log, LogIndexer* indexer, std::string engine_build = "",
      absl::Duration index_wait = absl::Seconds(30));

  // All records of the patient. FailedPrecondition (LEGAL_HOLD). Idempotent: what a failed call has
  // left is erased by the next.
  absl::StatusOr<Erased> ErasePatient(absl::string_view pseudonym, absl::string_view reason,
                                      bool dry_run, const Caller& caller);
  // Returns the id of the record.
  absl::StatusOr<Uuid> SetLegalHold(absl::string_view pseudonym, bool hold,
                                    absl::string_view reason, const Caller& caller);

  // What of kinds DECISION and FEEDBACK is older than `before` and not held, from record `first`
  // on. At most `limit` records; `next`: where to go on. For Retention.
  struct Due {
    Erased erased;
    uint64_t held = 0;
    uint64_t next = 0;
    // Lowest record that is due but held.
    std::optional<uint64_t> first_held;
    bool finished = false;
  };
  absl::StatusOr<Due> EraseBefore(absl::Time before, uint64_t first, size_t limit,
                                  absl::string_view policy, bool dry_run);

 private:
  Erasure(audit::DecisionLog* log, LogIndexer* indexer, std::string engine_build,
          absl::Duration index_wait);
  // Finds the legal holds in the log, at the first use. An erasure that does not know all of them
  // must not happen.
  absl::Status LoadHolds() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckUnreadable() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::vector<uint64_t>> FindAll(const store::IndexQuery& query) const;
  // Whether the record is due, held, or neither.
  absl::Status Judge(const audit::Record& record, absl::Time before, Due& due,
                     std::vector<uint64_t>& indices) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `indices`: ascending. `event`: its summary and attributes, without the numbers.
  absl::StatusOr<Erased> Destroy(absl::Span<const uint64_t> indices, const Event& event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Erased> DestroyBatch(absl::Span<const uint64_t> indices, Event event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  audit::DecisionLog* const log_;
  LogIndexer* const indexer_;
  const std::string engine_build_;
  const absl::Duration index_wait_;
  EventRecords events_;
  absl::Mutex mutex_;
  bool holds_loaded_ ABSL_GUARDED_BY(mutex_) = false;
  LegalHolds holds_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_ERASURE_H_
