#include "server/audit/sealed_record.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/audit/aead.h"
#include "server/base/hex.h"

namespace plumbline::audit {
namespace {

RecordKey TestKey(uint8_t first) {
  RecordKey key;
  for (size_t i = 0; i < key.size(); ++i) key[i] = static_cast<uint8_t>(first + i);
  return key;
}

const Uuid kId{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

template <size_t N>
std::array<uint8_t, N> FromHex(absl::string_view text) {
  std::array<uint8_t, N> bytes{};
  const std::string decoded = *DecodeHex(text);
  std::copy(decoded.begin(), decoded.end(), bytes.begin());
  return bytes;
}

TEST(AeadTest, AgreesWithTheTestCasesOfTheGcmSpecification) {
  // McGrew and Viega, test cases 13, 14 and 16 (AES-256).
  EXPECT_EQ(EncodeHex(AeadSeal(AeadKey{}, AeadNonce{}, "", "")),
            "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(EncodeHex(AeadSeal(AeadKey{}, AeadNonce{}, "", std::string(16, '\0'))),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  EXPECT_EQ(EncodeHex(AeadSeal(
                FromHex<32>("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
                FromHex<12>("cafebabefacedbaddecaf888"),
                *DecodeHex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
                *DecodeHex(
                    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809"
                    "532fcf0e2449a6b525b16aedf5aa0de657ba637b39"))),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b"
            "1056828838"
            "c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b");
}

TEST(AeadTest, OpensNothingThatWasChanged) {
  const AeadKey key = TestKey(3);
  const std::string sealed = AeadSeal(key, AeadNonce{}, "with", "some text");
  std::string plaintext;
  ASSERT_TRUE(AeadOpen(key, AeadNonce{}, "with", sealed, plaintext));
  EXPECT_EQ(plaintext, "some text");
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(AeadOpen(key, AeadNonce{}, "with", changed, plaintext)) << i;
    EXPECT_EQ(plaintext, "");
  }
  EXPECT_FALSE(AeadOpen(key, AeadNonce{}, "without", sealed, plaintext));
  EXPECT_FALSE(AeadOpen(key, AeadNonce{1}, "with", sealed, plaintext));
  EXPECT_FALSE(AeadOpen(TestKey(4), AeadNonce{}, "with", sealed, plaintext));
  EXPECT_FALSE(AeadOpen(key, AeadNonce{}, "with", sealed.substr(0, 15), plaintext));
}

TEST(SealedRecordTest, PartsOpenOneWithoutTheOther) {
  const RecordKey key = TestKey(1);
  const SealedRecord sealed = SealRecord(key, kId, "details", "payload");
  EXPECT_EQ(
      *OpenSealedPart(key, kId, SealedPart::kDetails, sealed.details, sealed.details_commitment),
      "details");
  EXPECT_EQ(
      *OpenSealedPart(key, kId, SealedPart::kPayload, sealed.payload, sealed.payload_commitment),
      "payload");
}

TEST(SealedRecordTest, EmptyPartsAreStoredAsNothingAndStillCommittedTo) {
  const RecordKey key = TestKey(1);
  const SealedRecord sealed = SealRecord(key, kId, "", "");
  EXPECT_EQ(sealed.details, "");
  EXPECT_EQ(sealed.payload, "");
  EXPECT_NE(sealed.details_commitment, sealed.payload_commitment);
  EXPECT_EQ(*OpenSealedPart(key, kId, SealedPart::kPayload, "", sealed.payload_commitment), "");
}

TEST(SealedRecordTest, PartThatWasTakenAwayIsNoticed) {
  const RecordKey key = TestKey(1);
  const SealedRecord sealed = SealRecord(key, kId, "details", "payload");
  EXPECT_EQ(
      OpenSealedPart(key, kId, SealedPart::kDetails, "", sealed.details_commitment).status().code(),
      absl::StatusCode::kDataLoss);
}

TEST(SealedRecordTest, PartsCannotBeExchanged) {
  const RecordKey key = TestKey(1);
  const SealedRecord sealed = SealRecord(key, kId, "same text", "same text");
  EXPECT_NE(sealed.details, sealed.payload);
  EXPECT_NE(sealed.details_commitment, sealed.payload_commitment);
  EXPECT_FALSE(
      OpenSealedPart(key, kId, SealedPart::kDetails, sealed.payload, sealed.payload_commitment)
          .ok());
  EXPECT_FALSE(
      OpenSealedPart(key, Uuid{}, SealedPart::kDetails, sealed.details, sealed.details_commitment)
          .ok());
}

TEST(SealedRecordTest, AnotherTextUnderTheSameKeyIsNotWhatTheLeafCommitsTo) {
  const RecordKey key = TestKey(1);
  const SealedRecord sealed = SealRecord(key, kId, "details", "payload");
  const SealedRecord other = SealRecord(key, kId, "Details", "payload");
  const absl::Status status =
      OpenSealedPart(key, kId, SealedPart::kDetails, other.details, sealed.details_commitment)
          .status();
  EXPECT_EQ(status.message(), "the details is not what the leaf commits to");
}

TEST(SealedRecordTest, EqualTextsOfTwoRecordsHaveNothingInCommon) {
  const SealedRecord one = SealRecord(TestKey(1), kId, "same", "same");
  const SealedRecord other = SealRecord(TestKey(2), kId, "same", "same");
  EXPECT_NE(one.details, other.details);
  EXPECT_NE(one.details_commitment, other.details_commitment);
  EXPECT_NE(one.payload_commitment, other.payload_commitment);
  // Nor is a commitment the plain hash that a guess could be tested with.
  EXPECT_NE(one.details_commitment, Sha256Of("same"));
}

}  // namespace
}  // namespace plumbline::audit
