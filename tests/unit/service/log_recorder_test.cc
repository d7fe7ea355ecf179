#include "server/service/log_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/audit/payload.h"
#include "server/service/rpc_error.h"
#include "tests/testing/service/service_log.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RequestForAge;
using testing::ServiceLog;

const Caller kClinic{"clinic", true};

storage::v1::RecordDetails DetailsOf(ServiceLog& house, uint64_t index) {
  const auto record = house.log().Read(index, store::Parts::kAll);
  EXPECT_TRUE(record.ok()) << record.status();
  storage::v1::RecordDetails details;
  EXPECT_TRUE(details.ParseFromString(record->details));
  EXPECT_EQ(details.SerializeAsString(), record->details);
  return details;
}

bool HasRetryInfo(const absl::Status& status) {
  const google::rpc::Status rpc = ToRpcStatus(status);
  for (const auto& detail : rpc.details()) {
    if (detail.type_url() == "type.googleapis.com/google.rpc.RetryInfo") return true;
  }
  return false;
}

class LogRecorderTest : public ::testing::Test {
 protected:
  RecorderOptions Options() const {
    RecorderOptions options;
    options.engine_build = "0.1.0 (test)";
    return options;
  }

  ServiceLog house_{Options()};
};

TEST_F(LogRecorderTest, AnswerNamesTheRecordThatHoldsItAll) {
  v1::EvaluateRequest request = RequestForAge(80, "r1", "patient-1");
  const auto response = house_.Evaluate(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->record_index(), 0u);
  EXPECT_FALSE(response->answered_before());
  const auto record = house_.log().Read(0, store::Parts::kAll);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->kind, v1::RECORD_KIND_DECISION);
  EXPECT_EQ(record->id.ToString(), response->decision_id());
  EXPECT_EQ(record->revision, ServiceLog::Revision());
  EXPECT_EQ(record->engine_build, "0.1.0 (test)");
  const auto payload = audit::PayloadReader(&house_.store()).Read(record->payload);
  ASSERT_TRUE(payload.ok());
  EXPECT_EQ(payload->request, request.SerializeAsString());
  EXPECT_EQ(payload->decision, response->decision().SerializeAsString());
  const storage::v1::RecordDetails details = DetailsOf(house_, 0);
  EXPECT_EQ(details.caller(), "clinic");
  EXPECT_TRUE(details.caller_authenticated());
  EXPECT_EQ(details.request_id(), "r1");
  EXPECT_EQ(details.request_digest().size(), 32u);
  EXPECT_EQ(details.patient_pseudonym(), "patient-1");
  EXPECT_EQ(details.decision().as_of().day(), 15);
  EXPECT_EQ(details.decision().level(), v1::LEVEL_URGENT_2W);
  EXPECT_EQ(details.decision().gate(), v1::GATE_ALLOW);
  EXPECT_THAT(details.decision().fired_rule_ids(), ElementsAre("RF-1", "RF-OLD", "N-1"));
  EXPECT_THAT(details.decision().programme_exercise_ids(), IsEmpty());
  EXPECT_EQ(details.decision().alias(), "stable");
}

TEST_F(LogRecorderTest, WithoutARequestIdTheSameRequestIsDecidedAgain) {
  ASSERT_TRUE(house_.Evaluate(RequestForAge(30)).ok());
  const auto again = house_.Evaluate(RequestForAge(30));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->answered_before());
  EXPECT_EQ(again->record_index(), 1u);
  EXPECT_EQ(DetailsOf(house_, 1).request_digest(), "");
}

