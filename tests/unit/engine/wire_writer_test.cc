#include "server/engine/wire_writer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "plumbline/v1/decision.pb.h"

namespace plumbline::engine {
namespace {

TEST(WireWriterTest, ScalarsEqualGeneratedSerialisation) {
  for (int32_t points : {0, 1, -1, 63, -64, 64, 12345, -12345, INT32_MAX, INT32_MIN}) {
    v1::UnknownFinding expected;
    expected.set_finding_id("F");
    expected.set_points(points);
    std::string out;
    WireWriter writer(&out);
    writer.String(v1::UnknownFinding::kFindingIdFieldNumber, "F");
    writer.SInt(v1::UnknownFinding::kPointsFieldNumber, points);
    EXPECT_EQ(out, expected.SerializeAsString()) << points;
  }
}

TEST(WireWriterTest, OptionalZeroIsWritten) {
  v1::Rationale expected;
  expected.set_points(0);
  std::string out;
  WireWriter(&out).OptionalSInt(v1::Rationale::kPointsFieldNumber, 0);
  EXPECT_EQ(out, expected.SerializeAsString());
  EXPECT_FALSE(out.empty());
}

// Lengths around every change in the width of the length prefix.
TEST(WireWriterTest, NestedMessagesOfEveryPrefixWidthEqualGeneratedSerialisation) {
  for (size_t length : {0u, 1u, 100u, 124u, 125u, 126u, 127u, 128u, 129u, 16378u, 16380u, 16381u,
                        16384u, 20000u, 2097149u, 2097152u}) {
    v1::Decision expected;
    expected.mutable_safety_net()->set_text(std::string(length, 'x'));
    expected.add_disclaimers("after");
    std::string out;
    WireWriter writer(&out);
    const WireWriter::Mark mark = writer.Begin(v1::Decision::kSafetyNetFieldNumber);
    writer.String(v1::SafetyNet::kTextFieldNumber, std::string(length, 'x'));
    writer.End(mark);
    writer.RepeatedString(v1::Decision::kDisclaimersFieldNumber, "after");
    EXPECT_EQ(out, expected.SerializeAsString()) << length;
  }
}

TEST(WireWriterTest, DeepNestingKeepsOuterLengthsRight) {
  v1::Decision expected;
  auto* rule = expected.add_fired_rules();
  rule->mutable_rationale()->add_facts()->set_display(std::string(200, 'd'));
  rule->set_clinician_note(std::string(300, 'n'));
  std::string out;
  WireWriter writer(&out);
  const WireWriter::Mark outer = writer.Begin(v1::Decision::kFiredRulesFieldNumber);
  const WireWriter::Mark middle = writer.Begin(v1::FiredRule::kRationaleFieldNumber);
  const WireWriter::Mark inner = writer.Begin(v1::Rationale::kFactsFieldNumber);
  writer.String(v1::Fact::kDisplayFieldNumber, std::string(200, 'd'));
  writer.End(inner);
  writer.End(middle);
  writer.String(v1::FiredRule::kClinicianNoteFieldNumber, std::string(300, 'n'));
  writer.End(outer);
  EXPECT_EQ(out, expected.SerializeAsString());
}

// Every width of a length prefix, around pieces, literal bytes and nested messages of both.
TEST(WireWriterTest, InPiecesLengthsCountWhatIsElsewhere) {
  for (size_t length : {5u, 100u, 120u, 127u, 128u, 16370u, 16384u, 2097152u}) {
    PieceTable table;
    std::string text;
    WireWriter(&text).String(v1::Rationale::kTextFieldNumber, std::string(length, 'x'));
    const Piece piece = table.Add(text);
    const Piece unnumbered = table.Add("1234");
    EXPECT_EQ(unnumbered.number, Piece::kNoNumber);

    const auto write = [&](WireWriter& writer) {
      writer.String(v1::Decision::kEngineVersionFieldNumber, "before");
      const WireWriter::Mark rule = writer.Begin(v1::Decision::kFiredRulesFieldNumber);
      writer.Message(v1::FiredRule::kRationaleFieldNumber, piece);
      const WireWriter::Mark rationale = writer.Begin(v1::FiredRule::kRationaleFieldNumber);
      writer.Raw(piece);
      writer.String(v1::Rationale::kRuleIdFieldNumber, "between");
      writer.Raw(piece);
      writer.End(rationale);
      writer.Message(v1::FiredRule::kRationaleFieldNumber, Piece());
      writer.Raw(unnumbered);
      writer.End(rule);
      writer.RepeatedString(v1::Decision::kDisclaimersFieldNumber, unnumbered.bytes);
    };
    std::string whole;
    WireWriter flat(&whole);
    write(flat);
    EXPECT_EQ(flat.size(), whole.size());

    PiecedMessage apart{"there before", {}};
    WireWriter in_pieces(&apart.loose, &apart.placed);
    write(in_pieces);
    EXPECT_EQ(in_pieces.size(), whole.size()) << length;
    ASSERT_EQ(apart.placed.size(), 3u);
    std::string together;
    size_t done = strlen("there before");
    for (const PlacedPiece& place : apart.placed) {
      together += apart.loose.substr(done, place.offset - done) + text;
      done = place.offset;
    }
    EXPECT_EQ(together + apart.loose.substr(done), whole) << length;

    // What was written apart can be spliced in anywhere.
    PiecedMessage twice;
    WireWriter writer(&twice.loose, &twice.placed);
    const absl::string_view loose = absl::string_view(apart.loose).substr(strlen("there before"));
    for (int i = 0; i < 2; ++i) {
      writer.Raw(EncodedPieces{loose, apart.placed, strlen("there before"), whole.size()});
    }
    EXPECT_EQ(writer.size(), 2 * whole.size());
    ASSERT_EQ(twice.placed.size(), 6u);
    EXPECT_EQ(twice.placed[3].offset, twice.placed[0].offset + loose.size());
    EXPECT_EQ(twice.loose, absl::StrCat(loose, loose));
  }
}

}  // namespace
}  // namespace plumbline::engine
