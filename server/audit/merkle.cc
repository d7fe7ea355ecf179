#include "server/audit/merkle.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/bytes.h"

namespace plumbline::audit {
namespace {

absl::string_view View(const Sha256Digest& digest) {
  return absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size());
}

// Leaves first .. first + count - 1; a subtree in the sense of RFC 6962, so that `first` is a
// multiple of every complete subtree that it consists of.
struct LeafRange {
  uint64_t first = 0;
  uint64_t count = 0;
};

// Appends the complete subtrees of the range, from left to right.
void AppendNodes(LeafRange range, std::vector<NodeId>& nodes) {
  while (range.count > 0) {
    const uint64_t part = std::bit_floor(range.count);
    const int level = std::countr_zero(part);
    nodes.push_back({level, range.first >> level});
    range.first += part;
    range.count -= part;
  }
}

// Root of neighbouring complete subtrees that become smaller to the right.
Sha256Digest FoldFromTheRight(absl::Span<const Sha256Digest> hashes) {
  Sha256Digest root = hashes.back();
  for (size_t i = hashes.size() - 1; i > 0; --i) root = HashChildren(hashes[i - 1], root);
  return root;
}

// The roots of all ranges, with one call of the reader.
absl::StatusOr<std::vector<Sha256Digest>> ReadRoots(absl::Span<const LeafRange> ranges,
                                                    const HashReader& reader) {
  std::vector<NodeId> nodes;
  std::vector<size_t> ends;
  for (const LeafRange& range : ranges) {
    AppendNodes(range, nodes);
    ends.push_back(nodes.size());
  }
  if (nodes.empty()) return std::vector<Sha256Digest>();
  const absl::StatusOr<std::vector<Sha256Digest>> hashes = reader.ReadHashes(nodes);
  if (!hashes.ok()) return hashes.status();
  if (hashes->size() != nodes.size()) {
    return absl::InternalError(
        absl::StrCat("asked for ", nodes.size(), " hashes, got ", hashes->size()));
  }
  std::vector<Sha256Digest> roots;
  size_t begin = 0;
  for (const size_t end : ends) {
    roots.push_back(FoldFromTheRight(absl::MakeConstSpan(*hashes).subspan(begin, end - begin)));
    begin = end;
  }
  return roots;
}

absl::Status CheckSize(uint64_t size) {
  if (size <= kMaxTreeSize) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a tree of ", size, " leaves is larger than 2^62"));
}

absl::Status CheckInclusionSizes(uint64_t index, uint64_t size) {
  if (absl::Status status = CheckSize(size); !status.ok()) return status;
  if (index < size) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("no leaf ", index, " in a tree of ", size, " leaves"));
}

absl::Status CheckConsistencySizes(uint64_t old_size, uint64_t new_size) {
  if (absl::Status status = CheckSize(new_size); !status.ok()) return status;
  if (old_size <= new_size) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the older tree has ", old_size,
                                                 " leaves, more than the newer (", new_size, ")"));
}

absl::Status CheckProofLength(absl::string_view proof_name, size_t expected, size_t actual) {
  if (expected == actual) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(proof_name, " needs ", expected, " hashes, this has ", actual));
}

absl::Status CheckRoot(absl::string_view what, const Sha256Digest& expected,
                       const Sha256Digest& computed) {
  if (expected == computed) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(what, " ", ToHex(computed), ", expected ", ToHex(expected)));
}

// An audit path has two parts: below, siblings on either side; above, where the path runs along the
// right edge of the tree, siblings on the left only.
struct PathShape {
  size_t inner = 0;
  size_t border = 0;
};

PathShape ShapeOf(uint64_t index, uint64_t size) {
  const int inner = std::bit_width(index ^ (size - 1));
  return {static_cast<size_t>(inner), static_cast<size_t>(std::popcount(index >> inner))};
}

// Climbs the inner part from `hash`; bit i of `index` says on which side sibling i is.
Sha256Digest ClimbInner(Sha256Digest hash, uint64_t index, absl::Span<const Sha256Digest> proof) {
  for (size_t i = 0; i < proof.size(); ++i) {
    const bool sibling_is_left = (index >> i & 1) != 0;
    hash = sibling_is_left ? HashChildren(proof[i], hash) : HashChildren(hash, proof[i]);
  }
  return hash;
}

