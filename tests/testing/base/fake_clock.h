#ifndef PLUMBLINE_TESTS_TESTING_BASE_FAKE_CLOCK_H_
#define PLUMBLINE_TESTS_TESTING_BASE_FAKE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/clock.h"

namespace plumbline {

// Stands still until it is moved, also backwards. Thread-safe.
class FakeClock final : public Clock {
 public:
  // By default 2023-03-20T12:25:47Z, the time in the example of C2SP tlog-cosignature.
  explicit FakeClock(absl::Time now = absl::FromUnixSeconds(1679315147)) : now_(now) {}

  absl::Time Now() const override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }
  void Set(absl::Time now) {
    absl::MutexLock lock(&mutex_);
    now_ = now;
  }
  void Advance(absl::Duration step) {
    absl::MutexLock lock(&mutex_);
    now_ += step;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline

#endif  // PLUMBLINE_TESTS_TESTING_BASE_FAKE_CLOCK_H_
