#include "server/registry/watcher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/registry/manifest.h"
#include "server/registry/regular_file.h"
#include "server/registry/release.h"

namespace plumbline::registry {
namespace {

// What one look at a folder saw.
struct Sight {
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
  Sight sight = LookAt(folder_);
  {
    const absl::MutexLock lock(&mutex_);
    last_look_ = last_try_ = sight.fingerprint;
  }
  absl::Status status = sight.manifest.status();
  if (status.ok()) {
    const FolderReleases releases(folder_);
    ActivationAttempt attempt;
    attempt.origin = ActivationOrigin::kStart;
    attempt.manifest = *std::move(sight.manifest);
    attempt.releases = &releases;
    status = activation_->Activate(attempt).status;
  } else {
    activation_->ReportFailure(ActivationOrigin::kStart, ActivationStep::kRead, status);
  }
  if (status.ok()) return status;
  const ActivationResult resumed = activation_->Resume();
  if (resumed.status.ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("nothing can be activated: ", folder_, ": ", status.message(),
                   "; and what was active last cannot be resumed: ", resumed.status.message()));
}

bool FolderWatcher::Look() {
  Sight sight = LookAt(folder_);
  {
    const absl::MutexLock lock(&mutex_);
    const bool still = sight.fingerprint == last_look_;
    last_look_ = sight.fingerprint;
    if (!still || sight.fingerprint == last_try_) return false;
    last_try_ = sight.fingerprint;
  }
  if (!sight.manifest.ok()) {
    activation_->ReportFailure(ActivationOrigin::kWatch, ActivationStep::kRead,
                               sight.manifest.status());
    return true;
  }
  const FolderReleases releases(folder_);
  ActivationAttempt attempt;
  attempt.origin = ActivationOrigin::kWatch;
  attempt.manifest = *std::move(sight.manifest);
  attempt.releases = &releases;
  activation_->Activate(attempt);
  return true;
}

void FolderWatcher::Start(absl::Duration interval) {
  Stop();
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = false;
  }
  thread_ = std::thread([this, interval] { Run(interval); });
}

void FolderWatcher::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void FolderWatcher::Run(absl::Duration interval) {
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), interval)) return;
    }
    Look();
  }
}

}  // namespace plumbline::registry
