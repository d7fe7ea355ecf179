// EvaluateStream against the real server: order, errors of items, flow, ends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "grpcpp/client_context.h"
#include "plumbline/v1/triage_service.grpc.pb.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/raw_call.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;

using ClientStream =
    grpc::ClientReaderWriter<v1::EvaluateStreamRequest, v1::EvaluateStreamResponse>;

// A stream of this process with a deadline of ten seconds.
class OpenStream {
 public:
  explicit OpenStream(const std::shared_ptr<grpc::Channel>& channel, bool deadline = true)
      : stub_(v1::TriageService::NewStub(channel)) {
    if (deadline) {
      context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    }
    stream_ = stub_->EvaluateStream(&context_);
  }

  bool Send(const v1::EvaluateRequest& request) {
    v1::EvaluateStreamRequest item;
    *item.mutable_request() = request;
    return stream_->Write(item);
  }
  ClientStream* operator->() { return stream_.get(); }
  grpc::ClientContext& context() { return context_; }

 private:
  std::unique_ptr<v1::TriageService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<ClientStream> stream_;
};

v1::EvaluateRequest Item(int i) {
  v1::EvaluateRequest request = testing::ValidRequest();
  request.set_request_id("item " + std::to_string(i));
  return request;
}

TEST(StreamTest, EveryItemIsAnsweredAndBadOnesDoNotEndTheStream) {
  testing::TestServer server(testing::SmallServedRuleset());
  OpenStream stream(server.Channel());
  constexpr int kItems = 1000;
  const auto is_bad = [](int i) { return i % 97 == 13; };
  std::thread sender([&] {
    for (int i = 0; i < kItems; ++i) {
      v1::EvaluateRequest request = Item(i);
      if (is_bad(i)) {
        request.mutable_intake()->mutable_person()->set_age_years(400);
      }
      EXPECT_TRUE(stream.Send(request));
    }
    stream->WritesDone();
  });
  std::map<uint64_t, v1::EvaluateStreamResponse> answers;
  v1::EvaluateStreamResponse response;
  while (stream->Read(&response)) {
    EXPECT_TRUE(answers.emplace(response.position(), response).second) << response.position();
  }
  sender.join();
  EXPECT_TRUE(stream->Finish().ok());
  ASSERT_EQ(answers.size(), static_cast<size_t>(kItems));
  for (int i = 0; i < kItems; ++i) {
    const auto& answer = answers.at(static_cast<uint64_t>(i));
    ASSERT_EQ(answer.has_error(), is_bad(i)) << i;
    if (is_bad(i)) {
      EXPECT_EQ(answer.error().code(), grpc::StatusCode::INVALID_ARGUMENT);
      EXPECT_EQ(answer.error().reason(), v1::ERROR_REASON_INVALID_INTAKE);
      ASSERT_EQ(answer.error().field_violations_size(), 1);
      EXPECT_EQ(answer.error().field_violations(0).field(), "intake.person.age_years");
      EXPECT_EQ(answer.error().request_id(), "item " + std::to_string(i));
    } else {
      EXPECT_EQ(answer.response().request_id(), "item " + std::to_string(i));
      EXPECT_EQ(answer.response().decision().ruleset().ruleset_id(), "small");
    }
  }
  EXPECT_THAT(server.StopAndReadLog(), HasSubstr("\"items\":1000,\"failed_items\":11"));
}

