#include "server/audit/leaf.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/hex.h"

namespace plumbline::audit {
namespace {

using testing::HasSubstr;

Leaf TestLeaf() {
  Leaf leaf;
  leaf.kind = v1::RECORD_KIND_DECISION;
  for (size_t i = 0; i < leaf.id.bytes.size(); ++i) leaf.id.bytes[i] = static_cast<uint8_t>(i);
  leaf.time_us = 1'700'000'000'000'000;
  leaf.revision.fill(0x11);
  leaf.manifest_serial = 0x0102030405060708;
  leaf.engine_build = "0.1.0";
  leaf.details_commitment.fill(0x22);
  leaf.payload_commitment.fill(0x33);
  return leaf;
}

TEST(LeafTest, BytesAreThoseOfTheReference) {
  // docs/reference/decision_log.md
  EXPECT_EQ(EncodeHex(EncodeLeaf(TestLeaf())),
            "504c52"                                                            // "PLR"
            "01"                                                                // version
            "01"                                                                // kind
            "000102030405060708090a0b0c0d0e0f"                                  // id
            "00060a24181e4000"                                                  // time
            "1111111111111111111111111111111111111111111111111111111111111111"  // revision
            "0102030405060708"                                                  // serial
            "05302e312e30"                                                      // engine build
            "2222222222222222222222222222222222222222222222222222222222222222"
            "3333333333333333333333333333333333333333333333333333333333333333");
}

TEST(LeafTest, DecodedLeafIsWhatWasEncoded) {
  const absl::StatusOr<Leaf> leaf = DecodeLeaf(EncodeLeaf(TestLeaf()));
  ASSERT_TRUE(leaf.ok()) << leaf.status();
  EXPECT_EQ(leaf->kind, v1::RECORD_KIND_DECISION);
  EXPECT_EQ(leaf->id, TestLeaf().id);
  EXPECT_EQ(leaf->time_us, 1'700'000'000'000'000);
  EXPECT_EQ(RevisionToText(leaf->revision), std::string(64, '1'));
  EXPECT_EQ(leaf->manifest_serial, 0x0102030405060708u);
  EXPECT_EQ(leaf->engine_build, "0.1.0");
  EXPECT_EQ(leaf->details_commitment, TestLeaf().details_commitment);
  EXPECT_EQ(leaf->payload_commitment, TestLeaf().payload_commitment);
}

TEST(LeafTest, LongestLeafStaysSmall) {
  Leaf leaf = TestLeaf();
  leaf.engine_build = std::string(kMaxEngineBuildBytes, 'x');
  EXPECT_LT(EncodeLeaf(leaf).size(), 2048u);
  EXPECT_TRUE(DecodeLeaf(EncodeLeaf(leaf)).ok());
}

TEST(LeafTest, EveryShorterOrLongerTextIsRefused) {
  const std::string bytes = EncodeLeaf(TestLeaf());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const absl::StatusOr<Leaf> leaf = DecodeLeaf(bytes.substr(0, size));
    EXPECT_EQ(leaf.status().code(), absl::StatusCode::kDataLoss) << size;
  }
  EXPECT_THAT(DecodeLeaf(bytes + "x").status().message(), HasSubstr("1 bytes too many"));
}

TEST(LeafTest, UnknownVersionIsNamed) {
  std::string bytes = EncodeLeaf(TestLeaf());
  bytes[3] = 2;
  EXPECT_THAT(std::string(DecodeLeaf(bytes).status().message()), HasSubstr("version 2"));
}

TEST(LeafTest, UnknownKindIsNamed) {
  std::string bytes = EncodeLeaf(TestLeaf());
  bytes[4] = 99;
  EXPECT_THAT(std::string(DecodeLeaf(bytes).status().message()),
              HasSubstr("unknown kind of record 99 at byte 4"));
  bytes[4] = 0;
  EXPECT_FALSE(DecodeLeaf(bytes).ok());
}

TEST(LeafTest, TimeBefore1970IsRefused) {
  std::string bytes = EncodeLeaf(TestLeaf());
  bytes[21] = '\x80';
  EXPECT_THAT(std::string(DecodeLeaf(bytes).status().message()), HasSubstr("time before 1970"));
}

TEST(LeafTest, EngineBuildThatIsNotPrintableIsRefused) {
  std::string bytes = EncodeLeaf(TestLeaf());
  const size_t build = bytes.find("0.1.0");
  bytes[build + 1] = '\n';
  EXPECT_THAT(std::string(DecodeLeaf(bytes).status().message()), HasSubstr("engine build"));
  EXPECT_FALSE(IsValidEngineBuild(std::string(kMaxEngineBuildBytes + 1, 'x')));
}

TEST(LeafTest, EachByteMattersOrIsRefused) {
  const std::string bytes = EncodeLeaf(TestLeaf());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    const absl::StatusOr<Leaf> leaf = DecodeLeaf(changed);
    if (leaf.ok()) {
      EXPECT_EQ(EncodeLeaf(*leaf), changed) << i;
    }
  }
}

TEST(RevisionTextTest, OnlyTheOneFormIsTaken) {
  EXPECT_TRUE(RevisionFromText("").ok());
  EXPECT_EQ(RevisionToText(*RevisionFromText("")), "");
  const std::string revision(64, 'a');
  EXPECT_EQ(RevisionToText(*RevisionFromText(revision)), revision);
  EXPECT_FALSE(RevisionFromText(std::string(64, 'A')).ok());
  EXPECT_FALSE(RevisionFromText(std::string(63, 'a')).ok());
  EXPECT_FALSE(RevisionFromText(std::string(65, 'a')).ok());
  EXPECT_FALSE(RevisionFromText(std::string(63, 'a') + "g").ok());
  // That is how "none" is stored.
  EXPECT_FALSE(RevisionFromText(std::string(64, '0')).ok());
}

}  // namespace
}  // namespace plumbline::audit
