// What every store refuses before it writes anything. One place, so that all say the same.

#ifndef PLUMBLINE_SERVER_STORE_LIMITS_H_
#define PLUMBLINE_SERVER_STORE_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/store/store.h"

namespace plumbline::store {

// 256 hashes of 32 bytes (C2SP tlog-tiles).
inline constexpr size_t kTileBytes = 8'192;
// A tile has eight levels of the tree, so that eight levels of tiles hold 2^64 entries.
inline constexpr int kMaxTileLevel = 7;

// InvalidArgument for an entry beyond the limits of store.h; FailedPrecondition if `first_index` is
// not `size`.
absl::Status CheckAppend(uint64_t size, uint64_t first_index, absl::Span<const NewEntry> entries);
absl::Status CheckTilePlace(int level);
absl::Status CheckTile(int level, absl::string_view hashes);
absl::Status CheckDocumentName(absl::string_view name);
absl::Status CheckDigest(absl::string_view digest);
absl::Status NoSuchEntry(uint64_t index, uint64_t size);

// IndexCounts::by_rule has at most this many.
inline constexpr size_t kMaxCountedRules = 1'000;

// FailedPrecondition unless the rows follow on each other from `indexed_size` on.
absl::Status CheckRows(uint64_t indexed_size, absl::Span<const IndexRow> rows);
absl::Status NoSuchRow(uint64_t index, uint64_t indexed_size);

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_LIMITS_H_
