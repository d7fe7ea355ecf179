// FaultyFileSystem: another file system in which the n-th operation of a kind fails.

#ifndef PLUMBLINE_TESTS_TESTING_STORE_FAULTY_FILE_SYSTEM_H_
#define PLUMBLINE_TESTS_TESTING_STORE_FAULTY_FILE_SYSTEM_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/store/segment/file_system.h"

namespace plumbline::testing {

enum class Operation { kOpen, kRead, kWrite, kSync, kResize, kRename, kRemove, kFolder };

struct Fault {
  Operation operation = Operation::kWrite;
  int n = 1;  // counted from the arming on
  absl::Status error = absl::UnavailableError("Input/output error (fault of the test)");
  // All operations of this kind from the n-th on fail, not only that one.
  bool sticky = false;
  // A write that fails has written the first half of its bytes.
  bool half_written = false;
};

// Thread-safe. `files` must outlive it.
class FaultyFileSystem : public store::FileSystem {
 public:
  explicit FaultyFileSystem(store::FileSystem* files) : files_(files) {}

  void Arm(const Fault& fault);
  void Disarm();
  // True if the armed fault has struck.
  bool has_struck() const;
  // Called before each operation that changes something.
  void SetBeforeChange(std::function<void()> callback) { before_change_ = std::move(callback); }

  absl::StatusOr<std::unique_ptr<store::File>> Open(const std::string& path,
                                                    store::OpenMode mode) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status MakeFolder(const std::string& path) override;
  absl::Status SyncFolder(const std::string& path) override;
  absl::StatusOr<std::vector<store::FolderEntry>> List(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<store::FileLock>> Lock(const std::string& path) override;
  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override;

 private:
  friend class FaultyFile;

  // Counts one operation; the error if this one fails. `half`: whether to write half of the bytes.
  absl::Status Before(Operation operation, const std::string& path, bool* half = nullptr);

  store::FileSystem* const files_;
  std::function<void()> before_change_;
  mutable absl::Mutex mutex_;
  bool armed_ ABSL_GUARDED_BY(mutex_) = false;
  Fault fault_ ABSL_GUARDED_BY(mutex_);
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_STORE_FAULTY_FILE_SYSTEM_H_
