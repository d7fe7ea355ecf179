// Evaluation: what one run of the engine found, before it is put into words.
//
// Plain data, indices into the ruleset; filled step by step (triage, assess, select, compose, open
// questions) and read by the encoder. Its memory is kept from run to run.

#ifndef PLUMBLINE_SERVER_ENGINE_EVALUATION_H_
#define PLUMBLINE_SERVER_ENGINE_EVALUATION_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "plumbline/v1/decision.pb.h"
#include "plumbline/v1/disposition.pb.h"
#include "server/expr/slot_set.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::engine {

// A rule that demands something of the disposition.
struct Fired {
  bool is_screen = false;  // else a red flag
  uint32_t index = 0;      // into safety_screens or red_flags
  // Of a screen: this escalation alone, reported under its own id. kNoIndex: the screen itself.
  uint32_t escalation = ruleset::kNoIndex;
  v1::FiredBy by = v1::FIRED_BY_UNSPECIFIED;
  v1::Level level = v1::LEVEL_UNSPECIFIED;
  v1::Gate gate = v1::GATE_UNSPECIFIED;
  int32_t due_days = -1;     // -1: the level's own
  uint64_t escalations = 0;  // screens: bit i = escalation i applies
  expr::SlotSet missing;     // RAISE and OPEN_SCREEN
};

struct ConditionResult {
  v1::Likelihood likelihood = v1::LIKELIHOOD_UNSPECIFIED;
  int32_t points = 0;
  int32_t points_min = 0;
  int32_t points_max = 0;
  bool open = false;
  bool ruled_out = false;
  bool leading = false;
};

enum class ExerciseStatus : uint8_t {
  kEligible,
  kLocked,
  kContraindicated,
  kWithheld,
  kNotIndicated,
  kResponse,
  kNeverPrescribed,
  kLimited,
};

enum class LeftOutBy : uint8_t { kNothing, kSize, kTime, kFamily, kQuota, kPairing };

// Earlier response of the patient to an exercise, from the intake.
enum class Response : uint8_t { kNone, kEasy, kTolerated, kAggravated };

struct ExerciseResult {
  ExerciseStatus status = ExerciseStatus::kNotIndicated;
  Response response = Response::kNone;
  bool reduced = false;  // one dose step down because it aggravated
  bool in_programme = false;
  bool stage_locked = false;
  bool by_neutral_set = false;      // indicated as a member of the neutral set
  bool favoured_by_easy = false;    // a progression of an exercise that has become easy
  bool favoured_by_reduce = false;  // a regression of an exercise that aggravated
  LeftOutBy left_out_by = LeftOutBy::kNothing;
  int32_t points = 0;
  int32_t response_points = 0;
  uint32_t rank = 0;        // from 1 among the eligible
  uint32_t dose = 0;        // step that is prescribed
  uint32_t prior_dose = 0;  // step that the response is about
  uint32_t variant = ruleset::kNoIndex;
  int32_t aggravated_count = 0;
};

struct OpenQuestion {
  expr::SlotIndex slot = 0;
  uint32_t question = ruleset::kNoIndex;
  bool can_change_disposition = false;
  bool could_lower = false;
  bool can_change_programme = false;
  bool only_ignored = true;  // only rules that are documented as of low value depend on it
  v1::Level raise_level = v1::LEVEL_UNSPECIFIED;
  v1::Gate raise_gate = v1::GATE_UNSPECIFIED;
  // Ids of what waits for it, in order of discovery, each once.
  std::vector<const std::string*> affects;
};

// Open questions of one run, at most one for each slot. Elements are reused from run to run.
class QuestionList {
 public:
  void Clear() {
    count_ = 0;
    by_slot_.fill(kNone);
  }
  // The question for a slot, added if it is not there yet.
  OpenQuestion& ForSlot(expr::SlotIndex slot);
  size_t size() const { return count_; }
  const OpenQuestion& operator[](size_t i) const { return items_[i]; }
  OpenQuestion* begin() { return items_.data(); }
  OpenQuestion* end() { return items_.data() + count_; }
  // Keeps the first `count` questions.
  void Truncate(size_t count) { count_ = count; }

 private:
  static constexpr uint16_t kNone = UINT16_MAX;
  std::vector<OpenQuestion> items_;
  size_t count_ = 0;
  std::array<uint16_t, expr::kMaxSlots> by_slot_{};
};

inline OpenQuestion& QuestionList::ForSlot(expr::SlotIndex slot) {
  if (by_slot_[slot] != kNone) return items_[by_slot_[slot]];
  if (count_ == items_.size()) items_.emplace_back();
  by_slot_[slot] = static_cast<uint16_t>(count_);
  OpenQuestion& added = items_[count_++];
  std::vector<const std::string*> affects = std::move(added.affects);
  affects.clear();
  added = OpenQuestion{};
  added.affects = std::move(affects);
  added.slot = slot;
  return added;
}

struct Evaluation {
  // Triage. The floor is what the matches alone demand: no answer can take it away.
  v1::Level level = v1::LEVEL_EXERCISE_OK;
  v1::Gate gate = v1::GATE_ALLOW;
  v1::Level floor_level = v1::LEVEL_EXERCISE_OK;
  v1::Gate floor_gate = v1::GATE_ALLOW;
  int32_t due_days = -1;
  bool releases_programme = true;
  uint32_t limit = ruleset::kNoIndex;  // of dispositions.limits
  std::vector<Fired> fired;    // those with an effect first: urgency, gate, id; then reports
  size_t effective_fired = 0;  // how many of `fired` have an effect
  std::vector<uint32_t> not_excluded;  // red flags, most urgent first

  // Assessment.
  std::vector<ConditionResult> conditions;
  std::vector<uint32_t> condition_order;
  bool mixed = false;
  bool unclear = false;
  uint32_t stage = 0;
  bool stage_assumed = false;

  // Selection and programme.
  bool neutral = false;  // the neutral set applies
  bool nothing_eligible = false;
  std::vector<ExerciseResult> exercises;
  std::vector<uint32_t> ranking;    // eligible exercises
  std::vector<uint64_t> sort_keys;  // scratch of the ranking
  std::vector<uint32_t> programme;  // in the order of the ranking
  std::vector<uint32_t> session;    // the same exercises in the order of doing
  uint32_t size_limit = ruleset::kNoIndex;
  uint64_t open_pairings = 0;  // bit i = pairing i found no partner
  // Running totals while the programme is put together.
  std::vector<bool> family_taken;         // by family; there are at most as many as exercises
  std::vector<int32_t> quota_counts;      // by quota
  std::vector<int32_t> pairing_balances;  // by pairing: partners less demands

  QuestionList questions;  // most consequential first
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_EVALUATION_H_
