#include "server/audit/tile_builder.h"

#include <cstddef>

namespace plumbline::audit {

void TileBuilder::Append(const Sha256Digest& leaf_hash) {
  frontier_.Append(leaf_hash);
  Push(0, leaf_hash);
}

void TileBuilder::Push(int level, const Sha256Digest& hash) {
  std::vector<Sha256Digest>& edge = edge_[static_cast<size_t>(level)];
  edge.push_back(hash);
  if (edge.size() < static_cast<size_t>(kTileWidth)) return;
  on_tile_({level, edge_number_[static_cast<size_t>(level)]++, kTileWidth}, edge);
  MerkleFrontier tile;
  for (const Sha256Digest& one : edge) tile.Append(one);
  edge.clear();
  if (level + 1 < kLevels) Push(level + 1, tile.Root());
}

void TileBuilder::VisitPartialTiles() const {
  for (int level = 0; level < kLevels; ++level) {
    const std::vector<Sha256Digest>& edge = edge_[static_cast<size_t>(level)];
    if (edge.empty()) continue;
    on_tile_({level, edge_number_[static_cast<size_t>(level)], static_cast<int>(edge.size())},
             edge);
  }
}

}  // namespace plumbline::audit
