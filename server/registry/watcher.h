// FolderWatcher: activates the manifest of a folder whenever it changes.
//
//   manifest.note                 what is to be active; put there last, by rename
//   <revision>.plumb              the bundles that it names (any name that ends in .plumb)
//   <revision>.plumb.approvals
//
// Looks every `interval`. A manifest is tried when its bytes are the same at two looks in a row,
// and again at every look at which the folder has changed since the last try failed: a bundle that
// was still being copied is taken once it is whole. Half of a file is never activated: bundles
// carry their digest, notes their signature. Symbolic links are refused.

#ifndef PLUMBLINE_SERVER_REGISTRY_WATCHER_H_
#define PLUMBLINE_SERVER_REGISTRY_WATCHER_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/registry/activation.h"

namespace plumbline::registry {

inline constexpr absl::string_view kManifestFile = "manifest.note";

// Thread-safe. `activation` must outlive it.
class FolderWatcher {
 public:
  FolderWatcher(std::string folder, Activation* activation);
  // As Stop.
  ~FolderWatcher();

  // At the start: tries what is in the folder now, without waiting for a second look. When that
  // fails, or is older than what was active last, resumes what was active last
  // (Activation::Resume). The status says why nothing at all could be activated.
  absl::Status ActivateAtStart();

  // One look at the folder; true if it tried an activation. For tests, and for Start's thread.
  bool Look();

  // Looks every `interval` on a thread of its own, until Stop.
  void Start(absl::Duration interval = absl::Seconds(2));
  void Stop();

 private:
  void Run(absl::Duration interval);

  const std::string folder_;
  Activation* const activation_;
  absl::Mutex mutex_;
  // What the folder held at the last look, and at the last try: digests of names, sizes, times and
  // of the manifest's bytes.
  std::string last_look_ ABSL_GUARDED_BY(mutex_);
  std::string last_try_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_WATCHER_H_
