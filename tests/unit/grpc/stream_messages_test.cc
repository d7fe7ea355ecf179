#include "server/grpc/stream_messages.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "server/grpc/byte_buffer.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {
namespace {

v1::EvaluateStreamResponse Parse(const grpc::ByteBuffer& buffer) {
  v1::EvaluateStreamResponse message;
  const FlatBytes flat(buffer);
  EXPECT_TRUE(message.ParseFromArray(flat.view().data(), static_cast<int>(flat.view().size())));
  return message;
}

TEST(InnerRequestTest, IsExactlyTheBytesThatCame) {
  v1::EvaluateStreamRequest item;
  item.mutable_request()->set_request_id("a");
  item.mutable_request()->mutable_as_of()->set_year(2026);
  const std::string bytes = item.SerializeAsString();
  std::string joined;
  const auto inner = InnerRequest(bytes, joined);
  ASSERT_TRUE(inner.ok());
  EXPECT_EQ(std::string(*inner), item.request().SerializeAsString());
  EXPECT_GE(inner->data(), bytes.data());  // not a copy
  EXPECT_LT(inner->data(), bytes.data() + bytes.size());
}

TEST(InnerRequestTest, PartsAreMergedAsProtobufDoes) {
  v1::EvaluateStreamRequest first;
  first.mutable_request()->set_request_id("a");
  v1::EvaluateStreamRequest second;
  second.mutable_request()->mutable_as_of()->set_year(2026);
  v1::EvaluateStreamRequest third;
  third.mutable_request()->set_request_id("c");
  const std::string bytes =
      first.SerializeAsString() + second.SerializeAsString() + third.SerializeAsString();
  v1::EvaluateStreamRequest merged;
  ASSERT_TRUE(merged.ParseFromString(bytes));
  std::string joined;
  const auto inner = InnerRequest(bytes, joined);
  ASSERT_TRUE(inner.ok());
  v1::EvaluateRequest request;
  ASSERT_TRUE(request.ParseFromString(std::string(*inner)));
  EXPECT_EQ(request.SerializeAsString(), merged.request().SerializeAsString());
  EXPECT_EQ(request.request_id(), "c");
}

TEST(InnerRequestTest, UnknownFieldsAreSkippedAndNothingIsEmpty) {
  std::string joined;
  EXPECT_TRUE(InnerRequest("", joined)->empty());
  EXPECT_TRUE(InnerRequest("\x18\x05", joined)->empty());
}

TEST(InnerRequestTest, MalformedBytesAreInvalid) {
  for (const std::string& bytes :
       {std::string("\x0a\x05z"), std::string("\x0a"), std::string("\xFF\xFF\xFF\xFF\xFF\xFF"),
        std::string("\x00\x00", 2), std::string("\x0a\xFF\xFF\xFF\xFF\x0f"), std::string("\x18")}) {
    std::string joined;
    const auto inner = InnerRequest(bytes, joined);
    EXPECT_EQ(inner.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(service::ReasonOf(inner.status()), v1::ERROR_REASON_INVALID_REQUEST);
  }
}

TEST(StreamAnswerTest, ResponseStandsInsideUnchanged) {
  v1::EvaluateResponse response;
  response.set_request_id("r");
  for (const uint64_t position : {uint64_t{0}, uint64_t{1}, uint64_t{300}, UINT64_MAX}) {
    const auto message = Parse(MakeStreamAnswer(position, response.SerializeAsString()));
    EXPECT_EQ(message.position(), position);
    EXPECT_EQ(message.response().SerializeAsString(), response.SerializeAsString());
  }
}

TEST(StreamErrorTest, TellsCodeReasonFieldsAndRequestId) {
  const absl::Status status = service::MakeFieldError(
      v1::ERROR_REASON_INVALID_INTAKE, {{"intake.person.age_years", "must be at most 130"}});
  const auto message = Parse(MakeStreamError(7, status, "r"));
  EXPECT_EQ(message.position(), 7u);
  EXPECT_EQ(message.error().code(), 3);
  EXPECT_EQ(message.error().reason(), v1::ERROR_REASON_INVALID_INTAKE);
  ASSERT_EQ(message.error().field_violations_size(), 1);
  EXPECT_EQ(message.error().field_violations(0).field(), "intake.person.age_years");
  EXPECT_EQ(message.error().request_id(), "r");
  EXPECT_FALSE(message.error().has_retry_after());
  EXPECT_NE(message.error().message(), "");
}

TEST(StreamErrorTest, TellsWhenToTryAgain) {
  const auto error = ToItemError(service::MakeOverloadedError("busy", absl::Milliseconds(250)));
  EXPECT_EQ(error.code(), 8);
  EXPECT_EQ(error.retry_after().nanos(), 250'000'000);
}

}  // namespace
}  // namespace plumbline::grpc_server
