#include "server/service/thread_workspaces.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace plumbline::service {
namespace {

// Engines that are gone, in number: another number than before tells a thread to look.
std::atomic<uint64_t> engines_gone{0};

struct Entry {
  const void* owner = nullptr;
  std::weak_ptr<const void> alive;  // keeps the address of `owner` from being used again
  std::unique_ptr<engine::Workspace> workspace;
};

struct ThreadCache {
  uint64_t engines_gone_seen = 0;
  // Used last first.
  std::vector<Entry> entries;
};

ThreadCache& CacheOfThisThread() {
  thread_local ThreadCache cache;
  return cache;
}

void DropGone(ThreadCache& cache) {
  const uint64_t gone = engines_gone.load(std::memory_order_relaxed);
  if (gone == cache.engines_gone_seen) return;
  cache.engines_gone_seen = gone;
  cache.entries.erase(std::remove_if(cache.entries.begin(), cache.entries.end(),
                                     [](const Entry& entry) { return entry.alive.expired(); }),
                      cache.entries.end());
}

}  // namespace

ThreadWorkspaces::ThreadWorkspaces() : owner_(std::make_shared<const Owner>()) {}

ThreadWorkspaces::~ThreadWorkspaces() {
  owner_.reset();
  engines_gone.fetch_add(1, std::memory_order_relaxed);
}

engine::Workspace& ThreadWorkspaces::OfThisThread() const {
  ThreadCache& cache = CacheOfThisThread();
  DropGone(cache);
  std::vector<Entry>& entries = cache.entries;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].owner != owner_.get()) continue;
    std::rotate(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(i),
                entries.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return *entries.front().workspace;
  }
  if (entries.size() == kWorkspacesOfThread) entries.pop_back();
  entries.insert(entries.begin(), {owner_.get(), owner_, std::make_unique<engine::Workspace>()});
  return *entries.front().workspace;
}

size_t CountWorkspacesOfThisThread() {
  ThreadCache& cache = CacheOfThisThread();
  DropGone(cache);
  return cache.entries.size();
}

}  // namespace plumbline::service
