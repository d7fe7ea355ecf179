#include "server/service/evaluate_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "server/service/civil_date.h"
#include "server/service/rpc_error.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/raw_call.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

class EvaluateServiceTest : public ::testing::Test {
 protected:
  absl::StatusOr<EvaluateAnswer> Evaluate(const v1::EvaluateRequest& request) {
    const SingleRulesetSource source(ruleset_);
    return EvaluateService(&source, &recorder_).EvaluateAndWait(request);
  }

  absl::Status Refusal(const v1::EvaluateRequest& request) { return Evaluate(request).status(); }

  NullRecorder recorder_;
  std::shared_ptr<testing::FakeEvaluator> evaluator_ = std::make_shared<testing::FakeEvaluator>();
  std::shared_ptr<ServedRuleset> ruleset_ = testing::FakeRuleset(evaluator_);
  v1::EvaluateRequest request_ = testing::ValidRequest();
};

TEST_F(EvaluateServiceTest, AnswerHoldsTheEnginesBytesAndTheRequestId) {
  request_.set_request_id("abc-1");
  const auto answer = Evaluate(request_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  v1::EvaluateResponse expected;
  expected.mutable_decision()->set_engine_version("fake");
  expected.set_request_id("abc-1");
  EXPECT_EQ(answer->response, expected.SerializeAsString());
  EXPECT_EQ(answer->revision, testing::FakeRevision());
  EXPECT_FALSE(answer->answered_before);
}

TEST_F(EvaluateServiceTest, LongDecisionsAreFramedRight) {
  for (const size_t size : {0u, 1u, 120u, 127u, 128u, 129u, 16'383u, 16'384u, 300'000u}) {
    ruleset_->evaluator = std::make_shared<testing::FakeEvaluator>(std::string(size, 'v'));
    const auto answer = Evaluate(request_);
    ASSERT_TRUE(answer.ok());
    v1::EvaluateResponse parsed;
    ASSERT_TRUE(parsed.ParseFromString(answer->response)) << size;
    EXPECT_EQ(parsed.decision().engine_version().size(), size);
    EXPECT_EQ(parsed.SerializeAsString(), answer->response) << size;
  }
}

TEST_F(EvaluateServiceTest, DateAndViewReachTheEngine) {
  request_.set_view(v1::DECISION_VIEW_BASIC);
  ASSERT_TRUE(Evaluate(request_).ok());
  EXPECT_EQ(evaluator_->last_as_of(), absl::CivilDay(2026, 1, 15));
  EXPECT_EQ(evaluator_->last_view(), engine::View::kBasic);
  request_.clear_view();
  ASSERT_TRUE(Evaluate(request_).ok());
  EXPECT_EQ(evaluator_->last_view(), engine::View::kFull);
}

TEST_F(EvaluateServiceTest, EveryWrongRequestFieldIsNamedAtOnce) {
  v1::EvaluateRequest request;
  request.set_ruleset_revision("zz");
  request.set_view(static_cast<v1::DecisionView>(17));
  request.set_request_id(std::string(129, 'x'));
  const absl::Status status = Refusal(request);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_REQUEST);
  EXPECT_THAT(FieldsOf(status),
              ElementsAre("intake", "as_of", "ruleset_revision", "view", "request_id"));
}

struct DateCase {
  int year, month, day;
  bool valid;
};

class AsOfTest : public EvaluateServiceTest, public ::testing::WithParamInterface<DateCase> {};

TEST_P(AsOfTest, OnlyRealDaysPass) {
  const DateCase& date = GetParam();
  request_.mutable_as_of()->set_year(date.year);
  request_.mutable_as_of()->set_month(date.month);
  request_.mutable_as_of()->set_day(date.day);
  const absl::Status status = Refusal(request_);
  if (date.valid) {
    EXPECT_TRUE(status.ok()) << status;
  } else {
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_REQUEST);
    EXPECT_THAT(FieldsOf(status), ElementsAre("as_of"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Days, AsOfTest,
    ::testing::Values(
        DateCase{2026, 2, 28, true}, DateCase{2024, 2, 29, true}, DateCase{1, 1, 1, true},
        DateCase{9999, 12, 31, true}, DateCase{2026, 2, 30, false}, DateCase{2026, 2, 29, false},
        DateCase{1900, 2, 29, false}, DateCase{2026, 13, 1, false}, DateCase{2026, 0, 1, false},
        DateCase{2026, 1, 0, false}, DateCase{2026, 4, 31, false}, DateCase{0, 1, 1, false},
        DateCase{10000, 1, 1, false}, DateCase{-1, 1, 1, false}, DateCase{2026, -1, 1, false},
        DateCase{2026, 1, -5, false}, DateCase{INT32_MAX, INT32_MAX, INT32_MAX, false},
        DateCase{2026, INT32_MIN, INT32_MIN, false}));

TEST_F(EvaluateServiceTest, UnknownRevisionIsNotFound) {
  request_.set_ruleset_revision(testing::FakeRevision('b'));
  const absl::Status status = Refusal(request_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_UNKNOWN_REVISION);
}

TEST_F(EvaluateServiceTest, PinnedRevisionMayBeUpperCase) {
  request_.set_ruleset_revision(testing::FakeRevision('A'));
  EXPECT_TRUE(Refusal(request_).ok());
}

TEST_F(EvaluateServiceTest, RevisionOfTheRightLengthWithWrongDigitsIsRefused) {
  request_.set_ruleset_revision(testing::FakeRevision('g'));
  EXPECT_EQ(ReasonOf(Refusal(request_)), v1::ERROR_REASON_INVALID_REQUEST);
}

TEST_F(EvaluateServiceTest, RequestIdMustBePrintableAscii) {
  for (const char* bad : {"a\nb", "\x7f", "caf\xC3\xA9", "\x01"}) {
    request_.set_request_id(bad);
    EXPECT_THAT(FieldsOf(Refusal(request_)), ElementsAre("request_id")) << bad;
  }
  request_.set_request_id(std::string(128, '~'));
  EXPECT_TRUE(Refusal(request_).ok());
}

TEST_F(EvaluateServiceTest, OutsideTheEffectivePeriodIsAFailedPrecondition) {
  ruleset_->effective_from = absl::CivilDay(2026, 1, 15);
  ruleset_->effective_until = absl::CivilDay(2026, 1, 20);
  for (const int day : {14, 21}) {
    request_.mutable_as_of()->set_day(day);
    const absl::Status status = Refusal(request_);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << day;
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_RULESET_NOT_EFFECTIVE) << day;
  }
  for (const int day : {15, 20}) {
    request_.mutable_as_of()->set_day(day);
    EXPECT_TRUE(Refusal(request_).ok()) << day;
  }
}

TEST_F(EvaluateServiceTest, IntakeViolationsAreNamedByTheirPathInTheRequest) {
  using Kind = engine::FieldViolation::Kind;
  evaluator_->set_violations({{Kind::kContradiction, "leg_nerve_cord.leg_pain", "contradicts"}});
  absl::Status status = Refusal(request_);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_CONTRADICTORY_INTAKE);
  EXPECT_THAT(FieldsOf(status), ElementsAre("intake.leg_nerve_cord.leg_pain"));

  evaluator_->set_violations({{Kind::kContradiction, "leg_nerve_cord.leg_pain", "contradicts"},
                              {Kind::kInvalid, "person.age_years", "must be 0 to 120"}});
  status = Refusal(request_);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_INTAKE);
  EXPECT_THAT(FieldsOf(status),
              ElementsAre("intake.leg_nerve_cord.leg_pain", "intake.person.age_years"));
}