TEST_F(LogRecorderTest, RepeatedRequestGetsTheRecordedAnswer) {
  const auto first = house_.Evaluate(RequestForAge(30, "r1"));
  const auto again = house_.Evaluate(RequestForAge(30, "r1"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->answered_before());
  EXPECT_EQ(again->decision_id(), first->decision_id());
  EXPECT_EQ(again->record_index(), 0u);
  EXPECT_EQ(again->decision().SerializeAsString(), first->decision().SerializeAsString());
  EXPECT_EQ(house_.evaluator().evaluated(), 1);
  EXPECT_EQ(house_.log().size(), 1u);
}

TEST_F(LogRecorderTest, AnotherRequestUnderTheSameIdIsRefusedUnevaluated) {
  ASSERT_TRUE(house_.Evaluate(RequestForAge(30, "r1")).ok());
  const auto other = house_.Evaluate(RequestForAge(31, "r1"));
  EXPECT_EQ(other.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(other.status()), v1::ERROR_REASON_REQUEST_ID_REUSED);
  EXPECT_EQ(house_.evaluator().evaluated(), 1);
}

TEST_F(LogRecorderTest, CallersDoNotShareRequestIds) {
  ASSERT_TRUE(house_.Evaluate(RequestForAge(30, "r1"), {"a", true}).ok());
  const auto other = house_.Evaluate(RequestForAge(31, "r1"), {"b", true});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_THAT(DetailsOf(house_, 1).linked_ids(), IsEmpty());
}

// A name that was only said is not the caller who proved it: it must not see that one's answers.
TEST_F(LogRecorderTest, UnprovedCallerOfTheSameNameIsAnotherOneAndLinked) {
  const auto first = house_.Evaluate(RequestForAge(30, "r1"), {"a", true});
  const auto other = house_.Evaluate(RequestForAge(30, "r1"), {"a", false});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_FALSE(other->answered_before());
  const storage::v1::RecordDetails details = DetailsOf(house_, 1);
  const Uuid id = *Uuid::Parse(first->decision_id());
  EXPECT_THAT(details.linked_ids(), ElementsAre(std::string(id.bytes.begin(), id.bytes.end())));
}

TEST_F(LogRecorderTest, RefusedIntakeIsNoRecordAndLeavesTheIdFree) {
  const int bad = testing::CountingEvaluator::kRefusedAge;
  EXPECT_EQ(ReasonOf(house_.Evaluate(RequestForAge(bad, "r1")).status()),
            v1::ERROR_REASON_INVALID_INTAKE);
  EXPECT_EQ(house_.log().size(), 0u);
  const auto corrected = house_.Evaluate(RequestForAge(30, "r1"));
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  EXPECT_FALSE(corrected->answered_before());
}

TEST_F(LogRecorderTest, RequestIdsSurviveARestart) {
  const auto first = house_.Evaluate(RequestForAge(30, "r1"));
  for (int age = 31; age < 40; ++age) {
    ASSERT_TRUE(house_.Evaluate(RequestForAge(age, "s" + std::to_string(age))).ok());
  }
  house_.Restart(Options());
  const auto again = house_.Evaluate(RequestForAge(30, "r1"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->answered_before());
  EXPECT_EQ(again->decision_id(), first->decision_id());
  EXPECT_EQ(ReasonOf(house_.Evaluate(RequestForAge(31, "r1")).status()),
            v1::ERROR_REASON_REQUEST_ID_REUSED);
}

TEST_F(LogRecorderTest, IdsThatAreNoLongerRememberedAreFoundByTheIndex) {
  RecorderOptions options = Options();
  options.remembered_requests = 4;
  house_.Restart(options);
  for (int age = 20; age < 60; ++age) {
    ASSERT_TRUE(house_.Evaluate(RequestForAge(age, "r" + std::to_string(age))).ok());
    house_.WaitForIndex();
  }
  for (int age = 20; age < 60; ++age) {
    const auto again = house_.Evaluate(RequestForAge(age, "r" + std::to_string(age)));
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(again->answered_before()) << age;
    EXPECT_EQ(again->record_index(), static_cast<uint64_t>(age - 20));
  }
  EXPECT_EQ(house_.evaluator().evaluated(), 40);
}

// With 3 bits nearly every id collides with others.
TEST_F(LogRecorderTest, CollidingFingerprintsAreToldApartByTheRecords) {
  RecorderOptions options = Options();
  options.fingerprint_bits = 3;
  house_.Restart(options);
  for (int round = 0; round < 2; ++round) {
    for (int age = 20; age < 60; ++age) {
      const auto answer = house_.Evaluate(RequestForAge(age, "r" + std::to_string(age)));
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_EQ(answer->answered_before(), round == 1);
      EXPECT_EQ(answer->record_index(), static_cast<uint64_t>(age - 20));
    }
  }
}

TEST_F(LogRecorderTest, ErasedAnswerIsNotGivenAgainNorDecidedAnew) {
  ASSERT_TRUE(house_.Evaluate(RequestForAge(30, "r1")).ok());
  audit::RecordDraft erasure;
  erasure.kind = v1::RECORD_KIND_ERASURE;
  const std::vector<uint64_t> indices = {0};
  ASSERT_TRUE(house_.log().Erase(indices, erasure).ok());
  const auto again = house_.Evaluate(RequestForAge(30, "r1"));
  EXPECT_EQ(again.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(again.status()), v1::ERROR_REASON_RECORD_ERASED);
  EXPECT_EQ(house_.evaluator().evaluated(), 1);
}

// What could tell it is gone with the record, and nothing is kept in its place: see
// docs/retention_and_erasure.md.
TEST_F(LogRecorderTest, IdOfAnErasedAnswerCountsAsNewAfterARestart) {
  const auto first = house_.Evaluate(RequestForAge(30, "r1", "p1"));
  ASSERT_TRUE(house_.erasure().ErasePatient("p1", "asked", false, kClinic).ok());
  EXPECT_EQ(ReasonOf(house_.Evaluate(RequestForAge(30, "r1", "p1")).status()),
            v1::ERROR_REASON_RECORD_ERASED);
  house_.Restart(Options());
  const auto again = house_.Evaluate(RequestForAge(30, "r1", "p1"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->answered_before());
  EXPECT_NE(again->decision_id(), first->decision_id());
  EXPECT_THAT(DetailsOf(house_, again->record_index()).linked_ids(), IsEmpty());
}

// An index that stands still, under a recorder that remembers little.
class StandingIndexTest : public LogRecorderTest {
 protected:
  StandingIndexTest() {
    house_.index().FailWrites(absl::UnavailableError("database is locked"));
    RecorderOptions options = Options();
    options.remembered_requests = 4;
    options.max_remembered_requests = 8;
    options.on_event = [this](absl::string_view event, absl::string_view) {
      events_.push_back(std::string(event));
    };
    house_.Restart(options);
  }
  absl::StatusOr<v1::EvaluateResponse> Ask(int age) {
    return house_.Evaluate(RequestForAge(age, "r" + std::to_string(age)));
  }

  std::vector<std::string> events_;
};

TEST_F(StandingIndexTest, RememberedIdsHaveACeilingAndNoneIsForgotten) {
  for (int age = 20; age < 28; ++age) ASSERT_TRUE(Ask(age).ok()) << age;
  const int evaluated = house_.evaluator().evaluated();
  for (int round = 0; round < 2; ++round) {
    const auto refused = Ask(40);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(ReasonOf(refused.status()), v1::ERROR_REASON_LOG_OVERLOADED);
    EXPECT_TRUE(HasRetryInfo(refused.status()));
  }
  EXPECT_EQ(house_.evaluator().evaluated(), evaluated);
  EXPECT_EQ(house_.recorder().remembered_requests(), 8u);
  for (int age = 20; age < 28; ++age) EXPECT_TRUE(Ask(age)->answered_before()) << age;
  EXPECT_TRUE(house_.Evaluate(RequestForAge(50)).ok());  // without an id: nothing to remember
  EXPECT_THAT(events_, ElementsAre("request-ids-full"));
  house_.index().FailWrites(absl::OkStatus());
  house_.WaitForIndex();
  EXPECT_TRUE(Ask(40).ok());
  EXPECT_EQ(house_.recorder().remembered_requests(), 4u);
  EXPECT_THAT(events_, ElementsAre("request-ids-full", "request-ids-have-room"));
}

TEST_F(StandingIndexTest, CeilingCountsFeedbackToo) {
  const std::string decision = house_.Decide(RequestForAge(30));
  v1::RecordFeedbackRequest request;
  request.set_decision_id(decision);
  request.mutable_feedback()->set_verdict(v1::FEEDBACK_VERDICT_ACCEPTED);
  for (int i = 0; i < 8; ++i) {
    request.set_request_id("f" + std::to_string(i));
    ASSERT_TRUE(house_.feedback().RecordFeedback(request, kClinic).ok());
  }
  EXPECT_TRUE(house_.feedback().RecordFeedback(request, kClinic)->recorded_before());
  request.set_request_id("f8");
  EXPECT_EQ(ReasonOf(house_.feedback().RecordFeedback(request, kClinic).status()),
            v1::ERROR_REASON_LOG_OVERLOADED);
}

class HistoryTest : public LogRecorderTest {
 protected:
  RecorderOptions Limited(uint64_t history_at_start) {
    RecorderOptions options = Options();
    options.history_at_start = history_at_start;
    options.on_event = [this](absl::string_view event, absl::string_view detail) {
      const absl::MutexLock lock(&mutex_);
      events_.emplace_back(std::string(event), std::string(detail));
    };
    return options;
  }
  bool WasTold(const std::string& event) {
    const absl::MutexLock lock(&mutex_);
    for (const auto& [name, detail] : events_) {
      if (name == event) return true;
    }
    return false;
  }

  absl::Mutex mutex_;
  std::vector<std::pair<std::string, std::string>> events_ ABSL_GUARDED_BY(mutex_);
};

// The index has nothing, and the start reads nothing: the thread finds the id, and until it has,
// nobody decides anew.
TEST_F(HistoryTest, WhatTheStartDoesNotReadIsRefusedAndNeverDecidedAgain) {
  for (int age = 20; age < 40; ++age) {
    ASSERT_TRUE(house_.Evaluate(RequestForAge(age, "r" + std::to_string(age))).ok());
  }
  house_.Close();
  ASSERT_TRUE(house_.index().Reset().ok());
  house_.index().FailWrites(absl::UnavailableError("database is locked"));
  house_.Restart(Limited(0));
  EXPECT_TRUE(WasTold("request-ids-behind"));
  absl::StatusOr<v1::EvaluateResponse> again = house_.Evaluate(RequestForAge(20, "r20"));
  while (!again.ok()) {
    ASSERT_EQ(ReasonOf(again.status()), v1::ERROR_REASON_OVERLOADED) << again.status();
    again = house_.Evaluate(RequestForAge(20, "r20"));
  }
  EXPECT_TRUE(again->answered_before());
  EXPECT_EQ(house_.evaluator().evaluated(), 20);
  while (!WasTold("request-ids-read")) absl::SleepFor(absl::Milliseconds(1));
}

TEST_F(HistoryTest, DamagedRecordDoesNotKeepFromStartingNorIsItsIdDecidedAnew) {
  for (int age = 20; age < 30; ++age) {
    ASSERT_TRUE(house_.Evaluate(RequestForAge(age, "r" + std::to_string(age))).ok());
  }
  house_.WaitForIndex();
  house_.Close();
  house_.store().DamageDetails(3);
  house_.Restart(Limited(100'000));
  while (!WasTold("request-ids-unread")) absl::SleepFor(absl::Milliseconds(1));
  // The index knows whose id it is: no second decision under it.
  EXPECT_EQ(ReasonOf(house_.Evaluate(RequestForAge(23, "r23")).status()),
            v1::ERROR_REASON_LOG_CORRUPT);
  EXPECT_TRUE(house_.Evaluate(RequestForAge(24, "r24"))->answered_before());
  EXPECT_FALSE(house_.Evaluate(RequestForAge(50, "r50"))->answered_before());
}

TEST_F(HistoryTest, DamagedRecordThatTheIndexDoesNotHaveEitherDoesNotKeepFromStarting) {
  for (int age = 20; age < 30; ++age) {
    ASSERT_TRUE(house_.Evaluate(RequestForAge(age, "r" + std::to_string(age))).ok());
  }
  house_.Close();
  ASSERT_TRUE(house_.index().Reset().ok());
  house_.store().DamageDetails(3);
  house_.Restart(Limited(100'000));
  // At the start, or later by the thread, if the index is made anew that fast.
  while (!WasTold("request-ids-unread")) absl::SleepFor(absl::Milliseconds(1));
  house_.WaitForIndex();
  EXPECT_TRUE(house_.Evaluate(RequestForAge(24, "r24"))->answered_before());
}

TEST_F(LogRecorderTest, SameRequestAtOnceIsDecidedOnceForAll) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    const std::string id = "r" + std::to_string(round);
    std::vector<absl::StatusOr<v1::EvaluateResponse>> answers(kThreads);
    absl::Notification start;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        start.WaitForNotification();
        answers[static_cast<size_t>(t)] = house_.Evaluate(RequestForAge(30, id));
      });
    }
    start.Notify();
    for (std::thread& thread : threads) thread.join();
    int fresh = 0;
    for (const auto& answer : answers) {
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_EQ(answer->record_index(), static_cast<uint64_t>(round));
      EXPECT_EQ(answer->decision_id(), answers[0]->decision_id());
      EXPECT_EQ(answer->decision().SerializeAsString(), answers[0]->decision().SerializeAsString());
      fresh += answer->answered_before() ? 0 : 1;
    }
    EXPECT_EQ(fresh, 1);
  }
  EXPECT_EQ(house_.evaluator().evaluated(), kRounds);
  EXPECT_EQ(house_.log().size(), static_cast<uint64_t>(kRounds));
}

// Begin without Record: a call that is under way.
class UnderWay {
 public:
  UnderWay(LogRecorder& recorder, const v1::EvaluateRequest& request)
      : request_(request), bytes_(request.SerializeAsString()) {
    const RecordedCall call{kClinic, request_.request_id(), "", absl::CivilDay(2026, 1, 15),
                            bytes_};
    auto begun = recorder.Begin(call, []() -> DecisionRecorder::Follower {
      ADD_FAILURE() << "nobody was first";
      return {};
    });
    EXPECT_TRUE(begun.ok()) << begun.status();
    ticket = std::get<std::unique_ptr<DecisionTicket>>(*std::move(begun));
  }
  std::unique_ptr<DecisionTicket> ticket;

 private:
  v1::EvaluateRequest request_;
  std::string bytes_;
};

class FollowerTest : public LogRecorderTest {
 protected:
  void Follow(const v1::EvaluateRequest& request) {
    house_.evaluate().Evaluate(
        request, request.SerializeAsString(), kClinic,
        [this](absl::StatusOr<EvaluateAnswer> answer) { result_.emplace(std::move(answer)); });
  }

  std::optional<absl::StatusOr<EvaluateAnswer>> result_;
};

TEST_F(FollowerTest, FollowerDoesNotBlockAndGetsTheFirstsFailure) {
  UnderWay first(house_.recorder(), RequestForAge(30, "r1"));
  Follow(RequestForAge(30, "r1"));  // returns
  EXPECT_FALSE(result_.has_value());
  first.ticket->Abandon(absl::InvalidArgumentError("bad intake"));
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->status().message(), "bad intake");
  EXPECT_EQ(house_.evaluator().evaluated(), 0);
}

TEST_F(FollowerTest, FollowerOfACallThatIsDroppedIsAnswered) {
  {
    UnderWay first(house_.recorder(), RequestForAge(30, "r1"));
    Follow(RequestForAge(30, "r1"));
  }
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(ReasonOf(result_->status()), v1::ERROR_REASON_INTERNAL);
  EXPECT_TRUE(house_.Evaluate(RequestForAge(30, "r1")).ok());  // the id is free again
}

TEST_F(FollowerTest, AnotherRequestUnderAnIdThatIsUnderWayIsRefusedAtOnce) {
  UnderWay first(house_.recorder(), RequestForAge(30, "r1"));
  Follow(RequestForAge(31, "r1"));
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(ReasonOf(result_->status()), v1::ERROR_REASON_REQUEST_ID_REUSED);
}

TEST_F(LogRecorderTest, FailedWriteAcknowledgesNothingAndEndsServing) {
  ASSERT_TRUE(house_.Evaluate(RequestForAge(30, "r1")).ok());
  house_.store().FailWrite(1, absl::UnavailableError("fsync failed"));
  const auto failed = house_.Evaluate(RequestForAge(31, "r2"));
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(failed.status()), v1::ERROR_REASON_LOG_FAILED);
  const int evaluated = house_.evaluator().evaluated();
  const auto refused = house_.Evaluate(RequestForAge(32));
  EXPECT_EQ(ReasonOf(refused.status()), v1::ERROR_REASON_LOG_FAILED);
  EXPECT_EQ(house_.evaluator().evaluated(), evaluated);  // refused before it was evaluated
  house_.store().Recover();
  house_.Restart(Options());
  EXPECT_EQ(house_.log().size(), 1u);
  const auto retried = house_.Evaluate(RequestForAge(31, "r2"));
  ASSERT_TRUE(retried.ok()) << retried.status();
  EXPECT_FALSE(retried->answered_before());
  EXPECT_TRUE(house_.Evaluate(RequestForAge(30, "r1"))->answered_before());
}

