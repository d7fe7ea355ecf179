// What lists show of a decision.

#ifndef PLUMBLINE_SERVER_ENGINE_DECISION_SUMMARY_H_
#define PLUMBLINE_SERVER_ENGINE_DECISION_SUMMARY_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "plumbline/v1/disposition.pb.h"
#include "plumbline/v1/ruleset.pb.h"

namespace plumbline::engine {

struct Evaluation;

// Views into the ruleset that decided.
struct DecisionSummary {
  v1::Level level = v1::LEVEL_UNSPECIFIED;
  v1::Gate gate = v1::GATE_UNSPECIFIED;
  // Of `fired_rules` and then of `notes`, in their order.
  std::vector<absl::string_view> fired_rule_ids;
  // Of `programme`: empty when the gate holds exercise back.
  std::vector<absl::string_view> programme_exercise_ids;
};

// Replaces the contents of `summary` with what the decision of `evaluation` says.
void Summarize(const v1::Ruleset& ruleset, const Evaluation& evaluation, DecisionSummary& summary);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_DECISION_SUMMARY_H_
