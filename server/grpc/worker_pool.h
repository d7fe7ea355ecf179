// WorkerPool: a few threads for calls that wait for disks or compute for long.
//
// gRPC's callback threads must never wait: a few calls that did would hold up all others.

#ifndef PLUMBLINE_SERVER_GRPC_WORKER_POOL_H_
#define PLUMBLINE_SERVER_GRPC_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace plumbline::grpc_server {

// Thread-safe. The destructor runs what is waiting, then joins the threads.
class WorkerPool {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  // At least one thread; at most `max_waiting` tasks wait for one.
  WorkerPool(int threads, size_t max_waiting);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and `task` is dropped, if too many wait.
  [[nodiscard]] bool TryRun(Task task);

 private:
  void Work();

  const size_t max_waiting_;
  absl::Mutex mutex_;
  std::deque<Task> waiting_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_WORKER_POOL_H_
