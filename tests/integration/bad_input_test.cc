// Every kind of bad request: the right code, reason and field, and a server that lives on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "server/service/request_decoder.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/raw_call.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class BadInputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    service::SilenceProtobufLog();
    server_ = new testing::TestServer(testing::SmallServedRuleset());
    channel_ = new std::shared_ptr<grpc::Channel>(server_->Channel());
  }
  static void TearDownTestSuite() {
    delete channel_;
    delete server_;
  }
  // Whatever a test sent, the next caller is served.
  void TearDown() override {
    const auto result = testing::RawCall(*channel_, testing::ValidRequest().SerializeAsString());
    EXPECT_TRUE(result.status.ok()) << result.status.error_message();
  }

  static testing::RawResult Send(const std::string& bytes) {
    return testing::RawCall(*channel_, bytes);
  }
  static testing::RawResult Send(const v1::EvaluateRequest& request) {
    return Send(request.SerializePartialAsString());
  }

  static testing::TestServer* server_;
  static std::shared_ptr<grpc::Channel>* channel_;
};

testing::TestServer* BadInputTest::server_ = nullptr;
std::shared_ptr<grpc::Channel>* BadInputTest::channel_ = nullptr;

struct BadCase {
  const char* name;
  std::function<void(v1::EvaluateRequest&)> change;
  grpc::StatusCode code;
  v1::ErrorReason reason;
  std::vector<std::string> fields;
};

void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.name; }

class BadRequestTest : public BadInputTest, public ::testing::WithParamInterface<BadCase> {};

TEST_P(BadRequestTest, IsRefusedWithCodeReasonAndField) {
  v1::EvaluateRequest request = testing::ValidRequest();
  GetParam().change(request);
  const testing::RawResult result = Send(request);
  EXPECT_EQ(result.status.error_code(), GetParam().code) << result.status.error_message();
  EXPECT_EQ(result.reason, GetParam().reason) << v1::ErrorReason_Name(result.reason);
  EXPECT_EQ(result.fields(), GetParam().fields);
  EXPECT_THAT(result.status.error_message(), ::testing::Not(IsEmpty()));
}

constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;

