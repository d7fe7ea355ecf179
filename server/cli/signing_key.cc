#include "server/cli/signing_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/secret.h"
#include "server/registry/regular_file.h"

namespace plumbline::cli {
namespace {

constexpr size_t kMaxKeyBytes = 4096;

bool WriteAll(int file, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> ReadSigningKey(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, " holds a private key and others may read it; chmod 600 it"));
  }
  absl::StatusOr<std::string> text = registry::ReadRegularFile(path, kMaxKeyBytes);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> signer =
      Ed25519NoteSigner::Create(absl::StripAsciiWhitespace(*text));
  Zeroise(*text);
  if (!signer.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is no private key: ", signer.status().message()));
  }
  return signer;
}

absl::Status WriteSigningKey(const std::string& path, absl::string_view skey) {
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) {
    if (errno == EEXIST) {
      return absl::AlreadyExistsError(
          absl::StrCat(path, " is there already; a key is never overwritten"));
    }
    return absl::PermissionDeniedError(
        absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
  }
  const bool written = WriteAll(file, skey) && WriteAll(file, "\n");
  const int error = errno;
  if (close(file) != 0 || !written) {
    unlink(path.c_str());
    return absl::DataLossError(absl::StrCat("cannot write ", path, ": ", std::strerror(error)));
  }
  return absl::OkStatus();
}

}  // namespace plumbline::cli
