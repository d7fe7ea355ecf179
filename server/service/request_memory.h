// RequestMemory: which request ids were used, and for which record.
//
// Holds 64-bit fingerprints, not ids, of the most recent requests. A fingerprint that is found
// names candidates; the record itself tells whether it is the same id. One that is not found is
// new, unless it is older than the memory reaches: reaches_back_to() says up to where an index must
// be asked.

#ifndef PLUMBLINE_SERVER_SERVICE_REQUEST_MEMORY_H_
#define PLUMBLINE_SERVER_SERVICE_REQUEST_MEMORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/base/random.h"

namespace plumbline::service {

// Not the same for two kinds of request: a feedback may have the id of its decision's request.
enum class RequestKind : uint8_t { kDecision = 1, kFeedback = 2 };

// Caller and request id count with so many bytes each: they cannot have more.
inline constexpr size_t kMaxFingerprintedBytes = 128;

// Keyed, so that nobody can choose ids that collide (SipHash-2-4). Immutable, thread-safe.
class RequestFingerprint {
 public:
  // A new key. Fewer than 64 `bits` only in tests of collisions.
  explicit RequestFingerprint(RandomSource& random, int bits = 64);

  uint64_t Of(RequestKind kind, absl::string_view caller, absl::string_view request_id) const;

 private:
  std::array<uint64_t, 2> key_{};
  const uint64_t mask_;
};

// SipHash-2-4 (Aumasson, Bernstein 2012).
uint64_t SipHash24(const std::array<uint64_t, 2>& key, absl::string_view bytes);

// Thread-compatible: its owner locks.
class RequestMemory {
 public:
  // Remembers about `capacity` ids, 40 bytes each; more as long as Trim may not drop them.
  explicit RequestMemory(size_t capacity) : capacity_(capacity) {}

  // Appends to `candidates` the indices of records whose request has this fingerprint, newest last.
  void Find(uint64_t fingerprint, std::vector<uint64_t>& candidates) const;

  // A new record; indices need not come in order.
  void Add(uint64_t fingerprint, uint64_t index);

  // Records from this index on are all remembered, as far as they were told.
  uint64_t reaches_back_to() const { return reaches_back_to_; }
  void set_reaches_back_to(uint64_t index) { reaches_back_to_ = index; }

  // Drops the oldest until at most `capacity` are left; only records below `indexed_size`, which an
  // index can find.
  void Trim(uint64_t indexed_size);
  size_t size() const { return order_.size(); }
  size_t capacity() const { return capacity_; }

 private:
  struct Use {
    uint64_t fingerprint;
    uint64_t index;
  };

  void Remove(const Use& use);

  const size_t capacity_;
  uint64_t reaches_back_to_ = 0;
  std::deque<Use> order_;  // oldest first, nearly ordered by index
  absl::flat_hash_map<uint64_t, uint64_t> indices_;
  // Further records with the fingerprint of one in `indices_`: hardly ever any.
  absl::flat_hash_map<uint64_t, std::vector<uint64_t>> collisions_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REQUEST_MEMORY_H_
