#include "server/service/retention.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "server/service/background_thread.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

constexpr int kNice = 19;
constexpr absl::Duration kRestBetweenBatches = absl::Milliseconds(20);

}  // namespace

struct Retention::Rep {
  Rep(RetentionPolicy given_policy, Erasure* given_erasure, Clock* given_clock)
      : policy(std::move(given_policy)), erasure(given_erasure), clock(given_clock) {}

  // `between` is called between batches; false: stop.
  absl::StatusOr<RetentionRun> Run(bool dry_run, const std::function<bool()>& between);
  void Follow(StopToken& token);

  const RetentionPolicy policy;
  Erasure* const erasure;
  Clock* const clock;
  absl::Mutex running;
  // Nothing below it is left to erase.
  uint64_t done_below ABSL_GUARDED_BY(running) = 0;
  std::unique_ptr<BackgroundThread> thread;
};

absl::StatusOr<RetentionRun> Retention::Rep::Run(bool dry_run,
                                                 const std::function<bool()>& between) {
  if (policy.years <= 0) {
    return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_INVALID_REQUEST,
                     "records are kept for ever: the configuration says so");
  }
  const absl::MutexLock lock(&running);
  RetentionRun run;
  run.erased_before = YearsBefore(clock->Now(), policy.years);
  const std::string reason = absl::StrCat("kept for ", policy.years, " years");
  std::optional<uint64_t> first_held;
  uint64_t next = done_below;
  bool finished = false;
  while (!finished) {
    const absl::StatusOr<Erasure::Due> due = erasure->EraseBefore(
        run.erased_before, next, std::max<size_t>(policy.batch_records, 1), reason, dry_run);
    if (!due.ok()) {
      return due.status();
    }
    run.erased += due->erased.records;
    run.held += due->held;
    next = due->next;
    if (!first_held) {
      first_held = due->first_held;
    }
    if (!dry_run) {
      done_below = first_held.value_or(next);
    }
    finished = due->finished || !between();
  }
  return run;
}

void Retention::Rep::Follow(StopToken& token) {
  do {
    const absl::StatusOr<RetentionRun> run =
        Run(false, [&token] { return token.Rest(kRestBetweenBatches); });
    if (!policy.on_event) {
      continue;
    }
    if (run.ok()) {
      policy.on_event("retention-run",
                      absl::StrCat(run->erased, " records erased, ", run->held, " held"));
    } else {
      policy.on_event("retention-failed", run.status().message());
    }
  } while (token.Rest(policy.interval));
}

Retention::Retention(RetentionPolicy policy, Erasure* erasure, Clock* clock)
    : rep_(std::make_unique<Rep>(std::move(policy), erasure, clock)) {}

Retention::~Retention() = default;

absl::StatusOr<RetentionRun> Retention::Run(bool dry_run) {
  return rep_->Run(dry_run, [] { return true; });
}

void Retention::Start() {
  if (rep_->policy.years > 0) {
    rep_->thread = std::make_unique<BackgroundThread>(
        kNice, [rep = rep_.get()](StopToken& token) { rep->Follow(token); });
  }
}

absl::Time YearsBefore(absl::Time now, int years) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const absl::CivilSecond second = absl::ToCivilSecond(now, utc);
  absl::CivilDay day(second.year() - years, second.month(), second.day());
  if (day.month() != second.month()) {  // normalised: 29 February of a year without one
    day -= 1;
  }
  const absl::Duration subsecond = now - absl::FromCivil(second, utc);
  return absl::FromCivil(absl::CivilSecond(day.year(), day.month(), day.day(), second.hour(),
                                           second.minute(), second.second()),
                         utc) +
         subsecond;
}

}  // namespace plumbline::service
