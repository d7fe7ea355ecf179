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
// Others get the erasure's lock, and the disk, meanwhile.
constexpr absl::Duration kRestBetweenSteps = absl::Milliseconds(20);
// Longest wait of one step for the index, and of Run for all of it.
constexpr absl::Duration kIndexWait = absl::Milliseconds(250);
constexpr int kIndexWaits = 120;

}  // namespace

struct Retention::Rep {
  Rep(RetentionPolicy given_policy, Erasure* given_erasure, const Clock* given_clock)
      : policy(std::move(given_policy)), erasure(given_erasure), clock(given_clock) {}

  // `between` is called between steps; false: stop.
  absl::StatusOr<RetentionRun> Run(bool dry_run, const std::function<bool()>& between)
      ABSL_LOCKS_EXCLUDED(running);
  void Follow(StopToken& token);
  void Tell(const absl::StatusOr<RetentionRun>& run) const;

  const RetentionPolicy policy;
  Erasure* const erasure;
  const Clock* const clock;
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
  Erasure::Step step;
  step.before = run.erased_before;
  step.first = done_below;
  step.max_looked_at = policy.step_records;
  step.max_erased = std::max<size_t>(policy.batch_records, 1);
  step.policy = reason;
  step.dry_run = dry_run;
  step.index_wait = kIndexWait;
  std::optional<uint64_t> first_left;
  int waits = 0;
  for (bool finished = false; !finished;) {
    const absl::StatusOr<Erasure::Due> due = erasure->EraseBefore(step);
    if (due.ok()) {
      run.erased += due->erased.records;
      run.held += due->held;
      run.damaged += due->erased.damaged.size();
      step.first = due->next;
      first_left = first_left ? first_left : due->first_left;
      done_below = dry_run ? done_below : first_left.value_or(step.first);
      finished = due->finished;
    } else if (ReasonOf(due.status()) != v1::ERROR_REASON_OVERLOADED || ++waits >= kIndexWaits) {
      return due.status();
    }
    if (!finished && !between()) {
      run.interrupted = true;
      return run;
    }
  }
  return run;
}

void Retention::Rep::Tell(const absl::StatusOr<RetentionRun>& run) const {
  if (!policy.on_event) {
    return;
  }
  if (run.ok()) {
    policy.on_event(
        "retention-run",
        absl::StrCat(run->erased, " records erased, ", run->held, " held, ", run->damaged,
                     " damaged and not erased", run->interrupted ? ", interrupted" : ""));
  } else {
    policy.on_event("retention-failed", run.status().message());
  }
}

void Retention::Rep::Follow(StopToken& token) {
  std::optional<absl::Time> last;
  absl::Status told;
  do {
    const absl::Time now = clock->Now();
    // Also when the clock went back.
    if (last && now >= *last && now < *last + policy.interval) {
      continue;
    }
    const absl::StatusOr<RetentionRun> run =
        Run(false, [&token] { return token.Rest(kRestBetweenSteps); });
    if (run.ok() || run.status() != told) {
      Tell(run);
    }
    told = run.status();
    if (run.ok()) {
      last = now;
    }
  } while (token.Rest(policy.look_every));
}

Retention::Retention(RetentionPolicy policy, Erasure* erasure, const Clock* clock)
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
