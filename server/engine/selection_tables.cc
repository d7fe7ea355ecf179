#include "server/engine/selection_tables.h"

#include <algorithm>
#include <numeric>

namespace plumbline::engine {

SelectionTables::SelectionTables(const ruleset::CompiledRuleset& ruleset) {
  const v1::Ruleset& source = ruleset.source;
  for (size_t i = 0; i < ruleset.exercises.size(); ++i) {
    const ruleset::CompiledExercise& compiled = ruleset.exercises[i];
    Exercise exercise;
    exercise.never = !source.exercises(static_cast<int>(i)).not_prescribed_because().empty();
    exercise.begin = static_cast<uint32_t>(rules_.size());
    for (const uint32_t rule : compiled.contraindications) {
      const bool withholds = source.contraindications(static_cast<int>(rule)).on_indeterminate() ==
                             v1::Contraindication::ON_INDETERMINATE_WITHHOLD;
      rules_.push_back({ruleset.contraindications[rule].when, withholds ? 1 : 0});
    }
    exercise.contraindications_end = static_cast<uint32_t>(rules_.size());
    for (const uint32_t rule : compiled.indications) {
      rules_.push_back(
          {ruleset.indications[rule].when, source.indications(static_cast<int>(rule)).points()});
    }
    exercise.indications_end = static_cast<uint32_t>(rules_.size());
    for (const uint32_t rule : compiled.score_adjustments) {
      rules_.push_back({ruleset.score_adjustments[rule].when,
                        source.score_adjustments(static_cast<int>(rule)).points()});
    }
    exercise.adjustments_end = static_cast<uint32_t>(rules_.size());
    exercises.push_back(exercise);
  }
  by_id_rank.resize(exercises.size());
  std::iota(by_id_rank.begin(), by_id_rank.end(), 0u);
  std::sort(by_id_rank.begin(), by_id_rank.end(), [&](uint32_t a, uint32_t b) {
    return source.exercises(static_cast<int>(a)).id() < source.exercises(static_cast<int>(b)).id();
  });
  for (uint32_t rank = 0; rank < by_id_rank.size(); ++rank) {
    exercises[by_id_rank[rank]].id_rank = rank;
  }
}

}  // namespace plumbline::engine
