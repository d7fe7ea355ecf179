// Merkle trees of RFC 6962 (section 2.1) with SHA-256: hashes, proofs, and their verification.
//
// A tree of `size` leaves has complete subtrees: that of level L and index I covers the 2^L leaves
// from I * 2^L on. All that is ever stored are roots of complete subtrees; they never change.

#ifndef PLUMBLINE_SERVER_AUDIT_MERKLE_H_
#define PLUMBLINE_SERVER_AUDIT_MERKLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/base/sha256.h"

namespace plumbline::audit {

// Larger sizes are refused everywhere: all arithmetic below is exact up to here.
inline constexpr uint64_t kMaxTreeSize = uint64_t{1} << 62;

// Longest proof in a tree of that size.
inline constexpr size_t kMaxProofHashes = 63;

// SHA-256(0x00 ‖ leaf).
Sha256Digest HashLeaf(absl::string_view leaf);

// SHA-256(0x01 ‖ left ‖ right).
Sha256Digest HashChildren(const Sha256Digest& left, const Sha256Digest& right);

// Root of the tree without leaves: SHA-256 of nothing.
Sha256Digest EmptyRoot();

// A complete subtree.
struct NodeId {
  int level = 0;  // 0: a leaf
  uint64_t index = 0;

  friend bool operator==(const NodeId&, const NodeId&) = default;
};

// Hands out roots of complete subtrees. What it returns is believed here: a proof that is made of
// wrong hashes does not verify.
class HashReader {
 public:
  virtual ~HashReader() = default;
  // The hashes of the nodes, in their order; all that a proof needs is asked for in one call. The
  // tree has at least the size that the proof is made for.
  virtual absl::StatusOr<std::vector<Sha256Digest>> ReadHashes(
      absl::Span<const NodeId> nodes) const = 0;
};

// Root of the first `size` leaves. kInvalidArgument for a size above kMaxTreeSize; errors of the
// reader as they are.
absl::StatusOr<Sha256Digest> ReadRoot(uint64_t size, const HashReader& reader);

// Audit path of leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1), from the leaf's
// sibling up. kInvalidArgument unless index < size <= kMaxTreeSize.
absl::StatusOr<std::vector<Sha256Digest>> MakeInclusionProof(uint64_t index, uint64_t size,
                                                             const HashReader& reader);

// Proof that the tree of `new_size` leaves begins with that of `old_size` (section 2.1.2). Empty if
// they are equal or old_size is 0. kInvalidArgument unless old_size <= new_size <= kMaxTreeSize.
absl::StatusOr<std::vector<Sha256Digest>> MakeConsistencyProof(uint64_t old_size, uint64_t new_size,
                                                               const HashReader& reader);

// OK if the leaf with that hash is number `index` of the `size` leaves under `root`. Otherwise
// kInvalidArgument (index and size do not fit, number of hashes) or kDataLoss (another root comes
// out), with what was expected.
absl::Status VerifyInclusion(const Sha256Digest& leaf_hash, uint64_t index, uint64_t size,
                             const Sha256Digest& root, absl::Span<const Sha256Digest> proof);

// OK if the tree with `new_root` begins with that of `old_root`. Errors as in VerifyInclusion; for
// old_size 0 the old root must be EmptyRoot().
absl::Status VerifyConsistency(uint64_t old_size, const Sha256Digest& old_root, uint64_t new_size,
                               const Sha256Digest& new_root, absl::Span<const Sha256Digest> proof);

// The right edge of a tree: enough to append leaves and to know the root, in 32 bytes for each bit
// that is set in the size. Thread-compatible; copies are cheap.
class MerkleFrontier {
 public:
  // The tree must have fewer than kMaxTreeSize leaves.
  void Append(const Sha256Digest& leaf_hash);

  uint64_t size() const { return size_; }
  Sha256Digest Root() const;

  // Size (8 bytes, big-endian) and the hashes of the complete subtrees, the largest first.
  std::string Serialize() const;
  // kInvalidArgument when the number of bytes does not fit the size that they begin with.
  static absl::StatusOr<MerkleFrontier> Parse(absl::string_view bytes);

 private:
  uint64_t size_ = 0;
  // [L] is set if bit L of the size is.
  std::array<Sha256Digest, 63> subtrees_{};
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_MERKLE_H_
