// The file operations that the segment store uses, and nothing more: behind them, tests put file
// systems that fail at the n-th write or forget what was not synced when the power is cut.
//
// Errors of every call name the path and what the system said:
//   NotFound           no such file or folder
//   ResourceExhausted  no space (also: quota, limit of the file size)
//   DataLoss           reading failed though the file is there
//   PermissionDenied   access denied
//   Unavailable        everything else

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_FILE_SYSTEM_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/base/failpoint.h"

namespace plumbline::store {

// An open file; closed by the destructor. Thread-safe as far as the bytes do not overlap.
class File {
 public:
  virtual ~File() = default;

  // Writes the parts one after the other from `offset` on, with as few system calls as the system
  // allows. After an error any part of the bytes may have been written.
  virtual absl::Status Write(uint64_t offset, absl::Span<const absl::string_view> parts) = 0;
  // Returns when the bytes survive a power cut (fdatasync). After an error nothing is known about
  // what was written since the last Sync, and another Sync would prove nothing.
  virtual absl::Status Sync() = 0;
  // Reads into `out`; fewer bytes than `size` only at the end of the file. Returns how many.
  virtual absl::StatusOr<size_t> Read(uint64_t offset, size_t size, char* out) const = 0;
  virtual absl::StatusOr<uint64_t> Size() const = 0;
  virtual absl::Status Resize(uint64_t size) = 0;
  // Makes the file `size` bytes long, with the space on disk reserved; OK without doing anything
  // where the system cannot.
  virtual absl::Status Reserve(uint64_t size) = 0;
  // From now on, writes of one part whose offset, length and address are multiples of kBlockBytes
  // go to the disk without a copy in the page cache: for what is hardly ever read again. They are
  // as durable as others only after Sync. Where the system cannot, they go through the page cache
  // like all others, and PastCacheStatus says so.
  virtual void WritePastCache() {}
  // OK, or why writes do not go past the page cache although WritePastCache was called: the system
  // would not open the file for them, or has refused one (and was not asked again).
  virtual absl::Status PastCacheStatus() const { return absl::OkStatus(); }
};

// Held until destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// kCreate: makes the file, or empties it.
enum class OpenMode { kRead, kReadWrite, kCreate };

struct FolderEntry {
  std::string name;
  bool is_folder = false;
  uint64_t bytes = 0;
};

// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;
  // OK if it is there already. The folder above must be there.
  virtual absl::Status MakeFolder(const std::string& path) = 0;
  // Returns when the names in the folder survive a power cut.
  virtual absl::Status SyncFolder(const std::string& path) = 0;
  // Sorted by name, without "." and "..".
  virtual absl::StatusOr<std::vector<FolderEntry>> List(const std::string& path) = 0;
  // FailedPrecondition, with the process that holds it, when another store has locked this file.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
  // Bytes that this process may still write to the file system of `path`.
  virtual absl::StatusOr<uint64_t> FreeBytes(const std::string& path) = 0;
};

// The real one. Lives as long as the process.
FileSystem& PosixFileSystem();

// All of a file. ResourceExhausted if it is longer than `limit`.
absl::StatusOr<std::string> ReadFile(FileSystem& files, const std::string& path, size_t limit);

// Makes `path` hold `bytes`, whole or not at all, by way of `temporary` in the same folder. The
// bytes are durable when this returns, the name only after SyncFolder. When there is no space left,
// the file is what it was, and nothing else remains. `before_rename` may be null.
absl::Status ReplaceFile(FileSystem& files, const std::string& path, const std::string& temporary,
                         absl::Span<const absl::string_view> parts,
                         Failpoint* before_rename = nullptr);

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_FILE_SYSTEM_H_
