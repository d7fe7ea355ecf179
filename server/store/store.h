// What the decision log needs of a disk or database: a place for entries that are never changed,
// and an index to find them again.
//
// A store knows nothing of what entries mean: no hashing into trees, no encryption, no protobuf. It
// promises durability, order, and that what it hands out is what it was given, or an error that
// names the place. Implementations: segment/ (files, the embedded default), memory/ (tests),
// sqlite/ (the index). tests/unit/store holds all of them to one conformance suite.
//
// Errors of every call:
//   NotFound           no such entry, tile, document, object
//   DataLoss           what is stored is damaged; the message names the file and offset
//   ResourceExhausted  no space left; nothing was stored
//   Unavailable        writing or syncing failed; the store takes no more writes until it is opened
//                      anew (a failed fsync cannot be repeated: the kernel may have dropped the
//                      data)
//   FailedPrecondition the call does not fit the state (wrong first index, closed store)

#ifndef PLUMBLINE_SERVER_STORE_STORE_H_
#define PLUMBLINE_SERVER_STORE_STORE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/base/event_sink.h"

namespace plumbline::store {

// Largest leaf: entry bundles of C2SP tlog-tiles give it a length of 16 bits.
inline constexpr size_t kMaxLeafBytes = 65'535;
// Room for a wrapped key; every entry has exactly this much, so that a key can be replaced in
// place.
inline constexpr size_t kWrappedKeyBytes = 96;
// Largest details and payload of one entry.
inline constexpr size_t kMaxDetailsBytes = size_t{1} << 20;
inline constexpr size_t kMaxPayloadBytes = size_t{16} << 20;

using WrappedKey = std::array<uint8_t, kWrappedKeyBytes>;

// An entry to be appended. Views must live until Append returns.
struct NewEntry {
  absl::string_view leaf;     // hashed into the tree; never changes
  WrappedKey wrapped_key{};   // the only part that can be replaced or destroyed
  absl::string_view details;  // small, sealed: what the index is made of
  absl::string_view payload;  // sealed
};

struct StoredEntry {
  uint64_t index = 0;
  std::string leaf;
  // Absent: destroyed.
  std::optional<WrappedKey> wrapped_key;
  std::string details;
  std::string payload;
};

// What to read of an entry: the rest stays empty and is not read from disk where that saves work.
// kLeaf: the key is not read either.
enum class Parts { kLeaf, kLeafAndDetails, kAll };

// Something that is wrong, for a person to read. `place`: file and offset, or table and row.
struct Problem {
  std::string place;
  std::string message;
  std::optional<uint64_t> index;
};

struct Space {
  uint64_t free_bytes = 0;
  uint64_t used_bytes = 0;  // by this store
};

// The truth. Thread-safe; Append, DestroyKeys and ReplaceKeys are called by one thread at a time,
// reads by any at any time. Owns its files; locks them against a second process.
class LogStore {
 public:
  virtual ~LogStore() = default;

  // Number of durable entries; indices are 0 .. size() - 1.
  virtual uint64_t size() const = 0;

  // Appends all or none and returns when they survive a power cut (one sync for all). `first_index`
  // must be size(): a second writer cannot slip in between.
  virtual absl::Status Append(uint64_t first_index, absl::Span<const NewEntry> entries) = 0;

  virtual absl::StatusOr<StoredEntry> Read(uint64_t index, Parts parts) const = 0;
  // Calls `visit` for `count` entries from `first` on, in order, until it returns false. Cheaper
  // than as many Reads.
  virtual absl::Status Scan(uint64_t first, uint64_t count, Parts parts,
                            absl::FunctionRef<bool(StoredEntry)> visit) const = 0;

  // Overwrites the keys with zeros, durably. Destroying a destroyed key does nothing.
  virtual absl::Status DestroyKeys(absl::Span<const uint64_t> indices) = 0;
  // FailedPrecondition for a destroyed key: it cannot come back.
  virtual absl::Status ReplaceKeys(absl::Span<const std::pair<uint64_t, WrappedKey>> keys) = 0;

  // Complete hash tiles (C2SP tlog-tiles: 256 hashes, 8,192 bytes). Written once; writing other
  // bytes again is DataLoss, the same bytes nothing. Durable before the next PutDocument returns.
  virtual absl::Status WriteTile(int level, uint64_t number, absl::string_view hashes) = 0;
  virtual absl::StatusOr<std::string> ReadTile(int level, uint64_t number) const = 0;

