// Reading of ruleset folders, and the revision of what was read.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/sha256.h"
#include "server/ruleset/document.h"
#include "server/ruleset/textproto_tree.h"

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

// All files read so far, and whether there may be more.
class FileCollection {
 public:
  explicit FileCollection(const std::string& folder) : folder_(folder) {}

  // Every file below `folder` under its path from `base`.
  absl::Status Add(const fs::path& folder, const fs::path& base, const std::string& ledger) {
    absl::StatusOr<std::vector<fs::path>> paths = ListFiles(folder);
    if (!paths.ok()) return paths.status();
    for (const fs::path& path : *paths) {
      absl::StatusOr<std::string> bytes = ReadFile(path);
      if (!bytes.ok()) return bytes.status();
      total_ += bytes->size();
      if (total_ > kMaxTotalBytes) {
        return absl::ResourceExhaustedError(
            absl::StrCat(folder_, " holds more than 32 MiB; ", path.string(), " is one too many"));
      }
      files_.push_back({path.lexically_relative(base).generic_string(), *std::move(bytes), ledger});
    }
    if (files_.size() > kMaxFiles) {
      return absl::ResourceExhaustedError(
          absl::StrCat(folder_, " and its ledgers hold more than ", kMaxFiles, " files"));
    }
    return absl::OkStatus();
  }

  std::vector<SourceFile>& files() { return files_; }

 private:
  const std::string folder_;
  std::vector<SourceFile> files_;
  size_t total_ = 0;
};

struct NamedLedger {
  std::string name;
  std::string file;  // that names it
};

void CollectLedgers(const SourceFile& file, const TextprotoField& part,
                    std::vector<NamedLedger>& ledgers) {
  if (part.name != "manifest" || part.values.empty()) return;
  for (const TextprotoField& field : part.values.front().fields) {
    if (field.name != "ledgers") continue;
    for (const TextprotoValue& value : field.values) {
      if (value.kind != TextprotoValue::Kind::kString) continue;
      ledgers.push_back({TextOf(file.bytes, value), file.path});
    }
  }
}

// The ledgers that the manifest names. The files may hold mistakes, which are reported later.
std::vector<NamedLedger> LedgersOf(const std::vector<SourceFile>& files) {
  std::vector<NamedLedger> ledgers;
  for (const SourceFile& file : files) {
    if (!absl::StrContains(file.bytes, "ledgers")) continue;
    for (const TextprotoField& part : ScanTextproto(file.bytes, {"manifest"}).fields) {
      CollectLedgers(file, part, ledgers);
    }
  }
  return ledgers;
}

absl::Status AddLedger(const std::string& folder, const NamedLedger& ledger,
                       FileCollection& collection) {
  const std::string where = absl::StrCat("ledger `", ledger.name, "` of ",
                                         (fs::path(folder) / ledger.file).generic_string());
  if (const std::string mistake = LedgerMistake(ledger.name); !mistake.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(where, ": ", mistake));
  }
  std::error_code error;
  fs::path path = folder;
  for (const fs::path& part : fs::path(ledger.name)) {
    path /= part;
    if (part != ".." && fs::is_symlink(fs::symlink_status(path, error))) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": ", path.generic_string(), " is a symbolic link"));
    }
  }
  if (!fs::is_directory(path, error)) {
    return absl::NotFoundError(absl::StrCat(where, ": no folder ", path.generic_string()));
  }
  const size_t before = collection.files().size();
  if (absl::Status added = collection.Add(path, path.parent_path(), ledger.name); !added.ok()) {
    return added;
  }
  if (collection.files().size() == before) {
    return absl::NotFoundError(
        absl::StrCat(where, ": no *.textproto file in ", path.generic_string()));
  }
  return absl::OkStatus();
}

}  // namespace

std::string LedgerMistake(absl::string_view ledger) {
  if (absl::StartsWith(ledger, "/")) return "an absolute path; write \"../\" and a folder";
  if (!absl::ConsumePrefix(&ledger, "../")) {
    return "not beside the ruleset's folder; write \"../\" and a folder";
  }
  for (const absl::string_view part : absl::StrSplit(ledger, '/')) {
    if (part == "..") return "more than one level up";
    const bool plain = std::all_of(part.begin(), part.end(), [](char c) {
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
    });
    if (part.empty() || part[0] == '.' || !plain) {
      return "parts of the path are letters, digits and `_-.`, and do not begin with a dot";
    }
  }
  return "";
}

absl::StatusOr<std::vector<SourceFile>> ReadRulesetFolder(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(absl::StrCat("no folder ", folder));
  }
  FileCollection collection(folder);
  if (absl::Status added = collection.Add(folder, folder, ""); !added.ok()) return added;
  if (collection.files().empty()) {
    return absl::NotFoundError(absl::StrCat("no *.textproto file in ", folder));
  }
  for (const NamedLedger& ledger : LedgersOf(collection.files())) {
    if (absl::Status added = AddLedger(folder, ledger, collection); !added.ok()) return added;
  }
  std::vector<SourceFile>& files = collection.files();
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  const auto twice =
      std::adjacent_find(files.begin(), files.end(),
                         [](const SourceFile& a, const SourceFile& b) { return a.path == b.path; });
  if (twice != files.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "two files of ", folder, " and its ledgers are called ", twice->path, "; rename one"));
  }
  return std::move(files);
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
