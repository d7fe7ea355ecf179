#include "server/service/engine_evaluator.h"

#include <string>
#include <utility>
#include <vector>

#include "server/service/civil_date.h"
#include "server/service/thread_workspaces.h"

namespace plumbline::service {
namespace {

class EngineEvaluator : public Evaluator {
 public:
  explicit EngineEvaluator(std::shared_ptr<const ruleset::CompiledRuleset> ruleset)
      : engine_(std::move(ruleset)) {}

  std::vector<engine::FieldViolation> Evaluate(const v1::Intake& intake, absl::CivilDay as_of,
                                               engine::View view,
                                               std::string& decision) const override {
    return engine_.Evaluate(intake, as_of, view, workspaces_.OfThisThread(), decision);
  }

  std::vector<engine::FieldViolation> EvaluateInPieces(
      const v1::Intake& intake, absl::CivilDay as_of, engine::View view,
      engine::DecisionInPieces& decision) const override {
    return engine_.EvaluateInPieces(intake, as_of, view, workspaces_.OfThisThread(), decision);
  }

  std::shared_ptr<const PieceTable> pieces() const override { return engine_.pieces(); }

 private:
  engine::Engine engine_;
  ThreadWorkspaces workspaces_;
};

}  // namespace

std::shared_ptr<const ServedRuleset> ServeRuleset(
    std::shared_ptr<const ruleset::CompiledRuleset> ruleset) {
  auto served = std::make_shared<ServedRuleset>();
  const v1::Manifest& manifest = ruleset->source.manifest();
  served->ruleset_id = manifest.ruleset_id();
  served->version = manifest.version();
  served->revision = ruleset->revision;
  if (manifest.has_effective_from()) {
    served->effective_from = ToCivilDay(manifest.effective_from());
  }
  if (manifest.has_effective_until()) {
    served->effective_until = ToCivilDay(manifest.effective_until());
  }
  served->evaluator = std::make_shared<EngineEvaluator>(std::move(ruleset));
  return served;
}

}  // namespace plumbline::service
