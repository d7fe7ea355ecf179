// Findings -> points -> likelihood of each pattern; which one leads; which stage.

#include <algorithm>

#include "server/engine/steps.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::Outcome;
using ::plumbline::ruleset::CompiledCondition;
using ::plumbline::ruleset::kNoNode;

ConditionResult AssessCondition(const Context& context, uint32_t index) {
  const CompiledCondition& compiled = context.ruleset.conditions[index];
  const v1::ClinicalCondition& source = context.ruleset.source.conditions(static_cast<int>(index));
  ConditionResult result;
  for (size_t i = 0; i < compiled.findings.size(); ++i) {
    const int32_t points = source.findings(static_cast<int>(i)).points();
    if (context.Matches(compiled.findings[i].when)) {
      result.points += points;
      result.points_min += points;
      result.points_max += points;
    } else if (context.Open(compiled.findings[i].when)) {
      result.points_min += std::min(points, 0);
      result.points_max += std::max(points, 0);
    }
  }
  if (compiled.confirmed != kNoNode && context.Matches(compiled.confirmed)) {
    result.likelihood = v1::LIKELIHOOD_CONFIRMED;
  } else if (context.Matches(compiled.likely)) {
    result.likelihood = v1::LIKELIHOOD_LIKELY;
  } else if (context.Matches(compiled.suspected)) {
    result.likelihood = v1::LIKELIHOOD_POSSIBLE;
  } else {
    result.likelihood = v1::LIKELIHOOD_UNLIKELY;
  }
  result.open = result.likelihood != v1::LIKELIHOOD_CONFIRMED &&
                (context.Open(compiled.suspected) || context.Open(compiled.likely));
  result.ruled_out = result.likelihood == v1::LIKELIHOOD_UNLIKELY &&
                     ((compiled.required != kNoNode &&
                       context.OutcomeOf(compiled.required) == Outcome::kNoMatch) ||
                      (compiled.cancelled != kNoNode && context.Matches(compiled.cancelled)));
  return result;
}

void AssessStage(const Context& context, Evaluation& evaluation) {
  const auto& stages = context.ruleset.stages;
  for (uint32_t i = 0; i < stages.size(); ++i) {
    if (!context.Matches(stages[i].active)) continue;
    evaluation.stage = i;
    evaluation.stage_assumed = context.Open(stages[i].when);
    return;
  }
}

}  // namespace

void Assess(const Context& context, Evaluation& evaluation) {
  const size_t count = context.ruleset.conditions.size();
  evaluation.conditions.resize(count);
  evaluation.condition_order.resize(count);
  int suspected = 0;
  bool any = false;
  for (uint32_t i = 0; i < count; ++i) {
    evaluation.conditions[i] = AssessCondition(context, i);
    evaluation.condition_order[i] = i;
    if (evaluation.conditions[i].likelihood < v1::LIKELIHOOD_POSSIBLE) continue;
    any = true;
    if (!context.ruleset.source.conditions(static_cast<int>(i)).residual()) ++suspected;
  }
  std::sort(evaluation.condition_order.begin(), evaluation.condition_order.end(),
            [&](uint32_t a, uint32_t b) {
              const v1::Likelihood x = evaluation.conditions[a].likelihood;
              const v1::Likelihood y = evaluation.conditions[b].likelihood;
              if (x != y) return x > y;
              return context.ruleset.source.conditions(static_cast<int>(a)).priority() <
                     context.ruleset.source.conditions(static_cast<int>(b)).priority();
            });
  evaluation.mixed = suspected >= 2;
  evaluation.unclear = !any && count > 0;
  if (any) evaluation.conditions[evaluation.condition_order.front()].leading = true;
  AssessStage(context, evaluation);
}

}  // namespace plumbline::engine
