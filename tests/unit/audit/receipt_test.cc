#include "server/audit/receipt.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/merkle.h"
#include "server/audit/proof_text.h"
#include "server/base/cosignature.h"
#include "server/base/note_key.h"
#include "tests/testing/audit/reference_tree.h"
#include "tests/testing/base/counting_random.h"
#include "tests/testing/base/fake_clock.h"

namespace plumbline::audit {
namespace {

using ::testing::HasSubstr;

constexpr char kOrigin[] = "log.example/decisions";

std::string Message(const absl::Status& status) { return std::string(status.message()); }

class ReceiptTest : public ::testing::Test {
 protected:
  ReceiptTest() {
    CountingRandom random;
    log_ = GenerateNoteKey(random, kOrigin).value();
    witness_ = GenerateNoteKey(random, "w.example", NoteAlgorithm::kCosignatureV1).value();
    for (int i = 0; i < 100; ++i) tree_.Add(absl::StrCat("decision ", i));
  }

  std::string SignedCheckpoint(uint64_t size) const {
    Checkpoint checkpoint;
    checkpoint.origin = kOrigin;
    checkpoint.size = size;
    checkpoint.root = tree_.Root(size);
    const auto log = Ed25519NoteSigner::Create(log_.skey).value();
    const auto witness = CosignatureSigner::Create(witness_.skey, &clock_).value();
    return SignCheckpoint(checkpoint, {log.get(), witness.get()}).value();
  }

  Receipt MakeReceipt(uint64_t index, uint64_t size) const {
    Receipt receipt;
    receipt.index = index;
    receipt.inclusion_proof = tree_.InclusionProof(index, size);
    receipt.checkpoint = SignedCheckpoint(size);
    return receipt;
  }

  Sha256Digest Leaf(uint64_t index) const { return HashLeaf(tree_.leaf(index)); }

  TrustPolicy Policy() const {
    return TrustPolicy::Parse(
               absl::StrCat("log ", log_.vkey, "\nwitness w ", witness_.vkey, "\nquorum w\n"))
        .value();
  }

  absl::Status Verify(absl::string_view text, uint64_t index) const {
    const absl::StatusOr<Receipt> receipt = ParseReceipt(text);
    if (!receipt.ok()) return receipt.status();
    return VerifyReceipt(*receipt, Leaf(index), Policy()).status();
  }

  const FakeClock clock_;
  GeneratedNoteKey log_;
  GeneratedNoteKey witness_;
  ReferenceTree tree_;
};

TEST_F(ReceiptTest, TextHasTheFormOfTheSpecification) {
  Receipt receipt = MakeReceipt(5, 7);
  std::string expected = "c2sp.org/tlog-proof@v1\nindex 5\n";
  for (const Sha256Digest& hash : receipt.inclusion_proof) {
    absl::StrAppend(&expected, EncodeHash(hash), "\n");
  }
  absl::StrAppend(&expected, "\n", receipt.checkpoint);
  EXPECT_EQ(receipt.inclusion_proof.size(), 3u);
  EXPECT_EQ(FormatReceipt(receipt), expected);
  receipt.extra = "more";
  EXPECT_THAT(FormatReceipt(receipt), HasSubstr("@v1\nextra bW9yZQ==\nindex 5\n"));
}

TEST_F(ReceiptTest, ReceiptsOfAllEntriesReadBackAndVerify) {
  for (const uint64_t size : {1, 2, 7, 64, 65, 100}) {
    for (uint64_t index = 0; index < size; ++index) {
      const std::string text = FormatReceipt(MakeReceipt(index, size));
      EXPECT_EQ(FormatReceipt(ParseReceipt(text).value()), text);
      EXPECT_TRUE(Verify(text, index).ok()) << index << " of " << size;
    }
  }
}

TEST_F(ReceiptTest, VerifiedReceiptSaysWhatItProves) {
  Receipt receipt = MakeReceipt(5, 7);
  receipt.extra = "nobody vouches for this";
  const VerifiedReceipt verified = VerifyReceipt(receipt, Leaf(5), Policy()).value();
  EXPECT_EQ(verified.index, 5u);
  EXPECT_EQ(verified.checkpoint.origin, kOrigin);
  EXPECT_EQ(verified.checkpoint.size, 7u);
  ASSERT_EQ(verified.cosignatures.size(), 1u);
  EXPECT_EQ(verified.cosignatures[0].witness, "w.example");
  EXPECT_EQ(verified.cosignatures[0].time, clock_.Now());
}

TEST_F(ReceiptTest, EachFlippedBitIsRefused) {
  const std::string text = FormatReceipt(MakeReceipt(5, 7));
  ASSERT_TRUE(Verify(text, 5).ok());
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(Verify(changed, 5).ok()) << "bit " << bit;
  }
}

TEST_F(ReceiptTest, EachDroppedOrRepeatedLineIsRefused) {
  const std::string text = FormatReceipt(MakeReceipt(5, 7));
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = text.find('\n', begin) + 1;
    const std::string line = text.substr(begin, end - begin);
    EXPECT_FALSE(Verify(text.substr(0, begin) + text.substr(end), 5).ok()) << "without " << line;
    const bool is_signature = line.find("\xe2\x80\x94") == 0;
    // A repeated signature counts once: the note stays the same.
    EXPECT_EQ(Verify(text.substr(0, end) + text.substr(begin), 5).ok(), is_signature)
        << "twice " << line;
    begin = end;
  }
}

