#include "server/base/steady_cond_var.h"

#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace plumbline {
namespace {

TEST(SteadyCondVarTest, TimeThatIsOverIsReported) {
  absl::Mutex mutex;
  SteadyCondVar changed;
  const absl::MutexLock lock(&mutex);
  // A wait may return early, for no reason: until it is over.
  while (!changed.WaitWithTimeout(&mutex, absl::Milliseconds(1))) {
  }
  while (!changed.WaitWithTimeout(&mutex, -absl::InfiniteDuration())) {
  }
  mutex.AssertHeld();
}

TEST(SteadyCondVarTest, SignalEndsAWaitWithoutEnd) {
  absl::Mutex mutex;
  SteadyCondVar changed;
  bool ready = false;
  std::thread signaller([&] {
    const absl::MutexLock lock(&mutex);
    ready = true;
    changed.Signal();
  });
  {
    const absl::MutexLock lock(&mutex);
    while (!ready) EXPECT_FALSE(changed.WaitWithTimeout(&mutex, absl::InfiniteDuration()));
  }
  signaller.join();
}

TEST(SteadyCondVarTest, SignalAllWakesEveryWaiter) {
  absl::Mutex mutex;
  SteadyCondVar changed;
  bool ready = false;
  std::thread waiters[3];
  for (std::thread& waiter : waiters) {
    waiter = std::thread([&] {
      const absl::MutexLock lock(&mutex);
      while (!ready) changed.WaitWithTimeout(&mutex, absl::InfiniteDuration());
    });
  }
  {
    const absl::MutexLock lock(&mutex);
    ready = true;
    changed.SignalAll();
  }
  for (std::thread& waiter : waiters) waiter.join();
}

}  // namespace
}  // namespace plumbline
