#include "server/registry/state_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/atomic_file.h"
#include "server/base/failpoint.h"
#include "server/base/sha256.h"
#include "server/registry/manifest.h"
#include "server/registry/note_text.h"
#include "server/registry/regular_file.h"

namespace plumbline::registry {
namespace {

// As if the new state were in its place, and fsync of the folder failed.
Failpoint state_not_synced("activation-state-not-synced");

constexpr char kStateFile[] = "activation.state";
constexpr char kFirstLine[] = "plumbline-activation-state/v1";
constexpr size_t kMaxStateBytes = 1024;

std::string FormatState(const HighestSerial& highest) {
  return absl::StrCat(kFirstLine, "\nserial ", highest.serial, "\nmanifest ",
                      highest.manifest_digest, "\n");
}

absl::StatusOr<HighestSerial> ParseState(const std::string& text, const std::string& path) {
  NoteTextReader lines(text, path);
  HighestSerial highest;
  absl::Status status = lines.ExpectLine(kFirstLine);
  if (status.ok()) {
    const absl::StatusOr<std::string> serial = lines.Value("serial");
    status = serial.status();
    if (serial.ok() && (!absl::SimpleAtoi(*serial, &highest.serial) || highest.serial == 0)) {
      status = lines.Error("`serial` is not a number");
    }
  }
  if (status.ok()) {
    absl::StatusOr<std::string> digest = lines.RevisionValue("manifest");
    status = digest.status();
    if (digest.ok()) highest.manifest_digest = *std::move(digest);
  }
  status.Update(lines.ExpectEnd());
  // One content has one text: anything else was not written here.
  if (status.ok() && FormatState(highest) != text) status = lines.Error("not as it was written");
  if (!status.ok()) {
    return absl::DataLossError(absl::StrCat(
        status.message(),
        "; without the highest serial an older manifest could not be told from a new one"));
  }
  return highest;
}

absl::Status WriteIfOther(const Folder& folder, const std::string& name, const std::string& bytes,
                          size_t max_bytes) {
  const absl::StatusOr<std::string> present = folder.Read(name, max_bytes);
  if (present.ok() && *present == bytes) return absl::OkStatus();
  return WriteFileAtomically(absl::StrCat(folder.path(), "/", name), bytes);
}

std::string ManifestName(uint64_t serial) { return absl::StrCat("manifest-", serial, ".note"); }

}  // namespace

StateFolder::StateFolder(std::string path, int lock)
    : path_(std::move(path)), lock_(lock), releases_(path_) {}

StateFolder::~StateFolder() {
  if (lock_ >= 0) close(lock_);
}

absl::StatusOr<std::unique_ptr<StateFolder>> StateFolder::Open(const std::string& path) {
  if (mkdir(path.c_str(), S_IRWXU | S_IRGRP | S_IXGRP) != 0 && errno != EEXIST) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot make the folder ", path, ": ", std::strerror(errno)));
  }
  const absl::StatusOr<Folder> folder = Folder::Open(path);
  if (!folder.ok()) return folder.status();
  const std::string lock_path = absl::StrCat(path, "/lock");
  const int lock =
      open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (lock < 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot write ", lock_path, ": ", std::strerror(errno)));
  }
  std::unique_ptr<StateFolder> state(new StateFolder(path, lock));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("another process uses the state folder ", path));
  }
  const absl::StatusOr<std::string> text = folder->Read(kStateFile, kMaxStateBytes);
  if (absl::IsNotFound(text.status())) return state;
  if (!text.ok()) return text.status();
  absl::StatusOr<HighestSerial> highest = ParseState(*text, absl::StrCat(path, "/", kStateFile));
  if (!highest.ok()) return highest.status();
  state->highest_ = *std::move(highest);
  return state;
}

