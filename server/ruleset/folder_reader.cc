// Reading of ruleset folders, and the revision of what was read.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/sha256.h"
#include "server/ruleset/document.h"

namespace plumbline::ruleset {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = size_t{4} << 20;
constexpr size_t kMaxTotalBytes = size_t{32} << 20;
constexpr size_t kMaxFiles = 1'000;

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return absl::PermissionDeniedError(absl::StrCat("cannot open ", path.string()));
  // One byte more than allowed, so that a file that grows meanwhile is noticed too.
  std::string bytes(kMaxFileBytes + 1, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (stream.bad()) return absl::DataLossError(absl::StrCat("cannot read ", path.string()));
  bytes.resize(static_cast<size_t>(stream.gcount()));
  if (bytes.size() > kMaxFileBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(path.string(), " is larger than 4 MiB"));
  }
  return bytes;
}

// Paths of all files that belong to the ruleset, in no particular order.
absl::StatusOr<std::vector<fs::path>> ListFiles(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> paths;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    // Whatever its name: a link to a folder could bring in files that nobody reviewed.
    if (fs::is_symlink(entry->symlink_status(error))) {
      return absl::InvalidArgumentError(
          absl::StrCat(path.string(), " is a symbolic link; a ruleset holds its files itself"));
    }
    if (path.extension() != ".textproto") continue;
    if (!entry->is_regular_file(error)) {
      if (entry->is_directory(error)) continue;
      return absl::InvalidArgumentError(absl::StrCat(path.string(), " is not a regular file"));
    }
    paths.push_back(path);
    if (paths.size() > kMaxFiles) {
      return absl::ResourceExhaustedError(
          absl::StrCat(folder.string(), " holds more than ", kMaxFiles, " files"));
    }
  }
  if (error) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot list ", folder.string(), ": ", error.message()));
  }
  return paths;
}

}  // namespace

absl::StatusOr<std::vector<SourceFile>> ReadRulesetFolder(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(absl::StrCat("no folder ", folder));
  }
  absl::StatusOr<std::vector<fs::path>> paths = ListFiles(folder);
  if (!paths.ok()) return paths.status();
  std::vector<SourceFile> files;
  size_t total = 0;
  for (const fs::path& path : *paths) {
    absl::StatusOr<std::string> bytes = ReadFile(path);
    if (!bytes.ok()) return bytes.status();
    total += bytes->size();
    if (total > kMaxTotalBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(folder, " holds more than 32 MiB; ", path.string(), " is one too many"));
    }
    files.push_back({path.lexically_relative(folder).generic_string(), *std::move(bytes)});
  }
  if (files.empty()) return absl::NotFoundError(absl::StrCat("no *.textproto file in ", folder));
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::string ComputeRevision(const std::vector<SourceFile>& files) {
  std::vector<std::pair<absl::string_view, Sha256Digest>> entries;
  entries.reserve(files.size());
  for (const SourceFile& file : files) entries.emplace_back(file.path, Sha256Of(file.bytes));
  std::sort(entries.begin(), entries.end());
  // "<path>\0<hex>\n": no path can hold a NUL, so that no two lists of files give the same text.
  Sha256 sha;
  for (const auto& [path, digest] : entries) {
    sha.Update(path);
    sha.Update(absl::string_view("\0", 1));
    sha.Update(ToHex(digest));
    sha.Update("\n");
  }
  return ToHex(sha.Finish());
}

}  // namespace plumbline::ruleset
