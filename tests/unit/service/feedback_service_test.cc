#include "server/service/feedback_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/service/rpc_error.h"
#include "tests/testing/service/service_log.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using testing::RequestForAge;
using testing::ServiceLog;

const Caller kWard{"ward", true};

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  const google::rpc::Status rpc = ToRpcStatus(status);
  for (const google::protobuf::Any& any : rpc.details()) {
    google::rpc::BadRequest bad_request;
    if (!any.UnpackTo(&bad_request)) {
      continue;
    }
    for (const auto& violation : bad_request.field_violations()) {
      fields.push_back(violation.field());
    }
  }
  return fields;
}

class FeedbackServiceTest : public ::testing::Test {
 protected:
  FeedbackServiceTest() {
    request_.set_decision_id(house_.Decide(RequestForAge(30, "r1", "p1")));
    request_.mutable_feedback()->set_verdict(v1::FEEDBACK_VERDICT_ACCEPTED);
  }

  absl::StatusOr<v1::RecordFeedbackResponse> Record() {
    return house_.feedback().RecordFeedback(request_, kWard);
  }

  ServiceLog house_;
  v1::RecordFeedbackRequest request_;
};

TEST_F(FeedbackServiceTest, FeedbackIsOnRecordLinkedAndOfTheSamePatient) {
  request_.mutable_feedback()->set_location("Ward 7");
  const auto response = Record();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->record_index(), 1u);
  EXPECT_FALSE(response->recorded_before());
  const auto record = house_.log().Read(1, store::Parts::kAll);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->kind, v1::RECORD_KIND_FEEDBACK);
  EXPECT_EQ(record->id.ToString(), response->feedback_id());
  EXPECT_EQ(record->revision, ServiceLog::Revision());
  storage::v1::RecordDetails details;
  ASSERT_TRUE(details.ParseFromString(record->details));
  EXPECT_EQ(details.caller(), "ward");
  EXPECT_EQ(details.patient_pseudonym(), "p1");
  EXPECT_EQ(details.feedback().feedback().location(), "Ward 7");
  const Uuid decision = *Uuid::Parse(request_.decision_id());
  EXPECT_THAT(details.linked_ids(),
              ElementsAre(std::string(decision.bytes.begin(), decision.bytes.end())));
}

TEST_F(FeedbackServiceTest, RepeatedFeedbackIsRecordedOnce) {
  request_.set_request_id("f1");
  const auto first = Record();
  const auto again = Record();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->recorded_before());
  EXPECT_EQ(again->feedback_id(), first->feedback_id());
  house_.Restart();
  EXPECT_TRUE(Record()->recorded_before());
  EXPECT_EQ(house_.log().size(), 2u);
  request_.mutable_feedback()->set_comment("other");
  EXPECT_EQ(ReasonOf(Record().status()), v1::ERROR_REASON_REQUEST_ID_REUSED);
}

TEST_F(FeedbackServiceTest, MayHaveTheRequestIdOfItsDecision) {
  request_.set_request_id("r1");
  const auto response = house_.feedback().RecordFeedback(request_, {"clinic", true});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_FALSE(response->recorded_before());
}

TEST_F(FeedbackServiceTest, WithoutARequestIdNothingIsOverwritten) {
  ASSERT_TRUE(Record().ok());
  ASSERT_TRUE(Record().ok());
  EXPECT_EQ(house_.log().size(), 3u);
}

TEST_F(FeedbackServiceTest, SameFeedbackAtOnceIsRecordedOnce) {
  request_.set_request_id("f1");
  std::vector<absl::StatusOr<v1::RecordFeedbackResponse>> responses(6);
  std::vector<std::thread> threads;
  for (auto& response : responses) {
    threads.emplace_back([&] { response = Record(); });
  }
  for (std::thread& thread : threads) thread.join();
  int fresh = 0;
  for (const auto& response : responses) {
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->feedback_id(), responses[0]->feedback_id());
    fresh += response->recorded_before() ? 0 : 1;
  }
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(house_.log().size(), 2u);
}

