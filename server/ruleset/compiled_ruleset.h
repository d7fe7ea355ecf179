// CompiledRuleset: a checked ruleset, ready to be evaluated.
//
// All expressions are nodes of one plan; everything else is the source message plus indices into
// it. Vectors are parallel to the repeated fields of `source` of the same name, in the same order.
// Immutable after Compile; thread-safe; shared by pointer.

#ifndef PLUMBLINE_SERVER_RULESET_COMPILED_RULESET_H_
#define PLUMBLINE_SERVER_RULESET_COMPILED_RULESET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plumbline/v1/ruleset.pb.h"
#include "server/expr/plan.h"
#include "server/expr/schema.h"

namespace plumbline::ruleset {

using expr::NodeId;
using expr::SlotIndex;

// "No expression here". For a condition it means what the field's comment in ruleset.proto says.
inline constexpr NodeId kNoNode = UINT32_MAX;
inline constexpr uint32_t kNoIndex = UINT32_MAX;

// A text with holes. Literal pieces and slots alternate: literals.size() == slots.size() + 1.
struct TextTemplate {
  std::vector<std::string> literals;
  std::vector<SlotIndex> slots;

  bool constant() const { return slots.empty(); }
};

struct CompiledQuestion {
  SlotIndex slot = 0;
  NodeId ask_when = kNoNode;
};

struct CompiledConsistencyRule {
  NodeId when = kNoNode;
  NodeId unless = kNoNode;
  std::vector<SlotIndex> fields;
};

struct CompiledTriageRule {
  NodeId when = kNoNode;
  NodeId raise_when = kNoNode;
  TextTemplate because;
  TextTemplate clinician_note;
  TextTemplate raise_because;  // the rule's own `because` if none was given
  uint32_t referral = kNoIndex;
};

struct CompiledScreen {
  struct Item {
    uint32_t group = 0;  // index into groups
    NodeId answered = kNoNode;
  };
  struct Escalation {
    uint32_t group = 0;
    NodeId when = kNoNode;
    TextTemplate because;
  };
  std::vector<std::string> groups;
  std::vector<Item> items;
  std::vector<Escalation> escalations;
  TextTemplate because;
};

struct CompiledCondition {
  struct Finding {
    NodeId when = kNoNode;
    TextTemplate because;
  };
  NodeId required = kNoNode;
  NodeId cancelled = kNoNode;
  // Known true when a clinician has confirmed it; kNoNode if the intake cannot say so.
  NodeId confirmed = kNoNode;
  NodeId suspected = kNoNode;  // at least POSSIBLE, three-valued; always set
  NodeId likely = kNoNode;     // at least LIKELY, three-valued; always set
  std::vector<Finding> findings;
};

struct CompiledStage {
  NodeId when = kNoNode;    // kNoNode: everyone else
  NodeId active = kNoNode;  // exactly one stage is active; always set, never indeterminate
  TextTemplate because;
};

// Index lists point into the ruleset's repeated fields of that name.
struct CompiledExercise {
  uint32_t family = 0;          // exercises with equal numbers share a family
  uint32_t earliest_stage = 0;  // index into stages
  NodeId earlier_when = kNoNode;
  uint32_t start_dose = 0;  // index into doses
  std::vector<NodeId> variant_when;
  std::vector<uint32_t> indications;
  std::vector<uint32_t> contraindications;
  std::vector<uint32_t> cautions;
  std::vector<uint32_t> prerequisites;
  std::vector<uint32_t> score_adjustments;
  std::vector<uint32_t> quotas;         // of programme.quotas whose kind it is
  std::vector<uint32_t> pairings_for;   // pairings that demand a partner for it
  std::vector<uint32_t> pairings_with;  // pairings that it can be the partner in
  std::vector<uint32_t> progressions;   // exercise indices
  std::vector<uint32_t> regressions;    // exercise indices
  // Of programme.sequence; kNoIndex (after all steps) if none selects it.
  uint32_t sequence_step = kNoIndex;
};

// A rule that consists of a condition and a text.
struct CompiledRule {
  NodeId when = kNoNode;
  TextTemplate text;
};

struct CompiledRuleset {
  v1::Ruleset source;
  std::string revision;
  std::unique_ptr<const expr::Schema> schema;
  expr::Plan plan;

  std::vector<CompiledQuestion> questions;
  std::vector<uint32_t> question_of_slot;  // by slot; kNoIndex if the slot has no question
  std::vector<CompiledConsistencyRule> consistency_rules;
  std::vector<CompiledScreen> safety_screens;
  std::vector<CompiledTriageRule> red_flags;
  std::vector<CompiledCondition> conditions;
  std::vector<CompiledStage> stages;
  std::vector<std::vector<CompiledRule>> stratifications;  // by tool: its strata
  std::vector<CompiledExercise> exercises;
  std::vector<CompiledRule> indications;
  std::vector<CompiledRule> contraindications;
  std::vector<CompiledRule> cautions;
  std::vector<CompiledRule> prerequisites;
  std::vector<CompiledRule> score_adjustments;
  std::vector<NodeId> size_when;
  std::vector<NodeId> quota_when;
  std::vector<NodeId> pairing_when;
  std::vector<CompiledRule> advice;
  std::vector<CompiledRule> follow_up_rules;
  std::vector<CompiledRule> notices;

  std::vector<bool> in_neutral_set;  // by exercise
  // By limit of dispositions.limits, by exercise: allowed under that limit.
  std::vector<std::vector<bool>> limit_allows;

  // Slots with a role of their own, if the intake has them: kNoIndex otherwise.
  uint32_t exercise_responses_slot = kNoIndex;
  uint32_t confirmed_conditions_slot = kNoIndex;
};

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_COMPILED_RULESET_H_