TEST_F(ReceiptTest, EachCutIsRefused) {
  const std::string text = FormatReceipt(MakeReceipt(5, 7));
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(Verify(text.substr(0, size), 5).ok()) << size;
  }
}

TEST_F(ReceiptTest, ReceiptOfAnotherEntryIsRefused) {
  const std::string text = FormatReceipt(MakeReceipt(5, 7));
  for (uint64_t index = 0; index < 100; ++index) {
    EXPECT_EQ(Verify(text, index).ok(), index == 5) << index;
  }
}

TEST_F(ReceiptTest, CheckpointOfAnotherSizeIsRefused) {
  for (uint64_t size = 0; size <= 100; ++size) {
    Receipt receipt = MakeReceipt(5, 7);
    receipt.checkpoint = SignedCheckpoint(size);
    EXPECT_EQ(VerifyReceipt(receipt, Leaf(5), Policy()).ok(), size == 7) << size;
  }
}

TEST_F(ReceiptTest, MissingCosignatureIsRefused) {
  Receipt receipt = MakeReceipt(5, 7);
  receipt.checkpoint.resize(receipt.checkpoint.rfind("\xe2\x80\x94 w.example"));
  const absl::Status status = VerifyReceipt(receipt, Leaf(5), Policy()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_TRUE(VerifyReceipt(receipt, Leaf(5), TrustPolicy::ForLog(log_.vkey).value()).ok());
}

TEST_F(ReceiptTest, WrongTextsNameTheLine) {
  const std::string header = "c2sp.org/tlog-proof@v1\n";
  const std::string hash = absl::StrCat(EncodeHash(EmptyRoot()), "\n");
  std::string many;
  for (size_t i = 0; i <= kMaxProofHashes; ++i) many += hash;
  const std::pair<std::string, std::string> cases[] = {
      {"", "line 1"},
      {"c2sp.org/tlog-proof@v2\nindex 0\n", "line 1"},
      {header, "line 2"},
      {header + "index\n", "line 2"},
      {header + "index 01\n", "line 2"},
      {header + "index -1\n", "line 2"},
      {header + "index  1\n", "line 2"},
      {header + "extra AB\nindex 1\n", "line 2: the extra data are not standard base64"},
      {header + "extra AAAA\n", "line 3: not \"index\""},
      {header + "extra AAAA\nextra AAAA\nindex 1\n", "line 3: not \"index\""},
      {header + "index 1\nAAAA\n", "line 3: not a hash"},
      {header + "index 1\n" + hash, "line 4: no checkpoint"},
      {header + "extra AAAA\nindex 1\n" + hash + "x\n", "line 5: not a hash"},
      {header + "index 1\n" + many + "\n", "line 66: more than 63 hashes"},
      {std::string(kMaxReceiptSize + 1, 'x'), "the limit is 2000000"},
  };
  for (const auto& [text, reason] : cases) {
    EXPECT_THAT(Message(ParseReceipt(text).status()), HasSubstr(reason)) << text.substr(0, 200);
  }
}

}  // namespace
}  // namespace plumbline::audit
