// SteadyCondVar: absl::CondVar whose waits with a limit are by the steady clock.
//
// Abseil's (20220623, as Debian has it) are by the system's clock, also those that are given a
// duration: when that clock is put back by an hour, they last an hour longer.

#ifndef PLUMBLINE_SERVER_BASE_STEADY_COND_VAR_H_
#define PLUMBLINE_SERVER_BASE_STEADY_COND_VAR_H_

#include <algorithm>
#include <condition_variable>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace plumbline {

// Thread-safe. All waits of one object are with the same mutex.
class SteadyCondVar {
 public:
  void Signal() { changed_.notify_one(); }
  void SignalAll() { changed_.notify_all(); }

  // Waits until a signal, or for so long (at most a year); or returns earlier, for no reason. True:
  // the time is over.
  bool WaitWithTimeout(absl::Mutex* mutex, absl::Duration at_most)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Lock lock{mutex};
    const absl::Duration wait = std::clamp(at_most, absl::ZeroDuration(), absl::Hours(24 * 365));
    return changed_.wait_for(lock, absl::ToChronoNanoseconds(wait)) == std::cv_status::timeout;
  }

 private:
  // As the standard library wants it. It is locked before and after a wait.
  struct Lock {
    absl::Mutex* mutex;
    void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Lock(); }
    void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Unlock(); }
  };

  std::condition_variable_any changed_;
};

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_STEADY_COND_VAR_H_
