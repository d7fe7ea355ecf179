// A thread of low priority, for work that may wait while the server serves.

#ifndef PLUMBLINE_SERVER_SERVICE_BACKGROUND_THREAD_H_
#define PLUMBLINE_SERVER_SERVICE_BACKGROUND_THREAD_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/steady_cond_var.h"

namespace plumbline::service {

// What the work of a BackgroundThread sees of its owner. Thread-safe.
class StopToken {
 public:
  bool stopped() const {
    const absl::MutexLock lock(&mutex_);
    return stopped_;
  }
  // Waits so long by the steady clock, or until Stop or Wake. True: go on, false: stopped.
  bool Rest(absl::Duration duration);
  // Ends the rest, this one or the next.
  void Wake();
  void Stop();

 private:
  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyCondVar disturbed_;
};

// Runs `work` once; it returns when its token is stopped, or before. The destructor stops it and
// waits. Signals are blocked in the thread: they belong to main.
class BackgroundThread {
 public:
  // `nice`: 0 to 19; 19 gets what nobody else wants.
  BackgroundThread(int nice, std::function<void(StopToken&)> work);
  ~BackgroundThread();
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  StopToken& token() { return token_; }

 private:
  StopToken token_;
  std::thread thread_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_BACKGROUND_THREAD_H_
