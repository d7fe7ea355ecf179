// Fragments: everything in a decision that does not depend on the patient, encoded once.
//
// Protobuf's wire format makes this sound: the encoding of a message is the concatenation of the
// encodings of its fields. Immutable after construction, thread-safe.

#ifndef PLUMBLINE_SERVER_ENGINE_FRAGMENTS_H_
#define PLUMBLINE_SERVER_ENGINE_FRAGMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::engine {

// The constant parts of a Rationale: `head` holds rule_id (and the text, when it has no holes),
// `tail` the sources, points and project mark; the facts go between.
struct RationaleFragment {
  std::string head;
  const ruleset::TextTemplate* text = nullptr;  // null: the text is in `head` or there is none
  std::string tail;
  std::vector<uint32_t> passages;
  uint32_t number = 0;  // below Fragments::rationale_count
};

struct RuleFragment {
  std::string head;  // title and group
  RationaleFragment rationale;
  RationaleFragment raise_rationale;
  std::string not_excluded;  // a whole NotExcludedRule but for the missing fields
};

struct ScreenFragment {
  std::string head;
  RationaleFragment rationale;
  std::vector<std::vector<uint32_t>> escalation_passages;
  std::vector<RationaleFragment> escalation_rationales;  // for those with an id
};

struct StratumFragment {
  std::string head;  // StratumResult 1-5
  RationaleFragment rationale;
};

struct ConditionFragment {
  std::string head;     // Assessment 1-5
  std::string codings;  // Assessment 15
  std::vector<RationaleFragment> findings;
  std::vector<std::string> unknown_findings;  // UnknownFinding but for the missing fields
};

struct ExerciseFragment {
  std::string identity;               // ExcludedExercise / LockedExercise 1-2
  std::string head;                   // Prescription 2-5
  std::vector<std::string> doses;     // DoseStep messages
  std::string traits_basic;           // Prescription 11-15
  std::string traits_full;            // Prescription 11-19
  std::string tail;                   // Prescription 21-24
  std::string clinician_text;         // Prescription 26
  std::vector<std::string> variants;  // PrescribedVariant 1-2
  std::vector<uint32_t> passages;
  RationaleFragment never;  // not_prescribed_because
};

struct CitationFragment {
  std::string basic;
  std::string full;
};

class Fragments {
 public:
  // `ruleset` must outlive the object.
  explicit Fragments(const ruleset::CompiledRuleset& ruleset);

  std::string decision_head;  // Decision 1-2
  std::string disclaimers;    // Decision 21
  // By Level: Disposition 3, 5, 7-8. By Gate: Disposition 4, 9.
  std::vector<std::string> level_titles, level_time_frames, level_words;
  std::vector<std::string> gate_titles, gate_words;
  std::vector<RuleFragment> red_flags;
  std::vector<ScreenFragment> screens;
  std::vector<std::string> referral_targets;  // Referral 1-4
  std::vector<ConditionFragment> conditions;
  std::vector<std::vector<StratumFragment>> strata;  // by tool
  std::vector<std::string> stage_heads;              // StageAssessment 1-3
  std::vector<RationaleFragment> stages;
  std::vector<ExerciseFragment> exercises;
  std::vector<RationaleFragment> indications, contraindications, cautions, prerequisites,
      score_adjustments, advice, follow_up_rules;
  std::vector<std::string> notices;  // NoticeItem messages
  std::vector<std::vector<uint32_t>> notice_passages;
  std::vector<std::string> sequence;  // Prescription 28, by step of the sequence
  std::vector<RationaleFragment> limits;
  RationaleFragment neutral;
  RationaleFragment easy, tolerated, reduce, skip;
  std::string safety_net;  // SafetyNet message; empty if the ruleset has none
  std::vector<uint32_t> safety_net_passages;
  std::vector<std::string> questions;  // OpenQuestion 1-6
  std::vector<CitationFragment> citations;
  uint32_t rationale_count = 0;

 private:
  std::vector<uint32_t> Passages(const google::protobuf::RepeatedPtrField<std::string>& ids) const;
  RationaleFragment MakeRationale(const std::string& id, const ruleset::TextTemplate* text,
                                  const std::string& plain_text,
                                  const google::protobuf::RepeatedPtrField<std::string>& sources,
                                  const int32_t* points, bool project_choice);
  void IndexPassages(const v1::Ruleset& source);
  void MakeDisposition(const v1::Ruleset& source);
  void MakeTriage(const ruleset::CompiledRuleset& ruleset);
  void MakeConditions(const ruleset::CompiledRuleset& ruleset);
  void MakeStrata(const ruleset::CompiledRuleset& ruleset);
  void MakeExercises(const v1::Ruleset& source);
  void MakeSelection(const ruleset::CompiledRuleset& ruleset);
  void MakeRemarks(const ruleset::CompiledRuleset& ruleset);

  // Passages that may be printed; unverified ones are left out everywhere.
  absl::flat_hash_map<std::string, uint32_t> passage_index_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_FRAGMENTS_H_
