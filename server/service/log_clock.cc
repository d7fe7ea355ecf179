#include "server/service/log_clock.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace plumbline::service {
namespace {

// Document of the store: when a server last noted that it runs, in RFC 3339.
constexpr char kSeenDocument[] = "clock.seen";

std::string Text(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string Date(absl::Time time) {
  return absl::FormatCivilTime(absl::ToCivilDay(time, absl::UTCTimeZone()));
}

// A note that cannot be read says nothing: the records still do.
absl::Time NotedTime(const store::LogStore& store) {
  const absl::StatusOr<std::string> note = store.GetDocument(kSeenDocument);
  absl::Time time;
  std::string error;
  if (!note.ok() || !absl::ParseTime(absl::RFC3339_full, *note, &time, &error)) {
    return absl::InfinitePast();
  }
  return time;
}

}  // namespace

LogClock::LogClock(const Clock* wall, Options options)
    : wall_(wall),
      options_([&options] {
        if (options.uptime == nullptr) {
          options.uptime = &UptimeOfMachine;
        }
        return std::move(options);
      }()),
      start_(wall->Now()),
      uptime_at_start_(options_.uptime()) {}

absl::Time LogClock::Now() const {
  const absl::Time wall = wall_->Now();
  const absl::Time expected = start_ + (options_.uptime() - uptime_at_start_);
  const bool believes = wall - expected <= options_.tolerance;
  if (believes_.load(std::memory_order_relaxed) != believes &&
      believes_.exchange(believes) != believes && options_.on_event) {
    if (believes) {
      options_.on_event("clock-believed-again", "");
    } else {
      options_.on_event(
          "clock-not-believed",
          absl::StrCat("it says ", Text(wall), ", but by the machine's uptime it is ",
                       Text(expected),
                       ": the log goes on by the uptime. Set the clock right; if it is right, "
                       "restart the server"));
    }
  }
  return believes ? wall : expected;
}

absl::Duration UptimeOfMachine() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return absl::DurationFromTimespec(time);
}

absl::Status CheckClock(const audit::DecisionLog& log, const store::LogStore& store, absl::Time now,
                        const ClockLimits& limits) {
  const uint64_t size = log.size();
  if (size == 0) {
    return absl::OkStatus();
  }
  const absl::StatusOr<audit::Record> last = log.Read(size - 1, store::Parts::kLeaf);
  if (!last.ok()) {
    return last.status();
  }
  const absl::Time seen = std::max(last->time, NotedTime(store));
  if (now - seen <= limits.max_gap || limits.confirmed_date == Date(now)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the clock says ", Text(now), ", but the last sign of life of this log is of ", Text(seen),
      ", ", absl::ToInt64Hours(now - seen) / 24,
      " days before. If the clock is wrong, set it right: times of records cannot be taken back. "
      "If it is right, confirm the date once: --log-confirm-date ",
      Date(now),
      limits.confirmed_date.empty()
          ? ""
          : absl::StrCat(" (what was confirmed is ", limits.confirmed_date, ")")));
}

absl::Status NoteClock(store::LogStore* store, absl::Time now) {
  return store->PutDocument(kSeenDocument, Text(now));
}

}  // namespace plumbline::service
