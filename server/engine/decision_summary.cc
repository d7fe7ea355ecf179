#include "server/engine/decision_summary.h"

#include "server/engine/evaluation.h"
#include "server/engine/steps.h"

namespace plumbline::engine {

void Summarize(const v1::Ruleset& ruleset, const Evaluation& evaluation, DecisionSummary& summary) {
  summary.level = evaluation.level;
  summary.gate = evaluation.gate;
  summary.fired_rule_ids.clear();
  for (const Fired& fired : evaluation.fired) {
    summary.fired_rule_ids.push_back(FiredId(ruleset, fired));
  }
  summary.programme_exercise_ids.clear();
  if (!evaluation.releases_programme) return;
  for (const uint32_t index : evaluation.programme) {
    summary.programme_exercise_ids.push_back(ruleset.exercises(static_cast<int>(index)).id());
  }
}

}  // namespace plumbline::engine
