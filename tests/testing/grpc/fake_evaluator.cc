#include "tests/testing/grpc/fake_evaluator.h"

#include <utility>

#include "plumbline/v1/decision.pb.h"

namespace plumbline::testing {
namespace {

std::string DecisionBytes(std::string engine_version) {
  v1::Decision decision;
  decision.set_engine_version(std::move(engine_version));
  return decision.SerializeAsString();
}

}  // namespace

FakeEvaluator::FakeEvaluator(std::string engine_version)
    : decision_(DecisionBytes(std::move(engine_version))) {}

std::vector<engine::FieldViolation> FakeEvaluator::Evaluate(const v1::Intake&, absl::CivilDay as_of,
                                                            engine::View view,
                                                            std::string& decision) const {
  {
    absl::MutexLock lock(&mutex_);
    ++begun_;
    last_as_of_ = as_of;
    last_view_ = view;
    mutex_.Await(absl::Condition(&gate_open_));
  }
  ++finished_;
  if (violations_.empty()) {
    decision = decision_;
  }
  return violations_;
}

std::vector<engine::FieldViolation> FakeEvaluator::EvaluateInPieces(
    const v1::Intake& intake, absl::CivilDay as_of, engine::View view,
    engine::DecisionInPieces& decision) const {
  std::string bytes;
  auto violations = Evaluate(intake, as_of, view, bytes);
  if (violations.empty()) {
    const size_t size = bytes.size();
    decision = {{std::move(bytes), {}, size}, {}};
    if (misplaces_pieces_) decision.message.placed = {{0, 0}};
  }
  return violations;
}

void FakeEvaluator::set_violations(std::vector<engine::FieldViolation> violations) {
  violations_ = std::move(violations);
}

void FakeEvaluator::CloseGate() {
  absl::MutexLock lock(&mutex_);
  gate_open_ = false;
}

void FakeEvaluator::OpenGate() {
  absl::MutexLock lock(&mutex_);
  gate_open_ = true;
}

void FakeEvaluator::WaitForBegun(int count) const {
  absl::MutexLock lock(&mutex_);
  const auto enough = [this, count]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return begun_ >= count; };
  mutex_.Await(absl::Condition(&enough));
}

int FakeEvaluator::begun() const {
  absl::MutexLock lock(&mutex_);
  return begun_;
}

absl::CivilDay FakeEvaluator::last_as_of() const {
  absl::MutexLock lock(&mutex_);
  return last_as_of_;
}

engine::View FakeEvaluator::last_view() const {
  absl::MutexLock lock(&mutex_);
  return last_view_;
}

std::string FakeRevision(char digit) { return std::string(64, digit); }

std::shared_ptr<service::ServedRuleset> FakeRuleset(
    std::shared_ptr<const service::Evaluator> evaluator) {
  auto ruleset = std::make_shared<service::ServedRuleset>();
  ruleset->ruleset_id = "fake";
  ruleset->version = "0.0.1";
  ruleset->revision = FakeRevision();
  ruleset->evaluator = std::move(evaluator);
  return ruleset;
}

}  // namespace plumbline::testing
