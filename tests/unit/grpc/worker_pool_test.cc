#include "server/grpc/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"

namespace plumbline::grpc_server {
namespace {

TEST(WorkerPoolTest, RunsEveryTask) {
  std::atomic<int> ran{0};
  {
    WorkerPool pool(3, 1000);
    for (int i = 0; i < 500; ++i) {
      EXPECT_TRUE(pool.TryRun([&ran] { ++ran; }));
    }
  }
  EXPECT_EQ(ran, 500);
}

TEST(WorkerPoolTest, TasksRunAtTheSameTime) {
  WorkerPool pool(2, 10);
  absl::Notification first;
  absl::Notification second;
  absl::BlockingCounter ended(2);
  ASSERT_TRUE(pool.TryRun([&] {
    first.Notify();
    second.WaitForNotification();  // would hang if they ran one after the other
    ended.DecrementCount();
  }));
  ASSERT_TRUE(pool.TryRun([&] {
    first.WaitForNotification();
    second.Notify();
    ended.DecrementCount();
  }));
  ended.Wait();
}

TEST(WorkerPoolTest, TooManyWaitingTasksAreDropped) {
  absl::Notification begun;
  absl::Notification go_on;
  WorkerPool pool(1, 2);  // ends before what its tasks wait for
  ASSERT_TRUE(pool.TryRun([&] {
    begun.Notify();
    go_on.WaitForNotification();
  }));
  begun.WaitForNotification();
  auto told = std::make_shared<int>(0);
  EXPECT_TRUE(pool.TryRun([told] { ++*told; }));
  EXPECT_TRUE(pool.TryRun([told] { ++*told; }));
  EXPECT_FALSE(pool.TryRun([told] { ++*told; }));
  EXPECT_EQ(told.use_count(), 3);  // the third task is gone
  go_on.Notify();
}

}  // namespace
}  // namespace plumbline::grpc_server
