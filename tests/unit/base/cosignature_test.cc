#include "server/base/cosignature.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/base/counting_random.h"
#include "tests/testing/base/fake_clock.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;

constexpr char kCheckpoint[] =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
constexpr int64_t kSpecSeconds = 1679315147;

GeneratedNoteKey Key() {
  CountingRandom random;
  return GenerateNoteKey(random, "witness.example.com/w1", NoteAlgorithm::kCosignatureV1).value();
}

// C2SP tlog-cosignature prints the signed message and a signature line with its time.
TEST(CosignatureTest, LineOfTheSpecificationHasTheTimeOfItsMessage) {
  const NoteSignature line =
      ParseNoteSignature(
          "\xe2\x80\x94 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWX"
          "EhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==")
          .value();
  EXPECT_EQ(line.key_id, 0x8d66cf3fu);
  EXPECT_EQ(line.signature.size(), 72u);
  EXPECT_EQ(absl::ToUnixSeconds(CosignatureTime(line.signature).value()), kSpecSeconds);
}

TEST(CosignatureTest, SignatureIsTimeAndEd25519OverTheMessageOfTheSpecification) {
  const GeneratedNoteKey key = Key();
  const FakeClock clock(absl::FromUnixSeconds(kSpecSeconds) + absl::Milliseconds(999));
  const auto signer = CosignatureSigner::Create(key.skey, &clock).value();
  const std::string signature = signer->Sign(kCheckpoint).value();
  EXPECT_EQ(signature.substr(0, 8), std::string("\0\0\0\0\x64\x18\x50\xcb", 8));
  EXPECT_TRUE(NoteVerifierKey::Parse(key.vkey).value().public_key.Verify(
      "cosignature/v1\n"
      "time 1679315147\n"
      "example.com/behind-the-sofa\n"
      "20852163\n"
      "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
      absl::string_view(signature).substr(8)));
}

TEST(CosignatureTest, CosignedNoteOpensWithTheKeyOfTheWitness) {
  const GeneratedNoteKey key = Key();
  const FakeClock clock;
  const auto signer = CosignatureSigner::Create(key.skey, &clock).value();
  const std::string note = SignNote(kCheckpoint, {signer.get()}).value();
  const auto verifier = CreateNoteVerifier(key.vkey).value();
  const OpenedNote opened = OpenNote(note, {verifier.get()}).value();
  EXPECT_EQ(CosignatureTime(opened.verified.at(0).signature).value(), clock.Now());
}

TEST(CosignatureTest, EachFlippedBitIsRefusedThatOfTheTimeToo) {
  const GeneratedNoteKey key = Key();
  const FakeClock clock;
  const std::string signature =
      CosignatureSigner::Create(key.skey, &clock).value()->Sign(kCheckpoint).value();
  const auto verifier = CosignatureVerifier::Create(key.vkey).value();
  EXPECT_TRUE(verifier->Verify(kCheckpoint, signature));
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    std::string changed = signature;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(verifier->Verify(kCheckpoint, changed)) << "bit " << bit;
  }
  EXPECT_FALSE(verifier->Verify(kCheckpoint, signature.substr(0, 71)));
  EXPECT_FALSE(verifier->Verify(kCheckpoint, signature + "x"));
}

TEST(CosignatureTest, OneKeyHasAnotherIdForEachAlgorithm) {
  CountingRandom random;
  const GeneratedNoteKey plain = GenerateNoteKey(random, "witness.example.com/w1").value();
  const GeneratedNoteKey cosigning = Key();
  EXPECT_NE(NoteVerifierKey::Parse(plain.vkey)->key_id(),
            NoteVerifierKey::Parse(cosigning.vkey)->key_id());
  const FakeClock clock;
  EXPECT_THAT(std::string(CosignatureSigner::Create(plain.skey, &clock).status().message()),
              HasSubstr("not a key of algorithm 0x04"));
  EXPECT_THAT(std::string(Ed25519NoteSigner::Create(cosigning.skey).status().message()),
              HasSubstr("not a key of algorithm 0x01"));
  EXPECT_FALSE(CosignatureVerifier::Create(plain.vkey).ok());
  EXPECT_FALSE(Ed25519NoteVerifier::Create(cosigning.vkey).ok());
}

TEST(CosignatureTest, TimeZeroAndTimesBeforeAreNotSigned) {
  const GeneratedNoteKey key = Key();
  FakeClock clock(absl::UnixEpoch());
  const auto signer = CosignatureSigner::Create(key.skey, &clock).value();
  EXPECT_EQ(signer->Sign(kCheckpoint).status().code(), absl::StatusCode::kFailedPrecondition);
  clock.Set(absl::FromUnixSeconds(-5));
  EXPECT_EQ(signer->Sign(kCheckpoint).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(CosignatureTest, TimeBeyondTheLimitIsRefused) {
  std::string signature(72, '\0');
  signature[0] = '\x80';
  EXPECT_THAT(std::string(CosignatureTime(signature).status().message()), HasSubstr("2^63 - 1"));
  EXPECT_THAT(std::string(CosignatureTime("short").status().message()), HasSubstr("72 bytes"));
}

}  // namespace
}  // namespace plumbline
