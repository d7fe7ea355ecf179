#include "server/audit/piece_coding.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::audit {
namespace {

using testing::HasSubstr;

constexpr size_t kMany = 1 << 20;

std::string Encoded(const PieceTable& pieces, const std::vector<PlacedPiece>& placed,
                    absl::string_view decision) {
  std::string out;
  EncodeInPieces(pieces, placed, decision, out);
  return out;
}

// What the instructions make, by the object as it is stored.
absl::StatusOr<std::string> Decoded(const PieceTable& pieces, absl::string_view instructions,
                                    size_t max_bytes = kMany) {
  const absl::StatusOr<StoredPieces> stored = StoredPieces::Parse(EncodePieceTable(pieces));
  if (!stored.ok()) return stored.status();
  return stored->Decode(instructions, max_bytes);
}

std::string Expanded(const CompactDecision& decision) {
  std::string out;
  decision.AppendTo(out);
  return out;
}

class PieceCodingTest : public testing::Test {
 protected:
  PieceCodingTest() {
    red_ = table_->Add("red flag").number;
    rest_ = table_->Add("rest is best avoided").number;
  }
  const std::shared_ptr<PieceTable> table_ = std::make_shared<PieceTable>();
  const PieceTable& pieces_ = *table_;
  uint32_t red_, rest_;
};

TEST_F(PieceCodingTest, FormatIsTheOneThatIsDocumented) {
  EXPECT_EQ(EncodePieceTable(pieces_),
            std::string("\x01\x02\x08\x14") + "red flag" + "rest is best avoided");
  // Length 10, one byte as it is, text 0, one byte as it is.
  EXPECT_EQ(Encoded(pieces_, {{1, red_}}, "(red flag)"), std::string("\x0a\x03(\x00\x03)", 6));
}

TEST_F(PieceCodingTest, DecisionComesOutAgain) {
  for (const std::string& decision :
       {std::string(), std::string("x"), std::string("red flag"), std::string(300, 'y')}) {
    EXPECT_EQ(*Decoded(pieces_, Encoded(pieces_, {}, decision)), decision);
  }
  const std::string decision = "red flag, rest is best avoided;red flagred flag";
  const std::string instructions =
      Encoded(pieces_, {{0, red_}, {10, rest_}, {31, red_}, {39, red_}}, decision);
  EXPECT_EQ(instructions.size(), 1u + 4 + 3 + 2);
  EXPECT_EQ(*Decoded(pieces_, instructions), decision);
}

// Wrong places cost bytes, never truth.
TEST_F(PieceCodingTest, DecisionComesOutAgainWhateverThePlacesSay) {
  std::mt19937_64 random(7);
  const std::string decision = "red flag rest is best avoided red flag";
  for (int i = 0; i < 20'000; ++i) {
    std::vector<PlacedPiece> placed(random() % 6);
    for (PlacedPiece& piece : placed) {
      piece = {static_cast<uint32_t>(random() % (decision.size() + 4)),
               static_cast<uint32_t>(random() % 3)};
      if (random() % 50 == 0) piece.offset = UINT32_MAX;
    }
    ASSERT_EQ(*Decoded(pieces_, Encoded(pieces_, placed, decision)), decision);
    ASSERT_EQ(Expanded(CompactDecision(table_, placed, decision)), decision);
  }
}

TEST_F(PieceCodingTest, CompactDecisionIsWhatIsRecordedAndGivesTheDecisionAgain) {
  const std::string decision = absl::StrCat("red flag", std::string(300, 'y'), "red flag");
  const std::vector<PlacedPiece> placed = {{0, red_}, {308, red_}};
  const CompactDecision compact(table_, placed, decision);
  EXPECT_EQ(compact.size(), decision.size());
  EXPECT_EQ(compact.pieces(), table_.get());
  EXPECT_EQ(compact.instructions(), Encoded(pieces_, placed, decision));
  EXPECT_EQ(Expanded(compact), decision);
  std::string appended = "before ";
  compact.AppendTo(appended);
  EXPECT_EQ(appended, "before " + decision);

  EXPECT_EQ(Expanded(CompactDecision(table_, {}, "")), "");
}

TEST_F(PieceCodingTest, CompactDecisionWithoutPiecesIsKeptAsItIs) {
  const CompactDecision compact(nullptr, {{0, red_}}, "red flag");
  EXPECT_EQ(compact.size(), 8u);
  EXPECT_EQ(compact.pieces(), nullptr);
  EXPECT_EQ(compact.instructions(), "");
  EXPECT_EQ(Expanded(compact), "red flag");
}

TEST_F(PieceCodingTest, DamagedInstructionsAreRefusedWithTheReason) {
  const auto reason = [&](absl::string_view instructions) {
    const absl::Status status = Decoded(pieces_, instructions).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    return std::string(status.message());
  };
  EXPECT_THAT(reason(""), HasSubstr("length is cut off"));
  EXPECT_THAT(reason("\xff"), HasSubstr("length is cut off"));
  EXPECT_THAT(reason(absl::string_view("\x08\xff", 2)), HasSubstr("cut off inside an instruction"));
  EXPECT_THAT(reason("\x08\x09xy"), HasSubstr("cut off inside bytes"));
  EXPECT_THAT(reason("\x08\x04"), HasSubstr("text 2 is not among the 2"));
  EXPECT_THAT(reason(absl::string_view("\x07\x00", 2)), HasSubstr("longer than it claims"));
  EXPECT_THAT(reason(absl::string_view("\x09\x00", 2)), HasSubstr("shorter than it claims"));
  EXPECT_THAT(std::string(Decoded(pieces_, absl::string_view("\x08\x00", 2), 7).status().message()),
              HasSubstr("at most 7"));
}

TEST_F(PieceCodingTest, EveryCutOffObjectIsRefused) {
  const std::string object = EncodePieceTable(pieces_);
  for (size_t size = 0; size < object.size(); ++size) {
    EXPECT_FALSE(StoredPieces::Parse(object.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(StoredPieces::Parse(object + "x").ok());
  EXPECT_FALSE(StoredPieces::Parse("\x02" + object.substr(1)).ok());
  EXPECT_TRUE(StoredPieces::Parse(EncodePieceTable(PieceTable())).ok());
}

}  // namespace
}  // namespace plumbline::audit
