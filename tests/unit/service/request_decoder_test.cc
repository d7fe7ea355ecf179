#include "server/service/request_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "plumbline/v1/triage_service.pb.h"
#include "server/service/rpc_error.h"
#include "tests/testing/grpc/raw_call.h"

namespace plumbline::service {
namespace {

std::string FirstField(const absl::Status& status) {
  const google::rpc::Status rpc = ToRpcStatus(status);
  for (const google::protobuf::Any& any : rpc.details()) {
    google::rpc::BadRequest bad_request;
    if (any.UnpackTo(&bad_request)) {
      return bad_request.field_violations(0).field();
    }
  }
  return "";
}

absl::Status Decode(const std::string& bytes) {
  v1::EvaluateRequest request;
  return DecodeRequest(bytes, request);
}

class RequestDecoderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { SilenceProtobufLog(); }
};

TEST_F(RequestDecoderTest, ValidRequestIsParsed) {
  v1::EvaluateRequest sent = testing::ValidRequest();
  sent.mutable_intake()->mutable_general_illness()->set_cancer_type("prostate, 2019 \xC3\xA9");
  v1::EvaluateRequest received;
  ASSERT_TRUE(DecodeRequest(sent.SerializeAsString(), received).ok());
  EXPECT_EQ(received.SerializeAsString(), sent.SerializeAsString());
}

TEST_F(RequestDecoderTest, EmptyBytesAreAnEmptyRequest) { EXPECT_TRUE(Decode("").ok()); }

TEST_F(RequestDecoderTest, InvalidUtf8NamesTheField) {
  v1::EvaluateRequest request = testing::ValidRequest();
  request.mutable_intake()->mutable_general_illness()->set_cancer_type("ab\xC3(");
  absl::Status status = Decode(request.SerializePartialAsString());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_REQUEST);
  EXPECT_EQ(FirstField(status), "intake.general_illness.cancer_type");

  request = testing::ValidRequest();
  request.set_request_id("\xFF");
  EXPECT_EQ(FirstField(Decode(request.SerializePartialAsString())), "request_id");
}

// Overlong forms, surrogates, beyond U+10FFFF, lone continuation, cut off.
class BadUtf8Test : public ::testing::TestWithParam<const char*> {};

TEST_P(BadUtf8Test, IsRefusedByName) {
  SilenceProtobufLog();
  v1::EvaluateRequest request;
  request.set_ruleset_revision(GetParam());
  EXPECT_EQ(FirstField(Decode(request.SerializePartialAsString())), "ruleset_revision");
}

INSTANTIATE_TEST_SUITE_P(Forms, BadUtf8Test,
                         ::testing::Values("\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                                           "\xF4\x90\x80\x80", "\x80", "\xE2\x82", "a\xF8"));

TEST_F(RequestDecoderTest, TruncatedBytesAreRefusedWithoutAField) {
  v1::EvaluateRequest request = testing::ValidRequest();
  request.set_request_id("0123456789");
  std::string bytes = request.SerializeAsString();
  bytes.pop_back();
  const absl::Status status = Decode(bytes);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_REQUEST);
  EXPECT_EQ(FirstField(status), "");
}

TEST_F(RequestDecoderTest, EndGroupTagInsteadOfTheEndIsRefused) {
  EXPECT_FALSE(Decode("\x0c").ok());
  EXPECT_FALSE(Decode(std::string(1, '\0')).ok());
}

TEST_F(RequestDecoderTest, DeeplyNestedUnknownGroupsAreRefused) {
  EXPECT_FALSE(Decode(std::string(100'000, '\x7b')).ok());  // start group 15, over and over
}

// Whatever comes, it is answered, not crashed on.
TEST_F(RequestDecoderTest, RandomBytesNeverCrash) {
  std::mt19937 random(20260115);
  v1::EvaluateRequest request = testing::ValidRequest();
  request.mutable_intake()->mutable_general_illness()->set_cancer_type("text");
  request.mutable_intake()->mutable_person()->mutable_pain_sites()->add_values(v1::PAIN_SITE_GROIN);
  const std::string valid = request.SerializeAsString();
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = valid;
    for (int k = 0; k < 3; ++k) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    bytes.resize(random() % (bytes.size() + 1));
    refused += Decode(bytes).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace plumbline::service