// The same, but only with siblings on the left: what the older tree had.
Sha256Digest ClimbInnerLeft(Sha256Digest hash, uint64_t index,
                            absl::Span<const Sha256Digest> proof) {
  for (size_t i = 0; i < proof.size(); ++i) {
    if ((index >> i & 1) != 0) hash = HashChildren(proof[i], hash);
  }
  return hash;
}

Sha256Digest ClimbBorder(Sha256Digest hash, absl::Span<const Sha256Digest> proof) {
  for (const Sha256Digest& sibling : proof) hash = HashChildren(sibling, hash);
  return hash;
}

}  // namespace

Sha256Digest HashLeaf(absl::string_view leaf) {
  static constexpr char kLeafPrefix = 0x00;
  return Sha256OfPieces({absl::string_view(&kLeafPrefix, 1), leaf});
}

Sha256Digest HashChildren(const Sha256Digest& left, const Sha256Digest& right) {
  std::array<char, 1 + 2 * sizeof(Sha256Digest)> bytes;
  bytes[0] = 0x01;
  std::memcpy(bytes.data() + 1, left.data(), left.size());
  std::memcpy(bytes.data() + 1 + left.size(), right.data(), right.size());
  return Sha256Of(absl::string_view(bytes.data(), bytes.size()));
}

Sha256Digest EmptyRoot() { return Sha256Of(""); }

absl::StatusOr<Sha256Digest> ReadRoot(uint64_t size, const HashReader& reader) {
  if (absl::Status status = CheckSize(size); !status.ok()) return status;
  if (size == 0) return EmptyRoot();
  const absl::StatusOr<std::vector<Sha256Digest>> roots = ReadRoots({{0, size}}, reader);
  if (!roots.ok()) return roots.status();
  return roots->front();
}

absl::StatusOr<std::vector<Sha256Digest>> MakeInclusionProof(uint64_t index, uint64_t size,
                                                             const HashReader& reader) {
  if (absl::Status status = CheckInclusionSizes(index, size); !status.ok()) return status;
  // From the root down to the leaf, what the path leaves aside.
  std::vector<LeafRange> siblings;
  LeafRange range{0, size};
  while (range.count > 1) {
    const uint64_t left = std::bit_floor(range.count - 1);
    if (index - range.first < left) {
      siblings.push_back({range.first + left, range.count - left});
      range.count = left;
    } else {
      siblings.push_back({range.first, left});
      range = {range.first + left, range.count - left};
    }
  }
  std::reverse(siblings.begin(), siblings.end());
  return ReadRoots(siblings, reader);
}

absl::StatusOr<std::vector<Sha256Digest>> MakeConsistencyProof(uint64_t old_size, uint64_t new_size,
                                                               const HashReader& reader) {
  if (absl::Status status = CheckConsistencySizes(old_size, new_size); !status.ok()) return status;
  if (old_size == 0 || old_size == new_size) return std::vector<Sha256Digest>();
  // Down the right edge of the older tree.
  std::vector<LeafRange> parts;
  LeafRange range{0, new_size};
  while (old_size - range.first != range.count) {
    const uint64_t left = std::bit_floor(range.count - 1);
    if (old_size - range.first <= left) {
      parts.push_back({range.first + left, range.count - left});
      range.count = left;
    } else {
      parts.push_back({range.first, left});
      range = {range.first + left, range.count - left};
    }
  }
  // The verifier knows the root of the older tree; it is not repeated if it is a part by itself.
  if (range.first > 0) parts.push_back(range);
  std::reverse(parts.begin(), parts.end());
  return ReadRoots(parts, reader);
}

absl::Status VerifyInclusion(const Sha256Digest& leaf_hash, uint64_t index, uint64_t size,
                             const Sha256Digest& root, absl::Span<const Sha256Digest> proof) {
  if (absl::Status status = CheckInclusionSizes(index, size); !status.ok()) return status;
  const PathShape shape = ShapeOf(index, size);
  if (absl::Status status = CheckProofLength(
          absl::StrCat("an inclusion proof of leaf ", index, " in ", size, " leaves"),
          shape.inner + shape.border, proof.size());
      !status.ok()) {
    return status;
  }
  const Sha256Digest inner = ClimbInner(leaf_hash, index, proof.subspan(0, shape.inner));
  return CheckRoot("the inclusion proof leads to the root", root,
                   ClimbBorder(inner, proof.subspan(shape.inner)));
}

