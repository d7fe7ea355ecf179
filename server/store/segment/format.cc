#include "server/store/segment/format.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace plumbline::store {
namespace {

// Magic numbers read as text in a dump of the file.
constexpr absl::string_view kIdentityMagic = "PLUMSTOR";
constexpr absl::string_view kSegmentMagic = "PLUMSEGM";
constexpr absl::string_view kIndexMagic = "PLUMOFFS";
constexpr absl::string_view kTrailerMagic = "PLUMENDS";
constexpr uint32_t kFrameMagic = 0x31454C50;  // "PLE1"

void PutU32(uint32_t value, char* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (8 * i));
}

void PutU64(uint64_t value, char* out) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(value >> (8 * i));
}

// Appends zeros up to `size`, without the checksum that follows.
void PadTo(size_t size, std::string* out) { out->resize(size, '\0'); }

// True if `bytes` begin with `magic`, end with the checksum of the rest, and have `size`.
bool IsWhole(absl::string_view bytes, absl::string_view magic, size_t size, uint64_t seed) {
  if (bytes.size() < size || bytes.substr(0, magic.size()) != magic) return false;
  const size_t checked = size - sizeof(uint64_t);
  return GetU64(bytes, checked) == Checksum(bytes.substr(0, checked), seed);
}

uint64_t AppendChecksum(uint64_t seed, std::string* out) {
  const uint64_t checksum = Checksum(*out, seed);
  AppendU64(checksum, out);
  return checksum;
}

}  // namespace

void AppendU32(uint32_t value, std::string* out) {
  char bytes[sizeof(value)];
  PutU32(value, bytes);
  out->append(bytes, sizeof(bytes));
}

void AppendU64(uint64_t value, std::string* out) {
  char bytes[sizeof(value)];
  PutU64(value, bytes);
  out->append(bytes, sizeof(bytes));
}

uint32_t GetU32(absl::string_view bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value |= uint32_t{static_cast<uint8_t>(bytes[offset + i])} << (8 * i);
  }
  return value;
}

uint64_t GetU64(absl::string_view bytes, size_t offset) {
  return GetU32(bytes, offset) | (uint64_t{GetU32(bytes, offset + 4)} << 32);
}

