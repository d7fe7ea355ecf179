// ForgetfulFileSystem: files in memory that know what of them is synced, and so what a power cut
// would leave. As strict as POSIX allows: a file's bytes are durable after Sync of the file, its
// name after SyncFolder of its folder, and everything else is, is not, or is in part.

#ifndef PLUMBLINE_TESTS_TESTING_STORE_FORGETFUL_FILE_SYSTEM_H_
#define PLUMBLINE_TESTS_TESTING_STORE_FORGETFUL_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/store/segment/file_system.h"

namespace plumbline::testing {

// What is left of that which was not synced.
enum class PowerCut {
  kNothing,
  kEverything,
  kSectors,  // some sectors of 512 bytes and some names, by chance
};

// Thread-safe. Files stay usable while the file system lives.
class ForgetfulFileSystem : public store::FileSystem {
 public:
  ForgetfulFileSystem() = default;

  absl::StatusOr<std::unique_ptr<store::File>> Open(const std::string& path,
                                                    store::OpenMode mode) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status MakeFolder(const std::string& path) override;
  absl::Status SyncFolder(const std::string& path) override;
  absl::StatusOr<std::vector<store::FolderEntry>> List(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<store::FileLock>> Lock(const std::string& path) override;
  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override;

  // The file system after a power cut at this moment; this one goes on.
  std::unique_ptr<ForgetfulFileSystem> AfterPowerCut(PowerCut kind, uint64_t seed) const;
  // Everything as it is, also what was not synced, as after the death of the process.
  std::unique_ptr<ForgetfulFileSystem> Copy() const;

  // Bytes that all files together may have.
  void SetQuota(uint64_t bytes);

  // Paths of all files, sorted.
  std::vector<std::string> Paths() const;
  std::string Contents(const std::string& path) const;
  void SetContents(const std::string& path, const std::string& bytes);
  void FlipBit(const std::string& path, size_t offset, int bit);

  struct Inode {
    std::string bytes;
    std::string synced;
  };

 private:
  friend class ForgetfulFile;
  friend class ForgetfulLock;
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  // ResourceExhausted if a file of `from` bytes may not get `to` bytes.
  absl::Status Grow(uint64_t from, uint64_t to) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t UsedBytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  Names names_ ABSL_GUARDED_BY(mutex_);
  Names synced_names_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> folders_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> synced_folders_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> locks_ ABSL_GUARDED_BY(mutex_);
  uint64_t quota_ ABSL_GUARDED_BY(mutex_) = uint64_t{1} << 40;
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_STORE_FORGETFUL_FILE_SYSTEM_H_
