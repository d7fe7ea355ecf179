// FakeEvaluator: an evaluator without rules, whose answers and pace a test decides.

#ifndef PLUMBLINE_TESTS_TESTING_GRPC_FAKE_EVALUATOR_H_
#define PLUMBLINE_TESTS_TESTING_GRPC_FAKE_EVALUATOR_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/service/ruleset_source.h"

namespace plumbline::testing {

// Thread-safe.
class FakeEvaluator : public service::Evaluator {
 public:
  // Answers with a Decision that holds only `engine_version`.
  explicit FakeEvaluator(std::string engine_version = "fake");

  std::vector<engine::FieldViolation> Evaluate(const v1::Intake& intake, absl::CivilDay as_of,
                                               engine::View view,
                                               std::string& decision) const override;
  // In one loose run, with an empty summary.
  std::vector<engine::FieldViolation> EvaluateInPieces(
      const v1::Intake& intake, absl::CivilDay as_of, engine::View view,
      engine::DecisionInPieces& decision) const override;

  // Set before use: decisions in pieces name a text of a table that is not there.
  void set_misplaces_pieces() { misplaces_pieces_ = true; }
  // Set before use: every evaluation finds these.
  void set_violations(std::vector<engine::FieldViolation> violations);
  // Evaluations begun from now on wait until OpenGate.
  void CloseGate();
  void OpenGate();
  // Waits until that many evaluations have begun, counted from the start.
  void WaitForBegun(int count) const;
  int begun() const;
  int finished() const { return finished_; }

  absl::CivilDay last_as_of() const;
  engine::View last_view() const;

 private:
  const std::string decision_;
  std::vector<engine::FieldViolation> violations_;
  bool misplaces_pieces_ = false;
  mutable absl::Mutex mutex_;
  bool gate_open_ ABSL_GUARDED_BY(mutex_) = true;
  mutable int begun_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable absl::CivilDay last_as_of_ ABSL_GUARDED_BY(mutex_);
  mutable engine::View last_view_ ABSL_GUARDED_BY(mutex_) = engine::View::kFull;
  mutable std::atomic<int> finished_{0};
};

// 64 times `digit`.
std::string FakeRevision(char digit = 'a');

// A ruleset in service that `evaluator` answers for.
std::shared_ptr<service::ServedRuleset> FakeRuleset(
    std::shared_ptr<const service::Evaluator> evaluator);

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_GRPC_FAKE_EVALUATOR_H_
