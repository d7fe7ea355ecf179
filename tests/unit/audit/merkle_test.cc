#include "server/audit/merkle.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/hex.h"
#include "tests/testing/audit/reference_tree.h"

namespace plumbline::audit {
namespace {

using ::testing::HasSubstr;
using Proof = std::vector<Sha256Digest>;

constexpr uint64_t kLargestSize = 1025;

// Every complete subtree in memory, and how often it was asked.
class NodeTable final : public HashReader {
 public:
  explicit NodeTable(const ReferenceTree& tree) {
    std::vector<Sha256Digest> row;
    for (uint64_t i = 0; i < tree.size(); ++i) row.push_back(HashLeaf(tree.leaf(i)));
    while (!row.empty()) {
      rows_.push_back(row);
      for (size_t i = 0; i < row.size() / 2; ++i) row[i] = HashChildren(row[2 * i], row[2 * i + 1]);
      row.resize(row.size() / 2);
    }
  }

  absl::StatusOr<Proof> ReadHashes(absl::Span<const NodeId> nodes) const override {
    ++calls;
    Proof hashes;
    for (const NodeId& node : nodes) {
      hashes.push_back(rows_.at(static_cast<size_t>(node.level)).at(node.index));
    }
    return hashes;
  }

  mutable int calls = 0;

 private:
  std::vector<std::vector<Sha256Digest>> rows_;
};

// One tree for all tests: the reference is slow.
class MerkleTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    reference_ = new ReferenceTree();
    for (uint64_t i = 0; i < kLargestSize; ++i) reference_->Add(absl::StrCat("leaf ", i));
    table_ = new NodeTable(*reference_);
  }
  static void TearDownTestSuite() {
    delete table_;
    delete reference_;
  }

  static const ReferenceTree& reference() { return *reference_; }
  static const NodeTable& table() { return *table_; }
  static Sha256Digest Leaf(uint64_t index) { return HashLeaf(reference().leaf(index)); }

 private:
  static ReferenceTree* reference_;
  static NodeTable* table_;
};

ReferenceTree* MerkleTest::reference_ = nullptr;
NodeTable* MerkleTest::table_ = nullptr;