TEST_F(FeedbackServiceTest, DecisionMustExistAndBeADecision) {
  const std::string decision_id = request_.decision_id();
  request_.set_decision_id("01890a5d-ac96-774b-bcce-b302099a8057");
  EXPECT_EQ(ReasonOf(Record().status()), v1::ERROR_REASON_UNKNOWN_RECORD);
  request_.set_decision_id(decision_id);
  request_.set_decision_id(Record()->feedback_id());
  EXPECT_EQ(ReasonOf(Record().status()), v1::ERROR_REASON_UNKNOWN_RECORD);
}

TEST_F(FeedbackServiceTest, ErasedDecisionTakesNoFeedback) {
  ASSERT_TRUE(house_.erasure().ErasePatient("p1", "asked", false, kWard).ok());
  EXPECT_EQ(ReasonOf(Record().status()), v1::ERROR_REASON_RECORD_ERASED);
}

TEST_F(FeedbackServiceTest, EveryWrongFieldIsNamed) {
  v1::RecordFeedbackRequest request;
  request.set_request_id("\n");
  EXPECT_THAT(FieldsOf(house_.feedback().RecordFeedback(request, kWard).status()),
              ElementsAre("request_id", "decision_id", "feedback"));
  v1::Feedback& feedback = *request_.mutable_feedback();
  feedback.set_verdict(static_cast<v1::FeedbackVerdict>(99));
  feedback.set_outcome(static_cast<v1::FollowUpOutcome>(99));
  feedback.set_override_reason(v1::OVERRIDE_REASON_OTHER);
  feedback.set_intervention(std::string(129, 'x'));
  feedback.set_done_instead(std::string(2001, 'x'));
  feedback.mutable_observed_on()->set_year(2026);
  feedback.set_user("\x7f");
  feedback.set_location(std::string(129, 'x'));
  EXPECT_THAT(FieldsOf(Record().status()),
              ElementsAre("feedback.verdict", "feedback.outcome", "feedback.intervention",
                          "feedback.comment", "feedback.done_instead", "feedback.observed_on",
                          "feedback.user", "feedback.location"));
}

TEST_F(FeedbackServiceTest, VerdictsDemandWhatExplainsThem) {
  v1::Feedback& feedback = *request_.mutable_feedback();
  feedback.clear_verdict();
  EXPECT_THAT(FieldsOf(Record().status()), ElementsAre("feedback.verdict"));
  feedback.set_outcome(v1::FOLLOW_UP_OUTCOME_BETTER);
  EXPECT_TRUE(Record().ok());
  feedback.set_verdict(v1::FEEDBACK_VERDICT_OVERRIDDEN);
  EXPECT_THAT(FieldsOf(Record().status()), ElementsAre("feedback.override_reason"));
  feedback.set_override_reason(v1::OVERRIDE_REASON_EXAMINATION);
  EXPECT_TRUE(Record().ok());
  feedback.set_override_reason(v1::OVERRIDE_REASON_OTHER);
  EXPECT_THAT(FieldsOf(Record().status()), ElementsAre("feedback.comment"));
  feedback.set_comment("the family doctor knows better");
  EXPECT_TRUE(Record().ok());
  feedback.set_verdict(v1::FEEDBACK_VERDICT_CHANGED);
  EXPECT_THAT(FieldsOf(Record().status()), ElementsAre("feedback.done_instead"));
  feedback.set_verdict(v1::FEEDBACK_VERDICT_ACCEPTED);
  EXPECT_THAT(FieldsOf(Record().status()), ElementsAre("feedback.override_reason"));
}

TEST(FeedbackServiceWithoutLogTest, SaysThatThereIsNoLog) {
  const absl::Status status = FeedbackService(nullptr).RecordFeedback({}, kWard).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_NO_LOG);
}

}  // namespace
}  // namespace plumbline::service
