// LogTree: the Merkle tree of a log, as hash tiles in a store and its right edge in memory.
//
// Leaf hashes are appended once their entries are durable. Complete tiles (256 hashes) are kept in
// memory until somebody has written them to the store (WriteTiles); the hashes to the right of the
// last complete tile live in memory only and are made anew from the leaves when the log is opened.
// A tile that the store does not have (a crash before it was written) is made anew from what is
// below it.

#ifndef PLUMBLINE_SERVER_AUDIT_LOG_TREE_H_
#define PLUMBLINE_SERVER_AUDIT_LOG_TREE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "server/audit/merkle.h"
#include "server/base/sha256.h"
#include "server/store/store.h"

namespace plumbline::audit {

// Thread-safe; Append is called by one thread at a time. The store must outlive it.
//
// Failure: DataLoss, with the store's place, for damaged tiles and leaves. Sizes and indices beyond
// the tree are InvalidArgument.
class LogTree final : public HashReader {
 public:
  // The tree of all entries of `store`. Tiles left of `trusted_size` are taken from the store, all
  // hashes to its right are computed from leaves. Writes nothing.
  static absl::StatusOr<std::unique_ptr<LogTree>> Load(store::LogStore* store,
                                                       uint64_t trusted_size);

  void Append(absl::Span<const Sha256Digest> leaf_hashes);
  // Writes complete tiles that the store does not have yet, oldest first. What was not written
  // stays for the next time.
  absl::Status WriteTiles();

  uint64_t size() const;
  absl::StatusOr<Sha256Digest> RootAt(uint64_t tree_size) const;
  absl::StatusOr<std::vector<Sha256Digest>> ReadHashes(
      absl::Span<const NodeId> nodes) const override;
  absl::StatusOr<std::vector<Sha256Digest>> InclusionProof(uint64_t index,
                                                           uint64_t tree_size) const;
  absl::StatusOr<std::vector<Sha256Digest>> ConsistencyProof(uint64_t old_size,
                                                             uint64_t new_size) const;

 private:
  // Enough for 2^64 leaves.
  static constexpr size_t kLevels = 8;
  using TileHashes = std::vector<Sha256Digest>;
  using TileName = std::pair<size_t, uint64_t>;  // level, number

  explicit LogTree(store::LogStore* store) : store_(store) {}

  absl::Status LoadEdge(uint64_t trusted_size);
  absl::Status CheckSize(uint64_t tree_size) const;
  void Push(size_t level, const Sha256Digest& hash) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A complete tile, or the hashes so far of the last one of its level.
  absl::StatusOr<TileHashes> ReadTile(size_t level, uint64_t number) const;
  absl::StatusOr<TileHashes> TileFromStore(size_t level, uint64_t number) const;
  absl::StatusOr<TileHashes> TileFromBelow(size_t level, uint64_t number) const;

  store::LogStore* const store_;

  mutable absl::Mutex mutex_;
  uint64_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  std::array<TileHashes, kLevels> edge_ ABSL_GUARDED_BY(mutex_);
  // Numbers of the tiles that the edges will become.
  std::array<uint64_t, kLevels> edge_number_ ABSL_GUARDED_BY(mutex_){};
  std::map<TileName, TileHashes> unwritten_ ABSL_GUARDED_BY(mutex_);
  // One writer of tiles at a time.
  absl::Mutex write_mutex_;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_LOG_TREE_H_
