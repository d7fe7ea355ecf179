#include "server/service/background_thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>

namespace plumbline::service {
namespace {

// On Linux a thread id in place of a process id sets the priority of that thread alone. Failure
// means that the work competes with serving: a pity, no error.
void LowerPriority(int nice) {
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), nice));
}

}  // namespace

bool StopToken::Rest(absl::Duration duration) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const absl::MutexLock lock(&mutex_);
  while (!stopped_ && !woken_) {
    const absl::Duration left = duration - absl::FromChrono(Clock::now() - start);
    if (left <= absl::ZeroDuration() || disturbed_.WaitWithTimeout(&mutex_, left)) break;
  }
  woken_ = false;
  return !stopped_;
}

void StopToken::Wake() {
  const absl::MutexLock lock(&mutex_);
  woken_ = true;
  disturbed_.SignalAll();
}

void StopToken::Stop() {
  const absl::MutexLock lock(&mutex_);
  stopped_ = true;
  disturbed_.SignalAll();
}

BackgroundThread::BackgroundThread(int nice, std::function<void(StopToken&)> work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, nice, work = std::move(work)] {
    LowerPriority(nice);
    work(token_);
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

BackgroundThread::~BackgroundThread() {
  token_.Stop();
  thread_.join();
}

}  // namespace plumbline::service
