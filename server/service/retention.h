// Retention: erases what has been kept long enough.

#ifndef PLUMBLINE_SERVER_SERVICE_RETENTION_H_
#define PLUMBLINE_SERVER_SERVICE_RETENTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/event_sink.h"
#include "server/service/erasure.h"

namespace plumbline::service {

struct RetentionPolicy {
  // Decisions and feedback are kept for so many years of the calendar after they were recorded;
  // 0: for ever. A legal hold wins.
  int years = 6;
  // Between the beginnings of two runs, by the clock.
  absl::Duration interval = absl::Hours(24);
  // How often the thread looks at the clock, and how soon it tries again after a failure.
  absl::Duration look_every = absl::Minutes(1);
  // Records that are erased, and looked at, with the erasure's lock held.
  size_t batch_records = 500;
  size_t step_records = 2000;
  // For the operator's log: "retention-run" and "retention-failed"; no patient data. May be null.
  EventSink on_event;
};

struct RetentionRun {
  absl::Time erased_before;
  uint64_t erased = 0;
  // Due, but under a legal hold.
  uint64_t held = 0;
  // Damaged, and so not erased; perhaps not due either.
  uint64_t damaged = 0;
  // The rest is left for the next run.
  bool interrupted = false;
};

// Thread-safe. Erasure and clock must outlive it. Whether the clock can be believed is not its
// matter: give it one that can (log_clock.h).
class Retention {
 public:
  Retention(RetentionPolicy policy, Erasure* erasure, const Clock* clock);
  // Stops the thread, within one step.
  ~Retention();

  // Runs now, and returns what was erased (dry run: what would be). ResourceExhausted (OVERLOADED)
  // if the index does not catch up within half a minute.
  absl::StatusOr<RetentionRun> Run(bool dry_run = false);
  // Begins to run every `interval`, for the first time at once, in a thread of low priority.
  void Start();

 private:
  struct Rep;
  const std::unique_ptr<Rep> rep_;
};

// The same day and time of day `years` years before `now`, in UTC; 29 February becomes the 28th.
absl::Time YearsBefore(absl::Time now, int years);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_RETENTION_H_