  // Small documents by name ([a-z0-9._-], at most 64 characters), replaced atomically and durably.
  virtual absl::Status PutDocument(absl::string_view name, absl::string_view bytes) = 0;
  virtual absl::StatusOr<std::string> GetDocument(absl::string_view name) const = 0;

  // Immutable objects by SHA-256 (64 lower-case hexadecimal digits): rulesets, dictionaries.
  // Returns the digest. Reading checks it.
  virtual absl::StatusOr<std::string> PutObject(absl::string_view bytes) = 0;
  virtual absl::StatusOr<std::string> GetObject(absl::string_view digest) const = 0;
  virtual absl::StatusOr<std::vector<std::string>> ListObjects() const = 0;

  virtual absl::StatusOr<Space> GetSpace() const = 0;
  // Space::free_bytes alone; cheap enough to ask several times a second.
  virtual absl::StatusOr<uint64_t> GetFreeBytes() const {
    const absl::StatusOr<Space> space = GetSpace();
    if (!space.ok()) return space.status();
    return space->free_bytes;
  }

  // From now on, `on_event` is told what no error says and an operator should know, each once:
  //   log-page-cache  the system does not write past the page cache: all goes through it
  // `detail` has no patient data. Called while something is written; must not call the store.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that keep it move it.
  virtual void SetOnEvent(EventSink on_event) { static_cast<void>(on_event); }

  // Reads everything and reports what is damaged; OK also when there are problems.
  virtual absl::Status Check(absl::FunctionRef<void(const Problem&)> report) const = 0;
};

// One row of the index. Made from an entry alone, so that the index can be made anew at any time.
struct IndexRow {
  uint64_t index = 0;
  int kind = 0;                  // v1::RecordKind
  std::array<uint8_t, 16> id{};  // UUID
  int64_t time_us = 0;           // since the Unix epoch
  std::string revision;          // 64 hexadecimal digits, or empty
  std::string caller;
  int level = 0;  // v1::Level, v1::Gate; 0: none
  int gate = 0;
  // Keyed hashes of (caller, request id) and of the patient's pseudonym; empty: none.
  std::string request_key;
  std::string patient_key;
  std::vector<std::string> rule_ids;
  std::vector<std::array<uint8_t, 16>> linked_ids;
  bool erased = false;
};

// All conditions must hold; an empty one does not restrict.
struct IndexQuery {
  std::optional<int64_t> from_us;   // included
  std::optional<int64_t> until_us;  // excluded
  std::vector<int> kinds;
  std::string revision_prefix;
  std::string rule_id;
  std::vector<int> levels;
  std::string caller;
  std::string patient_key;
  std::string request_key;
  // Only rows with a smaller index: where the page before ended.
  std::optional<uint64_t> before_index;
};

struct IndexCounts {
  std::vector<std::pair<int, uint64_t>> by_kind;
  std::vector<std::pair<int, uint64_t>> by_level;
  std::vector<std::pair<std::string, uint64_t>> by_revision;
  std::vector<std::pair<std::string, uint64_t>> by_rule;  // most frequent first, at most 1,000
  std::vector<std::pair<std::string, uint64_t>> by_day;   // "2026-11-21" (UTC), ascending
  std::optional<int64_t> first_us, last_us;
  uint64_t erased = 0;
};

// Finds entries. Not the truth: a damaged or missing index is made anew from the log. Thread-safe.
class QueryIndex {
 public:
  virtual ~QueryIndex() = default;

  // Rows 0 .. indexed_size() - 1 are in the index.
  virtual uint64_t indexed_size() const = 0;
  // Rows must follow on each other, from indexed_size() on. All or none.
  virtual absl::Status Apply(absl::Span<const IndexRow> rows) = 0;
  // Leaves of these rows what an erased record still shows: index, kind, id, time, revision.
  virtual absl::Status Forget(absl::Span<const uint64_t> indices) = 0;

  // Newest first, at most `limit`.
  virtual absl::StatusOr<std::vector<uint64_t>> Find(const IndexQuery& query,
                                                     size_t limit) const = 0;
  virtual absl::StatusOr<uint64_t> FindById(const std::array<uint8_t, 16>& id) const = 0;
  // Entries that name `id` among their links, oldest first.
  virtual absl::StatusOr<std::vector<uint64_t>> FindLinked(
      const std::array<uint8_t, 16>& id) const = 0;
  virtual absl::StatusOr<IndexCounts> Count(const IndexQuery& query) const = 0;
  // Empties the index.
  virtual absl::Status Reset() = 0;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_STORE_H_
