#include "server/service/engine_evaluator.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/engine/vignette_runner.h"
#include "server/service/civil_date.h"
#include "server/service/thread_workspaces.h"

namespace plumbline::service {
namespace {

// For worked patients without a date.
constexpr absl::CivilDay kSampleDay(2026, 1, 1);

class EngineEvaluator : public Evaluator {
 public:
  explicit EngineEvaluator(std::shared_ptr<const ruleset::CompiledRuleset> ruleset)
      : engine_(std::move(ruleset)) {}

  std::vector<engine::FieldViolation> Evaluate(const v1::Intake& intake, absl::CivilDay as_of,
                                               engine::View view,
                                               std::string& decision) const override {
    return engine_.Evaluate(intake, as_of, view, workspaces_.OfThisThread(), decision);
  }

  // Of the ruleset's own worked patients.
  std::vector<std::string> SampleDecisions(size_t limit) const override {
    const v1::Ruleset& source = engine_.ruleset().source;
    const auto count = static_cast<size_t>(source.vignettes_size());
    const size_t step = 2 * count / std::max<size_t>(limit, 2) + 1;
    std::vector<std::string> decisions;
    engine::Workspace workspace;
    // Each patient twice: with everything answered, and with many open questions.
    const auto add = [&](const v1::Intake& intake, const v1::Vignette& vignette) {
      std::string decision;
      const absl::CivilDay as_of = ToCivilDay(vignette.as_of()).value_or(kSampleDay);
      if (engine_.Evaluate(intake, as_of, engine::View::kFull, workspace, decision).empty()) {
        decisions.push_back(std::move(decision));
      }
    };
    for (size_t i = 0; i < count; i += step) {
      const v1::Vignette& vignette = source.vignettes(static_cast<int>(i));
      add(engine::VignetteIntake(vignette, engine_.ruleset()), vignette);
      add(vignette.given(), vignette);
    }
    return decisions;
  }

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
