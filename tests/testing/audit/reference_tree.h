#ifndef PLUMBLINE_TESTS_TESTING_AUDIT_REFERENCE_TREE_H_
#define PLUMBLINE_TESTS_TESTING_AUDIT_REFERENCE_TREE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/sha256.h"

namespace plumbline::audit {

// The Merkle tree of RFC 6962 as its section 2.1 defines it: by recursion over the list of leaves.
// Shares no code with server/audit. Hashes of ranges are remembered, or nothing would ever finish.
class ReferenceTree {
 public:
  void Add(absl::string_view leaf);
  uint64_t size() const { return leaves_.size(); }
  const std::string& leaf(uint64_t index) const { return leaves_[index]; }

  // MTH(D[0:size]); PATH(index, D[0:size]); PROOF(old_size, D[0:new_size]).
  Sha256Digest Root(uint64_t size) const;
  std::vector<Sha256Digest> InclusionProof(uint64_t index, uint64_t size) const;
  std::vector<Sha256Digest> ConsistencyProof(uint64_t old_size, uint64_t new_size) const;

 private:
  // Ranges are [begin, end).
  Sha256Digest Mth(uint64_t begin, uint64_t end) const;
  std::vector<Sha256Digest> Path(uint64_t m, uint64_t begin, uint64_t end) const;
  std::vector<Sha256Digest> SubProof(uint64_t m, uint64_t begin, uint64_t end, bool whole) const;

  std::vector<std::string> leaves_;
  mutable std::map<std::pair<uint64_t, uint64_t>, Sha256Digest> known_;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_TESTS_TESTING_AUDIT_REFERENCE_TREE_H_
