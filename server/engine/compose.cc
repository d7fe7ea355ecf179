// Walks the ranking under the programme's constraints: size, minutes a day, one of a family,
// quotas, and a partner for each exercise that must have one.

#include <algorithm>

#include "server/engine/steps.h"

namespace plumbline::engine {
namespace {

using ::plumbline::ruleset::CompiledExercise;
using ::plumbline::ruleset::kNoIndex;

// The programme while it is being put together.
class Composer {
 public:
  Composer(const Context& context, Evaluation& evaluation)
      : context_(context), evaluation_(evaluation), rules_(context.ruleset.source.programme()) {
    evaluation_.family_taken.assign(context.ruleset.exercises.size(), false);
    evaluation_.quota_counts.assign(static_cast<size_t>(rules_.quotas_size()), 0);
    evaluation_.pairing_balances.assign(static_cast<size_t>(rules_.pairings_size()), 0);
    ChooseSize();
  }

  // Places that quotas keep free are filled first, so that better ranked exercises of another kind
  // cannot take them.
  void FillQuotas() {
    for (int q = 0; q < rules_.quotas_size(); ++q) {
      if (!rules_.quotas(q).has_min() || !Applies(context_.ruleset.quota_when, q)) continue;
      for (uint32_t exercise : evaluation_.ranking) {
        if (CountOfQuota(static_cast<uint32_t>(q)) >= rules_.quotas(q).min()) break;
        if (IsOfQuota(exercise, static_cast<uint32_t>(q))) TryAdd(exercise);
      }
    }
  }

  void FillByRank() {
    for (uint32_t exercise : evaluation_.ranking) TryAdd(exercise);
  }

  void Finish() {
    for (int p = 0; p < rules_.pairings_size(); ++p) {
      if (Applies(context_.ruleset.pairing_when, p) && Balance(static_cast<uint32_t>(p)) < 0) {
        evaluation_.open_pairings |= uint64_t{1} << p;
      }
    }
    for (uint32_t exercise : evaluation_.ranking) {
      if (evaluation_.exercises[exercise].in_programme) evaluation_.programme.push_back(exercise);
    }
    OrderSession();
  }

 private:
  // By step of the sequence; within a step by rank. (Insertion sort: few exercises, no memory.)
  void OrderSession() {
    for (uint32_t exercise : evaluation_.programme) {
      auto place = evaluation_.session.end();
      while (place != evaluation_.session.begin() &&
             Compiled(*(place - 1)).sequence_step > Compiled(exercise).sequence_step) {
        --place;
      }
      evaluation_.session.insert(place, exercise);
    }
  }

  bool Applies(const std::vector<expr::NodeId>& when, int index) const {
    return context_.Matches(when[static_cast<size_t>(index)]);
  }

  void ChooseSize() {
    for (int i = 0; i < rules_.sizes_size(); ++i) {
      if (!Applies(context_.ruleset.size_when, i)) continue;
      evaluation_.size_limit = static_cast<uint32_t>(i);
      const v1::SizeLimit& size = rules_.sizes(i);
      if (size.has_max_exercises()) max_exercises_ = size.max_exercises();
      if (size.has_max_minutes_per_day()) max_minutes_ = size.max_minutes_per_day();
      return;
    }
  }

  static bool Contains(const std::vector<uint32_t>& list, uint32_t value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  }
  const CompiledExercise& Compiled(uint32_t exercise) const {
    return context_.ruleset.exercises[exercise];
  }
  bool IsOfQuota(uint32_t exercise, uint32_t quota) const {
    return Contains(Compiled(exercise).quotas, quota);
  }
  int32_t CountOfQuota(uint32_t quota) const { return evaluation_.quota_counts[quota]; }
  int32_t Minutes(uint32_t exercise) const {
    return context_.ruleset.source.exercises(static_cast<int>(exercise)).minutes_per_day();
  }

  // Partners less demands of a pairing among the chosen.
  int32_t Balance(uint32_t pairing) const { return evaluation_.pairing_balances[pairing]; }

