// SideFiles: what a store keeps beside the log: tiles, documents, objects. One file each, written
// to a temporary name, synced and renamed, so that a file is whole or not there.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_SIDE_FILES_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_SIDE_FILES_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/segment/file_system.h"
#include "server/store/store.h"

namespace plumbline::store {

// Writes come from one thread at a time, reads from any. Errors are those of store.h, but not
// remembered: whoever calls decides what follows from a failed write.
class SideFiles {
 public:
  // `files` must outlive it. `folder` is the store's.
  SideFiles(FileSystem* files, std::string folder, uint64_t seed)
      : files_(files), folder_(std::move(folder)), seed_(seed) {}

  // Makes the folders, synced.
  absl::Status MakeFolders();

  absl::Status WriteTile(int level, uint64_t number, absl::string_view hashes);
  absl::StatusOr<std::string> ReadTile(int level, uint64_t number) const;

  absl::Status PutDocument(absl::string_view name, absl::string_view bytes);
  absl::StatusOr<std::string> GetDocument(absl::string_view name) const;

  absl::StatusOr<std::string> PutObject(absl::string_view bytes);
  absl::StatusOr<std::string> GetObject(absl::string_view digest) const;
  absl::StatusOr<std::vector<std::string>> ListObjects() const;

  // Of all files in these folders; goes through them.
  absl::StatusOr<uint64_t> UsedBytes() const;
  // Reads every file.
  absl::Status Check(absl::FunctionRef<void(const Problem&)> report) const;

  // "tiles/0/x001/067": the path of C2SP tlog-tiles below the store's folder.
  static std::string TilePath(int level, uint64_t number);

 private:
  std::string Path(absl::string_view below) const;
  // Makes the folders between `folder_` and the file `below`; they are synced later.
  absl::Status MakeFoldersFor(const std::string& below);
  absl::Status SyncFolders();
  absl::StatusOr<std::string> ReadWithTrailer(const std::string& below, size_t limit) const;
  // Calls `visit` with the path below `folder_` and the length of each file.
  absl::Status Walk(const std::string& below,
                    absl::FunctionRef<absl::Status(const std::string&, uint64_t)> visit) const;
  absl::Status CheckFile(const std::string& below) const;

  FileSystem* const files_;
  const std::string folder_;
  const uint64_t seed_;
  // Folders with names that are not known to be durable.
  std::set<std::string> unsynced_folders_;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_SIDE_FILES_H_
