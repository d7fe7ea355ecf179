#include "server/engine/wire_writer.h"

#include <gtest/gtest.h>

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
    const size_t mark = writer.Begin(v1::Decision::kSafetyNetFieldNumber);
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
  const size_t outer = writer.Begin(v1::Decision::kFiredRulesFieldNumber);
  const size_t middle = writer.Begin(v1::FiredRule::kRationaleFieldNumber);
  const size_t inner = writer.Begin(v1::Rationale::kFactsFieldNumber);
  writer.String(v1::Fact::kDisplayFieldNumber, std::string(200, 'd'));
  writer.End(inner);
  writer.End(middle);
  writer.String(v1::FiredRule::kClinicianNoteFieldNumber, std::string(300, 'n'));
  writer.End(outer);
  EXPECT_EQ(out, expected.SerializeAsString());
}

}  // namespace
}  // namespace plumbline::engine
