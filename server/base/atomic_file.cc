#include "server/base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace plumbline {
namespace {

absl::Status StepError(const std::string& path, absl::string_view step) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path, ": ", step));
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A temporary file, closed and removed unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path) : path_(path), name_(path + ".tmp.XXXXXX") {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (file_ >= 0) close(file_);
    if (present_) unlink(name_.c_str());
  }

  absl::Status Create(mode_t mode) {
    file_ = mkostemp(name_.data(), O_CLOEXEC);
    if (file_ < 0) return StepError(path_, "create a temporary file beside it");
    present_ = true;
    if (fchmod(file_, mode) != 0) return StepError(path_, "set permissions");
    return absl::OkStatus();
  }

  absl::Status Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = write(file_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return StepError(path_, "write");
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    if (fsync(file_) != 0) return StepError(path_, "fsync");
    const int file = file_;
    file_ = -1;
    if (close(file) != 0) return StepError(path_, "close");
    return absl::OkStatus();
  }

  absl::Status Rename() {
    if (rename(name_.c_str(), path_.c_str()) != 0) return StepError(path_, "rename");
    present_ = false;
    return absl::OkStatus();
  }

 private:
  const std::string& path_;
  std::string name_;
  int file_ = -1;
  bool present_ = false;
};

}  // namespace

absl::Status SyncFolder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return StepError(path, "open the folder");
  absl::Status status;
  if (fsync(folder) != 0) status = StepError(path, "fsync the folder");
  close(folder);
  return status;
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes, mode_t mode) {
  TemporaryFile temporary(path);
  if (absl::Status status = temporary.Create(mode); !status.ok()) return status;
  if (absl::Status status = temporary.Write(bytes); !status.ok()) return status;
  if (absl::Status status = temporary.Rename(); !status.ok()) return status;
  return SyncFolder(FolderOf(path));
}

}  // namespace plumbline
