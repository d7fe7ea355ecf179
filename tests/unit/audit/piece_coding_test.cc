#include "server/audit/piece_coding.h"

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::audit {
namespace {

using testing::HasSubstr;

constexpr size_t kMany = 1 << 20;

// `loose` with the pieces in between.
PiecedMessage Message(const PieceTable& pieces, std::string loose,
                      std::vector<PlacedPiece> placed) {
  PiecedMessage message{std::move(loose), std::move(placed)};
  message.size = message.loose.size();
  for (const PlacedPiece& piece : message.placed) message.size += pieces[piece.number].size();
  return message;
}

std::string Encoded(const PieceTable& pieces, std::string loose,
                    std::vector<PlacedPiece> placed = {}) {
  std::string out;
  EXPECT_TRUE(
      AppendInstructions(pieces, Message(pieces, std::move(loose), std::move(placed)), out).ok());
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
  EXPECT_EQ(Encoded(pieces_, "()", {{1, red_}}), std::string("\x0a\x03(\x00\x03)", 6));
}

TEST_F(PieceCodingTest, DecisionComesOutAgain) {
  for (const std::string& decision :
       {std::string(), std::string("x"), std::string("red flag"), std::string(300, 'y')}) {
    EXPECT_EQ(*Decoded(pieces_, Encoded(pieces_, decision)), decision);
  }
  const std::string instructions =
      Encoded(pieces_, ", ;", {{0, red_}, {2, rest_}, {3, red_}, {3, red_}});
  EXPECT_EQ(instructions.size(), 1u + 4 + 3 + 2);
  EXPECT_EQ(*Decoded(pieces_, instructions), "red flag, rest is best avoided;red flagred flag");
}

// As a plain reading of the parts says; many literal runs and many numbers fill the buffers of the
// encoder again and again.
TEST_F(PieceCodingTest, AnyMessageComesOutAgain) {
  auto table = std::make_shared<PieceTable>();
  for (int i = 0; i < 300; ++i) table->Add(absl::StrCat("text number ", i));
  std::mt19937_64 random(7);
  for (int i = 0; i < 2'000; ++i) {
    std::string decision;
    std::string loose;
    std::vector<PlacedPiece> placed;
    for (uint64_t part = random() % 500; part > 0; --part) {
      if (random() % 3 == 0) {
        const std::string bytes(random() % (random() % 20 == 0 ? 700 : 6), 'y');
        decision += bytes;
        loose += bytes;
        continue;
      }
      placed.push_back(
          {static_cast<uint32_t>(loose.size()), static_cast<uint32_t>(random() % 300)});
      absl::StrAppend(&decision, (*table)[placed.back().number]);
    }
    ASSERT_EQ(*Decoded(*table, Encoded(*table, loose, placed)), decision);
    const auto compact = CompactDecision::Make(table, Message(*table, loose, placed));
    ASSERT_TRUE(compact.ok()) << compact.status();
    ASSERT_EQ(Expanded(**compact), decision);
  }
}

TEST_F(PieceCodingTest, ImpossiblePlacesAreRefused) {
  const auto status = [&](std::vector<PlacedPiece> placed) {
    std::string out;
    PiecedMessage message{"abc", std::move(placed), 3};
    message.size += 8 * message.placed.size();
    EXPECT_EQ(CompactDecision::Make(table_, message).status(),
              AppendInstructions(pieces_, message, out));
    return AppendInstructions(pieces_, message, out);
  };
  EXPECT_TRUE(status({{3, red_}}).ok());
  EXPECT_EQ(status({{4, red_}}).code(), absl::StatusCode::kInternal);  // beyond the end
  EXPECT_EQ(status({{1, 2}}).message(), "a decision with text 2 of 2 at 1 of 3, after 0");
  EXPECT_EQ(status({{2, red_}, {1, red_}}).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(CompactDecision::Make(nullptr, {"abc", {{1, red_}}, 11}).status().code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(CompactDecision::Make(table_, {"abc", {{1, red_}}, 12}).status().message(),
            "a decision that claims 12 bytes and has 11");
  EXPECT_EQ(CompactDecision::Make(nullptr, {"abc", {}, 2}).status().message(),
            "a decision that claims 2 bytes and has 3");
}

TEST_F(PieceCodingTest, CompactDecisionIsWhatIsRecordedAndGivesTheDecisionAgain) {
  const std::string loose(300, 'y');
  const std::string decision = absl::StrCat("red flag", loose, "red flag");
  const std::vector<PlacedPiece> placed = {{0, red_}, {300, red_}};
  const auto compact = *CompactDecision::Make(table_, Message(pieces_, loose, placed));
  EXPECT_EQ(compact->size(), decision.size());
  EXPECT_EQ(compact->pieces(), table_.get());
  EXPECT_EQ(compact->instructions(), Encoded(pieces_, loose, placed));
  EXPECT_EQ(Expanded(*compact), decision);
  std::string appended = "before ";
  compact->AppendTo(appended);
  EXPECT_EQ(appended, "before " + decision);

  EXPECT_EQ(Expanded(**CompactDecision::Make(table_, {})), "");
}

TEST_F(PieceCodingTest, CompactDecisionWithoutPiecesIsKeptAsItIs) {
  for (const auto& compact : {std::make_shared<const CompactDecision>("red flag"),
                              std::shared_ptr<const CompactDecision>(
                                  *CompactDecision::Make(nullptr, {"red flag", {}, 8}))}) {
    EXPECT_EQ(compact->size(), 8u);
    EXPECT_EQ(compact->pieces(), nullptr);
    EXPECT_EQ(compact->instructions(), "");
    EXPECT_EQ(Expanded(*compact), "red flag");
  }
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