TEST_F(LogRecorderTest, OverloadedLogRefusesBeforeEvaluating) {
  std::vector<std::unique_ptr<UnderWay>> room;
  // Calls under way hold room in the log, up to the last of it.
  for (size_t i = 0; i < house_.test_log().options().max_pending_records; ++i) {
    room.push_back(std::make_unique<UnderWay>(house_.recorder(), RequestForAge(30)));
  }
  const auto refused = house_.Evaluate(RequestForAge(30, "r1"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused.status()), v1::ERROR_REASON_LOG_OVERLOADED);
  EXPECT_TRUE(HasRetryInfo(refused.status()));
  EXPECT_EQ(house_.evaluator().evaluated(), 0);
  room.clear();
  EXPECT_TRUE(house_.Evaluate(RequestForAge(30, "r1")).ok());
}

TEST_F(LogRecorderTest, LogFailingUnderLoadAcknowledgesOnlyWhatIsThere) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 200;
  house_.store().FailWrite(40, absl::UnavailableError("fsync failed"));
  absl::Mutex mutex;
  std::vector<std::pair<uint64_t, std::string>> acknowledged;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        const auto answer = house_.Evaluate(RequestForAge(20 + i % 90));
        if (answer.ok()) {
          absl::MutexLock lock(&mutex);
          acknowledged.emplace_back(answer->record_index(), answer->decision_id());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(acknowledged.size(), static_cast<size_t>(kThreads) * kCalls);
  house_.store().Recover();
  house_.Restart(Options());
  for (const auto& [index, id] : acknowledged) {
    const auto record = house_.log().Read(index, store::Parts::kLeaf);
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_EQ(record->id.ToString(), id);
  }
  EXPECT_EQ(house_.log().size(), acknowledged.size());
}

}  // namespace
}  // namespace plumbline::service
