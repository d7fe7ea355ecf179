#include "server/registry/watcher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/registry/manifest.h"
#include "server/registry/regular_file.h"
#include "server/registry/release.h"

namespace plumbline::registry {
namespace {

// A disk that was full, or a day that had not begun, has nothing to do with the files in the
// folder: what failed for their sake is tried again although none of the files changes.
constexpr int kLooksUntilRetry = 15;

// What one look at a folder saw.
struct Sight {
  // The folder could be listed.
  bool listed = false;
  absl::StatusOr<std::string> manifest = std::string();
  // Changes whenever a file or the manifest does, or the folder becomes (un)readable.
  std::string fingerprint;
};

Sight LookAt(const std::string& path) {
  Sight sight;
  const absl::StatusOr<Folder> folder = Folder::Open(path);
  if (!folder.ok()) {
    sight.manifest = folder.status();
  } else if (const absl::StatusOr<std::string> entries = folder->Describe(); !entries.ok()) {
    sight.manifest = entries.status();
  } else {
    sight.listed = true;
    sight.manifest = folder->Read(std::string(kManifestFile), kMaxManifestBytes);
    sight.fingerprint = absl::StrCat(*entries, "/");
  }
  absl::StrAppend(&sight.fingerprint, sight.manifest.ok()
                                          ? *sight.manifest
                                          : std::string(sight.manifest.status().message()));
  return sight;
}

}  // namespace

FolderWatcher::FolderWatcher(std::string folder, Activation* activation)
    : folder_(std::move(folder)), activation_(activation) {}

FolderWatcher::~FolderWatcher() { Stop(); }

absl::Status FolderWatcher::ActivateAtStart() {
  const Sight sight = LookAt(folder_);
  {
    const absl::MutexLock lock(&mutex_);
    last_look_ = last_try_ = sight.fingerprint;
  }
  // What is active may have come by RPC only.
  const bool empty = sight.listed && absl::IsNotFound(sight.manifest.status());
  absl::Status status = sight.manifest.status();
  if (status.ok()) {
    status = Try(ActivationOrigin::kStart, *sight.manifest).status;
  } else if (!empty) {
    activation_->ReportFailure(ActivationOrigin::kStart, ActivationStep::kRead, status);
  }
  if (status.ok()) return status;
  const ActivationResult resumed = activation_->Resume();
  if (resumed.status.ok()) return absl::OkStatus();
  if (empty && absl::IsNotFound(resumed.status)) {
    activation_->ReportFailure(ActivationOrigin::kStart, ActivationStep::kRead, status);
  }
  // Not so for "read": what is missing does not come by starting again, but by RPC or into the
  // folder. What is prepared at "warm-up" is kept beside the log, on the disk that may be full.
  const bool full = resumed.step == ActivationStep::kStore ||
                    resumed.step == ActivationStep::kRecord ||
                    (resumed.step == ActivationStep::kWarmUp && resumed.may_pass);
  return absl::Status(
      full ? absl::StatusCode::kUnavailable : absl::StatusCode::kFailedPrecondition,
      absl::StrCat("nothing can be activated: ", folder_, ": ", status.message(),
                   "; and what was active last cannot be resumed: ", resumed.status.message()));
}

bool FolderWatcher::Look() {
  const Sight sight = LookAt(folder_);
  {
    const absl::MutexLock lock(&mutex_);
    const bool still = sight.fingerprint == last_look_;
    last_look_ = sight.fingerprint;
    if (!still) return false;
    const bool changed = sight.fingerprint != last_try_;
    const bool retry = looks_until_retry_ > 0 && --looks_until_retry_ == 0;
    if (!changed && !retry) return false;
    last_try_ = sight.fingerprint;
    looks_until_retry_ = 0;
    if (changed) last_refusal_.clear();  // somebody did something, and wants to know
  }
  if (!sight.manifest.ok()) {
    activation_->ReportFailure(ActivationOrigin::kWatch, ActivationStep::kRead,
                               sight.manifest.status());
    return true;
  }
  Try(ActivationOrigin::kWatch, *sight.manifest);
  return true;
}

ActivationResult FolderWatcher::Try(ActivationOrigin origin, const std::string& manifest) {
  const FolderReleases releases(folder_);
  ActivationAttempt attempt;
  attempt.origin = origin;
  attempt.manifest = manifest;
  attempt.releases = &releases;
  {
    const absl::MutexLock lock(&mutex_);
    attempt.known_refusal = last_refusal_;
    // A newer one may have come by RPC since this one was put there. Whoever puts an older one
    // there to go back is told that it does not work like that.
    attempt.older_is_no_news = origin == ActivationOrigin::kStart || manifest == last_manifest_;
    last_manifest_ = manifest;
  }
  ActivationResult result = activation_->Activate(attempt);
  const absl::MutexLock lock(&mutex_);
  const bool again = !result.status.ok() && result.may_pass;
  looks_until_retry_ = again ? kLooksUntilRetry : 0;
  last_refusal_ = again ? std::string(result.status.message()) : "";
  return result;
}

void FolderWatcher::Start(absl::Duration interval) {
  Stop();
  {
    const std::lock_guard<std::mutex> lock(stop_mutex_);
    stopping_ = false;
  }
  thread_ = std::thread([this, interval] { Run(interval); });
}

void FolderWatcher::Stop() {
  {
    const std::lock_guard<std::mutex> lock(stop_mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FolderWatcher::Run(absl::Duration interval) {
  while (true) {
    {
      std::unique_lock<std::mutex> lock(stop_mutex_);
      if (stop_.wait_for(lock, absl::ToChronoNanoseconds(interval), [this] { return stopping_; })) {
        return;
      }
    }
    Look();
  }
}

}  // namespace plumbline::registry