class EmptySource : public RulesetSource {
 public:
  Choice Choose(absl::string_view, absl::string_view) const override { return {}; }
};

TEST_F(EvaluateServiceTest, WithoutAnActiveRulesetItIsUnavailable) {
  const EmptySource source;
  const auto answer = EvaluateService(&source, &recorder_).EvaluateAndWait(request_);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(answer.status()), v1::ERROR_REASON_NO_ACTIVE_RULESET);
}

class FakeTicket : public DecisionTicket {
 public:
  explicit FakeTicket(std::vector<absl::Status>* abandoned) : abandoned_(abandoned) {}
  void Abandon(const absl::Status& why) override { abandoned_->push_back(why); }

 private:
  std::vector<absl::Status>* abandoned_;
};

// Keeps what it was given, and answers when the test says so.
class FakeRecorder : public DecisionRecorder {
 public:
  absl::StatusOr<Begun> Begin(const RecordedCall& call,
                              absl::FunctionRef<Follower()> make_follower) override {
    caller = call.caller.name;
    if (!refusal.ok()) return refusal;
    if (earlier) return Begun(*earlier);
    if (follow) {
      follower = make_follower();
      return Begun(Following());
    }
    return Begun(std::make_unique<FakeTicket>(&abandoned));
  }
  void Record(std::unique_ptr<DecisionTicket> ticket, const DecisionDraft& draft,
              Done done) override {
    EXPECT_NE(ticket, nullptr);
    revision = draft.choice.ruleset->revision;
    request = std::string(draft.call.request_bytes);
    pseudonym = std::string(draft.call.patient_pseudonym);
    decision_bytes.clear();
    draft.decision->AppendTo(decision_bytes);
    decision = draft.decision;
    pending = std::move(done);
  }

