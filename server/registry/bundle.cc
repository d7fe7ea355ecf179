#include "server/registry/bundle.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/sha256.h"
#include "server/registry/regular_file.h"
#include "server/ruleset/source_text.h"

namespace plumbline::registry {
namespace {

using ruleset::SourceFile;

constexpr size_t kDigestBytes = std::tuple_size<Sha256Digest>::value;

void AppendNumber(uint32_t value, int bytes, std::string& out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

std::string LedgerPathMistake(const SourceFile& file) {
  if (file.ledger.empty()) return "";
  if (std::string mistake = ruleset::LedgerMistake(file.ledger); !mistake.empty()) return mistake;
  const std::string folder = file.ledger.substr(file.ledger.rfind('/') + 1);
  if (!absl::StartsWith(file.path, absl::StrCat(folder, "/"))) {
    return absl::StrCat("its files have paths that begin with \"", folder, "/\"");
  }
  return "";
}

// A path that may hold anything, for a message.
std::string Quoted(absl::string_view path) {
  constexpr size_t kShown = 80;
  std::string text = "`";
  for (const char c : path.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(byte < 0x20 || byte >= 0x7f ? '?' : c);
  }
  return text + (path.size() > kShown ? "...`" : "`");
}

absl::Status CheckOrder(const std::vector<SourceFile>& files, const SourceFile& next) {
  if (files.empty() || files.back().path < next.path) return absl::OkStatus();
  const std::string& last = files.back().path;
  return absl::InvalidArgumentError(
      last == next.path
          ? absl::StrCat("two files are called ", Quoted(next.path))
          : absl::StrCat(Quoted(next.path), " comes after ", Quoted(last), ": not sorted"));
}

// What both directions refuse. `total` counts the content.
absl::Status CheckFile(const SourceFile& file, size_t total) {
  if (std::string mistake = PathMistake(file.path); !mistake.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("path ", Quoted(file.path), ": ", mistake));
  }
  if (std::string mistake = LedgerPathMistake(file); !mistake.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("ledger ", Quoted(file.ledger), " of ", Quoted(file.path), ": ", mistake));
  }
  if (file.bytes.size() > kMaxBundleFileBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(Quoted(file.path), " is larger than 4 MiB"));
  }
  if (total > kMaxBundleContentBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than 32 MiB; ", Quoted(file.path), " is one too many"));
  }
  return absl::OkStatus();
}

// Reads one bundle from front to back. Every method that returns nothing has set `status()`.
class BundleReader {
 public:
  BundleReader(absl::string_view bytes, absl::string_view name) : bytes_(bytes), name_(name) {}

  absl::StatusOr<Bundle> Read() && {
    if (!ReadHeader() || !ReadFiles() || !ReadEnd()) return status_;
    Bundle bundle;
    bundle.revision = ruleset::ComputeRevision(files_);
    bundle.files = std::move(files_);
    return bundle;
  }

 private:
  bool ReadHeader() {
    if (bytes_.empty()) {
      return Fail(absl::InvalidArgumentError("is empty; a ruleset file is expected"), 0);
    }
    const absl::string_view start = bytes_.substr(0, kBundleMagic.size());
    if (start == kBundleMagic) {
      offset_ = kBundleMagic.size();
    } else if (kBundleMagic.substr(0, start.size()) == start) {
      return Truncated("the first line", kBundleMagic.size());
    } else if (absl::StartsWith(start, "plumbline-ruleset/")) {
      return Fail(absl::InvalidArgumentError("a ruleset file of another version than v1"), 0);
    } else {
      return Fail(absl::InvalidArgumentError("not a ruleset file (`plumbline rules build`)"), 0);
    }
    const std::optional<uint32_t> count = ReadNumber(4, "the number of files");
    if (!count) return false;
    if (*count == 0) return Fail(absl::InvalidArgumentError("holds no file"), offset_ - 4);
    if (*count > kMaxBundleFiles) {
      return Fail(absl::ResourceExhaustedError(
                      absl::StrCat("holds ", *count, " files, more than ", kMaxBundleFiles)),
                  offset_ - 4);
    }
    count_ = *count;
    return true;
  }

  bool ReadFiles() {
    for (size_t i = 0; i < count_; ++i) {
      const std::string which = absl::StrCat("file ", i + 1, " of ", count_);
      const size_t start = offset_;
      SourceFile file;
      if (!ReadName(absl::StrCat("the path of ", which), file.path)) return false;
      if (!ReadName(absl::StrCat("the ledger of ", which), file.ledger)) return false;
      // Before the content is looked for: a wrong path explains more than what follows from it.
      if (absl::Status checked = CheckFile(file, 0); !checked.ok()) return Fail(checked, start);
      if (absl::Status order = CheckOrder(files_, file); !order.ok()) return Fail(order, start);
      const std::string content = absl::StrCat(which, ", ", Quoted(file.path));
      const std::optional<uint32_t> size = ReadNumber(4, absl::StrCat("the length of ", content));
      if (!size) return false;
      if (*size > kMaxBundleFileBytes) {
        return Fail(
            absl::ResourceExhaustedError(absl::StrCat(Quoted(file.path), " is larger than 4 MiB")),
            offset_ - 4);
      }
      const std::optional<absl::string_view> bytes = ReadBytes(*size, content);
      if (!bytes) return false;
      file.bytes = std::string(*bytes);
      total_ += file.bytes.size();
      if (absl::Status checked = CheckFile(file, total_); !checked.ok()) {
        return Fail(checked, start);
      }
      files_.push_back(std::move(file));
    }
    return true;
  }