INSTANTIATE_TEST_SUITE_P(
    Requests, BadRequestTest,
    ::testing::Values(
        BadCase{
            "AgeOutOfRange",
            [](auto& request) { request.mutable_intake()->mutable_person()->set_age_years(400); },
            kInvalid,
            v1::ERROR_REASON_INVALID_INTAKE,
            {"intake.person.age_years"}},
        BadCase{
            "NegativeAge",
            [](auto& request) { request.mutable_intake()->mutable_person()->set_age_years(-1); },
            kInvalid,
            v1::ERROR_REASON_INVALID_INTAKE,
            {"intake.person.age_years"}},
        BadCase{
            "PainEleven",
            [](auto& request) { request.mutable_intake()->mutable_person()->set_nprs_back(11); },
            kInvalid,
            v1::ERROR_REASON_INVALID_INTAKE,
            {"intake.person.nprs_back"}},
        BadCase{"UnknownEnumNumber",
                [](auto& request) {
                  request.mutable_intake()->mutable_leg_nerve_cord()->set_leg_pain(
                      static_cast<v1::LegPain>(77));
                },
                kInvalid,
                v1::ERROR_REASON_INVALID_INTAKE,
                {"intake.leg_nerve_cord.leg_pain"}},
        BadCase{"UnknownTriNumber",
                [](auto& request) {
                  request.mutable_intake()->mutable_cauda_equina()->set_ces_saddle(
                      static_cast<v1::Tri>(4));
                },
                kInvalid,
                v1::ERROR_REASON_INVALID_INTAKE,
                {"intake.cauda_equina.ces_saddle"}},
        BadCase{"ListContradictsItsStatus",
                [](auto& request) {
                  auto& sites = *request.mutable_intake()->mutable_person()->mutable_pain_sites();
                  sites.set_status(v1::LIST_STATUS_NONE);
                  sites.add_values(v1::PAIN_SITE_GROIN);
                },
                kInvalid,
                v1::ERROR_REASON_INVALID_INTAKE,
                {"intake.person.pain_sites.status"}},
        BadCase{"ContradictoryAnswers",
                [](auto& request) {
                  auto& leg = *request.mutable_intake()->mutable_leg_nerve_cord();
                  leg.set_leg_pain(v1::LEG_PAIN_NONE);
                  leg.set_leg_side(v1::LEG_SIDE_LEFT);
                  request.mutable_intake()->mutable_general_illness()->set_fever(v1::TRI_NO);
                },
                kInvalid,
                v1::ERROR_REASON_CONTRADICTORY_INTAKE,
                {"intake.leg_nerve_cord.leg_pain", "intake.leg_nerve_cord.leg_side"}},
        BadCase{"NotANumber",
                [](auto& request) {
                  request.mutable_intake()->mutable_general_illness()->set_temp_c(
                      std::numeric_limits<double>::quiet_NaN());
                },
                kInvalid,
                v1::ERROR_REASON_INVALID_INTAKE,
                {"intake.general_illness.temp_c"}},
        BadCase{"MissingAsOf",
                [](auto& request) { request.clear_as_of(); },
                kInvalid,
                v1::ERROR_REASON_INVALID_REQUEST,
                {"as_of"}},
        BadCase{"ImpossibleDate",
                [](auto& request) {
                  request.mutable_as_of()->set_month(2);
                  request.mutable_as_of()->set_day(30);
                },
                kInvalid,
                v1::ERROR_REASON_INVALID_REQUEST,
                {"as_of"}},
        BadCase{"MissingIntake",
                [](auto& request) { request.clear_intake(); },
                kInvalid,
                v1::ERROR_REASON_INVALID_REQUEST,
                {"intake"}},
        BadCase{"UnknownRevision",
                [](auto& request) { request.set_ruleset_revision(testing::FakeRevision('0')); },
                grpc::StatusCode::NOT_FOUND,
                v1::ERROR_REASON_UNKNOWN_REVISION,
                {}},
        BadCase{"MalformedRevision",
                [](auto& request) { request.set_ruleset_revision("latest"); },
                kInvalid,
                v1::ERROR_REASON_INVALID_REQUEST,
                {"ruleset_revision"}},
        BadCase{"UnprintableRequestId",
                [](auto& request) { request.set_request_id("a\x01"); },
                kInvalid,
                v1::ERROR_REASON_INVALID_REQUEST,
                {"request_id"}},
        BadCase{"LongRequestId",
                [](auto& request) { request.set_request_id(std::string(129, 'x')); },
                kInvalid,
                v1::ERROR_REASON_INVALID_REQUEST,
                {"request_id"}},
        BadCase{"UnknownView",
                [](auto& request) { request.set_view(static_cast<v1::DecisionView>(9)); },
                kInvalid,
                v1::ERROR_REASON_INVALID_REQUEST,
                {"view"}},
        BadCase{"InvalidUtf8InTheIntake",
                [](auto& request) {
                  request.mutable_intake()->mutable_general_illness()->set_cancer_type("\xC3(");
                },
                kInvalid,
                v1::ERROR_REASON_INVALID_REQUEST,
                {"intake.general_illness.cancer_type"}},
        BadCase{"InvalidUtf8InTheRequestId",
                [](auto& request) { request.set_request_id("\xFF\xFE"); },
                kInvalid,
                v1::ERROR_REASON_INVALID_REQUEST,
                {"request_id"}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(BadInputTest, MalformedBytesAreInvalid) {
  for (const std::string& bytes :
       {std::string("\xFF\xFF\xFF\xFF"), std::string("\x0a\xFF\xFF\xFF\xFF\x0f"),
        std::string("not a protocol buffer"), std::string(1000, '\x7b')}) {
    const testing::RawResult result = Send(bytes);
    EXPECT_EQ(result.status.error_code(), kInvalid);
    EXPECT_EQ(result.reason, v1::ERROR_REASON_INVALID_REQUEST);
  }
}

TEST_F(BadInputTest, EmptyMessageNamesWhatIsMissing) {
  EXPECT_THAT(Send(std::string()).fields(), ElementsAre("intake", "as_of"));
}

TEST_F(BadInputTest, SeveralWrongAnswersAreAllNamed) {
  v1::EvaluateRequest request = testing::ValidRequest();
  request.mutable_intake()->mutable_person()->set_age_years(400);
  request.mutable_intake()->mutable_person()->set_nprs_back(11);
  EXPECT_THAT(Send(request).fields(),
              ElementsAre("intake.person.age_years", "intake.person.nprs_back"));
}

TEST_F(BadInputTest, FreeTextIsNeverRepeatedInAnError) {
  v1::EvaluateRequest request = testing::ValidRequest();
  request.mutable_intake()->mutable_general_illness()->set_cancer_type(std::string(5000, 'x') +
                                                                       "Zebrafish");
  const testing::RawResult result = Send(request);
  EXPECT_EQ(result.status.error_message().find("Zebrafish"), std::string::npos);
  EXPECT_EQ(result.status.error_details().find("Zebrafish"), std::string::npos);
}

TEST_F(BadInputTest, UnknownMethodIsUnimplemented) {
  testing::RawCallOptions options;
  options.method = "/plumbline.v1.TriageService/Diagnose";
  EXPECT_EQ(testing::RawCall(*channel_, "", options).status.error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(BadInputTest, DamagedRequestsAreAnsweredNotCrashedOn) {
  std::mt19937 random(4711);
  v1::EvaluateRequest request = testing::ValidRequest();
  request.set_request_id("r");
  request.mutable_intake()->mutable_person()->set_age_years(44);
  request.mutable_intake()->mutable_person()->mutable_pain_sites()->add_values(v1::PAIN_SITE_GROIN);
  request.mutable_intake()->mutable_general_illness()->set_cancer_type("text");
  const std::string valid = request.SerializeAsString();
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string bytes = valid;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes[random() % bytes.size()] = static_cast<char>(random());
    const grpc::StatusCode code = Send(bytes).status.error_code();
    EXPECT_THAT((std::vector<grpc::StatusCode>{grpc::StatusCode::OK, kInvalid,
                                               grpc::StatusCode::NOT_FOUND}),
                Contains(code));
    refused += code == grpc::StatusCode::OK ? 0 : 1;
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace plumbline
