// The bytes of the decision log's files. docs/reference/decision_log_files.md is the specification;
// this is its only implementation. All integers are little-endian; all checksums are XXH3-64,
// seeded with the store's id, so that nothing of another store fits.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_FORMAT_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_FORMAT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/store.h"

namespace plumbline::store {

using StoreId = std::array<uint8_t, 16>;

inline constexpr uint32_t kFormatVersion = 1;

uint64_t Checksum(absl::string_view bytes, uint64_t seed);
// What all checksums of a store begin with.
uint64_t SeedOf(const StoreId& id);

// `n` or the next larger multiple of `alignment`, a power of two.
constexpr uint64_t AlignUp(uint64_t n, uint64_t alignment) {
  return (n + alignment - 1) & ~(alignment - 1);
}

// Position of the first byte that is not zero.
std::optional<size_t> FindNonZero(absl::string_view bytes);

// ---- store.id: who this store is, and how batches lie in its segments.

inline constexpr size_t kIdentityBytes = 64;

struct Identity {
  StoreId id{};
  // Batches begin at multiples of this; a power of two, 8 to 65,536.
  uint32_t batch_alignment = 0;
};

std::string EncodeIdentity(const Identity& identity);
absl::StatusOr<Identity> DecodeIdentity(absl::string_view bytes);

// ---- Head of a segment file.

inline constexpr size_t kSegmentHeadBytes = 128;

struct SegmentHead {
  uint64_t sequence = 0;  // 1, 2, ...: the name of the file
  uint64_t first_index = 0;
  uint64_t first_batch = 0;
  // Of the last frame before this segment; of the head before, if there is no frame; 0 in the
  // first.
  uint64_t previous_checksum = 0;
  uint64_t file_bytes = 0;  // length of the file until it is sealed
  uint64_t checksum = 0;    // of this head; filled by encoding and decoding
};

std::string EncodeSegmentHead(SegmentHead& head, uint64_t seed);
std::optional<SegmentHead> DecodeSegmentHead(absl::string_view bytes, uint64_t seed);

// ---- Frames: one for each entry.

inline constexpr size_t kFrameHeadBytes = 88;
inline constexpr size_t kKeyAreaBytes = 112;
inline constexpr size_t kFrameFixedBytes = kFrameHeadBytes + kKeyAreaBytes;
inline constexpr uint64_t kFrameAlignment = 8;

struct FrameHead {
  uint64_t index = 0;
  uint64_t batch = 0;
  uint32_t position = 0;       // in the batch
  uint32_t batch_entries = 0;  // of the batch
  uint32_t leaf_bytes = 0;
  uint32_t details_bytes = 0;
  uint32_t payload_bytes = 0;
  uint64_t previous_checksum = 0;  // of the frame before; of the segment's head in its first frame
  uint64_t leaf_checksum = 0;
  uint64_t details_checksum = 0;
  uint64_t payload_checksum = 0;
  uint64_t checksum = 0;  // of this head, and so of all the above; filled by encoding and decoding

  uint64_t BodyBytes() const { return uint64_t{leaf_bytes} + details_bytes + payload_bytes; }
  // With the key and the padding to 8.
  uint64_t FrameBytes() const { return AlignUp(kFrameFixedBytes + BodyBytes(), kFrameAlignment); }
  bool EndsBatch() const { return position + 1 == batch_entries; }
};

// Writes kFrameHeadBytes.
void EncodeFrameHead(FrameHead& head, uint64_t seed, char* out);
// Nothing: not a frame's head, or a damaged one, or one beyond the limits of store.h.
std::optional<FrameHead> DecodeFrameHead(absl::string_view bytes, uint64_t seed);

// The key area has a checksum of its own, for it is the only part that changes.
enum class KeyState : uint8_t { kPresent = 1, kDestroyed = 2 };

struct KeyArea {
  KeyState state = KeyState::kDestroyed;
  WrappedKey key{};
};

// Writes kKeyAreaBytes.
void EncodeKeyArea(const KeyArea& area, uint64_t index, uint64_t seed, char* out);
std::optional<KeyArea> DecodeKeyArea(absl::string_view bytes, uint64_t index, uint64_t seed);

// ---- Index of a sealed segment: head, then the offset of each frame divided by 8.

inline constexpr size_t kIndexHeadBytes = 64;
inline constexpr size_t kIndexEntryBytes = 4;

struct IndexHead {
  uint64_t sequence = 0;
  uint64_t count = 0;
  uint64_t end = 0;            // of the last batch, with its padding
  uint64_t last_checksum = 0;  // of the last frame, or of the segment's head if it has none
  uint64_t offsets_checksum = 0;
};

std::string EncodeIndexHead(const IndexHead& head, uint64_t seed);
std::optional<IndexHead> DecodeIndexHead(absl::string_view bytes, uint64_t seed);

// ---- What tiles and documents end with, so that damage in them is found.

inline constexpr size_t kTrailerBytes = 24;

// `name`: so that a file under another file's name is found as well.
std::string EncodeTrailer(absl::string_view content, absl::string_view name, uint64_t seed);
// The content without its trailer. Nothing: damaged.
std::optional<absl::string_view> RemoveTrailer(absl::string_view bytes, absl::string_view name,
                                               uint64_t seed);

// ---- Little-endian integers.

void AppendU32(uint32_t value, std::string* out);
void AppendU64(uint64_t value, std::string* out);
// `bytes` must be long enough.
uint32_t GetU32(absl::string_view bytes, size_t offset);
uint64_t GetU64(absl::string_view bytes, size_t offset);

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_FORMAT_H_