uint64_t Checksum(absl::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

uint64_t SeedOf(const StoreId& id) { return XXH3_64bits(id.data(), id.size()); }

std::optional<size_t> FindNonZero(absl::string_view bytes) {
  const auto found = std::find_if(bytes.begin(), bytes.end(), [](char c) { return c != '\0'; });
  if (found == bytes.end()) return std::nullopt;
  return static_cast<size_t>(found - bytes.begin());
}

std::string EncodeIdentity(const Identity& identity) {
  std::string out(kIdentityMagic);
  AppendU32(kFormatVersion, &out);
  AppendU32(identity.batch_alignment, &out);
  out.append(reinterpret_cast<const char*>(identity.id.data()), identity.id.size());
  PadTo(kIdentityBytes - sizeof(uint64_t), &out);
  AppendChecksum(0, &out);
  return out;
}

absl::StatusOr<Identity> DecodeIdentity(absl::string_view bytes) {
  if (bytes.size() != kIdentityBytes || !IsWhole(bytes, kIdentityMagic, kIdentityBytes, 0)) {
    return absl::DataLossError("at 0: not the identity of a decision log, or damaged");
  }
  Identity identity;
  const uint32_t version = GetU32(bytes, 8);
  if (version != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the files have format ", version, "; this program reads format ", kFormatVersion));
  }
  identity.batch_alignment = GetU32(bytes, 12);
  std::memcpy(identity.id.data(), bytes.data() + 16, identity.id.size());
  return identity;
}

std::string EncodeSegmentHead(SegmentHead& head, uint64_t seed) {
  std::string out(kSegmentMagic);
  AppendU32(kFormatVersion, &out);
  AppendU32(kSegmentHeadBytes, &out);
  AppendU64(head.sequence, &out);
  AppendU64(head.first_index, &out);
  AppendU64(head.first_batch, &out);
  AppendU64(head.previous_checksum, &out);
  AppendU64(head.file_bytes, &out);
  PadTo(kSegmentHeadBytes - sizeof(uint64_t), &out);
  head.checksum = AppendChecksum(seed, &out);
  return out;
}

std::optional<SegmentHead> DecodeSegmentHead(absl::string_view bytes, uint64_t seed) {
  if (!IsWhole(bytes, kSegmentMagic, kSegmentHeadBytes, seed)) return std::nullopt;
  if (GetU32(bytes, 8) != kFormatVersion) return std::nullopt;
  SegmentHead head;
  head.sequence = GetU64(bytes, 16);
  head.first_index = GetU64(bytes, 24);
  head.first_batch = GetU64(bytes, 32);
  head.previous_checksum = GetU64(bytes, 40);
  head.file_bytes = GetU64(bytes, 48);
  head.checksum = GetU64(bytes, kSegmentHeadBytes - sizeof(uint64_t));
  return head;
}

void EncodeFrameHead(FrameHead& head, uint64_t seed, char* out) {
  PutU32(kFrameMagic, out);
  PutU32(kFormatVersion, out + 4);
  PutU64(head.index, out + 8);
  PutU64(head.batch, out + 16);
  PutU32(head.position, out + 24);
  PutU32(head.batch_entries, out + 28);
  PutU32(head.leaf_bytes, out + 32);
  PutU32(head.details_bytes, out + 36);
  PutU32(head.payload_bytes, out + 40);
  PutU32(0, out + 44);
  PutU64(head.previous_checksum, out + 48);
  PutU64(head.leaf_checksum, out + 56);
  PutU64(head.details_checksum, out + 64);
  PutU64(head.payload_checksum, out + 72);
  constexpr size_t kChecked = kFrameHeadBytes - sizeof(uint64_t);
  head.checksum = Checksum(absl::string_view(out, kChecked), seed);
  PutU64(head.checksum, out + kChecked);
}

std::optional<FrameHead> DecodeFrameHead(absl::string_view bytes, uint64_t seed) {
  constexpr size_t kChecked = kFrameHeadBytes - sizeof(uint64_t);
  if (bytes.size() < kFrameHeadBytes || GetU32(bytes, 0) != kFrameMagic ||
      GetU32(bytes, 4) != kFormatVersion ||
      GetU64(bytes, kChecked) != Checksum(bytes.substr(0, kChecked), seed)) {
    return std::nullopt;
  }
  FrameHead head;
  head.index = GetU64(bytes, 8);
  head.batch = GetU64(bytes, 16);
  head.position = GetU32(bytes, 24);
  head.batch_entries = GetU32(bytes, 28);
  head.leaf_bytes = GetU32(bytes, 32);
  head.details_bytes = GetU32(bytes, 36);
  head.payload_bytes = GetU32(bytes, 40);
  head.previous_checksum = GetU64(bytes, 48);
  head.leaf_checksum = GetU64(bytes, 56);
  head.details_checksum = GetU64(bytes, 64);
  head.payload_checksum = GetU64(bytes, 72);
  head.checksum = GetU64(bytes, kChecked);
  if (head.leaf_bytes > kMaxLeafBytes || head.details_bytes > kMaxDetailsBytes ||
      head.payload_bytes > kMaxPayloadBytes || head.position >= head.batch_entries) {
    return std::nullopt;
  }
  return head;
}

void EncodeKeyArea(const KeyArea& area, uint64_t index, uint64_t seed, char* out) {
  PutU64(static_cast<uint64_t>(area.state), out);
  std::memcpy(out + sizeof(uint64_t), area.key.data(), area.key.size());
  constexpr size_t kChecked = kKeyAreaBytes - sizeof(uint64_t);
  PutU64(Checksum(absl::string_view(out, kChecked), seed ^ index), out + kChecked);
}

std::optional<KeyArea> DecodeKeyArea(absl::string_view bytes, uint64_t index, uint64_t seed) {
  constexpr size_t kChecked = kKeyAreaBytes - sizeof(uint64_t);
  if (bytes.size() < kKeyAreaBytes ||
      GetU64(bytes, kChecked) != Checksum(bytes.substr(0, kChecked), seed ^ index)) {
    return std::nullopt;
  }
  const uint64_t state = GetU64(bytes, 0);
  if (state != static_cast<uint64_t>(KeyState::kPresent) &&
      state != static_cast<uint64_t>(KeyState::kDestroyed)) {
    return std::nullopt;
  }
  KeyArea area;
  area.state = static_cast<KeyState>(state);
  std::memcpy(area.key.data(), bytes.data() + sizeof(uint64_t), area.key.size());
  return area;
}

std::string EncodeIndexHead(const IndexHead& head, uint64_t seed) {
  std::string out(kIndexMagic);
  AppendU32(kFormatVersion, &out);
  AppendU32(kIndexHeadBytes, &out);
  AppendU64(head.sequence, &out);
  AppendU64(head.count, &out);
  AppendU64(head.end, &out);
  AppendU64(head.last_checksum, &out);
  AppendU64(head.offsets_checksum, &out);
  AppendChecksum(seed, &out);
  return out;
}

std::optional<IndexHead> DecodeIndexHead(absl::string_view bytes, uint64_t seed) {
  if (!IsWhole(bytes, kIndexMagic, kIndexHeadBytes, seed)) return std::nullopt;
  if (GetU32(bytes, 8) != kFormatVersion) return std::nullopt;
  IndexHead head;
  head.sequence = GetU64(bytes, 16);
  head.count = GetU64(bytes, 24);
  head.end = GetU64(bytes, 32);
  head.last_checksum = GetU64(bytes, 40);
  head.offsets_checksum = GetU64(bytes, 48);
  return head;
}

std::string EncodeTrailer(absl::string_view content, absl::string_view name, uint64_t seed) {
  std::string out(kTrailerMagic);
  AppendU64(content.size(), &out);
  AppendU64(Checksum(content, Checksum(name, seed)), &out);
  return out;
}

std::optional<absl::string_view> RemoveTrailer(absl::string_view bytes, absl::string_view name,
                                               uint64_t seed) {
  if (bytes.size() < kTrailerBytes) return std::nullopt;
  const absl::string_view content = bytes.substr(0, bytes.size() - kTrailerBytes);
  if (bytes.substr(content.size()) != EncodeTrailer(content, name, seed)) return std::nullopt;
  return content;
}

}  // namespace plumbline::store
