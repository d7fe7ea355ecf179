// FolderWatcher: activates the manifest of a folder whenever it changes.
//
//   manifest.note                 what is to be active; put there last, by rename
//   <revision>.plumb              the bundles that it names (any name that ends in .plumb)
//   <revision>.plumb.approvals
//
// It polls: one look every `interval`, because a folder on a network tells nobody of its changes. A
// manifest is tried when the folder is the same at two looks in a row, and again at every look at
// which the folder has changed since the last try failed: a bundle that was still being copied is
// taken once it is whole. What failed for a reason that may pass by itself (a disk, the decision
// log, the date) is tried again at every 15th look, and reported again only if the reason is
// another. Half of a file is never activated: bundles carry their digest, notes their signature.
// Symbolic links are refused.

#ifndef PLUMBLINE_SERVER_REGISTRY_WATCHER_H_
#define PLUMBLINE_SERVER_REGISTRY_WATCHER_H_

#include <condition_variable>
#include <memory>
#include <mutex>
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
  // fails, when there is no manifest or an older one than what was active last (neither of which is
  // a refusal: it was activated by RPC), resumes what was active last (Activation::Resume). The
  // status says why nothing at all could be activated: Unavailable if what was active last is sound
  // and could not be stored or put on record (nothing else could be, then), FailedPrecondition
  // otherwise.
  absl::Status ActivateAtStart();

  // One look at the folder; true if it tried an activation. For tests, and for Start's thread.
  bool Look();

  // Looks every `interval` on a thread of its own, until Stop.
  void Start(absl::Duration interval = absl::Seconds(2));
  void Stop();

 private:
  void Run(absl::Duration interval);
  // Tries `manifest` with the files of the folder.
  ActivationResult Try(ActivationOrigin origin, const std::string& manifest);

  const std::string folder_;
  Activation* const activation_;
  absl::Mutex mutex_;
  // What the folder held at the last look, and at the last try: digests of names, sizes, times and
  // of the manifest's bytes.
  std::string last_look_ ABSL_GUARDED_BY(mutex_);
  std::string last_try_ ABSL_GUARDED_BY(mutex_);
  // Of the last try: its manifest; why it was refused, if that may pass; and after how many looks
  // it is tried again (0: it is not).
  std::string last_manifest_ ABSL_GUARDED_BY(mutex_);
  std::string last_refusal_ ABSL_GUARDED_BY(mutex_);
  int looks_until_retry_ ABSL_GUARDED_BY(mutex_) = 0;

  // Not absl's: its timeouts are points of the time of day, so that a clock that is set back by an
  // hour would make the thread sleep for an hour.
  std::mutex stop_mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by stop_mutex_
  std::thread thread_;
};

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_WATCHER_H_
