#include "server/grpc/admission.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

namespace plumbline::grpc_server {
namespace {

TEST(AdmissionTest, NoMoreTokensThanPlaces) {
  Admission admission(2);
  Admission::Token first = admission.TryAdmit();
  Admission::Token second = admission.TryAdmit();
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(admission.TryAdmit());
  EXPECT_EQ(admission.in_flight(), 2);
  first.Release();
  EXPECT_TRUE(admission.TryAdmit());  // and given back at once
  EXPECT_EQ(admission.in_flight(), 1);
}

TEST(AdmissionTest, MovedTokensCountOnce) {
  Admission admission(1);
  {
    Admission::Token token = admission.TryAdmit();
    Admission::Token moved = std::move(token);
    EXPECT_TRUE(moved);
    EXPECT_EQ(admission.in_flight(), 1);
    moved.Release();
    moved.Release();
    EXPECT_EQ(admission.in_flight(), 0);
    moved = admission.TryAdmit();
  }
  EXPECT_EQ(admission.in_flight(), 0);
}

TEST(AdmissionTest, ManyThreadsNeverExceedTheLimit) {
  Admission admission(3);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        if (const Admission::Token token = admission.TryAdmit()) {
          const int now = ++inside;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          --inside;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_LE(most, 3);
  EXPECT_EQ(admission.in_flight(), 0);
}

}  // namespace
}  // namespace plumbline::grpc_server
