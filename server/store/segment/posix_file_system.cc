#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/failpoint.h"
#include "server/store/segment/block_buffer.h"
#include "server/store/segment/file_system.h"

namespace plumbline::store {
namespace {

// An error here is a file system that refuses a write past the page cache.
Failpoint direct_write("direct-write");

constexpr mode_t kFileMode = 0600;  // what is in there is for this service alone
constexpr mode_t kFolderMode = 0700;
constexpr size_t kMaxPartsPerCall = IOV_MAX;

std::string SystemMessage(int error) {
  char buffer[128] = "";
  return strerror_r(error, buffer, sizeof(buffer));
}

absl::Status ErrorOf(int error, absl::string_view action, const std::string& path) {
  const std::string message =
      absl::StrCat("cannot ", action, " ", path, ": ", SystemMessage(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

// Repeats a system call that a signal has interrupted.
template <typename Call>
auto Uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class PosixFile : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override {
    close(descriptor_);
    if (direct_ >= 0) close(direct_);
  }

  absl::Status Write(uint64_t offset, absl::Span<const absl::string_view> parts) override {
    std::vector<iovec> vectors;
    vectors.reserve(parts.size());
    for (const absl::string_view part : parts) {
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): iovec serves reading as well.
      if (!part.empty()) vectors.push_back({const_cast<char*>(part.data()), part.size()});
    }
    size_t next = 0;
    const bool whole_blocks = IsWholeBlocks(offset, vectors);
    if (whole_blocks && direct_write.Hit() && direct_works_) RefuseDirect(EINVAL);
    bool direct = direct_works_ && whole_blocks;
    while (next < vectors.size()) {
      const int count = static_cast<int>(std::min(vectors.size() - next, kMaxPartsPerCall));
      const ssize_t written = Uninterrupted([&] {
        return pwritev(direct ? direct_ : descriptor_, &vectors[next], count,
                       static_cast<off_t>(offset));
      });
      if (written < 0 && direct && errno == EINVAL) {
        // Never the form of the write, which is whole blocks: the file system's blocks are larger,
        // or it opens such files and cannot write them. Either is so for all of the file.
        RefuseDirect(EINVAL);
        direct = false;
        continue;
      }
      if (written < 0) return ErrorOf(errno, "write", path_);
      // What is left after a short write need not be whole blocks.
      direct = false;
      if (written == 0) return ErrorOf(ENOSPC, "write", path_);
      offset += static_cast<uint64_t>(written);
      auto left = static_cast<size_t>(written);
      while (next < vectors.size() && left >= vectors[next].iov_len) {
        left -= vectors[next++].iov_len;
      }
      if (left > 0) {
        vectors[next].iov_base = static_cast<char*>(vectors[next].iov_base) + left;
        vectors[next].iov_len -= left;
      }
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (Uninterrupted([&] { return fdatasync(descriptor_); }) == 0) return absl::OkStatus();
    return ErrorOf(errno, "sync", path_);
  }

  absl::StatusOr<size_t> Read(uint64_t offset, size_t size, char* out) const override {
    size_t done = 0;
    while (done < size) {
      const ssize_t got = Uninterrupted([&] {
        return pread(descriptor_, out + done, size - done, static_cast<off_t>(offset + done));
      });
      if (got < 0) {
        return absl::DataLossError(
            absl::StrCat("cannot read ", path_, " at ", offset + done, ": ", SystemMessage(errno)));
      }
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  absl::StatusOr<uint64_t> Size() const override {
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) return ErrorOf(errno, "ask the size of", path_);
    return static_cast<uint64_t>(status.st_size);
  }

  absl::Status Resize(uint64_t size) override {
    if (Uninterrupted([&] { return ftruncate(descriptor_, static_cast<off_t>(size)); }) == 0) {
      return absl::OkStatus();
    }
    return ErrorOf(errno, "resize", path_);
  }

  absl::Status Reserve(uint64_t size) override {
    const int result =
        Uninterrupted([&] { return fallocate(descriptor_, 0, 0, static_cast<off_t>(size)); });
    if (result == 0 || errno == EOPNOTSUPP) return absl::OkStatus();
    return ErrorOf(errno, "reserve space for", path_);
  }

  void WritePastCache() override {
    if (direct_ >= 0) return;
    direct_ = open(path_.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
    if (direct_ < 0) return RefuseDirect(errno);
    // By the path, which another file may have taken.
    struct stat opened {
    }, status{};
    if (fstat(direct_, &opened) != 0 || fstat(descriptor_, &status) != 0) {
      return RefuseDirect(errno);
    }
    if (opened.st_ino != status.st_ino || opened.st_dev != status.st_dev) {
      return RefuseDirect(ESTALE);
    }
    direct_error_ = 0;
    direct_works_ = true;
  }

  absl::Status PastCacheStatus() const override {
    const int error = direct_error_;
    return error == 0 ? absl::OkStatus() : ErrorOf(error, "write past the page cache into", path_);
  }

 private:
  void RefuseDirect(int error) {
    direct_error_ = error;
    direct_works_ = false;
  }

  static bool IsWholeBlocks(uint64_t offset, const std::vector<iovec>& vectors) {
    return vectors.size() == 1 && offset % kBlockBytes == 0 &&
           vectors[0].iov_len % kBlockBytes == 0 &&
           reinterpret_cast<uintptr_t>(vectors[0].iov_base) % kBlockBytes == 0;
  }

  const int descriptor_;
  const std::string path_;
  int direct_ = -1;  // the same file, for writes past the page cache
  std::atomic<bool> direct_works_{false};
  std::atomic<int> direct_error_{0};  // why they do not work
};

class PosixLock : public FileLock {
 public:
  explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
  ~PosixLock() override { close(descriptor_); }

 private:
  const int descriptor_;
};

std::string ReadHolder(int descriptor) {
  char text[32] = "";
  const ssize_t got = pread(descriptor, text, sizeof(text) - 1, 0);
  const std::string pid(absl::StripAsciiWhitespace(absl::string_view(text, got > 0 ? got : 0)));
  return pid.empty() ? "another process" : absl::StrCat("process ", pid);
}

class PosixFiles : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC;
    if (mode == OpenMode::kRead) flags |= O_RDONLY;
    if (mode == OpenMode::kReadWrite) flags |= O_RDWR;
    if (mode == OpenMode::kCreate) flags |= O_RDWR | O_CREAT | O_TRUNC;
    const int descriptor = Uninterrupted([&] { return open(path.c_str(), flags, kFileMode); });
    if (descriptor < 0) return ErrorOf(errno, "open", path);
    return std::make_unique<PosixFile>(descriptor, path);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    return ErrorOf(errno, absl::StrCat("rename ", from, " to"), to);
  }

  absl::Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) == 0) return absl::OkStatus();
    return ErrorOf(errno, "remove", path);
  }