Sha256Digest FlipBit(Sha256Digest hash, size_t bit) {
  hash[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  return hash;
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// The tree of eight leaves that Certificate Transparency tests with.
TEST_F(MerkleTest, PublishedRootsComeOut) {
  const std::vector<std::string> leaves = {"",
                                           "00",
                                           "10",
                                           "2021",
                                           "3031",
                                           "40414243",
                                           "5051525354555657",
                                           "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleFrontier frontier;
  for (size_t size = 0; size < roots.size(); ++size) {
    EXPECT_EQ(ToHex(frontier.Root()), roots[size]) << size;
    if (size < leaves.size()) frontier.Append(HashLeaf(DecodeHex(leaves[size]).value()));
  }
}

TEST_F(MerkleTest, RootsOfAllSizesAreThoseOfTheReference) {
  MerkleFrontier frontier;
  for (uint64_t size = 0; size <= kLargestSize; ++size) {
    ASSERT_EQ(frontier.size(), size);
    const Sha256Digest expected = reference().Root(size);
    ASSERT_EQ(frontier.Root(), expected) << size;
    ASSERT_EQ(ReadRoot(size, table()).value(), expected) << size;
    if (size < kLargestSize) frontier.Append(Leaf(size));
  }
}

TEST_F(MerkleTest, InclusionProofsOfAllLeavesInAllSizesAreThoseOfTheReference) {
  for (uint64_t size = 1; size <= kLargestSize; ++size) {
    const Sha256Digest root = reference().Root(size);
    for (uint64_t index = 0; index < size; ++index) {
      const Proof proof = MakeInclusionProof(index, size, table()).value();
      ASSERT_EQ(proof, reference().InclusionProof(index, size)) << index << " of " << size;
      const absl::Status status = VerifyInclusion(Leaf(index), index, size, root, proof);
      ASSERT_TRUE(status.ok()) << index << " of " << size << ": " << status;
    }
  }
}

TEST_F(MerkleTest, ConsistencyProofsBetweenAllSizesAreThoseOfTheReference) {
  for (uint64_t size = 0; size <= kLargestSize; ++size) {
    const Sha256Digest root = reference().Root(size);
    for (uint64_t old_size = 0; old_size <= size; ++old_size) {
      const Proof proof = MakeConsistencyProof(old_size, size, table()).value();
      if (old_size > 0) {
        ASSERT_EQ(proof, reference().ConsistencyProof(old_size, size)) << old_size << " " << size;
      } else {
        ASSERT_TRUE(proof.empty());
      }
      const absl::Status status =
          VerifyConsistency(old_size, reference().Root(old_size), size, root, proof);
      ASSERT_TRUE(status.ok()) << old_size << " " << size << ": " << status;
    }
  }
}

// All ways to break a proof: `verifies` tells whether a changed one still passes.
void ExpectEachChangeIsRefused(const Proof& proof, const std::string& what,
                               const std::function<bool(const Proof&)>& verifies) {
  ASSERT_TRUE(verifies(proof)) << what;
  for (size_t i = 0; i < proof.size(); ++i) {
    // Every byte, a different bit in each.
    for (size_t byte = 0; byte < proof[i].size(); ++byte) {
      Proof changed = proof;
      changed[i] = FlipBit(changed[i], 8 * byte + (byte + i) % 8);
      ASSERT_FALSE(verifies(changed)) << what << ": bit flipped in hash " << i;
    }
    Proof shorter = proof;
    shorter.erase(shorter.begin() + static_cast<ptrdiff_t>(i));
    ASSERT_FALSE(verifies(shorter)) << what << ": without hash " << i;
    Proof doubled = proof;
    doubled.insert(doubled.begin() + static_cast<ptrdiff_t>(i), proof[i]);
    ASSERT_FALSE(verifies(doubled)) << what << ": hash " << i << " twice";
    if (i > 0) {
      Proof swapped = proof;
      std::swap(swapped[i - 1], swapped[i]);
      ASSERT_FALSE(verifies(swapped)) << what << ": hashes swapped at " << i;
    }
  }
  Proof longer = proof;
  longer.push_back(EmptyRoot());
  ASSERT_FALSE(verifies(longer)) << what << ": one hash more";
}

// Sizes around powers of two, and some between.
const std::vector<uint64_t>& MutatedSizes() {
  static const auto* const sizes =
      new std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 100, 129};
  return *sizes;
}

TEST_F(MerkleTest, EachChangeOfAnInclusionProofIsRefused) {
  for (const uint64_t size : MutatedSizes()) {
    const Sha256Digest root = reference().Root(size);
    for (uint64_t index = 0; index < size; ++index) {
      const Proof proof = MakeInclusionProof(index, size, table()).value();
      const std::string what = absl::StrCat("leaf ", index, " of ", size);
      ExpectEachChangeIsRefused(proof, what, [&](const Proof& changed) {
        return VerifyInclusion(Leaf(index), index, size, root, changed).ok();
      });
      for (size_t bit = 0; bit < 256; bit += 5) {
        ASSERT_FALSE(VerifyInclusion(FlipBit(Leaf(index), bit), index, size, root, proof).ok());
        ASSERT_FALSE(VerifyInclusion(Leaf(index), index, size, FlipBit(root, bit), proof).ok());
      }
      for (uint64_t other = 0; other < size; ++other) {
        if (other == index) continue;
        ASSERT_FALSE(VerifyInclusion(Leaf(index), other, size, root, proof).ok()) << what;
        ASSERT_FALSE(VerifyInclusion(Leaf(other), index, size, root, proof).ok()) << what;
      }
    }
  }
}

// A proof names its index and size only in part: for some other sizes the same hashes are the right
// path. The root is what fails then.
TEST_F(MerkleTest, InclusionProofForAnotherSizeIsRefusedWithThatSizesRoot) {
  for (const uint64_t size : MutatedSizes()) {
    for (uint64_t index = 0; index < size; ++index) {
      const Proof proof = MakeInclusionProof(index, size, table()).value();
      for (uint64_t other = 1; other <= 2 * size + 1; ++other) {
        if (other == size) continue;
        ASSERT_FALSE(
            VerifyInclusion(Leaf(index), index, other, reference().Root(other), proof).ok())
            << index << " of " << size << " as of " << other;
      }
    }
  }
}

TEST_F(MerkleTest, EachChangeOfAConsistencyProofIsRefused) {
  for (const uint64_t size : MutatedSizes()) {
    const Sha256Digest root = reference().Root(size);
    for (uint64_t old_size = 0; old_size <= size; ++old_size) {
      const Sha256Digest old_root = reference().Root(old_size);
      const Proof proof = MakeConsistencyProof(old_size, size, table()).value();
      const std::string what = absl::StrCat("from ", old_size, " to ", size);
      ExpectEachChangeIsRefused(proof, what, [&](const Proof& changed) {
        return VerifyConsistency(old_size, old_root, size, root, changed).ok();
      });
      for (size_t bit = 0; bit < 256; bit += 5) {
        ASSERT_FALSE(VerifyConsistency(old_size, FlipBit(old_root, bit), size, root, proof).ok());
        if (old_size > 0) {
          ASSERT_FALSE(VerifyConsistency(old_size, old_root, size, FlipBit(root, bit), proof).ok());
        }
      }
      for (uint64_t other = 0; other <= size; ++other) {
        if (other == old_size) continue;
        ASSERT_FALSE(VerifyConsistency(other, old_root, size, root, proof).ok())
            << what << " as from " << other;
      }
    }
  }
}

TEST_F(MerkleTest, ErrorsSayWhatIsWrong) {
  const Sha256Digest root = reference().Root(7);
  const Proof proof = MakeInclusionProof(2, 7, table()).value();
  EXPECT_EQ(Message(VerifyInclusion(Leaf(2), 7, 7, root, proof)),
            "no leaf 7 in a tree of 7 leaves");
  EXPECT_EQ(Message(VerifyInclusion(Leaf(2), 2, 7, root, {})),
            "an inclusion proof of leaf 2 in 7 leaves needs 3 hashes, this has 0");
  const absl::Status wrong_leaf = VerifyInclusion(Leaf(3), 2, 7, root, proof);
  EXPECT_EQ(wrong_leaf.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(wrong_leaf), HasSubstr(absl::StrCat(", expected ", ToHex(root))));

  const Proof consistency = MakeConsistencyProof(3, 7, table()).value();
  EXPECT_EQ(Message(VerifyConsistency(8, root, 7, root, consistency)),
            "the older tree has 8 leaves, more than the newer (7)");
  EXPECT_EQ(Message(VerifyConsistency(3, root, 7, root, {})),
            "a consistency proof from 3 to 7 leaves needs 4 hashes, this has 0");
  EXPECT_THAT(Message(VerifyConsistency(3, root, 7, root, consistency)),
              HasSubstr("leads to the older root"));
  const Sha256Digest old_root = reference().Root(3);
  EXPECT_THAT(Message(VerifyConsistency(3, old_root, 7, old_root, consistency)),
              HasSubstr("leads to the newer root"));
  EXPECT_THAT(Message(VerifyConsistency(7, root, 7, old_root, {})),
              HasSubstr("trees of the same size"));
  EXPECT_THAT(Message(VerifyConsistency(0, old_root, 7, root, {})),
              HasSubstr("the tree without leaves"));
}

TEST_F(MerkleTest, SizesBeyondTheLimitAreRefused) {
  const uint64_t too_large = kMaxTreeSize + 1;
  const Sha256Digest root = EmptyRoot();
  for (const uint64_t size : {too_large, uint64_t{1} << 63, UINT64_MAX}) {
    EXPECT_THAT(Message(VerifyInclusion(root, 0, size, root, {})), HasSubstr("larger than 2^62"));
    EXPECT_THAT(Message(VerifyConsistency(1, root, size, root, {})), HasSubstr("larger than 2^62"));
    EXPECT_FALSE(VerifyConsistency(size, root, size, root, {}).ok());
    EXPECT_FALSE(MakeInclusionProof(0, size, table()).ok());
    EXPECT_FALSE(MakeConsistencyProof(1, size, table()).ok());
    EXPECT_FALSE(ReadRoot(size, table()).ok());
  }
}

TEST_F(MerkleTest, LargestTreeHasTheLongestProof) {
  // The first leaf of 2^62: a sibling on each of 62 levels.
  EXPECT_THAT(Message(VerifyInclusion(EmptyRoot(), 0, kMaxTreeSize, EmptyRoot(), {})),
              HasSubstr("needs 62 hashes"));
  EXPECT_THAT(
      Message(VerifyConsistency(kMaxTreeSize - 1, EmptyRoot(), kMaxTreeSize, EmptyRoot(), {})),
      HasSubstr(absl::StrCat("needs ", kMaxProofHashes, " hashes")));
}

TEST_F(MerkleTest, AllHashesOfAProofAreReadAtOnce) {
  table().calls = 0;
  ASSERT_TRUE(MakeInclusionProof(77, 1000, table()).ok());
  EXPECT_EQ(table().calls, 1);
  ASSERT_TRUE(MakeConsistencyProof(77, 1000, table()).ok());
  EXPECT_EQ(table().calls, 2);
}

class FailingReader final : public HashReader {
 public:
  explicit FailingReader(absl::StatusOr<Proof> answer) : answer_(std::move(answer)) {}
  absl::StatusOr<Proof> ReadHashes(absl::Span<const NodeId>) const override { return answer_; }

 private:
  const absl::StatusOr<Proof> answer_;
};

TEST_F(MerkleTest, ErrorsOfTheReaderComeThrough) {
  const FailingReader broken(absl::UnavailableError("disk"));
  EXPECT_EQ(ReadRoot(3, broken).status(), absl::UnavailableError("disk"));
  EXPECT_EQ(MakeInclusionProof(0, 3, broken).status(), absl::UnavailableError("disk"));
  EXPECT_EQ(MakeConsistencyProof(2, 3, broken).status(), absl::UnavailableError("disk"));
  const FailingReader short_reader((Proof()));
  EXPECT_EQ(MakeInclusionProof(0, 3, short_reader).status().code(), absl::StatusCode::kInternal);
}

TEST_F(MerkleTest, FrontierComesBackFromItsBytesAndGoesOn) {
  MerkleFrontier frontier;
  for (uint64_t size = 0; size <= 130; ++size) {
    const std::string bytes = frontier.Serialize();
    MerkleFrontier read = MerkleFrontier::Parse(bytes).value();
    ASSERT_EQ(read.size(), size);
    ASSERT_EQ(read.Root(), reference().Root(size));
    ASSERT_EQ(read.Serialize(), bytes);
    read.Append(Leaf(size));
    ASSERT_EQ(read.Root(), reference().Root(size + 1));
    EXPECT_FALSE(MerkleFrontier::Parse(bytes + "x").ok());
    EXPECT_FALSE(MerkleFrontier::Parse(bytes.substr(0, bytes.size() - 1)).ok());
    frontier.Append(Leaf(size));
  }
  EXPECT_THAT(Message(MerkleFrontier::Parse("short").status()), HasSubstr("at least 8 bytes"));
  EXPECT_THAT(Message(MerkleFrontier::Parse(std::string(8, '\xff')).status()),
              HasSubstr("larger than 2^62"));
}

}  // namespace
}  // namespace plumbline::audit
