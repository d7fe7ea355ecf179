#include "server/registry/regular_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace plumbline::registry {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  int value() const { return value_; }

 private:
  int value_;
};

absl::Status OpenError(const std::string& path, int error) {
  if (error == ENOENT) return absl::NotFoundError(absl::StrCat("no file ", path));
  if (error == ELOOP) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is a symbolic link; put the file itself there"));
  }
  const bool denied = error == EACCES || error == EPERM;
  return absl::Status(denied ? absl::StatusCode::kPermissionDenied : absl::StatusCode::kUnavailable,
                      absl::StrCat("cannot open ", path, ": ", std::strerror(error)));
}

absl::Status TooLarge(const std::string& path, size_t max_bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat(path, " is larger than ", max_bytes, " bytes, the most that is read"));
}

absl::StatusOr<std::string> ReadAt(int folder, const std::string& name, const std::string& path,
                                   size_t max_bytes) {
  // Not waiting for the other end of a pipe: what it is can be told only once it is open.
  const Descriptor file(
      openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (file.value() < 0) return OpenError(path, errno);
  struct stat status = {};
  if (fstat(file.value(), &status) != 0) return OpenError(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, S_ISDIR(status.st_mode) ? " is a folder, not a file" : " is not a regular file"));
  }
  if (static_cast<size_t>(status.st_size) > max_bytes) return TooLarge(path, max_bytes);
  // One byte more than there is, so that the end is seen without another round; a file that grows
  // meanwhile is read on, up to the limit.
  std::string bytes(static_cast<size_t>(status.st_size) + 1, '\0');
  size_t size = 0;
  while (true) {
    if (size == bytes.size()) {
      if (size > max_bytes) return TooLarge(path, max_bytes);
      bytes.resize(std::min(2 * size, max_bytes + 1));
    }
    const ssize_t got = read(file.value(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return absl::UnavailableError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
    }
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > max_bytes) return TooLarge(path, max_bytes);
  bytes.resize(size);
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t max_bytes) {
  return ReadAt(AT_FDCWD, path, path, max_bytes);
}

absl::StatusOr<Folder> Folder::Open(const std::string& path) {
  // With a '/' at its end a link would be followed all the same.
  std::string plain = path;
  while (plain.size() > 1 && plain.back() == '/') plain.pop_back();
  const int descriptor =
      open(plain.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (descriptor >= 0) return Folder(plain, descriptor);
  const int error = errno;
  struct stat status = {};
  // Linux reports a link that was to be opened as a folder like a file that is none.
  if ((error == ELOOP || error == ENOTDIR) && lstat(plain.c_str(), &status) == 0) {
    return absl::InvalidArgumentError(
        S_ISLNK(status.st_mode) ? absl::StrCat(plain, " is a symbolic link; name the folder itself")
                                : absl::StrCat(plain, " is not a folder"));
  }
  if (error == ENOENT) return absl::NotFoundError(absl::StrCat("no folder ", plain));
  return OpenError(plain, error);
}

Folder::Folder(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {}

Folder::Folder(Folder&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

Folder& Folder::operator=(Folder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Folder::~Folder() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::StatusOr<std::vector<std::string>> Folder::List() const {
  const int again = openat(descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* opened = again < 0 ? nullptr : fdopendir(again);
  if (opened == nullptr) {
    const int error = errno;
    if (again >= 0) close(again);
    return OpenError(path_, error);
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opened, &closedir);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    errno = 0;
  }
  if (errno != 0) {
    return absl::UnavailableError(absl::StrCat("cannot list ", path_, ": ", std::strerror(errno)));
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> Folder::Describe() const {
  const absl::StatusOr<std::vector<std::string>> names = List();
  if (!names.ok()) return names.status();
  std::string text;
  for (const std::string& name : *names) {
    struct stat status = {};
    if (fstatat(descriptor_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    // No name holds a '/'.
    absl::StrAppend(&text, name, "/", status.st_mode, " ", status.st_ino, " ", status.st_size, " ");
    for (const timespec& time : {status.st_mtim, status.st_ctim}) {
      absl::StrAppend(&text, static_cast<int64_t>(time.tv_sec), ".", time.tv_nsec, " ");
    }
  }
  return text;
}

absl::StatusOr<std::string> Folder::Read(const std::string& name, size_t max_bytes) const {
  const std::string path = absl::StrCat(path_, "/", name);
  if (name.empty() || name.find('/') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not the name of one entry"));
  }
  return ReadAt(descriptor_, name, path, max_bytes);
}

}  // namespace plumbline::registry
