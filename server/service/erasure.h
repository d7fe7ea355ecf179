// Erasure: the one place where records lose their keys, and where legal holds forbid it.
//
// An erasure is on record, durably, before the first key is destroyed, and names the records in its
// links. What a crash left half done is finished at the next start (Resume).

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
#include "server/audit/decision_log.h"
#include "server/base/uuid.h"
#include "server/service/caller.h"
#include "server/service/event_records.h"
#include "server/service/legal_holds.h"
#include "server/service/log_indexer.h"

namespace plumbline::service {

// Thread-safe: one change at a time. Log and indexer must outlive it. Errors are those of the API.
class Erasure {
 public:
  struct Erased {
    uint64_t records = 0;
    // Of the last erasure record; absent when there was nothing to erase, or in a dry run.
    std::optional<Uuid> erasure_id;
  };

  // Finds the legal holds in the log and finishes what was left half done.
  static absl::StatusOr<std::unique_ptr<Erasure>> Open(audit::DecisionLog* log,
                                                       LogIndexer* indexer);

  // All records of the patient. FailedPrecondition (LEGAL_HOLD). Idempotent.
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
  Erasure(audit::DecisionLog* log, LogIndexer* indexer);
  absl::Status LoadHolds() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Resume() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Erased> Destroy(const std::vector<uint64_t>& indices, const Event& event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  audit::DecisionLog* const log_;
  LogIndexer* const indexer_;
  EventRecords events_;
  absl::Mutex mutex_;
  LegalHolds holds_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_ERASURE_H_
