// OverlayFileSystem: files in memory over a snapshot of a folder that stays as it is. Making one
// copies no file, so that thousands of variants of one log can be opened, several at a time.

#ifndef PLUMBLINE_TESTS_TESTING_STORE_OVERLAY_FILE_SYSTEM_H_
#define PLUMBLINE_TESTS_TESTING_STORE_OVERLAY_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/store/segment/file_system.h"

namespace plumbline::testing {

// What a folder and those below it held at one moment.
struct Snapshot {
  std::string folder;
  std::set<std::string> folders;             // paths, with `folder` itself
  std::map<std::string, std::string> files;  // path -> bytes
};

Snapshot TakeSnapshot(const std::string& folder);

// Thread-compatible. `snapshot` must outlive it; files that were opened stay usable without it. A
// file is copied when it is first written to. Nothing is ever synced, and there is space for all.
class OverlayFileSystem : public store::FileSystem {
 public:
  explicit OverlayFileSystem(const Snapshot* snapshot);

  // Makes the file hold `bytes`.
  void Put(const std::string& path, std::string bytes);

  absl::StatusOr<std::unique_ptr<store::File>> Open(const std::string& path,
                                                    store::OpenMode mode) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status MakeFolder(const std::string& path) override;
  absl::Status SyncFolder(const std::string& path) override;
  absl::StatusOr<std::vector<store::FolderEntry>> List(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<store::FileLock>> Lock(const std::string& path) override;
  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override;

  struct Inode {
    const std::string& bytes() const { return original != nullptr ? *original : own; }
    std::string& Writable();

    const std::string* original = nullptr;  // of the snapshot, until it is written to
    std::string own;
  };

 private:
  std::map<std::string, std::shared_ptr<Inode>> files_;
  std::set<std::string> folders_;
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_STORE_OVERLAY_FILE_SYSTEM_H_
