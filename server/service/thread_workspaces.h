// ThreadWorkspaces: the working memory of one engine, on whatever thread it is asked for.
//
// A workspace fits the engine that used it last; with another engine it is made anew. When several
// revisions answer in turn, each therefore has a workspace of its own on each thread. A thread
// keeps those of a few engines; those of engines that are gone are dropped at the thread's next
// evaluation. No locks: on the way of an evaluation there is one relaxed load and a short search.

#ifndef PLUMBLINE_SERVER_SERVICE_THREAD_WORKSPACES_H_
#define PLUMBLINE_SERVER_SERVICE_THREAD_WORKSPACES_H_

#include <cstddef>
#include <memory>

#include "server/engine/engine.h"

namespace plumbline::service {

// Engines whose workspaces one thread keeps: stable, canary, shadow, pinned ones.
inline constexpr size_t kWorkspacesOfThread = 8;

// Belongs to one engine; goes with it. Thread-safe.
class ThreadWorkspaces {
 public:
  ThreadWorkspaces();
  ThreadWorkspaces(const ThreadWorkspaces&) = delete;
  ThreadWorkspaces& operator=(const ThreadWorkspaces&) = delete;
  ~ThreadWorkspaces();

  // The calling thread's workspace for this engine. Good until the thread asks for another one.
  engine::Workspace& OfThisThread() const;

 private:
  struct Owner {};
  // Tells whether this object is still there, also when another one has its address.
  std::shared_ptr<const Owner> owner_;
};

// Workspaces that the calling thread holds, for tests.
size_t CountWorkspacesOfThisThread();

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_THREAD_WORKSPACES_H_
