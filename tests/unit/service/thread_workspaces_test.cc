#include "server/service/thread_workspaces.h"

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace plumbline::service {
namespace {

// Every test on a thread of its own, because what a thread holds outlives a test.
template <typename Body>
void OnANewThread(const Body& body) {
  std::thread(body).join();
}

TEST(ThreadWorkspacesTest, EnginesInTurnKeepTheirOwn) {
  OnANewThread([] {
    const ThreadWorkspaces a;
    const ThreadWorkspaces b;
    engine::Workspace* const of_a = &a.OfThisThread();
    engine::Workspace* const of_b = &b.OfThisThread();
    EXPECT_NE(of_a, of_b);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(&a.OfThisThread(), of_a);
      EXPECT_EQ(&b.OfThisThread(), of_b);
    }
    EXPECT_EQ(CountWorkspacesOfThisThread(), 2u);
  });
}

TEST(ThreadWorkspacesTest, ThreadsDoNotShare) {
  const ThreadWorkspaces engine;
  engine::Workspace* const here = &engine.OfThisThread();
  OnANewThread([&] { EXPECT_NE(&engine.OfThisThread(), here); });
}

TEST(ThreadWorkspacesTest, WorkspacesOfEnginesThatAreGoneAreDropped) {
  OnANewThread([] {
    const ThreadWorkspaces stays;
    stays.OfThisThread();
    for (int i = 0; i < 100; ++i) {
      auto goes = std::make_unique<ThreadWorkspaces>();
      goes->OfThisThread();
      EXPECT_EQ(CountWorkspacesOfThisThread(), 2u);
      goes.reset();
      EXPECT_EQ(CountWorkspacesOfThisThread(), 1u);
    }
  });
}

TEST(ThreadWorkspacesTest, AThreadKeepsThoseThatItUsedLast) {
  OnANewThread([] {
    std::vector<std::unique_ptr<ThreadWorkspaces>> engines;
    for (size_t i = 0; i < kWorkspacesOfThread + 1; ++i) {
      engines.push_back(std::make_unique<ThreadWorkspaces>());
    }
    for (size_t i = 0; i < kWorkspacesOfThread; ++i) engines[i]->OfThisThread();
    engine::Workspace* const first = &engines[0]->OfThisThread();
    engines[kWorkspacesOfThread]->OfThisThread();  // takes the place of engine 1
    EXPECT_EQ(CountWorkspacesOfThisThread(), kWorkspacesOfThread);
    EXPECT_EQ(&engines[0]->OfThisThread(), first);
  });
}

}  // namespace
}  // namespace plumbline::service
