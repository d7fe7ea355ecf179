// Built with ThreadSanitizer only: every report of a race ends the program, and so a test that must
// see none fails.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace plumbline {
namespace {

constexpr int kThreads = 3;
constexpr int kRounds = 200;

void InThreads(const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

TEST(TsanAbseilMutexTest, WhatAMutexGuardsIsNoRace) {
  absl::Mutex mutex;
  int count = 0;
  InThreads([&](int) {
    for (int i = 0; i < kRounds; ++i) {
      {
        absl::MutexLock lock(&mutex);
        ++count;
      }
      absl::ReaderMutexLock lock(&mutex);
      ASSERT_GT(count, 0);
    }
  });
  EXPECT_EQ(count, kThreads * kRounds);
}

TEST(TsanAbseilMutexTest, TryingOrdersWhenItSucceeds) {
  absl::Mutex mutex;
  int count = 0;
  InThreads([&](int) {
    for (int done = 0; done < kRounds;) {
      if (!mutex.TryLock()) continue;
      ++count;
      ++done;
      mutex.Unlock();
    }
  });
  EXPECT_EQ(count, kThreads * kRounds);
}

TEST(TsanAbseilMutexTest, WaitingForAConditionGivesTheMutexAway) {
  absl::Mutex mutex;
  int turn = 0;
  InThreads([&](int me) {
    for (int i = 0; i < kRounds; ++i) {
      const auto is_mine = [&] { return turn % kThreads == me; };
      if (i % 2 == 0) {
        absl::MutexLock lock(&mutex, absl::Condition(&is_mine));
        ++turn;
        continue;
      }
      absl::MutexLock lock(&mutex);
      if (i % 4 == 1) {
        mutex.Await(absl::Condition(&is_mine));
      } else {
        while (!mutex.AwaitWithTimeout(absl::Condition(&is_mine), absl::Milliseconds(1))) {
        }
      }
      ++turn;
    }
  });
  EXPECT_EQ(turn, kThreads * kRounds);
}

TEST(TsanAbseilMutexTest, WaitingOnACondVarGivesTheMutexAway) {
  absl::Mutex mutex;
  absl::CondVar changed;
  int turn = 0;
  InThreads([&](int me) {
    for (int i = 0; i < kRounds; ++i) {
      absl::MutexLock lock(&mutex);
      while (turn % kThreads != me) {
        if (i % 2 == 0) {
          changed.Wait(&mutex);
        } else {
          changed.WaitWithTimeout(&mutex, absl::Milliseconds(1));
        }
      }
      ++turn;
      changed.SignalAll();
    }
  });
  EXPECT_EQ(turn, kThreads * kRounds);
}

TEST(TsanAbseilMutexTest, NotificationsAndCountersOrder) {
  for (int i = 0; i < kRounds; ++i) {
    absl::Notification told;
    absl::BlockingCounter left(1);
    int value = 0;
    int answer = 0;
    std::thread other([&] {
      if (i % 2 == 0) {
        told.WaitForNotification();
      } else {
        while (!told.HasBeenNotified()) {
        }
      }
      answer = value;
      left.DecrementCount();
    });
    value = i;
    told.Notify();
    left.Wait();
    EXPECT_EQ(answer, i);
    other.join();
  }
}

TEST(TsanAbseilMutexTest, StatusMayBeDroppedByAnyThreadLast) {
  for (int i = 0; i < kRounds; ++i) {
    auto status = std::make_unique<absl::Status>(absl::UnavailableError("a reason, allocated"));
    std::thread other([copy = *status] { EXPECT_FALSE(copy.message().empty()); });
    EXPECT_FALSE(status->message().empty());
    status.reset();
    other.join();
  }
}

// That the sanitizer has not become blind.
TEST(TsanAbseilMutexDeathTest, WhatIsNotGuardedIsReported) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto race = [](const std::function<void(absl::Mutex&, int&)>& change) {
    absl::Mutex mutex;
    int value = 0;
    InThreads([&](int) { change(mutex, value); });
  };
  EXPECT_DEATH(race([](absl::Mutex&, int& value) { ++value; }), "data race");
  EXPECT_DEATH(race([](absl::Mutex& mutex, int& value) {
                 absl::ReaderMutexLock lock(&mutex);
                 ++value;
               }),
               "data race");
  EXPECT_DEATH(race([](absl::Mutex&, int& value) {
                 absl::Mutex own;
                 absl::MutexLock lock(&own);
                 ++value;
               }),
               "data race");
}

}  // namespace
}  // namespace plumbline
