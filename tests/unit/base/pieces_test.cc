#include "server/base/pieces.h"

#include <string>

#include "gtest/gtest.h"

namespace plumbline {
namespace {

TEST(PieceTableTest, EqualTextsAreOnePiece) {
  PieceTable pieces;
  const Piece first = pieces.Add("some text");
  const Piece second = pieces.Add("another text");
  const Piece again = pieces.Add(std::string("some text"));
  EXPECT_EQ(first.number, 0u);
  EXPECT_EQ(second.number, 1u);
  EXPECT_EQ(again.number, first.number);
  EXPECT_EQ(again.bytes.data(), first.bytes.data());
  EXPECT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[1], "another text");
}

TEST(PieceTableTest, ShortTextsHaveNoNumber) {
  PieceTable pieces;
  EXPECT_EQ(pieces.Add("").number, Piece::kNoNumber);
  const Piece brief = pieces.Add("four");
  EXPECT_EQ(brief.number, Piece::kNoNumber);
  EXPECT_EQ(brief.bytes, "four");
  EXPECT_EQ(pieces.size(), 0u);
}

TEST(PieceTableTest, TextsStayWhereTheyAre) {
  PieceTable pieces;
  const Piece first = pieces.Add("first");
  const char* const place = first.bytes.data();
  for (int i = 0; i < 10'000; ++i) pieces.Add("text " + std::to_string(i));
  EXPECT_EQ(pieces[0].data(), place);
  EXPECT_EQ(first.bytes, "first");
}

}  // namespace
}  // namespace plumbline
