// Per exercise: never / contraindicated / withheld / limited / not indicated / locked / eligible;
// points with reasons; a full order.

#include <algorithm>

#include "server/engine/steps.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::NodeId;
using ::plumbline::expr::Outcome;
using ::plumbline::ruleset::CompiledExercise;
using ::plumbline::ruleset::kNoNode;

// What the patient's earlier response to one exercise does to it and to its neighbours.
void ApplyResponse(const Context& context, uint32_t index, Evaluation& evaluation) {
  ExerciseResult& result = evaluation.exercises[index];
  const CompiledExercise& compiled = context.ruleset.exercises[index];
  const v1::Exercise& source = context.ruleset.source.exercises(static_cast<int>(index));
  const v1::ResponsePolicy& policy = context.ruleset.source.programme().responses();
  const uint32_t prior = result.prior_dose;
  result.dose = prior;
  switch (result.response) {
    case Response::kNone:
      result.dose = compiled.start_dose;
      return;
    case Response::kEasy:
      result.response_points = policy.easy_points();
      if (prior + 1 < static_cast<uint32_t>(source.doses_size())) {
        result.dose = prior + 1;
        return;
      }
      for (uint32_t next : compiled.progressions) {
        evaluation.exercises[next].favoured_by_easy = true;
      }
      return;
    case Response::kTolerated:
      result.response_points = policy.tolerated_points();
      return;
    case Response::kAggravated:
      result.response_points = policy.aggravated_points();
      if (policy.has_reduce_after() && result.aggravated_count < policy.reduce_after()) return;
      result.reduced = true;
      if (prior > 0) result.dose = prior - 1;
      for (uint32_t easier : compiled.regressions) {
        evaluation.exercises[easier].favoured_by_reduce = true;
      }
      return;
  }
}

bool SkippedByResponse(const Context& context, const ExerciseResult& result) {
  const v1::ResponsePolicy& policy = context.ruleset.source.programme().responses();
  return result.response == Response::kAggravated && policy.has_skip_after() &&
         result.aggravated_count >= policy.skip_after();
}

bool StageLocked(const Context& context, const CompiledExercise& compiled,
                 const Evaluation& evaluation) {
  if (context.ruleset.stages.empty()) return false;
  const auto& stages = context.ruleset.source.stages();
  const int current = stages.Get(static_cast<int>(evaluation.stage)).rank();
  const int earliest = stages.Get(static_cast<int>(compiled.earliest_stage)).rank();
  if (current >= earliest) return false;
  return compiled.earlier_when == kNoNode || !context.Matches(compiled.earlier_when);
}

// The strongest thing that keeps the exercise out, if any.
ExerciseStatus StatusOf(const Context& context, uint32_t index, const Evaluation& evaluation,
                        ExerciseResult& result) {
  const CompiledExercise& compiled = context.ruleset.exercises[index];
  const v1::Exercise& source = context.ruleset.source.exercises(static_cast<int>(index));
  if (!source.not_prescribed_because().empty()) return ExerciseStatus::kNeverPrescribed;

  bool withheld = false;
  for (uint32_t rule : compiled.contraindications) {
    const NodeId when = context.ruleset.contraindications[rule].when;
    if (context.Matches(when)) return ExerciseStatus::kContraindicated;
    withheld |=
        context.Open(when) &&
        context.ruleset.source.contraindications(static_cast<int>(rule)).on_indeterminate() ==
            v1::Contraindication::ON_INDETERMINATE_WITHHOLD;
  }
  if (SkippedByResponse(context, result)) return ExerciseStatus::kResponse;

  bool indicated = false;
  for (uint32_t rule : compiled.indications) {
    indicated |= context.Matches(context.ruleset.indications[rule].when);
  }
  if (evaluation.neutral && context.ruleset.in_neutral_set[index]) {
    result.by_neutral_set = !indicated;
    indicated = true;
  }
  if (!indicated) return ExerciseStatus::kNotIndicated;
  if (withheld) return ExerciseStatus::kWithheld;
  if (evaluation.neutral && !context.ruleset.in_neutral_set[index]) return ExerciseStatus::kLimited;
  if (evaluation.limit != ruleset::kNoIndex &&
      !context.ruleset.limit_allows[evaluation.limit][index]) {
    return ExerciseStatus::kLimited;
  }
  result.stage_locked = StageLocked(context, compiled, evaluation);
  bool locked = result.stage_locked;
  for (uint32_t rule : compiled.prerequisites) {
    locked |= !context.Matches(context.ruleset.prerequisites[rule].when);
  }
  return locked ? ExerciseStatus::kLocked : ExerciseStatus::kEligible;
}

int32_t PointsOf(const Context& context, uint32_t index, const ExerciseResult& result) {
  const CompiledExercise& compiled = context.ruleset.exercises[index];
  const v1::ResponsePolicy& policy = context.ruleset.source.programme().responses();
  int32_t points = result.response_points;
  if (result.favoured_by_easy) points += policy.easy_points();
  if (result.favoured_by_reduce) points += policy.tolerated_points();
  for (uint32_t rule : compiled.indications) {
    if (context.Matches(context.ruleset.indications[rule].when)) {
      points += context.ruleset.source.indications(static_cast<int>(rule)).points();
    }
  }
  for (uint32_t rule : compiled.score_adjustments) {
    if (context.Matches(context.ruleset.score_adjustments[rule].when)) {
      points += context.ruleset.source.score_adjustments(static_cast<int>(rule)).points();
    }
  }
  return points;
}

void SelectAll(const Context& context, Evaluation& evaluation) {
  evaluation.ranking.clear();
  for (uint32_t i = 0; i < evaluation.exercises.size(); ++i) {
    ExerciseResult& result = evaluation.exercises[i];
    result.status = StatusOf(context, i, evaluation, result);
    if (result.status != ExerciseStatus::kEligible) continue;
    result.points = PointsOf(context, i, result);
    const CompiledExercise& compiled = context.ruleset.exercises[i];
    for (uint32_t v = 0; v < compiled.variant_when.size(); ++v) {
      if (!context.Matches(compiled.variant_when[v])) continue;
      result.variant = v;
      break;
    }
    evaluation.ranking.push_back(i);
  }
}

}  // namespace

void Select(const Context& context, Evaluation& evaluation) {
  evaluation.ranking.clear();
  evaluation.neutral = false;
  evaluation.nothing_eligible = false;
  if (!evaluation.releases_programme) return;

  for (uint32_t i = 0; i < evaluation.exercises.size(); ++i) ApplyResponse(context, i, evaluation);
  evaluation.neutral = evaluation.unclear;
  SelectAll(context, evaluation);
  if (evaluation.ranking.empty() && evaluation.mixed && !evaluation.neutral) {
    // The patterns leave nothing in common: fall back to what suits every picture.
    evaluation.neutral = true;
    SelectAll(context, evaluation);
  }
  evaluation.nothing_eligible = evaluation.ranking.empty();

  const auto& exercises = context.ruleset.source.exercises();
  std::sort(evaluation.ranking.begin(), evaluation.ranking.end(), [&](uint32_t a, uint32_t b) {
    const int32_t x = evaluation.exercises[a].points;
    const int32_t y = evaluation.exercises[b].points;
    if (x != y) return x > y;
    return exercises.Get(static_cast<int>(a)).id() < exercises.Get(static_cast<int>(b)).id();
  });
  for (uint32_t i = 0; i < evaluation.ranking.size(); ++i) {
    evaluation.exercises[evaluation.ranking[i]].rank = i + 1;
  }
}

}  // namespace plumbline::engine
