// Tiles of a log (C2SP tlog-tiles): hashes and entries as files that never change and that any web
// server can publish. Tiles have height 8: 256 hashes wide.

#ifndef PLUMBLINE_SERVER_AUDIT_TILE_H_
#define PLUMBLINE_SERVER_AUDIT_TILE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/audit/merkle.h"
#include "server/base/sha256.h"

namespace plumbline::audit {

inline constexpr int kTileHeight = 8;
inline constexpr int kTileWidth = 1 << kTileHeight;
inline constexpr int kMaxTileLevel = 63;
inline constexpr size_t kMaxEntrySize = 65'535;  // bytes; its length has 16 bits

// A tile: hash `level` (0: of leaves), or the entries themselves; number; number of hashes or
// entries in it, 1 to 256 (less than 256: partial).
struct Tile {
  static constexpr int kEntries = -1;

  int level = 0;  // or kEntries
  uint64_t number = 0;
  int width = kTileWidth;

  friend bool operator==(const Tile&, const Tile&) = default;
};

// "tile/0/x001/x234/067", "tile/entries/000.p/17".
std::string TilePath(const Tile& tile);

// Takes exactly what TilePath writes; kInvalidArgument says what is wrong.
absl::StatusOr<Tile> ParseTilePath(absl::string_view path);

// Width that tile `number` of `level` (or kEntries) has in a tree of `size` leaves; 0: no such
// tile.
int TileWidthIn(uint64_t size, int level, uint64_t number);

// Tiles and entry bundles of a tree of `new_size` leaves that one of `old_size` had not, or had
// narrower: what a publisher writes when the log has grown. Entries first, then levels upwards.
std::vector<Tile> NewTiles(uint64_t old_size, uint64_t new_size);

// Entries, each with its length before it (16 bits, big-endian). kInvalidArgument for more than 256
// entries, none, or one that is too large.
absl::StatusOr<std::string> EncodeEntryBundle(absl::Span<const absl::string_view> entries);

// The entries of a bundle of `width`; views into `bytes`. kDataLoss when it is cut off, or has more
// or fewer entries.
absl::StatusOr<std::vector<absl::string_view>> DecodeEntryBundle(absl::string_view bytes,
                                                                 int width);

// Concatenated hashes of a tile, and back: `width` hashes, or a full tile of which the first
// `width` are taken (a log may delete partial tiles). kDataLoss for another number of bytes.
std::string EncodeHashTile(absl::Span<const Sha256Digest> hashes);
absl::StatusOr<std::vector<Sha256Digest>> DecodeHashTile(absl::string_view bytes, int width);

// Reads the hashes of a tree out of its tiles: from a folder, a web server, a store. Each tile is
// fetched once for each call of ReadHashes. Thread-safe if the callback is.
//
// It believes the tiles. What is made from them must be verified against a checkpoint: ReadRoot
// against its root, proofs with VerifyInclusion and VerifyConsistency.
class TileHashReader final : public HashReader {
 public:
  // Returns the bytes of a tile, with the width given or full.
  using Fetch = std::function<absl::StatusOr<std::string>(const Tile& tile)>;

  // `size`: leaves of the tree; decides which tiles are partial.
  TileHashReader(uint64_t size, Fetch fetch);

  absl::StatusOr<std::vector<Sha256Digest>> ReadHashes(
      absl::Span<const NodeId> nodes) const override;

 private:
  const uint64_t size_;
  const Fetch fetch_;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_TILE_H_