  bool ReadEnd() {
    const size_t content_end = offset_;
    const std::optional<absl::string_view> stated = ReadBytes(kDigestBytes, "the digest");
    if (!stated) return false;
    if (offset_ != bytes_.size()) {
      return Fail(absl::DataLossError(absl::StrCat(bytes_.size() - offset_,
                                                   " bytes follow after the end of the ruleset")),
                  offset_);
    }
    const Sha256Digest digest = Sha256Of(bytes_.substr(0, content_end));
    if (std::memcmp(stated->data(), digest.data(), digest.size()) != 0) {
      return Fail(
          absl::DataLossError("the digest is not that of the bytes before it: changed or damaged"),
          content_end);
    }
    return true;
  }

  bool ReadName(const std::string& what, std::string& name) {
    const std::optional<uint32_t> size = ReadNumber(2, absl::StrCat("the length of ", what));
    if (!size) return false;
    if (*size > kMaxBundleNameBytes) {
      return Fail(absl::ResourceExhaustedError(
                      absl::StrCat(what, " is longer than ", kMaxBundleNameBytes, " bytes")),
                  offset_ - 2);
    }
    const std::optional<absl::string_view> bytes = ReadBytes(*size, what);
    if (!bytes) return false;
    name = std::string(*bytes);
    return true;
  }

  std::optional<uint32_t> ReadNumber(size_t size, const std::string& what) {
    const std::optional<absl::string_view> bytes = ReadBytes(size, what);
    if (!bytes) return std::nullopt;
    uint32_t number = 0;
    for (const char c : *bytes) number = number << 8 | static_cast<unsigned char>(c);
    return number;
  }

  std::optional<absl::string_view> ReadBytes(size_t size, const std::string& what) {
    if (bytes_.size() - offset_ < size) {
      Truncated(what, size);
      return std::nullopt;
    }
    const absl::string_view bytes = bytes_.substr(offset_, size);
    offset_ += size;
    return bytes;
  }

  bool Truncated(const std::string& what, size_t size) {
    return Fail(
        absl::DataLossError(absl::StrCat("truncated: ", what, " takes ", size, " bytes, of which ",
                                         bytes_.size() - offset_, " are there")),
        offset_);
  }

  bool Fail(const absl::Status& status, size_t offset) {
    status_ =
        absl::Status(status.code(), absl::StrCat(name_, ": byte ", offset, ": ", status.message()));
    return false;
  }

  const absl::string_view bytes_;
  const absl::string_view name_;
  size_t offset_ = 0;
  size_t count_ = 0;
  size_t total_ = 0;
  std::vector<SourceFile> files_;
  absl::Status status_;
};

}  // namespace

std::string PathMistake(absl::string_view path) {
  if (path.empty()) return "empty";
  if (path.size() > kMaxBundleNameBytes) return "longer than 1,024 bytes";
  if (absl::StrContains(path, absl::string_view("\0", 1))) return "holds a NUL";
  if (ruleset::FindNonText(path) || absl::StrContains(path, "\n") ||
      absl::StrContains(path, "\r") || absl::StrContains(path, "\t")) {
    return "not UTF-8 text of one line";
  }
  if (absl::StrContains(path, "\\")) return "holds a backslash";
  if (path[0] == '/') return "absolute";
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty()) return "holds an empty part";
    if (part == "." || part == "..") return absl::StrCat("holds the part \"", part, "\"");
  }
  if (!absl::EndsWith(path, ".textproto")) return "does not end in \".textproto\"";
  return "";
}

absl::StatusOr<std::string> EncodeBundle(std::vector<SourceFile> files) {
  if (files.empty()) return absl::InvalidArgumentError("a ruleset file holds at least one file");
  if (files.size() > kMaxBundleFiles) {
    return absl::ResourceExhaustedError(
        absl::StrCat(files.size(), " files, more than ", kMaxBundleFiles));
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  size_t total = 0;
  const SourceFile* last = nullptr;
  std::string out(kBundleMagic);
  AppendNumber(static_cast<uint32_t>(files.size()), 4, out);
  for (const SourceFile& file : files) {
    total += file.bytes.size();
    if (absl::Status checked = CheckFile(file, total); !checked.ok()) return checked;
    if (last != nullptr && last->path == file.path) {
      return absl::InvalidArgumentError(absl::StrCat("two files are called ", Quoted(file.path)));
    }
    last = &file;
    AppendNumber(static_cast<uint32_t>(file.path.size()), 2, out);
    out += file.path;
    AppendNumber(static_cast<uint32_t>(file.ledger.size()), 2, out);
    out += file.ledger;
    AppendNumber(static_cast<uint32_t>(file.bytes.size()), 4, out);
    out += file.bytes;
  }
  const Sha256Digest digest = Sha256Of(out);
  out.append(digest.begin(), digest.end());
  return out;
}

absl::StatusOr<Bundle> ParseBundle(absl::string_view bytes, absl::string_view name) {
  return BundleReader(bytes, name).Read();
}

absl::StatusOr<Bundle> ReadBundleFile(const std::string& path) {
  absl::StatusOr<std::string> bytes = ReadRegularFile(path, kMaxBundleBytes);
  if (!bytes.ok()) return bytes.status();
  return ParseBundle(*bytes, path);
}

}  // namespace plumbline::registry
