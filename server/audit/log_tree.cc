#include "server/audit/log_tree.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/audit/tile.h"
#include "server/base/failpoint.h"

namespace plumbline::audit {
namespace {

Failpoint tile_written("tile-written");

// Root of 2^n hashes.
Sha256Digest RootOf(absl::Span<const Sha256Digest> hashes) {
  std::vector<Sha256Digest> row(hashes.begin(), hashes.end());
  for (size_t width = row.size(); width > 1; width /= 2) {
    for (size_t i = 0; i < width / 2; ++i) row[i] = HashChildren(row[2 * i], row[2 * i + 1]);
  }
  return row[0];
}

}  // namespace

absl::StatusOr<std::unique_ptr<LogTree>> LogTree::Load(store::LogStore* store,
                                                       uint64_t trusted_size) {
  std::unique_ptr<LogTree> tree(new LogTree(store));
  if (const absl::Status status = tree->LoadEdge(trusted_size); !status.ok()) return status;
  return tree;
}

absl::Status LogTree::LoadEdge(uint64_t trusted_size) {
  const uint64_t entries = store_->size();
  // Level by level: the hashes right of the last complete tile are roots of tiles one level below.
  uint64_t tiles_below = std::min(trusted_size, entries) / kTileWidth;
  {
    absl::MutexLock lock(&mutex_);
    size_ = tiles_below * kTileWidth;
    edge_number_[0] = tiles_below;
  }
  for (size_t level = 1; level < kLevels; ++level) {
    const uint64_t complete = tiles_below / kTileWidth;
    TileHashes edge;
    for (uint64_t number = complete * kTileWidth; number < tiles_below; ++number) {
      absl::StatusOr<TileHashes> tile = ReadTile(level - 1, number);
      if (!tile.ok()) return tile.status();
      edge.push_back(RootOf(*tile));
    }
    absl::MutexLock lock(&mutex_);
    edge_number_[level] = complete;
    edge_[level] = std::move(edge);
    tiles_below = complete;
  }
  const uint64_t first = size();
  absl::Status status = store_->Scan(first, entries - first, store::Parts::kLeaf,
                                     [&](const store::StoredEntry& entry) {
                                       Append({HashLeaf(entry.leaf)});
                                       return true;
                                     });
  if (!status.ok()) return status;
  if (size() != entries) {
    return absl::DataLossError(
        absl::StrCat("the store has ", entries, " entries, but only ", size(), " can be read"));
  }
  return absl::OkStatus();
}

void LogTree::Append(absl::Span<const Sha256Digest> leaf_hashes) {
  absl::MutexLock lock(&mutex_);
  for (const Sha256Digest& hash : leaf_hashes) Push(0, hash);
  size_ += leaf_hashes.size();
}

void LogTree::Push(size_t level, const Sha256Digest& hash) {
  TileHashes& edge = edge_[level];
  edge.push_back(hash);
  if (edge.size() < static_cast<size_t>(kTileWidth)) return;
  const Sha256Digest root = RootOf(edge);
  unwritten_.emplace(TileName(level, edge_number_[level]), std::move(edge));
  edge = TileHashes();
  edge.reserve(kTileWidth);
  ++edge_number_[level];
  if (level + 1 < kLevels) Push(level + 1, root);
}

absl::Status LogTree::WriteTiles() {
  absl::MutexLock writing(&write_mutex_);
  while (true) {
    TileName name;
    std::string bytes;
    {
      absl::MutexLock lock(&mutex_);
      if (unwritten_.empty()) return absl::OkStatus();
      name = unwritten_.begin()->first;
      bytes = EncodeHashTile(unwritten_.begin()->second);
    }
    absl::Status status = store_->WriteTile(static_cast<int>(name.first), name.second, bytes);
    if (!status.ok()) return status;
    tile_written.Hit();
    absl::MutexLock lock(&mutex_);
    unwritten_.erase(name);
  }
}

uint64_t LogTree::size() const {
  absl::MutexLock lock(&mutex_);
  return size_;
}

absl::StatusOr<LogTree::TileHashes> LogTree::ReadTile(size_t level, uint64_t number) const {
  {
    absl::MutexLock lock(&mutex_);
    if (number == edge_number_[level]) return edge_[level];
    const auto found = unwritten_.find(TileName(level, number));
    if (found != unwritten_.end()) return found->second;
  }
  absl::StatusOr<TileHashes> stored = TileFromStore(level, number);
  if (!absl::IsNotFound(stored.status())) return stored;
  return TileFromBelow(level, number);
}

absl::StatusOr<LogTree::TileHashes> LogTree::TileFromStore(size_t level, uint64_t number) const {
  absl::StatusOr<std::string> bytes = store_->ReadTile(static_cast<int>(level), number);
  if (!bytes.ok()) return bytes.status();
  return DecodeHashTile(*bytes, kTileWidth);
}

absl::StatusOr<LogTree::TileHashes> LogTree::TileFromBelow(size_t level, uint64_t number) const {
  TileHashes hashes;
  hashes.reserve(kTileWidth);
  const uint64_t first = number * kTileWidth;
  if (level == 0) {
    const absl::Status status =
        store_->Scan(first, kTileWidth, store::Parts::kLeaf, [&](const store::StoredEntry& entry) {
          hashes.push_back(HashLeaf(entry.leaf));
          return true;
        });
    if (!status.ok()) return status;
    return hashes;
  }
  for (uint64_t below = first; below < first + kTileWidth; ++below) {
    absl::StatusOr<TileHashes> tile = ReadTile(level - 1, below);
    if (!tile.ok()) return tile.status();
    hashes.push_back(RootOf(*tile));
  }
  return hashes;
}

absl::StatusOr<std::vector<Sha256Digest>> LogTree::ReadHashes(
    absl::Span<const NodeId> nodes) const {
  // Neighbours in a proof often lie in one tile.
  std::map<TileName, TileHashes> tiles;
  std::vector<Sha256Digest> hashes;
  hashes.reserve(nodes.size());
  for (const NodeId& node : nodes) {
    const auto tile_level = static_cast<size_t>(node.level / kTileHeight);
    const int height = node.level % kTileHeight;
    const uint64_t first = node.index << height;
    const TileName name(tile_level, first / kTileWidth);
    auto tile = tiles.find(name);
    if (tile == tiles.end()) {
      absl::StatusOr<TileHashes> read = ReadTile(name.first, name.second);
      if (!read.ok()) return read.status();
      tile = tiles.emplace(name, *std::move(read)).first;
    }
    const size_t offset = first % kTileWidth;
    const size_t count = size_t{1} << height;
    if (offset + count > tile->second.size()) {
      return absl::DataLossError(absl::StrCat("tile ", name.second, " of level ", tile_level,
                                              " has only ", tile->second.size(), " hashes"));
    }
    hashes.push_back(RootOf(absl::MakeConstSpan(tile->second).subspan(offset, count)));
  }
  return hashes;
}

absl::StatusOr<Sha256Digest> LogTree::RootAt(uint64_t tree_size) const {
  if (absl::Status status = CheckSize(tree_size); !status.ok()) return status;
  return ReadRoot(tree_size, *this);
}

absl::StatusOr<std::vector<Sha256Digest>> LogTree::InclusionProof(uint64_t index,
                                                                  uint64_t tree_size) const {
  if (absl::Status status = CheckSize(tree_size); !status.ok()) return status;
  return MakeInclusionProof(index, tree_size, *this);
}

absl::StatusOr<std::vector<Sha256Digest>> LogTree::ConsistencyProof(uint64_t old_size,
                                                                    uint64_t new_size) const {
  if (absl::Status status = CheckSize(new_size); !status.ok()) return status;
  return MakeConsistencyProof(old_size, new_size, *this);
}

absl::Status LogTree::CheckSize(uint64_t tree_size) const {
  const uint64_t has = size();
  if (tree_size <= has) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the log has ", has, " records, not ", tree_size));
}

}  // namespace plumbline::audit
