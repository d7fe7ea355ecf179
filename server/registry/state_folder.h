// StateFolder: what a server must remember to restart safely: the highest serial that was ever
// active, and the manifest and bundles that were active last.
//
//   activation.state        the serial, and the digest of its manifest
//   manifest-<serial>.note  the manifest that was active last, and those before it
//   <revision>.plumb        the bundles that they name
//   <revision>.plumb.approvals
//   lock
//
// Without it a server that restarts could be fed an older manifest, and a server whose source of
// manifests is gone could not start. Only one server may use a folder at a time: it is locked.

#ifndef PLUMBLINE_SERVER_REGISTRY_STATE_FOLDER_H_
#define PLUMBLINE_SERVER_REGISTRY_STATE_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/registry/approval.h"
#include "server/registry/release.h"

namespace plumbline::registry {

// The highest serial, and SHA-256 (hex) of the note that carried it.
struct HighestSerial {
  uint64_t serial = 0;  // 0: nothing was ever active
  std::string manifest_digest;

  friend bool operator==(const HighestSerial& a, const HighestSerial& b) {
    return a.serial == b.serial && a.manifest_digest == b.manifest_digest;
  }
  friend bool operator!=(const HighestSerial& a, const HighestSerial& b) { return !(a == b); }
};

// Thread-compatible: Activation uses it for one attempt at a time.
class StateFolder {
 public:
  // Makes the folder if there is none, and locks it. FailedPrecondition if another process has it;
  // DataLoss if the state cannot be read: it is never taken for "nothing was ever active".
  static absl::StatusOr<std::unique_ptr<StateFolder>> Open(const std::string& path);
  ~StateFolder();

  // What a restart would take up, as far as it can be known: after a failed Save or SetBack it may
  // be the one or the other.
  const HighestSerial& highest() const { return highest_; }
  // The manifest that was active last. NotFound if none was; DataLoss if it is not the one that
  // the state names.
  absl::StatusOr<std::string> Manifest() const;
  // The bundles that are kept here.
  const ReleaseSource& releases() const { return releases_; }
  // The approvals that are kept here for a revision, also if its bundle is not; none if they cannot
  // be read. Reads one file.
  std::vector<ApprovalNote> ApprovalsOf(const std::string& revision) const;

  // Durable when it returns OK: bundles first, the manifest next, the serial last. An error may
  // leave either state: highest() says which.
  struct KeptRelease {
    std::string revision;
    std::shared_ptr<const std::string> bundle;
    std::string approvals_note;
  };
  absl::Status Save(uint64_t serial, const std::string& manifest,
                    const std::vector<KeptRelease>& releases);
  // Undoes a Save whose manifest did not become active after all: `highest` is what is active.
  // Files of the manifest stay; nothing names them. Durable when it returns OK.
  absl::Status SetBack(const HighestSerial& highest);

 private:
  StateFolder(std::string path, int lock);

  absl::Status WriteState(const HighestSerial& highest) const;

  std::string path_;
  int lock_;
  HighestSerial highest_;
  FolderReleases releases_;
};

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_STATE_FOLDER_H_
