#include "server/audit/leaf.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/audit/bytes.h"

namespace plumbline::audit {
namespace {

// "PLR" for Plumbline record, then the version.
constexpr absl::string_view kMagic = "PLR";
constexpr size_t kUuidBytes = 16;
constexpr size_t kDigestBytes = 32;

absl::Status Damaged(size_t offset, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("leaf: ", what, " at byte ", offset));
}

// Takes fields off the front, and knows where it is.
class LeafCursor {
 public:
  explicit LeafCursor(absl::string_view bytes) : bytes_(bytes) {}

  size_t offset() const { return offset_; }
  size_t left() const { return bytes_.size() - offset_; }
  // Empty if there are not as many.
  absl::string_view Take(size_t count) {
    if (left() < count) return {};
    const absl::string_view taken = bytes_.substr(offset_, count);
    offset_ += count;
    return taken;
  }
  bool TakeInto(uint8_t* to, size_t count) {
    if (left() < count) return false;
    const absl::string_view taken = Take(count);
    std::copy(taken.begin(), taken.end(), to);
    return true;
  }

 private:
  absl::string_view bytes_;
  size_t offset_ = 0;
};

void AppendBytes(std::string& out, const uint8_t* bytes, size_t count) {
  out.append(reinterpret_cast<const char*>(bytes), count);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

bool IsValidEngineBuild(absl::string_view text) {
  return text.size() <= kMaxEngineBuildBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string EncodeLeaf(const Leaf& leaf) {
  std::string out;
  out.reserve(kMagic.size() + 2 + kUuidBytes + 8 + 3 * kDigestBytes + 8 + 1 +
              leaf.engine_build.size());
  out.append(kMagic.data(), kMagic.size());
  out.push_back(static_cast<char>(kLeafVersion));
  out.push_back(static_cast<char>(leaf.kind));
  AppendBytes(out, leaf.id.bytes.data(), kUuidBytes);
  AppendUint64(out, static_cast<uint64_t>(leaf.time_us));
  AppendBytes(out, leaf.revision.data(), kDigestBytes);
  AppendUint64(out, leaf.manifest_serial);
  out.push_back(static_cast<char>(leaf.engine_build.size()));
  out += leaf.engine_build;
  AppendBytes(out, leaf.details_commitment.data(), kDigestBytes);
  AppendBytes(out, leaf.payload_commitment.data(), kDigestBytes);
  return out;
}

absl::StatusOr<Leaf> DecodeLeaf(absl::string_view bytes) {
  LeafCursor cursor(bytes);
  if (cursor.Take(kMagic.size()) != kMagic) return Damaged(0, "does not begin with \"PLR\"");
  const absl::string_view version = cursor.Take(1);
  if (version.empty()) return Damaged(cursor.offset(), "ends");
  if (static_cast<uint8_t>(version[0]) != kLeafVersion) {
    return absl::DataLossError(absl::StrFormat(
        "leaf: version %d; this program knows version %d only: use the program that wrote the log, "
        "or a newer one",
        static_cast<uint8_t>(version[0]), kLeafVersion));
  }
  Leaf leaf;
  const absl::string_view kind = cursor.Take(1);
  if (kind.empty()) return Damaged(cursor.offset(), "ends");
  const int kind_number = static_cast<uint8_t>(kind[0]);
  if (kind_number == 0 || !v1::RecordKind_IsValid(kind_number)) {
    return Damaged(cursor.offset() - 1, absl::StrCat("unknown kind of record ", kind_number));
  }
  leaf.kind = static_cast<v1::RecordKind>(kind_number);
  if (!cursor.TakeInto(leaf.id.bytes.data(), kUuidBytes)) return Damaged(cursor.offset(), "ends");
  const absl::string_view time = cursor.Take(8);
  if (time.empty()) return Damaged(cursor.offset(), "ends");
  leaf.time_us = static_cast<int64_t>(ReadUint64(time));
  if (leaf.time_us < 0) return Damaged(cursor.offset() - 8, "time before 1970");
  if (!cursor.TakeInto(leaf.revision.data(), kDigestBytes)) return Damaged(cursor.offset(), "ends");
  const absl::string_view serial = cursor.Take(8);
  const absl::string_view build_size = cursor.Take(1);
  if (serial.empty() || build_size.empty()) return Damaged(cursor.offset(), "ends");
  leaf.manifest_serial = ReadUint64(serial);
  const size_t size = static_cast<uint8_t>(build_size[0]);
  if (size > kMaxEngineBuildBytes || size > cursor.left()) {
    return Damaged(cursor.offset() - 1, absl::StrCat("engine build of ", size, " bytes"));
  }
  leaf.engine_build = std::string(cursor.Take(size));
  if (!IsValidEngineBuild(leaf.engine_build)) {
    return Damaged(cursor.offset() - size, "engine build that is not printable ASCII");
  }
  if (!cursor.TakeInto(leaf.details_commitment.data(), kDigestBytes) ||
      !cursor.TakeInto(leaf.payload_commitment.data(), kDigestBytes)) {
    return Damaged(cursor.offset(), "ends");
  }
  if (cursor.left() != 0) {
    return Damaged(cursor.offset(), absl::StrCat(cursor.left(), " bytes too many"));
  }
  return leaf;
}

std::string RevisionToText(const Sha256Digest& revision) {
  if (revision == Sha256Digest{}) return "";
  return ToHex(revision);
}

absl::StatusOr<Sha256Digest> RevisionFromText(absl::string_view text) {
  Sha256Digest revision{};
  if (text.empty()) return revision;
  const auto refuse = [] {
    return absl::InvalidArgumentError("revision: must be 64 lower-case hexadecimal digits");
  };
  if (text.size() != 2 * kDigestBytes) return refuse();
  for (size_t i = 0; i < kDigestBytes; ++i) {
    const int high = HexDigit(text[2 * i]);
    const int low = HexDigit(text[2 * i + 1]);
    if (high < 0 || low < 0) return refuse();
    revision[i] = static_cast<uint8_t>(high * 16 + low);
  }
  if (revision == Sha256Digest{}) return refuse();
  return revision;
}

}  // namespace plumbline::audit