  absl::Status refusal;
  std::optional<EarlierDecision> earlier;
  bool follow = false;
  Follower follower;
  std::vector<absl::Status> abandoned;
  std::string caller, revision, request, pseudonym, decision_bytes;
  const audit::CompactDecision* decision = nullptr;
  Done pending;
};

class RecordedEvaluateTest : public EvaluateServiceTest {
 protected:
  void Begin() {
    const std::string bytes = request_.SerializeAsString();
    service_.Evaluate(
        request_, bytes, {"ward-7", true},
        [this](absl::StatusOr<EvaluateAnswer> answer) { result_.emplace(std::move(answer)); });
  }

  v1::EvaluateResponse Response() const {
    v1::EvaluateResponse response;
    EXPECT_TRUE(result_.has_value() && result_->ok());
    EXPECT_TRUE(response.ParseFromString((*result_)->response));
    EXPECT_EQ(response.SerializeAsString(), (*result_)->response);
    return response;
  }

  FakeRecorder recorder_;
  SingleRulesetSource source_{ruleset_};
  EvaluateService service_{&source_, &recorder_};
  std::optional<absl::StatusOr<EvaluateAnswer>> result_;
};

TEST_F(RecordedEvaluateTest, AnswerWaitsForTheRecordAndNamesIt) {
  request_.set_request_id("r1");
  request_.set_patient_pseudonym("p1");
  Begin();
  EXPECT_FALSE(result_.has_value());
  EXPECT_EQ(recorder_.caller, "ward-7");
  EXPECT_EQ(recorder_.revision, testing::FakeRevision());
  EXPECT_EQ(recorder_.request, request_.SerializeAsString());
  EXPECT_EQ(recorder_.pseudonym, "p1");
  std::string kept;  // the answer that waits owns it
  recorder_.decision->AppendTo(kept);
  EXPECT_EQ(kept, recorder_.decision_bytes);
  v1::Decision decision;
  ASSERT_TRUE(decision.ParseFromString(kept));
  EXPECT_EQ(decision.engine_version(), "fake");
  std::move(recorder_.pending)(RecordPlace{"01890a5d-ac96-774b-bcce-b302099a8057", 300});
  const v1::EvaluateResponse response = Response();
  EXPECT_EQ(response.decision_id(), "01890a5d-ac96-774b-bcce-b302099a8057");
  EXPECT_EQ(response.record_index(), 300u);
  EXPECT_EQ(response.request_id(), "r1");
  EXPECT_FALSE(response.answered_before());
  EXPECT_EQ(response.decision().SerializeAsString(), recorder_.decision_bytes);
}

TEST_F(RecordedEvaluateTest, IndexZeroIsPresent) {
  Begin();
  std::move(recorder_.pending)(RecordPlace{"id", 0});
  EXPECT_TRUE(Response().has_record_index());
}

