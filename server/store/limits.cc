#include "server/store/limits.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace plumbline::store {
namespace {

constexpr size_t kMaxDocumentNameBytes = 64;
constexpr size_t kDigestDigits = 64;

absl::Status CheckLength(size_t position, absl::string_view part, size_t bytes, size_t limit) {
  if (bytes <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("entry ", position, " of the batch: ", part,
                                                 " has ", bytes, " bytes; at most ", limit));
}

}  // namespace

absl::Status CheckAppend(uint64_t size, uint64_t first_index, absl::Span<const NewEntry> entries) {
  if (first_index != size) {
    return absl::FailedPreconditionError(
        absl::StrCat("append at index ", first_index, ", but the log has ", size, " entries"));
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    absl::Status checked = CheckLength(i, "the leaf", entries[i].leaf.size(), kMaxLeafBytes);
    checked.Update(CheckLength(i, "details", entries[i].details.size(), kMaxDetailsBytes));
    checked.Update(CheckLength(i, "the payload", entries[i].payload.size(), kMaxPayloadBytes));
    if (!checked.ok()) return checked;
  }
  return absl::OkStatus();
}

absl::Status CheckTilePlace(int level) {
  if (level >= 0 && level <= kMaxTileLevel) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("tile level ", level, " is not between 0 and ", kMaxTileLevel));
}

absl::Status CheckTile(int level, absl::string_view hashes) {
  absl::Status place = CheckTilePlace(level);
  if (!place.ok()) return place;
  if (hashes.size() == kTileBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a complete tile has ", kTileBytes, " bytes, not ", hashes.size()));
}

absl::Status CheckDocumentName(absl::string_view name) {
  // A name that begins with a dot could be a temporary file, or the folder above.
  const bool good =
      !name.empty() && name.size() <= kMaxDocumentNameBytes && name[0] != '.' &&
      std::all_of(name.begin(), name.end(), [](char c) {
        return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '_' || c == '-';
      });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("document name \"", name, "\": 1 to ", kMaxDocumentNameBytes,
                   " characters of a-z 0-9 . _ -, the first not a dot"));
}

absl::Status CheckDigest(absl::string_view digest) {
  const bool good =
      digest.size() == kDigestDigits && std::all_of(digest.begin(), digest.end(), [](char c) {
        return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
      });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("digest \"", digest, "\": must be 64 lower-case hexadecimal digits"));
}

absl::Status NoSuchEntry(uint64_t index, uint64_t size) {
  return absl::NotFoundError(absl::StrCat("no entry ", index, ": the log has ", size, " entries"));
}
absl::Status CheckRows(uint64_t indexed_size, absl::Span<const IndexRow> rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].index == indexed_size + i) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "row ", rows[i].index, " cannot be applied: the next row is ", indexed_size + i));
  }
  return absl::OkStatus();
}

absl::Status NoSuchRow(uint64_t index, uint64_t indexed_size) {
  return absl::NotFoundError(
      absl::StrCat("no row ", index, ": the index has ", indexed_size, " rows"));
}

}  // namespace plumbline::store