absl::StatusOr<std::string> StateFolder::Manifest() const {
  if (highest_.serial == 0) {
    return absl::NotFoundError(absl::StrCat("nothing was ever active, says ", path_));
  }
  const absl::StatusOr<Folder> folder = Folder::Open(path_);
  if (!folder.ok()) return folder.status();
  absl::StatusOr<std::string> manifest =
      folder->Read(ManifestName(highest_.serial), kMaxManifestBytes);
  if (!manifest.ok()) {
    return absl::DataLossError(
        absl::StrCat("the manifest that was active last: ", manifest.status().message()));
  }
  if (ToHex(Sha256Of(*manifest)) != highest_.manifest_digest) {
    return absl::DataLossError(absl::StrCat(path_, "/", ManifestName(highest_.serial),
                                            " is not the manifest that was active"));
  }
  return manifest;
}

std::vector<ApprovalNote> StateFolder::ApprovalsOf(const std::string& revision) const {
  const absl::StatusOr<Folder> folder = Folder::Open(path_);
  if (!folder.ok()) return {};
  const std::string name = absl::StrCat(revision, kBundleExtension, kApprovalsExtension);
  const absl::StatusOr<std::string> text = folder->Read(name, kMaxApprovalsBytes);
  if (!text.ok()) return {};
  absl::StatusOr<std::vector<ApprovalNote>> notes = ParseApprovals(*text, name);
  return notes.ok() ? *std::move(notes) : std::vector<ApprovalNote>();
}

absl::Status StateFolder::Save(uint64_t serial, const std::string& manifest,
                               const std::vector<KeptRelease>& releases) {
  HighestSerial highest{serial, ToHex(Sha256Of(manifest))};
  const absl::StatusOr<Folder> folder = Folder::Open(path_);
  if (!folder.ok()) return folder.status();
  for (const KeptRelease& release : releases) {
    const std::string name = absl::StrCat(release.revision, kBundleExtension);
    if (absl::Status written = WriteIfOther(*folder, name, *release.bundle, kMaxBundleBytes);
        !written.ok()) {
      return written;
    }
    if (absl::Status written = WriteIfOther(*folder, absl::StrCat(name, kApprovalsExtension),
                                            release.approvals_note, kMaxApprovalsBytes);
        !written.ok()) {
      return written;
    }
  }
  if (absl::Status written =
          WriteIfOther(*folder, ManifestName(serial), manifest, kMaxManifestBytes);
      !written.ok()) {
    return written;
  }
  // Files that were there may have been renamed by an attempt whose fsync of the folder failed.
  if (absl::Status synced = SyncFolder(path_); !synced.ok()) return synced;
  // From here on the new one is what a restart activates, also if the process ends before the swap.
  if (absl::Status written = WriteState(highest); !written.ok()) {
    // It may be in its place all the same, and then a restart may find it.
    const absl::StatusOr<std::string> present = folder->Read(kStateFile, kMaxStateBytes);
    // What is no file at all cannot be it; what the disk does not give may be.
    const bool unharmed =
        present.ok() ? *present == FormatState(highest_) : !absl::IsUnavailable(present.status());
    if (!unharmed) highest_ = std::move(highest);
    return written;
  }
  highest_ = std::move(highest);
  return absl::OkStatus();
}

// Also when the file says so already: it may be there without being durable.
absl::Status StateFolder::WriteState(const HighestSerial& highest) const {
  absl::Status written =
      WriteFileAtomically(absl::StrCat(path_, "/", kStateFile), FormatState(highest));
  if (written.ok() && state_not_synced.Hit()) {
    return absl::UnavailableError("failpoint activation-state-not-synced");
  }
  return written;
}

absl::Status StateFolder::SetBack(const HighestSerial& highest) {
  if (highest.serial != 0) {
    if (absl::Status written = WriteState(highest); !written.ok()) return written;
  } else {
    const std::string path = absl::StrCat(path_, "/", kStateFile);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      return absl::UnavailableError(
          absl::StrCat("cannot remove ", path, ": ", std::strerror(errno)));
    }
    if (absl::Status synced = SyncFolder(path_); !synced.ok()) return synced;
  }
  highest_ = highest;
  return absl::OkStatus();
}

}  // namespace plumbline::registry
