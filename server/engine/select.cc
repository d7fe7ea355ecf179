// Per exercise: never / contraindicated / withheld / limited / not indicated / locked / eligible;
// points with reasons; a full order.

#include <algorithm>

#include "server/engine/steps.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::Outcome;
using ::plumbline::ruleset::CompiledExercise;
using ::plumbline::ruleset::kNoNode;

// What the patient's earlier response to one exercise does to it and to its neighbours.
void ApplyResponse(const Context& context, uint32_t index, Evaluation& evaluation) {
  ExerciseResult& result = evaluation.exercises[index];
  const CompiledExercise& compiled = context.ruleset.exercises[index];
  result.dose = compiled.start_dose;
  if (result.response == Response::kNone) return;
  const v1::Exercise& source = context.ruleset.source.exercises(static_cast<int>(index));
  const v1::ResponsePolicy& policy = context.ruleset.source.programme().responses();
  const uint32_t prior = result.prior_dose;
  result.dose = prior;
  switch (result.response) {
    case Response::kNone:
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
  const SelectionTables::Exercise& table = context.selection.exercises[index];
  if (table.never) return ExerciseStatus::kNeverPrescribed;

  // Without branches on the outcomes, which nothing could predict.
  bool contraindicated = false;
  bool withheld = false;
  for (const SelectionTables::Weighed& rule : context.selection.Contraindications(table)) {
    const Outcome outcome = context.OutcomeOf(rule.when);
    contraindicated |= outcome == Outcome::kMatch;
    withheld |= (rule.weight & static_cast<int32_t>(outcome >= Outcome::kIndeterminate)) != 0;
  }
  if (contraindicated) return ExerciseStatus::kContraindicated;
  if (SkippedByResponse(context, result)) return ExerciseStatus::kResponse;

  bool indicated = false;
  for (const SelectionTables::Weighed& rule : context.selection.Indications(table)) {
    indicated |= context.OutcomeOf(rule.when) == Outcome::kMatch;
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
  const v1::ResponsePolicy& policy = context.ruleset.source.programme().responses();
  int32_t points = result.response_points;
  if (result.favoured_by_easy) points += policy.easy_points();
  if (result.favoured_by_reduce) points += policy.tolerated_points();
  for (const SelectionTables::Weighed& rule :
       context.selection.Scored(context.selection.exercises[index])) {
    points += rule.weight & -static_cast<int32_t>(context.OutcomeOf(rule.when) == Outcome::kMatch);
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

// Points first, then ids: both in one number, so that comparing needs no look at the exercises.
void Rank(const Context& context, Evaluation& evaluation) {
  evaluation.sort_keys.clear();
  for (const uint32_t exercise : evaluation.ranking) {
    // Greater points give smaller keys; the sign bit is flipped to keep negative points in order.
    const uint32_t points =
        ~(static_cast<uint32_t>(evaluation.exercises[exercise].points) ^ uint32_t{0x80000000});
    evaluation.sort_keys.push_back(uint64_t{points} << 32 |
                                   context.selection.exercises[exercise].id_rank);
  }
  std::sort(evaluation.sort_keys.begin(), evaluation.sort_keys.end());
  for (size_t i = 0; i < evaluation.ranking.size(); ++i) {
    evaluation.ranking[i] = context.selection.by_id_rank[evaluation.sort_keys[i] & UINT32_MAX];
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

  Rank(context, evaluation);
  for (uint32_t i = 0; i < evaluation.ranking.size(); ++i) {
    evaluation.exercises[evaluation.ranking[i]].rank = i + 1;
  }
}

}  // namespace plumbline::engine
