// TileBuilder: from leaf hashes, one after the other, to the hash tiles and the root above them.

#ifndef PLUMBLINE_SERVER_AUDIT_TILE_BUILDER_H_
#define PLUMBLINE_SERVER_AUDIT_TILE_BUILDER_H_

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/types/span.h"
#include "server/audit/merkle.h"
#include "server/audit/tile.h"
#include "server/base/sha256.h"

namespace plumbline::audit {

// Thread-compatible.
class TileBuilder {
 public:
  using OnTile = std::function<void(const Tile& tile, absl::Span<const Sha256Digest> hashes)>;

  // `on_tile` is called for every tile that is complete.
  explicit TileBuilder(OnTile on_tile) : on_tile_(std::move(on_tile)) {}

  void Append(const Sha256Digest& leaf_hash);
  // Calls `on_tile` for the partial tiles of the tree as it is.
  void VisitPartialTiles() const;

  uint64_t size() const { return frontier_.size(); }
  Sha256Digest Root() const { return frontier_.Root(); }

 private:
  // Enough for 2^64 leaves.
  static constexpr int kLevels = 8;

  void Push(int level, const Sha256Digest& hash);

  const OnTile on_tile_;
  MerkleFrontier frontier_;
  std::array<std::vector<Sha256Digest>, kLevels> edge_;
  std::array<uint64_t, kLevels> edge_number_{};
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_TILE_BUILDER_H_