absl::Status VerifyConsistency(uint64_t old_size, const Sha256Digest& old_root, uint64_t new_size,
                               const Sha256Digest& new_root, absl::Span<const Sha256Digest> proof) {
  if (absl::Status status = CheckConsistencySizes(old_size, new_size); !status.ok()) return status;
  const std::string name =
      absl::StrCat("a consistency proof from ", old_size, " to ", new_size, " leaves");
  if (old_size == 0 || old_size == new_size) {
    if (absl::Status status = CheckProofLength(name, 0, proof.size()); !status.ok()) return status;
    if (old_size == new_size) return CheckRoot("trees of the same size: root", old_root, new_root);
    return CheckRoot("the tree without leaves has the root", old_root, EmptyRoot());
  }
  const int level = std::countr_zero(old_size);  // of the last complete subtree of the older tree
  const uint64_t index = (old_size - 1) >> level;
  PathShape shape = ShapeOf(old_size - 1, new_size);
  shape.inner -= static_cast<size_t>(level);
  const bool begins_with_old_root = std::has_single_bit(old_size);
  const size_t length = (begins_with_old_root ? 0 : 1) + shape.inner + shape.border;
  if (absl::Status status = CheckProofLength(name, length, proof.size()); !status.ok()) {
    return status;
  }
  Sha256Digest first = old_root;
  if (!begins_with_old_root) {
    first = proof.front();
    proof.remove_prefix(1);
  }
  const absl::Span<const Sha256Digest> inner = proof.subspan(0, shape.inner);
  const absl::Span<const Sha256Digest> border = proof.subspan(shape.inner);
  if (absl::Status status = CheckRoot("the consistency proof leads to the older root", old_root,
                                      ClimbBorder(ClimbInnerLeft(first, index, inner), border));
      !status.ok()) {
    return status;
  }
  return CheckRoot("the consistency proof leads to the newer root", new_root,
                   ClimbBorder(ClimbInner(first, index, inner), border));
}

void MerkleFrontier::Append(const Sha256Digest& leaf_hash) {
  Sha256Digest hash = leaf_hash;
  size_t level = 0;
  for (; (size_ >> level & 1) != 0; ++level) hash = HashChildren(subtrees_[level], hash);
  subtrees_[level] = hash;
  ++size_;
}

Sha256Digest MerkleFrontier::Root() const {
  if (size_ == 0) return EmptyRoot();
  size_t level = static_cast<size_t>(std::countr_zero(size_));
  Sha256Digest root = subtrees_[level];
  for (++level; size_ >> level != 0; ++level) {
    if ((size_ >> level & 1) != 0) root = HashChildren(subtrees_[level], root);
  }
  return root;
}

std::string MerkleFrontier::Serialize() const {
  std::string bytes;
  AppendUint64(bytes, size_);
  for (size_t level = subtrees_.size(); level-- > 0;) {
    if ((size_ >> level & 1) != 0) absl::StrAppend(&bytes, View(subtrees_[level]));
  }
  return bytes;
}

absl::StatusOr<MerkleFrontier> MerkleFrontier::Parse(absl::string_view bytes) {
  if (bytes.size() < 8) {
    return absl::InvalidArgumentError(
        absl::StrCat("a frontier of a tree has at least 8 bytes, this has ", bytes.size()));
  }
  MerkleFrontier frontier;
  frontier.size_ = ReadUint64(bytes);
  if (absl::Status status = CheckSize(frontier.size_); !status.ok()) return status;
  const size_t expected =
      8 + sizeof(Sha256Digest) * static_cast<size_t>(std::popcount(frontier.size_));
  if (bytes.size() != expected) {
    return absl::InvalidArgumentError(absl::StrCat("a frontier of ", frontier.size_, " leaves has ",
                                                   expected, " bytes, this has ", bytes.size()));
  }
  bytes.remove_prefix(8);
  for (size_t level = frontier.subtrees_.size(); level-- > 0;) {
    if ((frontier.size_ >> level & 1) == 0) continue;
    std::memcpy(frontier.subtrees_[level].data(), bytes.data(), sizeof(Sha256Digest));
    bytes.remove_prefix(sizeof(Sha256Digest));
  }
  return frontier;
}

}  // namespace plumbline::audit
