#include "src/error_details.h"

#include <gtest/gtest.h>

#include <random>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace plumbline::client {
namespace {

google::rpc::Status InvalidIntake() {
  google::rpc::Status status;
  status.set_code(3);
  google::rpc::ErrorInfo info;
  info.set_domain("plumbline");
  info.set_reason("ERROR_REASON_INVALID_INTAKE");
  status.add_details()->PackFrom(info);
  google::rpc::BadRequest bad_request;
  for (const char* field : {"intake.person.age_years", "intake.person.nprs_back"}) {
    auto& violation = *bad_request.add_field_violations();
    violation.set_field(field);
    violation.set_description("is out of range");
  }
  status.add_details()->PackFrom(bad_request);
  return status;
}

TEST(ErrorDetailsTest, ReasonAndViolationsAreRead) {
  const Error error = internal::MakeError(3, "refused", InvalidIntake().SerializeAsString());
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_EQ(error.message, "refused");
  EXPECT_EQ(error.reason, v1::ERROR_REASON_INVALID_INTAKE);
  ASSERT_EQ(error.field_violations.size(), 2u);
  EXPECT_EQ(error.field_violations[1].field, "intake.person.nprs_back");
  EXPECT_EQ(error.field_violations[1].description, "is out of range");
  EXPECT_FALSE(error.retry_after.has_value());
  EXPECT_EQ(error.ToString(), "INVALID_ARGUMENT (ERROR_REASON_INVALID_INTAKE): refused");
}

TEST(ErrorDetailsTest, RetryDelayIsRead) {
  google::rpc::Status status;
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(345'000'000);
  status.add_details()->PackFrom(retry);
  const Error error = internal::MakeError(8, "busy", status.SerializeAsString());
  EXPECT_EQ(error.code, Code::kResourceExhausted);
  EXPECT_EQ(error.retry_after, std::chrono::milliseconds(2345));
}

TEST(ErrorDetailsTest, SenselessDelaysAreIgnored) {
  for (const int64_t seconds : {int64_t{-1}, INT64_MAX, INT64_MIN}) {
    google::rpc::Status status;
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(seconds);
    status.add_details()->PackFrom(retry);
    EXPECT_FALSE(internal::MakeError(8, "", status.SerializeAsString()).retry_after.has_value());
  }
}

TEST(ErrorDetailsTest, ReasonsOfOtherDomainsAndUnknownReasonsAreIgnored) {
  for (const auto& [domain, reason] : {std::pair{"other", "ERROR_REASON_INVALID_INTAKE"},
                                       std::pair{"plumbline", "ERROR_REASON_OF_TOMORROW"}}) {
    google::rpc::Status status;
    google::rpc::ErrorInfo info;
    info.set_domain(domain);
    info.set_reason(reason);
    status.add_details()->PackFrom(info);
    EXPECT_EQ(internal::MakeError(3, "", status.SerializeAsString()).reason,
              v1::ERROR_REASON_UNSPECIFIED);
  }
}

TEST(ErrorDetailsTest, WithoutDetailsCodeAndMessageRemain) {
  const Error error = internal::MakeError(14, "connection refused", "");
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_EQ(error.ToString(), "UNAVAILABLE: connection refused");
  EXPECT_EQ(internal::MakeError(99, "", "").code, Code::kUnknown);
  EXPECT_EQ(internal::MakeError(-1, "", "").code, Code::kUnknown);
}

TEST(ErrorDetailsTest, ErrorOfAnItemIsTheSameAsThatOfACall) {
  v1::ItemError item;
  item.set_code(8);
  item.set_message("busy");
  item.set_reason(v1::ERROR_REASON_LOG_OVERLOADED);
  item.mutable_retry_after()->set_nanos(250'000'000);
  auto& violation = *item.add_field_violations();
  violation.set_field("intake.person.age_years");
  violation.set_description("is out of range");
  const Error error = internal::MakeError(item);
  EXPECT_EQ(error.code, Code::kResourceExhausted);
  EXPECT_EQ(error.reason, v1::ERROR_REASON_LOG_OVERLOADED);
  EXPECT_EQ(error.retry_after, std::chrono::milliseconds(250));
  ASSERT_EQ(error.field_violations.size(), 1u);
  EXPECT_EQ(error.field_violations[0].field, "intake.person.age_years");
  item.set_code(99);
  item.set_reason(static_cast<v1::ErrorReason>(9999));
  item.mutable_retry_after()->set_seconds(-5);
  EXPECT_EQ(internal::MakeError(item).code, Code::kUnknown);
  EXPECT_EQ(internal::MakeError(item).reason, v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_FALSE(internal::MakeError(item).retry_after.has_value());
}

TEST(ErrorDetailsTest, MalformedDetailsNeverCrash) {
  std::mt19937 random(7);
  const std::string valid = InvalidIntake().SerializeAsString();
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = valid;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    EXPECT_EQ(internal::MakeError(3, "m", bytes).code, Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace plumbline::client
