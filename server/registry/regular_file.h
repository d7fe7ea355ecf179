// Reading of files that decide what is served: of regular files only, never through a symbolic
// link, never more than a stated number of bytes.
//
// A link could be pointed elsewhere between a check and a use; a pipe or device could make a server
// wait for ever. Whoever may write the folder can still replace a file: that is what digests and
// signatures are for.

#ifndef PLUMBLINE_SERVER_REGISTRY_REGULAR_FILE_H_
#define PLUMBLINE_SERVER_REGISTRY_REGULAR_FILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace plumbline::registry {

// The bytes of the file at `path`. Folders on the way to it may be links. Errors name the path:
//   NotFound            there is nothing
//   InvalidArgument     a symbolic link, a folder or anything else that is not a regular file
//   ResourceExhausted   more than `max_bytes`
//   PermissionDenied    this process may not open it
//   Unavailable         cannot be opened or read for another reason: a disk, a folder on a network,
//                       too many open files
absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t max_bytes);

// A folder that is no symbolic link, kept open: what is read is read in the folder that was opened,
// also when its path is given to another one meanwhile. Thread-compatible. Move-only.
class Folder {
 public:
  // NotFound if there is nothing; InvalidArgument if it is a link or no folder.
  static absl::StatusOr<Folder> Open(const std::string& path);

  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&& other) noexcept;
  ~Folder();

  const std::string& path() const { return path_; }

  // Names of all entries whose name does not begin with a dot, in byte order.
  absl::StatusOr<std::vector<std::string>> List() const;

  // Names, kinds, sizes, numbers and times of those entries, as one text: another one whenever a
  // file was added, removed, replaced or written to.
  absl::StatusOr<std::string> Describe() const;

  // As ReadRegularFile, for an entry of this folder. `name` holds no '/'.
  absl::StatusOr<std::string> Read(const std::string& name, size_t max_bytes) const;

 private:
  Folder(std::string path, int descriptor);

  std::string path_;
  int descriptor_;
};

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_REGULAR_FILE_H_
