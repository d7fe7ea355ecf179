#include "tests/testing/service/service_log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>

#include "absl/time/clock.h"
#include "plumbline/v1/decision.pb.h"
#include "server/service/record_view.h"

namespace plumbline::testing {
namespace {

template <typename Value>
Value Required(absl::StatusOr<Value> value) {
  if (!value.ok()) {
    ADD_FAILURE() << value.status();
    std::abort();  // nothing below could work
  }
  return *std::move(value);
}

constexpr char kEngineVersion[] = "fake";

std::string DecisionForAge(int age) {
  v1::Decision decision;
  decision.set_engine_version(kEngineVersion);
  decision.mutable_disposition()->set_level(age >= 70 ? v1::LEVEL_URGENT_2W
                                                      : v1::LEVEL_EXERCISE_OK);
  decision.mutable_disposition()->set_gate(v1::GATE_ALLOW);
  decision.mutable_disposition()->set_patient_text("age " + std::to_string(age));
  decision.add_fired_rules()->mutable_rationale()->set_rule_id("RF-1");
  decision.add_notes()->mutable_rationale()->set_rule_id("N-1");
  if (age >= 70) {
    decision.add_fired_rules()->mutable_rationale()->set_rule_id("RF-OLD");
  } else {
    decision.add_programme()->set_exercise_id("bird_dog");
  }
  return decision.SerializeAsString();
}

// What every decision begins with.
std::shared_ptr<const PieceTable> Pieces() {
  v1::Decision beginning;
  beginning.set_engine_version(kEngineVersion);
  auto pieces = std::make_shared<PieceTable>();
  pieces->Add(beginning.SerializeAsString());
  return pieces;
}

}  // namespace

CountingEvaluator::CountingEvaluator() : pieces_(Pieces()) {}

std::vector<engine::FieldViolation> CountingEvaluator::Evaluate(const v1::Intake& intake,
                                                                absl::CivilDay, engine::View,
                                                                std::string& decision) const {
  ++evaluated_;
  const int age = intake.person().age_years();
  if (age == kRefusedAge) {
    return {{engine::FieldViolation::Kind::kInvalid, "person.age_years", "must be 0 to 120"}};
  }
  decision = DecisionForAge(age);
  return {};
}

std::vector<engine::FieldViolation> CountingEvaluator::EvaluateInPieces(
    const v1::Intake& intake, absl::CivilDay as_of, engine::View view,
    engine::DecisionInPieces& decision) const {
  std::string bytes;
  auto violations = Evaluate(intake, as_of, view, bytes);
  if (!violations.empty()) return violations;
  decision.message.size = bytes.size();
  decision.message.loose = bytes.substr((*pieces_)[0].size());
  decision.message.placed = {{0, 0}};
  const bool old = intake.person().age_years() >= 70;
  decision.summary.level = old ? v1::LEVEL_URGENT_2W : v1::LEVEL_EXERCISE_OK;
  decision.summary.gate = v1::GATE_ALLOW;
  decision.summary.fired_rule_ids = {"RF-1"};
  if (old) decision.summary.fired_rule_ids.push_back("RF-OLD");
  decision.summary.fired_rule_ids.push_back("N-1");
  decision.summary.programme_exercise_ids.clear();
  if (!old) decision.summary.programme_exercise_ids = {"bird_dog"};
  return violations;
}

v1::EvaluateRequest RequestForAge(int age, const std::string& request_id,
                                  const std::string& pseudonym) {
  v1::EvaluateRequest request;
  request.mutable_intake()->mutable_person()->set_age_years(age);
  request.mutable_as_of()->set_year(2026);
  request.mutable_as_of()->set_month(1);
  request.mutable_as_of()->set_day(15);
  request.set_request_id(request_id);
  request.set_patient_pseudonym(pseudonym);
  return request;
}

ServiceLog::ServiceLog(service::RecorderOptions options) { Open(std::move(options)); }

void ServiceLog::Open(service::RecorderOptions options) {
  const absl::Status opened = test_log_.Open();
  if (!opened.ok()) {
    ADD_FAILURE() << opened;
    std::abort();
  }
  auto ruleset = std::make_shared<service::ServedRuleset>();
  ruleset->ruleset_id = "test";
  ruleset->version = "1.0.0";
  ruleset->revision = Revision();
  ruleset->evaluator = evaluator_;
  source_ = std::make_unique<service::SingleRulesetSource>(ruleset);
  service::IndexerOptions indexing;
  indexing.poll_interval = absl::Milliseconds(1);
  indexer_ = Required(service::LogIndexer::Start(&*test_log_, &index_, indexing));
  recorder_ = Required(service::LogRecorder::Make(&*test_log_, &store_, indexer_.get(),
                                                  &test_log_.random(), std::move(options)));
  evaluate_ = std::make_unique<service::EvaluateService>(source_.get(), recorder_.get());
  feedback_ = std::make_unique<service::FeedbackService>(recorder_.get());
  erasure_ = Required(service::Erasure::Open(&*test_log_, indexer_.get()));
  service::AuditLogParts parts;
  parts.log = &*test_log_;
  parts.store = &store_;
  parts.indexer = indexer_.get();
  parts.erasure = erasure_.get();
  audit_ = std::make_unique<service::AuditLogService>(parts);
}

void ServiceLog::Close() {
  audit_.reset();
  erasure_.reset();
  feedback_.reset();
  evaluate_.reset();
  recorder_.reset();
  indexer_.reset();
  test_log_.Close();
}

void ServiceLog::Restart(service::RecorderOptions options) {
  Close();
  Open(std::move(options));
}

absl::StatusOr<v1::EvaluateResponse> ServiceLog::Evaluate(const v1::EvaluateRequest& request,
                                                          const service::Caller& caller) {
  const absl::StatusOr<service::EvaluateAnswer> answer =
      evaluate_->EvaluateAndWait(request, caller);
  if (!answer.ok()) {
    return answer.status();
  }
  v1::EvaluateResponse response;
  EXPECT_TRUE(response.ParseFromString(answer->response));
  EXPECT_EQ(response.answered_before(), answer->answered_before);
  return response;
}

std::string ServiceLog::Decide(const v1::EvaluateRequest& request) {
  const absl::StatusOr<v1::EvaluateResponse> response = Evaluate(request);
  EXPECT_TRUE(response.ok()) << response.status();
  return response.ok() ? response->decision_id() : "";
}

std::vector<v1::RecordSummary> ServiceLog::Records(v1::RecordKind kind) {
  std::vector<v1::RecordSummary> records;
  for (uint64_t index = 0; index < log().size(); ++index) {
    const absl::StatusOr<audit::Record> record = log().Read(index, store::Parts::kLeafAndDetails);
    EXPECT_TRUE(record.ok()) << record.status();
    if (record.ok() && record->kind == kind) {
      records.push_back(Required(service::ToSummary(*record)));
    }
  }
  return records;
}

void ServiceLog::WaitForIndex() {
  EXPECT_TRUE(indexer_->WaitUntilIndexed(log().size(), absl::Now() + absl::Seconds(60)).ok());
}

}  // namespace plumbline::testing
