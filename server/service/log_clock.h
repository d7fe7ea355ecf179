// LogClock: the time that a decision log goes by.
//
// Records' times never go back, and cannot be corrected. A clock that is set years ahead would
// therefore spoil a log: its records are dated in the future, retention takes everything for old,
// and once the clock is right again no server starts with that log. What can be known about a clock
// that is ahead:
//
// * While the process runs, the machine's uptime tells what time it must be. A wall clock that gets
//   further ahead of it than a tolerance is not believed: the log goes on by the uptime.
// * At the start, the log's last sign of life (its last record, or the note that a running server
//   makes every hour) is all there is. A clock that is far ahead of it may be wrong, or the server
//   was off for so long: only a person can tell, who confirms the date (CheckClock).
//
// A clock that is behind is the log's own matter (audit/decision_log.h).

#ifndef PLUMBLINE_SERVER_SERVICE_LOG_CLOCK_H_
#define PLUMBLINE_SERVER_SERVICE_LOG_CLOCK_H_

#include <atomic>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/audit/decision_log.h"
#include "server/base/clock.h"
#include "server/base/event_sink.h"
#include "server/store/store.h"

namespace plumbline::service {

// Thread-safe. The wall clock must outlive it.
class LogClock final : public Clock {
 public:
  struct Options {
    absl::Duration tolerance = absl::Hours(24);
    // "clock-not-believed" and "clock-believed-again", for the operator's log. May be null.
    EventSink on_event;
    // Time since some moment, which nobody sets. Null: UptimeOfMachine.
    std::function<absl::Duration()> uptime;
  };

  LogClock(const Clock* wall, Options options);

  absl::Time Now() const override;
  // Whether Now is the wall clock's.
  bool believes() const { return believes_.load(std::memory_order_relaxed); }

 private:
  const Clock* const wall_;
  const Options options_;
  const absl::Time start_;
  const absl::Duration uptime_at_start_;
  mutable std::atomic<bool> believes_{true};
};

// Counts also while the machine sleeps.
absl::Duration UptimeOfMachine();

struct ClockLimits {
  // Longest time without a sign of life of the log that is believed without a confirmation.
  absl::Duration max_gap = absl::Hours(24 * 31);
  // "2026-11-21" (UTC): somebody has looked, and this is the date. Must be that of the clock;
  // empty: nobody has. Good for one day, so that it may stay in a file of settings without harm.
  std::string confirmed_date;
};

// Of a log that was just opened, before anything is appended to it. FailedPrecondition when the
// clock is so far ahead that it must be confirmed; the message says how. A log without records
// cannot tell.
absl::Status CheckClock(const audit::DecisionLog& log, const store::LogStore& store, absl::Time now,
                        const ClockLimits& limits);

// Leaves a sign of life in the store: an idle server is not one that was off.
absl::Status NoteClock(store::LogStore* store, absl::Time now);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_LOG_CLOCK_H_