TEST(StreamTest, AnswersAreThoseOfEvaluate) {
  testing::TestServer server(testing::SmallServedRuleset());
  const auto channel = server.Channel();
  v1::EvaluateRequest request = Item(1);
  request.mutable_intake()->mutable_person()->set_age_years(44);
  const auto alone = testing::RawCall(channel, request.SerializeAsString());
  ASSERT_TRUE(alone.status.ok());
  OpenStream stream(channel);
  ASSERT_TRUE(stream.Send(request));
  v1::EvaluateStreamResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.response().SerializeAsString(), alone.response);
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamTest, StreamWithoutItemsEndsWell) {
  testing::TestServer server(testing::SmallServedRuleset());
  OpenStream stream(server.Channel());
  stream->WritesDone();
  v1::EvaluateStreamResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamTest, WithoutADeadlineItIsRefused) {
  testing::TestServer server(testing::SmallServedRuleset());
  OpenStream stream(server.Channel(), /*deadline=*/false);
  v1::EvaluateStreamResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(StreamTest, MoreStreamsThanAllowedAreRefused) {
  grpc_server::ServerConfig config;
  config.limits.max_open_streams = 1;
  testing::TestServer server(testing::SmallServedRuleset(), config);
  OpenStream first(server.Channel());
  ASSERT_TRUE(first.Send(Item(1)));
  v1::EvaluateStreamResponse answer;
  ASSERT_TRUE(first->Read(&answer));
  OpenStream second(server.Channel());
  EXPECT_FALSE(second->Read(&answer));
  EXPECT_EQ(second->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  first->WritesDone();
  EXPECT_TRUE(first->Finish().ok());
}

TEST(StreamTest, ReadsAheadNoFurtherThanItsLimit) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  grpc_server::ServerConfig config;
  config.limits.max_unanswered = 1;
  testing::TestServer server(testing::FakeRuleset(evaluator), config);
  OpenStream stream(server.Channel());
  evaluator->CloseGate();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream.Send(Item(i)));
  }
  stream->WritesDone();
  evaluator->WaitForBegun(1);
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(evaluator->begun(), 1);
  evaluator->OpenGate();
  v1::EvaluateStreamResponse answer;
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream->Read(&answer));
    EXPECT_EQ(answer.position(), i);  // one after the other
  }
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamTest, ReaderThatTakesNothingHoldsUpOnlyItself) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>(std::string(200'000, 'x'));
  grpc_server::ServerConfig config;
  config.limits.max_unanswered = 8;
  testing::TestServer server(testing::FakeRuleset(evaluator), config);
  OpenStream stream(server.Channel());
  std::thread sender([&] {
    for (int i = 0; i < 400 && stream.Send(Item(i)); ++i) {
    }
    stream->WritesDone();
  });
  // 400 answers have 80 MB: more than the windows of HTTP/2 and sockets hold.
  int before = -1;
  while (before != evaluator->finished()) {
    before = evaluator->finished();
    absl::SleepFor(absl::Milliseconds(300));
  }
  EXPECT_LT(before, 400);
  EXPECT_TRUE(
      testing::RawCall(server.Channel(), testing::ValidRequest().SerializeAsString()).status.ok());
  v1::EvaluateStreamResponse answer;
  int read = 0;
  while (stream->Read(&answer)) {
    ++read;
  }
  sender.join();
  EXPECT_EQ(read, 400);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamTest, CancelledStreamLeavesNothingBehind) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  testing::TestServer server(testing::FakeRuleset(evaluator));
  OpenStream stream(server.Channel());
  evaluator->CloseGate();
  ASSERT_TRUE(stream.Send(Item(0)));
  evaluator->WaitForBegun(1);
  stream.context().TryCancel();
  v1::EvaluateStreamResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  absl::SleepFor(absl::Milliseconds(200));  // until the server knows
  evaluator->OpenGate();
  EXPECT_THAT(server.StopAndReadLog(), HasSubstr("\"code\":\"CANCELLED\""));
}

TEST(StreamTest, ItemsBeyondAdmissionAreShedOneByOne) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  grpc_server::ServerConfig config;
  config.limits.max_in_flight = 1;
  config.limits.retry_after = absl::Milliseconds(250);
  testing::TestServer server(testing::FakeRuleset(evaluator), config);
  evaluator->CloseGate();
  const auto channel = server.Channel();
  std::thread occupied([&] {
    EXPECT_TRUE(testing::RawCall(channel, testing::ValidRequest().SerializeAsString()).status.ok());
  });
  evaluator->WaitForBegun(1);
  OpenStream stream(server.Channel());
  ASSERT_TRUE(stream.Send(Item(0)));
  v1::EvaluateStreamResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.error().code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(answer.error().reason(), v1::ERROR_REASON_OVERLOADED);
  EXPECT_EQ(answer.error().retry_after().nanos(), 250'000'000);
  evaluator->OpenGate();
  occupied.join();
  ASSERT_TRUE(stream.Send(Item(1)));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_TRUE(answer.has_response());
  EXPECT_EQ(answer.position(), 1u);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamTest, StopAnswersWhatWasReadAndEndsTheStream) {
  auto evaluator = std::make_shared<testing::FakeEvaluator>();
  testing::TestServer server(testing::FakeRuleset(evaluator));
  OpenStream stream(server.Channel());
  evaluator->CloseGate();
  ASSERT_TRUE(stream.Send(Item(0)));
  evaluator->WaitForBegun(1);
  std::thread stopper([&] { server.server().Stop(); });
  absl::SleepFor(absl::Milliseconds(100));
  evaluator->OpenGate();
  v1::EvaluateStreamResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_TRUE(answer.has_response());
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  stopper.join();
}

TEST(StreamTest, MalformedItemIsAnsweredInItsPlace) {
  testing::TestServer server(testing::SmallServedRuleset());
  OpenStream stream(server.Channel());
  v1::EvaluateStreamRequest item;
  item.GetReflection()->MutableUnknownFields(&item)->AddLengthDelimited(15, "later");
  ASSERT_TRUE(stream->Write(item));  // no request at all
  v1::EvaluateStreamResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(answer.error().field_violations_size(), 2);  // intake, as_of
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace plumbline
