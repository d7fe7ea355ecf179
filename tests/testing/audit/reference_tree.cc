#include "tests/testing/audit/reference_tree.h"

namespace plumbline::audit {
namespace {

Sha256Digest HashText(const std::string& text) {
  Sha256 sha;
  sha.Update(text);
  return sha.Finish();
}

std::string Text(const Sha256Digest& digest) { return std::string(digest.begin(), digest.end()); }

// The largest power of two smaller than n.
uint64_t SplitOf(uint64_t n) {
  uint64_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

}  // namespace

void ReferenceTree::Add(absl::string_view leaf) { leaves_.emplace_back(leaf); }

Sha256Digest ReferenceTree::Root(uint64_t size) const { return Mth(0, size); }

std::vector<Sha256Digest> ReferenceTree::InclusionProof(uint64_t index, uint64_t size) const {
  return Path(index, 0, size);
}

std::vector<Sha256Digest> ReferenceTree::ConsistencyProof(uint64_t old_size,
                                                          uint64_t new_size) const {
  return SubProof(old_size, 0, new_size, true);
}

Sha256Digest ReferenceTree::Mth(uint64_t begin, uint64_t end) const {
  const uint64_t n = end - begin;
  if (n == 0) return HashText("");
  const auto found = known_.find({begin, end});
  if (found != known_.end()) return found->second;
  Sha256Digest hash;
  if (n == 1) {
    hash = HashText(std::string(1, '\x00') + leaves_[begin]);
  } else {
    const uint64_t k = SplitOf(n);
    hash =
        HashText(std::string(1, '\x01') + Text(Mth(begin, begin + k)) + Text(Mth(begin + k, end)));
  }
  known_[{begin, end}] = hash;
  return hash;
}

std::vector<Sha256Digest> ReferenceTree::Path(uint64_t m, uint64_t begin, uint64_t end) const {
  const uint64_t n = end - begin;
  if (n == 1) return {};
  const uint64_t k = SplitOf(n);
  std::vector<Sha256Digest> path;
  if (m < k) {
    path = Path(m, begin, begin + k);
    path.push_back(Mth(begin + k, end));
  } else {
    path = Path(m - k, begin + k, end);
    path.push_back(Mth(begin, begin + k));
  }
  return path;
}

std::vector<Sha256Digest> ReferenceTree::SubProof(uint64_t m, uint64_t begin, uint64_t end,
                                                  bool whole) const {
  const uint64_t n = end - begin;
  if (m == n) {
    if (whole) return {};
    return {Mth(begin, end)};
  }
  const uint64_t k = SplitOf(n);
  std::vector<Sha256Digest> proof;
  if (m <= k) {
    proof = SubProof(m, begin, begin + k, whole);
    proof.push_back(Mth(begin + k, end));
  } else {
    proof = SubProof(m - k, begin + k, end, false);
    proof.push_back(Mth(begin, begin + k));
  }
  return proof;
}

}  // namespace plumbline::audit
