#include "server/service/rpc_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"

namespace plumbline::service {
namespace {

TEST(RpcErrorTest, ErrorHasReasonAndDomain) {
  const absl::Status status =
      MakeError(absl::StatusCode::kNotFound, v1::ERROR_REASON_UNKNOWN_REVISION, "not loaded");
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_UNKNOWN_REVISION);
  const google::rpc::Status rpc = ToRpcStatus(status);
  EXPECT_EQ(rpc.code(), 5);
  EXPECT_EQ(rpc.message(), "not loaded");
  ASSERT_EQ(rpc.details_size(), 1);
  EXPECT_EQ(rpc.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(rpc.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "ERROR_REASON_UNKNOWN_REVISION");
  EXPECT_EQ(info.domain(), "plumbline");
}

TEST(RpcErrorTest, FieldErrorNamesEveryField) {
  const absl::Status status = MakeFieldError(v1::ERROR_REASON_INVALID_INTAKE,
                                             {{"intake.person.age_years", "must be 0 to 120"},
                                              {"intake.person.nprs_back", "must be 0 to 10"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "intake.person.age_years: must be 0 to 120 (and 1 more)");
  const google::rpc::Status rpc = ToRpcStatus(status);
  ASSERT_EQ(rpc.details_size(), 2);
  google::rpc::BadRequest bad_request;
  ASSERT_TRUE(rpc.details(0).UnpackTo(&bad_request));  // ordered by type URL
  ASSERT_EQ(bad_request.field_violations_size(), 2);
  EXPECT_EQ(bad_request.field_violations(1).field(), "intake.person.nprs_back");
  EXPECT_EQ(bad_request.field_violations(1).description(), "must be 0 to 10");
}

TEST(RpcErrorTest, ManyProblemsAreCutAndCounted) {
  std::vector<FieldProblem> problems(500, {"intake.x", std::string(40, 'd')});
  const google::rpc::Status rpc =
      ToRpcStatus(MakeFieldError(v1::ERROR_REASON_INVALID_INTAKE, problems));
  google::rpc::BadRequest bad_request;
  ASSERT_TRUE(rpc.details(0).UnpackTo(&bad_request));
  const int told = bad_request.field_violations_size() - 1;
  EXPECT_LE(told, static_cast<int>(kMaxViolations));
  EXPECT_EQ(bad_request.field_violations(told).description(),
            "and " + std::to_string(500 - told) + " more");
}

// Clients refuse trailers above 8 KiB.
TEST(RpcErrorTest, LongTextsStillFitATrailer) {
  std::vector<FieldProblem> problems(40, {std::string(5000, 'f'), std::string(50'000, 'd')});
  const google::rpc::Status rpc =
      ToRpcStatus(MakeFieldError(v1::ERROR_REASON_INVALID_INTAKE, problems));
  EXPECT_LT(rpc.ByteSizeLong() + rpc.message().size(), 7 * 1024u);
}

TEST(RpcErrorTest, OverloadTellsWhenToTryAgain) {
  const google::rpc::Status rpc =
      ToRpcStatus(MakeOverloadedError("busy", absl::Milliseconds(1250)));
  EXPECT_EQ(rpc.code(), 8);
  ASSERT_EQ(rpc.details_size(), 2);
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(rpc.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 250'000'000);
}

TEST(RpcErrorTest, ForeignStatusHasNoReason) {
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(ReasonOf(absl::OkStatus()), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(ToRpcStatus(absl::InternalError("x")).details_size(), 0);
}

TEST(RpcErrorTest, SameStatusGivesSameBytes) {
  const absl::Status status = MakeFieldError(v1::ERROR_REASON_INVALID_INTAKE, {{"a", "b"}});
  const std::string first = ToRpcStatus(status).SerializeAsString();
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(ToRpcStatus(status).SerializeAsString(), first);
  }
}

}  // namespace
}  // namespace plumbline::service