  absl::Status MakeFolder(const std::string& path) override {
    if (mkdir(path.c_str(), kFolderMode) == 0) return absl::OkStatus();
    if (errno != EEXIST) return ErrorOf(errno, "make the folder", path);
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return absl::OkStatus();
    return ErrorOf(EEXIST, "make the folder", path);
  }

  absl::Status SyncFolder(const std::string& path) override {
    const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return ErrorOf(errno, "open the folder", path);
    const int result = Uninterrupted([&] { return fsync(descriptor); });
    const int error = errno;
    close(descriptor);
    return result == 0 ? absl::OkStatus() : ErrorOf(error, "sync the folder", path);
  }

  absl::StatusOr<std::vector<FolderEntry>> List(const std::string& path) override {
    DIR* const folder = opendir(path.c_str());
    if (folder == nullptr) return ErrorOf(errno, "list", path);
    std::vector<FolderEntry> entries;
    while (const dirent* entry = readdir(folder)) {
      const std::string name = entry->d_name;
      struct stat status {};
      if (name == "." || name == ".." ||
          fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        continue;
      }
      entries.push_back({name, S_ISDIR(status.st_mode), static_cast<uint64_t>(status.st_size)});
    }
    closedir(folder);
    std::sort(entries.begin(), entries.end(),
              [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
    return entries;
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
    if (descriptor < 0) return ErrorOf(errno, "open", path);
    if (Uninterrupted([&] { return flock(descriptor, LOCK_EX | LOCK_NB); }) != 0) {
      const int error = errno;
      absl::Status status = error == EWOULDBLOCK
                                ? absl::FailedPreconditionError(
                                      absl::StrCat("the store is open in ", ReadHolder(descriptor),
                                                   " (lock on ", path, "); stop it first"))
                                : ErrorOf(error, "lock", path);
      close(descriptor);
      return status;
    }
    // For the message above alone: a lock without its pid is as good.
    const std::string pid = absl::StrCat(getpid(), "\n");
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, pid.data(), pid.size(), 0) < 0) {
      return std::make_unique<PosixLock>(descriptor);
    }
    return std::make_unique<PosixLock>(descriptor);
  }

  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override {
    struct statvfs status {};
    if (statvfs(path.c_str(), &status) != 0) return ErrorOf(errno, "ask the free space of", path);
    return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static FileSystem* const files = new PosixFiles;
  return *files;
}

absl::StatusOr<std::string> ReadFile(FileSystem& files, const std::string& path, size_t limit) {
  absl::StatusOr<std::unique_ptr<File>> file = files.Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  if (*size > limit) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, " has ", *size, " bytes; at most ", limit, " are read"));
  }
  std::string bytes(*size, '\0');
  const absl::StatusOr<size_t> got = (*file)->Read(0, bytes.size(), bytes.data());
  if (!got.ok()) return got.status();
  bytes.resize(*got);
  return bytes;
}

absl::Status ReplaceFile(FileSystem& files, const std::string& path, const std::string& temporary,
                         absl::Span<const absl::string_view> parts, Failpoint* before_rename) {
  absl::StatusOr<std::unique_ptr<File>> file = files.Open(temporary, OpenMode::kCreate);
  absl::Status written = file.status();
  if (written.ok()) written = (*file)->Write(0, parts);
  if (written.ok()) written = (*file)->Sync();
  file = absl::CancelledError();  // closes it
  if (written.ok() && before_rename != nullptr && before_rename->Hit()) {
    written = absl::UnavailableError(absl::StrCat("failpoint ", before_rename->name()));
  }
  if (written.ok()) written = files.Rename(temporary, path);
  // What remains of a failed attempt is overwritten by the next one; removing it only saves space.
  if (!written.ok()) files.Remove(temporary).IgnoreError();
  return written;
}

}  // namespace plumbline::store