  LeftOutBy Obstacle(uint32_t exercise) const {
    if (count_ >= max_exercises_) return LeftOutBy::kSize;
    if (evaluation_.family_taken[Compiled(exercise).family]) return LeftOutBy::kFamily;
    for (uint32_t quota : Compiled(exercise).quotas) {
      const v1::Quota& source = rules_.quotas(static_cast<int>(quota));
      if (source.has_max() && Applies(context_.ruleset.quota_when, static_cast<int>(quota)) &&
          CountOfQuota(quota) >= source.max()) {
        return LeftOutBy::kQuota;
      }
    }
    if (minutes_ + Minutes(exercise) > max_minutes_) return LeftOutBy::kTime;
    return LeftOutBy::kNothing;
  }

  void Take(uint32_t exercise) {
    evaluation_.exercises[exercise].left_out_by = LeftOutBy::kNothing;
    Account(exercise, 1);
  }
  void PutBack(uint32_t exercise, LeftOutBy why) {
    evaluation_.exercises[exercise].left_out_by = why;
    Account(exercise, -1);
  }
  void Account(uint32_t exercise, int32_t sign) {
    const CompiledExercise& compiled = Compiled(exercise);
    evaluation_.exercises[exercise].in_programme = sign > 0;
    evaluation_.family_taken[compiled.family] = sign > 0;
    count_ += sign;
    minutes_ += sign * Minutes(exercise);
    for (uint32_t quota : compiled.quotas) evaluation_.quota_counts[quota] += sign;
    for (uint32_t pairing : compiled.pairings_with) evaluation_.pairing_balances[pairing] += sign;
    for (uint32_t pairing : compiled.pairings_for) evaluation_.pairing_balances[pairing] -= sign;
  }

  // Best ranked exercise that could still be added as the partner of a pairing.
  uint32_t FindPartner(uint32_t pairing) const {
    for (uint32_t exercise : evaluation_.ranking) {
      if (!evaluation_.exercises[exercise].in_programme &&
          Contains(Compiled(exercise).pairings_with, pairing) &&
          !Contains(Compiled(exercise).pairings_for, pairing) &&
          Obstacle(exercise) == LeftOutBy::kNothing) {
        return exercise;
      }
    }
    return kNoIndex;
  }

  // An eligible partner that only lacks a place now: worth waiting for.
  bool PartnerExists(uint32_t pairing) const {
    return std::any_of(evaluation_.ranking.begin(), evaluation_.ranking.end(), [&](uint32_t e) {
      return Contains(Compiled(e).pairings_with, pairing) &&
             !Contains(Compiled(e).pairings_for, pairing);
    });
  }

  // Adds the exercise with the partners that it demands, or leaves it out with the reason.
  void TryAdd(uint32_t exercise) {
    ExerciseResult& result = evaluation_.exercises[exercise];
    if (result.in_programme) return;
    result.left_out_by = Obstacle(exercise);
    if (result.left_out_by != LeftOutBy::kNothing) return;
    Take(exercise);
    for (uint32_t pairing : Compiled(exercise).pairings_for) {
      if (!Applies(context_.ruleset.pairing_when, static_cast<int>(pairing))) continue;
      if (Balance(pairing) >= 0) continue;
      const uint32_t partner = FindPartner(pairing);
      if (partner != kNoIndex) {
        Take(partner);
      } else if (rules_.pairings(static_cast<int>(pairing)).strict() || PartnerExists(pairing)) {
        PutBack(exercise, LeftOutBy::kPairing);
        return;
      }
    }
  }

  const Context& context_;
  Evaluation& evaluation_;
  const v1::ProgrammeRules& rules_;
  int32_t max_exercises_ = INT32_MAX;
  int32_t max_minutes_ = INT32_MAX;
  int32_t count_ = 0;
  int32_t minutes_ = 0;
};

}  // namespace

void Compose(const Context& context, Evaluation& evaluation) {
  evaluation.programme.clear();
  evaluation.session.clear();
  evaluation.size_limit = kNoIndex;
  evaluation.open_pairings = 0;
  if (evaluation.ranking.empty()) return;
  Composer composer(context, evaluation);
  composer.FillQuotas();
  composer.FillByRank();
  composer.Finish();
}

}  // namespace plumbline::engine
