#include "server/audit/payload.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/erasure.h"
#include "server/audit/piece_coding.h"
#include "server/base/pieces.h"
#include "server/store/memory/memory_log_store.h"

namespace plumbline::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PayloadTest : public testing::Test {
 protected:
  PayloadTest() {
    a_ = pieces_->Add(std::string(64, 'a'));
    b_ = pieces_->Add(std::string(64, 'b'));
  }

  // A decision of `loose` with pieces of 64 bytes in between.
  static std::unique_ptr<const CompactDecision> Compact(std::shared_ptr<const PieceTable> pieces,
                                                        std::string loose,
                                                        std::vector<PlacedPiece> placed) {
    PiecedMessage message{std::move(loose), std::move(placed)};
    message.size = message.loose.size() + 64 * message.placed.size();
    return *CompactDecision::Make(std::move(pieces), message);
  }
  std::string Encoded(absl::string_view request, std::string loose,
                      std::vector<PlacedPiece> placed) {
    const absl::StatusOr<PayloadEncoder> encoder = PayloadEncoder::WithPieces(pieces_, store_);
    EXPECT_TRUE(encoder.ok()) << encoder.status();
    std::string payload = "left from before";
    encoder->Encode(request, *Compact(pieces_, std::move(loose), std::move(placed)), payload);
    return payload;
  }
  std::string Digest() const { return ToHex(Sha256Of(EncodePieceTable(*pieces_))); }

  const std::shared_ptr<PieceTable> pieces_ = std::make_shared<PieceTable>();
  Piece a_, b_;
  store::MemoryLogStore store_;
  const PayloadReader reader_{&store_};
};

TEST_F(PayloadTest, WithoutPiecesEverythingIsThereAsItIs) {
  std::string payload;
  PayloadEncoder().Encode("request", CompactDecision("decision"), payload);
  EXPECT_THAT(payload, HasSubstr("decision"));
  EXPECT_EQ(*reader_.Read(payload), (DecisionPayload{"request", "decision"}));
  EXPECT_THAT(*PayloadReader::PiecesOf(payload), IsEmpty());
}

TEST_F(PayloadTest, PiecesAreKeptInTheStoreAndNamed) {
  const std::string decision = absl::StrCat("x", b_.bytes, "y", a_.bytes, "rest");
  const std::string payload = Encoded("request", "xyrest", {{1, b_.number}, {2, a_.number}});
  EXPECT_LT(payload.size(), 64u);
  EXPECT_EQ(*PayloadReader::PiecesOf(payload), Digest());
  EXPECT_EQ(*reader_.Read(payload), (DecisionPayload{"request", decision}));
  EXPECT_EQ(*reader_.Read(Encoded("", "", {})), (DecisionPayload{"", ""}));
}

// A revision whose texts could not be stored, or another one's.
TEST_F(PayloadTest, DecisionInOtherPiecesIsThereAsItIs) {
  const std::string decision = absl::StrCat("x", b_.bytes);
  std::string payload;
  PayloadEncoder().Encode("request", *Compact(pieces_, "x", {{1, b_.number}}), payload);
  EXPECT_EQ(*reader_.Read(payload), (DecisionPayload{"request", decision}));
  EXPECT_THAT(*PayloadReader::PiecesOf(payload), IsEmpty());

  auto others = std::make_shared<PieceTable>();
  const Piece other = others->Add(b_.bytes);
  PayloadEncoder::WithPieces(pieces_, store_)
      ->Encode("request", *Compact(others, "x", {{1, other.number}}), payload);
  EXPECT_EQ(*reader_.Read(payload), (DecisionPayload{"request", decision}));
  EXPECT_THAT(*PayloadReader::PiecesOf(payload), IsEmpty());
}

TEST_F(PayloadTest, MissingPiecesAreNamed) {
  const std::string payload = Encoded("request", "decision", {});
  store::MemoryLogStore without;
  const PayloadReader reader(&without);
  const absl::Status status = reader.Read(payload).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(Digest()));
}

TEST_F(PayloadTest, WhatNoEncoderWroteIsRefused) {
  for (const std::string& bad :
       {std::string(), std::string("\x02", 1), std::string("\x01", 1), std::string("\x01\x05y", 3),
        std::string("\x01\x01y", 3), std::string("\x01\x01y\x07", 4),
        std::string("\x01\x01y\x01zz", 6), std::string("\x01\x01y\x02zz", 6),
        std::string("\x01\x81\x00y\x00", 5), std::string("\x01\xff\xff\xff\xff\x7f", 6)}) {
    EXPECT_EQ(reader_.Read(bad).status().code(), absl::StatusCode::kDataLoss) << bad;
    EXPECT_EQ(PayloadReader::PiecesOf(bad).status().code(), absl::StatusCode::kDataLoss) << bad;
  }
}

TEST_F(PayloadTest, EveryCutOffPayloadIsRefused) {
  const std::string payload = Encoded("request", "decision", {{0, a_.number}});
  for (size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(reader_.Read(payload.substr(0, size)).ok()) << size;
  }
}

TEST(ErasedIndicesTest, DecodedListIsWhatWasEncoded) {
  const std::vector<uint64_t> indices = {0, 1, 5, 300, 1'000'000'000'000};
  EXPECT_EQ(*DecodeErasedIndices(EncodeErasedIndices(indices)), indices);
  EXPECT_THAT(*DecodeErasedIndices(EncodeErasedIndices({})), IsEmpty());
}

TEST(ErasedIndicesTest, EveryCutOffOrLongerListIsRefused) {
  const std::string bytes = EncodeErasedIndices({0, 1, 5, 300});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeErasedIndices(bytes.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeErasedIndices(bytes + '\0').ok());
  EXPECT_FALSE(DecodeErasedIndices(std::string("\x02\x00", 2)).ok());
  // An index beyond 64 bits.
  std::string beyond("\x01\x02", 2);
  beyond += std::string(9, '\xff') + "\x01" + std::string(1, '\x05');
  EXPECT_FALSE(DecodeErasedIndices(beyond).ok());
}

TEST(PendingErasureTest, DecodedNoteIsWhatWasEncoded) {
  PendingErasure pending;
  pending.record_id.bytes.fill(7);
  pending.from_index = 0x0102030405060708;
  const std::string bytes = EncodePendingErasure(pending);
  EXPECT_EQ(DecodePendingErasure(bytes)->record_id, pending.record_id);
  EXPECT_EQ(DecodePendingErasure(bytes)->from_index, pending.from_index);
  EXPECT_FALSE(DecodePendingErasure(bytes.substr(1)).ok());
  EXPECT_FALSE(DecodePendingErasure("\x02" + bytes.substr(1)).ok());
}

}  // namespace
}  // namespace plumbline::audit
