#include "server/service/feedback_table.h"

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace plumbline::service {
namespace {

TEST(CsvFieldTest, PlainTextStaysAsItIs) {
  EXPECT_EQ(CsvField(""), "");
  EXPECT_EQ(CsvField("accepted"), "accepted");
  EXPECT_EQ(CsvField("2026-01-15"), "2026-01-15");
  EXPECT_EQ(CsvField("caf\xC3\xA9"), "caf\xC3\xA9");
}

TEST(CsvFieldTest, SeparatorsQuotesAndLineBreaksAreQuoted) {
  EXPECT_EQ(CsvField("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvField("say \"no\""), "\"say \"\"no\"\"\"");
  EXPECT_EQ(CsvField("a\r\nb"), "\"a\r\nb\"");
}

// OWASP, "CSV Injection".
TEST(CsvFieldTest, WhatASpreadsheetTakesForAFormulaIsDefused) {
  for (const std::string formula :
       {"=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "=\"a\"",
        "\xEF\xBC\x9D"
        "1",
        "\xEF\xBC\xA0"
        "x"}) {
    const std::string field = CsvField(formula);
    EXPECT_EQ(field.substr(0, 2), "\"'") << formula;
    EXPECT_EQ(field.back(), '"');
  }
}

TEST(JsonStringTest, EveryTextComesBackFromAParser) {
  std::string text = "quote \" backslash \\ caf\xC3\xA9 \xF0\x9F\x99\x82";
  for (char c = 1; c < 0x20; ++c) text.push_back(c);
  text.push_back('\x7f');
  google::protobuf::Value value;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(JsonString(text), &value).ok());
  EXPECT_EQ(value.string_value(), text);
}

class FeedbackRowTest : public ::testing::Test {
 protected:
  FeedbackRowTest() {
    record_.id = *Uuid::Parse("01890a5d-ac96-774b-bcce-b302099a8057");
    record_.time = absl::FromUnixSeconds(1768478400);
    record_.revision = "abc";
    details_.set_caller("ward");
    details_.add_linked_ids(std::string(16, '\x11'));
    v1::Feedback& feedback = *details_.mutable_feedback()->mutable_feedback();
    feedback.set_verdict(v1::FEEDBACK_VERDICT_OVERRIDDEN);
    feedback.set_intervention("bird_dog");
    feedback.set_override_reason(v1::OVERRIDE_REASON_PATIENT_WISH);
    feedback.set_done_instead("walking");
    feedback.set_comment("she said \"no\"");
    feedback.set_outcome(v1::FOLLOW_UP_OUTCOME_BETTER);
    feedback.mutable_observed_on()->set_year(2026);
    feedback.mutable_observed_on()->set_month(1);
    feedback.mutable_observed_on()->set_day(9);
    feedback.set_user("dr-1");
    feedback.set_location("Ward 7");
  }

  audit::Record record_;
  storage::v1::RecordDetails details_;
};

TEST_F(FeedbackRowTest, CsvHasAFieldForEachColumn) {
  std::string csv;
  AppendTableHeader(v1::TABLE_FORMAT_UNSPECIFIED, csv);
  AppendFeedbackRow(v1::TABLE_FORMAT_CSV, record_, details_, csv);
  EXPECT_EQ(csv,
            "feedback_id,decision_id,recorded_at,intervention,action,override_reason,done_instead,"
            "feedback,outcome,user,date,location,caller,revision\r\n"
            "01890a5d-ac96-774b-bcce-b302099a8057,11111111-1111-1111-1111-111111111111,"
            "2026-01-15T12:00:00Z,bird_dog,overridden,\"patient wish\",walking,"
            "\"she said \"\"no\"\"\",better,dr-1,2026-01-09,\"Ward 7\",ward,abc\r\n");
}

TEST_F(FeedbackRowTest, NdjsonIsOneObjectALine) {
  std::string json;
  AppendTableHeader(v1::TABLE_FORMAT_NDJSON, json);
  AppendFeedbackRow(v1::TABLE_FORMAT_NDJSON, record_, details_, json);
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 1);
  google::protobuf::Struct row;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &row).ok());
  EXPECT_EQ(row.fields_size(), 14);
  EXPECT_EQ(row.fields().at("feedback").string_value(), "she said \"no\"");
  EXPECT_EQ(row.fields().at("action").string_value(), "overridden");
}

}  // namespace
}  // namespace plumbline::service