TEST_F(RecordedEvaluateTest, WithoutALogNothingIsNamed) {
  const NullRecorder none;
  const auto answer = Evaluate(request_);
  ASSERT_TRUE(answer.ok());
  v1::EvaluateResponse response;
  ASSERT_TRUE(response.ParseFromString(answer->response));
  EXPECT_EQ(response.decision_id(), "");
  EXPECT_FALSE(response.has_record_index());
}

TEST_F(RecordedEvaluateTest, WithoutARecordThereIsNoAnswer) {
  Begin();
  std::move(recorder_.pending)(absl::UnavailableError("disk"));
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(RecordedEvaluateTest, RefusedBeforeItIsEvaluated) {
  recorder_.refusal = absl::ResourceExhaustedError("full");
  evaluator_->CloseGate();  // an evaluation would hang
  Begin();
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(evaluator_->finished(), 0);
}

TEST_F(RecordedEvaluateTest, EarlierAnswerIsGivenAgainEvenIfItsRevisionIsGone) {
  v1::Decision decision;
  decision.set_engine_version("then");
  recorder_.earlier = {{"id-then", 7}, testing::FakeRevision('c'), decision.SerializeAsString()};
  request_.set_request_id("r1");
  request_.set_ruleset_revision(testing::FakeRevision('c'));
  Begin();
  const v1::EvaluateResponse response = Response();
  EXPECT_EQ(response.decision().engine_version(), "then");
  EXPECT_EQ(response.decision_id(), "id-then");
  EXPECT_EQ(response.record_index(), 7u);
  EXPECT_EQ(response.request_id(), "r1");
  EXPECT_TRUE(response.answered_before());
  EXPECT_TRUE((*result_)->answered_before);
  EXPECT_EQ((*result_)->revision, testing::FakeRevision('c'));
  EXPECT_EQ(evaluator_->finished(), 0);
}

TEST_F(RecordedEvaluateTest, FollowerGetsTheOutcomeOfTheFirst) {
  recorder_.follow = true;
  Begin();
  EXPECT_FALSE(result_.has_value());
  EXPECT_EQ(evaluator_->finished(), 0);
  std::move(recorder_.follower)(EarlierDecision{{"id-first", 1}, "rev", ""});
  EXPECT_EQ(Response().decision_id(), "id-first");
  EXPECT_TRUE(Response().answered_before());
  result_.reset();
  Begin();
  std::move(recorder_.follower)(absl::InternalError("first failed"));
  EXPECT_EQ(result_->status().message(), "first failed");
}

TEST_F(RecordedEvaluateTest, DecisionThatCouldNotBePutTogetherAgainIsNeitherRecordedNorAnswered) {
  evaluator_->set_misplaces_pieces();
  Begin();
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(ReasonOf(result_->status()), v1::ERROR_REASON_INTERNAL);
  ASSERT_EQ(recorder_.abandoned.size(), 1u);
  EXPECT_EQ(recorder_.abandoned[0], result_->status());
  EXPECT_EQ(recorder_.decision, nullptr);
}

TEST_F(RecordedEvaluateTest, WhatCannotBeDecidedIsAbandonedWithItsReason) {
  evaluator_->set_violations(
      {{engine::FieldViolation::Kind::kInvalid, "person.age_years", "must be 0 to 120"}});
  Begin();
  EXPECT_EQ(ReasonOf(result_->status()), v1::ERROR_REASON_INVALID_INTAKE);
  ASSERT_EQ(recorder_.abandoned.size(), 1u);
  EXPECT_EQ(recorder_.abandoned[0], result_->status());
  EXPECT_EQ(recorder_.revision, "");
}

TEST_F(RecordedEvaluateTest, RefusedRequestsDoNotReachTheRecorder) {
  request_.clear_as_of();
  request_.set_patient_pseudonym("caf\xC3\xA9");
  Begin();
  EXPECT_THAT(FieldsOf(result_->status()), ElementsAre("as_of", "patient_pseudonym"));
  EXPECT_EQ(recorder_.caller, "");
}

TEST(CivilDateTest, RoundTrip) {
  const absl::CivilDay day(2024, 2, 29);
  EXPECT_EQ(ToCivilDay(ToDate(day)), day);
}

}  // namespace
}  // namespace plumbline::service
