// ServiceLog: a decision log in memory with everything that the use cases put around it.

#ifndef PLUMBLINE_TESTS_TESTING_SERVICE_SERVICE_LOG_H_
#define PLUMBLINE_TESTS_TESTING_SERVICE_SERVICE_LOG_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plumbline/v1/triage_service.pb.h"
#include "server/service/audit_log_service.h"
#include "server/service/erasure.h"
#include "server/service/evaluate_service.h"
#include "server/service/feedback_service.h"
#include "server/service/log_indexer.h"
#include "server/service/log_recorder.h"
#include "server/service/ruleset_source.h"
#include "server/store/memory/memory_log_store.h"
#include "server/store/memory/memory_query_index.h"
#include "tests/testing/audit/test_log.h"

namespace plumbline::testing {

// Answers every intake with a decision that names the patient's age and fires two rules. Counts.
// Thread-safe.
class CountingEvaluator : public service::Evaluator {
 public:
  CountingEvaluator();

  std::vector<engine::FieldViolation> Evaluate(const v1::Intake& intake, absl::CivilDay as_of,
                                               engine::View view,
                                               std::string& decision) const override;
  std::vector<engine::FieldViolation> EvaluateInPieces(
      const v1::Intake& intake, absl::CivilDay as_of, engine::View view,
      engine::DecisionInPieces& decision) const override;
  std::shared_ptr<const PieceTable> pieces() const override { return pieces_; }

  int evaluated() const { return evaluated_; }
  // Intakes of this age are refused as invalid.
  static constexpr int kRefusedAge = 121;

 private:
  const std::shared_ptr<const PieceTable> pieces_;
  mutable std::atomic<int> evaluated_{0};
};

// A valid request for a patient of that age.
v1::EvaluateRequest RequestForAge(int age, const std::string& request_id = "",
                                  const std::string& pseudonym = "");

// Opens everything when made; aborts if that fails. Members are destroyed in the right order.
class ServiceLog {
 public:
  explicit ServiceLog(service::RecorderOptions options = {});

  // Closes and opens again what is beside the stores, as a restart would.
  void Restart(service::RecorderOptions options = {});
  void Close();

  // Evaluates and waits; the response parsed.
  absl::StatusOr<v1::EvaluateResponse> Evaluate(const v1::EvaluateRequest& request,
                                                const service::Caller& caller = {"clinic", true});
  // Evaluates, and returns the decision id. Fails the test if there is none.
  std::string Decide(const v1::EvaluateRequest& request);
  // All records of that kind, oldest first: leaf and details.
  std::vector<v1::RecordSummary> Records(v1::RecordKind kind);
  // Waits until the index has all records.
  void WaitForIndex();

  audit::DecisionLog& log() { return *test_log_; }
  audit::TestLog& test_log() { return test_log_; }
  service::LogIndexer& indexer() { return *indexer_; }
  service::LogRecorder& recorder() { return *recorder_; }
  service::Erasure& erasure() { return *erasure_; }
  service::AuditLogService& audit() { return *audit_; }
  service::FeedbackService& feedback() { return *feedback_; }
  const service::EvaluateService& evaluate() const { return *evaluate_; }
  CountingEvaluator& evaluator() { return *evaluator_; }
  store::MemoryLogStore& store() { return store_; }
  store::MemoryQueryIndex& index() { return index_; }
  FakeClock& clock() { return test_log_.clock(); }
  static std::string Revision() { return std::string(64, 'a'); }

 private:
  void Open(service::RecorderOptions options);

  store::MemoryLogStore store_;
  store::MemoryQueryIndex index_;
  audit::TestLog test_log_{&store_};
  std::shared_ptr<CountingEvaluator> evaluator_ = std::make_shared<CountingEvaluator>();
  std::unique_ptr<service::SingleRulesetSource> source_;
  std::unique_ptr<service::LogIndexer> indexer_;
  std::unique_ptr<service::LogRecorder> recorder_;
  std::unique_ptr<service::EvaluateService> evaluate_;
  std::unique_ptr<service::FeedbackService> feedback_;
  std::unique_ptr<service::Erasure> erasure_;
  std::unique_ptr<service::AuditLogService> audit_;
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_SERVICE_SERVICE_LOG_H_
