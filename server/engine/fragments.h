// Fragments: everything in a decision that does not depend on the patient, encoded once.
//
// Protobuf's wire format makes this sound: the encoding of a message is the concatenation of the
// encodings of its fields. The fragments are pieces of one table, so that a decision can be kept as
// the numbers of its pieces. Immutable after construction, thread-safe.

#ifndef PLUMBLINE_SERVER_ENGINE_FRAGMENTS_H_
#define PLUMBLINE_SERVER_ENGINE_FRAGMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/base/pieces.h"
#include "server/engine/wire_writer.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::engine {

// The constant parts of a Rationale: `head` holds rule_id (and the text, when it has no holes),
// `tail` the sources, points and project mark; the facts go between.
struct RationaleFragment {
  Piece head;
  const ruleset::TextTemplate* text = nullptr;  // null: the text is in `head` or there is none
  Piece tail;
  std::vector<uint32_t> passages;
  uint32_t number = 0;  // below Fragments::rationale_count
};

struct RuleFragment {
  Piece head;            // title and group
  Piece clinician_note;  // FiredRule 8, unless it has holes
  Piece referral_note;   // Referral 7
  RationaleFragment rationale;
  RationaleFragment raise_rationale;
  Piece not_excluded;  // a whole NotExcludedRule but for the missing fields
};

struct ScreenFragment {
  Piece head;
  Piece clinician_note;  // FiredRule 8
  RationaleFragment rationale;
  std::vector<std::vector<uint32_t>> escalation_passages;
  std::vector<RationaleFragment> escalation_rationales;  // for those with an id
};

struct AdviceFragment {
  Piece head;  // AdviceItem 1
  RationaleFragment rationale;
  Piece tail;  // AdviceItem 3
};

struct StratumFragment {
  Piece head;  // StratumResult 1-5
  RationaleFragment rationale;
};

struct ConditionFragment {
  Piece head;     // Assessment 1-5
  Piece codings;  // Assessment 15
  std::vector<RationaleFragment> findings;
  std::vector<Piece> unknown_findings;  // UnknownFinding but for the missing fields
};

struct ExerciseFragment {
  Piece identity;               // ExcludedExercise / LockedExercise 1-2
  Piece head;                   // Prescription 2-5
  std::vector<Piece> doses;     // Prescription 6
  Piece traits_basic;           // Prescription 11-15
  Piece traits_full;            // Prescription 11-19
  Piece tail;                   // Prescription 21-24
  Piece clinician_text;         // Prescription 26
  std::vector<Piece> variants;  // PrescribedVariant 1-2
  std::vector<uint32_t> passages;
  RationaleFragment never;  // not_prescribed_because
};

// Decision 20.
struct CitationFragment {
  Piece basic;
  Piece full;
};

class Fragments {
 public:
  // `ruleset` and `pieces`, to which the fragments are added, must outlive the object.
  Fragments(const ruleset::CompiledRuleset& ruleset, PieceTable* pieces);

  Piece decision_head;  // Decision 1-2
  Piece disclaimers;    // Decision 21
  // By Level: Disposition 3, 5, 7-8. By Gate: Disposition 4, 9.
  std::vector<Piece> level_titles, level_time_frames, level_words;
  std::vector<Piece> gate_titles, gate_words;
  std::vector<RuleFragment> red_flags;
  std::vector<ScreenFragment> screens;
  std::vector<Piece> referral_targets;  // Referral 1-4
  std::vector<ConditionFragment> conditions;
  std::vector<std::vector<StratumFragment>> strata;  // by tool
  std::vector<Piece> stage_heads;                    // StageAssessment 1-3
  std::vector<RationaleFragment> stages;
  std::vector<ExerciseFragment> exercises;
  std::vector<RationaleFragment> indications, contraindications, cautions, prerequisites,
      score_adjustments, follow_up_rules;
  std::vector<AdviceFragment> advice;
  std::vector<Piece> notices;  // Decision 19
  std::vector<std::vector<uint32_t>> notice_passages;
  std::vector<Piece> sequence;  // Prescription 28, by step of the sequence
  std::vector<RationaleFragment> limits;
  RationaleFragment neutral;
  RationaleFragment easy, tolerated, reduce, skip;
  Piece safety_net;  // Decision 17; empty if the ruleset has none
  std::vector<uint32_t> safety_net_passages;
  std::vector<Piece> questions;  // OpenQuestion 1-6
  std::vector<CitationFragment> citations;
  // Facts as fields of a Rationale: by condition and Likelihood, and by stage.
  std::vector<std::vector<Piece>> condition_facts;
  std::vector<Piece> stage_facts;
  // Names of fields, by slot, as elements of the repeated field with this number; empty for numbers
  // that no list of missing fields has.
  std::vector<std::vector<Piece>> slot_names;
  uint32_t rationale_count = 0;

  // A rule's id as an element of OpenQuestion.affects.
  Piece AffectedRule(absl::string_view id) const;

 private:
  // What `write` writes to a WireWriter.
  template <typename Write>
  Piece Encoded(Write write) {
    std::string bytes;
    WireWriter writer(&bytes);
    write(writer);
    return pieces_->Add(bytes);
  }
  // A field that is a message with what `write` writes.
  template <typename Write>
  Piece EncodedMessage(int field, Write write) {
    return Encoded([&](WireWriter& writer) {
      const WireWriter::Mark mark = writer.Begin(field);
      write(writer);
      writer.End(mark);
    });
  }
  // A field that is a text.
  Piece EncodedText(int field, absl::string_view text) {
    return Encoded([&](WireWriter& writer) { writer.String(field, text); });
  }
  std::vector<uint32_t> Passages(const google::protobuf::RepeatedPtrField<std::string>& ids) const;
  RationaleFragment MakeRationale(const std::string& id, const ruleset::TextTemplate* text,
                                  const std::string& plain_text,
                                  const google::protobuf::RepeatedPtrField<std::string>& sources,
                                  const int32_t* points, bool project_choice);
  void IndexPassages(const v1::Ruleset& source);
  void MakeFacts(const ruleset::CompiledRuleset& ruleset);
  void MakeNames(const ruleset::CompiledRuleset& ruleset);
  void MakeDisposition(const v1::Ruleset& source);
  void MakeTriage(const ruleset::CompiledRuleset& ruleset);
  void MakeConditions(const ruleset::CompiledRuleset& ruleset);
  void MakeStrata(const ruleset::CompiledRuleset& ruleset);
  void MakeExercises(const v1::Ruleset& source);
  void MakeSelection(const ruleset::CompiledRuleset& ruleset);
  void MakeRemarks(const ruleset::CompiledRuleset& ruleset);

  PieceTable* const pieces_;
  // Passages that may be printed; unverified ones are left out everywhere.
  absl::flat_hash_map<std::string, uint32_t> passage_index_;
  absl::flat_hash_map<std::string, Piece> affected_rules_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_FRAGMENTS_H_
