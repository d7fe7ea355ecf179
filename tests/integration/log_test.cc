// The log says what happened, and nothing about patients.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tests/testing/grpc/raw_call.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Values that no length, time or count in the log can look like by chance.
v1::EvaluateRequest PatientRequest() {
  v1::EvaluateRequest request = testing::ValidRequest();
  v1::Intake& intake = *request.mutable_intake();
  intake.mutable_person()->set_weight_kg(123.456789);
  intake.mutable_general_illness()->set_cancer_type("Zebrafish carcinoma");
  intake.mutable_leg_nerve_cord()->set_leg_pain(v1::LEG_PAIN_BELOW_KNEE);
  request.set_request_id("MRN-00998877");
  return request;
}

TEST(LogTest, HoldsNoPatientData) {
  testing::TestServer server(testing::SmallServedRuleset());
  const auto channel = server.Channel();
  v1::EvaluateRequest request = PatientRequest();
  testing::RawCall(channel, request.SerializeAsString());
  request.mutable_intake()->mutable_person()->set_age_years(987654321);
  testing::RawCall(channel, request.SerializeAsString());
  request.set_request_id("caf\xC3\xA9 MRN-00998877");
  testing::RawCall(channel, request.SerializeAsString());
  request.set_request_id("\xFF MRN-00998877");
  testing::RawCall(channel, request.SerializePartialAsString());
  request.set_ruleset_revision("MRN-00998877");
  testing::RawCallOptions options;
  options.metadata["x-patient"] = "MRN-00998877";
  testing::RawCall(channel, request.SerializePartialAsString(), options);

  const std::string log = server.StopAndReadLog();
  for (const char* secret : {"Zebrafish", "123.45", "MRN", "00998877", "987654321", "BELOW_KNEE",
                             "below", "age_years", "caf"}) {
    EXPECT_THAT(log, Not(HasSubstr(secret)));
  }
  EXPECT_THAT(log, HasSubstr("\"code\":\"INVALID_ARGUMENT\""));
}

TEST(LogTest, EveryLineIsJsonWithKnownKeysOnly) {
  testing::TestServer server(testing::SmallServedRuleset());
  const auto channel = server.Channel();
  testing::RawCall(channel, PatientRequest().SerializeAsString());
  testing::RawCall(channel, testing::ValidRequest().SerializeAsString());
  testing::RawCall(channel, "garbage");
  const std::set<std::string> known = {"time",          "event",          "method",     "code",
                                       "reason",        "revision",       "latency_us", "address",
                                       "request_bytes", "response_bytes", "request_id", "items",
                                       "failed_items"};
  std::istringstream lines(server.StopAndReadLog());
  int calls = 0;
  for (std::string line; std::getline(lines, line);) {
    google::protobuf::Struct object;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &object).ok()) << line;
    for (const auto& [key, value] : object.fields()) {
      EXPECT_EQ(known.count(key), 1u) << key;
    }
    calls += object.fields().at("event").string_value() == "call" ? 1 : 0;
  }
  EXPECT_EQ(calls, 3);
}

TEST(LogTest, AnswersNameRevisionAndSizes) {
  testing::TestServer server(testing::SmallServedRuleset());
  const std::string bytes = testing::ValidRequest().SerializeAsString();
  const auto result = testing::RawCall(server.Channel(), bytes);
  ASSERT_TRUE(result.status.ok());
  const std::string log = server.StopAndReadLog();
  EXPECT_THAT(log, HasSubstr("\"request_bytes\":" + std::to_string(bytes.size())));
  EXPECT_THAT(log, HasSubstr("\"response_bytes\":" + std::to_string(result.response.size())));
  EXPECT_THAT(log, HasSubstr("\"revision\":\""));
}

}  // namespace
}  // namespace plumbline
