// The steps of an evaluation, in the order in which they run. Each reads the ruleset, the frame and
// what earlier steps put into the Evaluation, and adds its own part. All are pure functions.

#ifndef PLUMBLINE_SERVER_ENGINE_STEPS_H_
#define PLUMBLINE_SERVER_ENGINE_STEPS_H_

#include "server/engine/evaluation.h"
#include "server/engine/explainer.h"
#include "server/engine/selection_tables.h"
#include "server/expr/frame.h"
#include "server/expr/plan.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::engine {

// What every step sees.
struct Context {
  const ruleset::CompiledRuleset& ruleset;
  const expr::Frame& frame;
  Explainer& explainer;
  const SelectionTables& selection;

  expr::Outcome OutcomeOf(expr::NodeId node) const { return expr::Plan::OutcomeOf(node, frame); }
  // Absent expressions hold.
  bool Matches(expr::NodeId node) const {
    return node == ruleset::kNoNode || OutcomeOf(node) == expr::Outcome::kMatch;
  }
  // Neither known to hold nor known not to; an error in an expression counts as open.
  bool Open(expr::NodeId node) const {
    return node != ruleset::kNoNode && (OutcomeOf(node) == expr::Outcome::kIndeterminate ||
                                        OutcomeOf(node) == expr::Outcome::kError);
  }
};

// Id under which `fired` is reported: of a red flag, a screen, or an escalation of one.
const std::string& FiredId(const v1::Ruleset& ruleset, const Fired& fired);

// Red flags and safety screens -> level and gate (triage.cc).
void Triage(const Context& context, Evaluation& evaluation);
// Conditions -> likelihoods and the leading pattern; stage (assess.cc).
void Assess(const Context& context, Evaluation& evaluation);
// Exercises -> eligible, locked or excluded; points; ranking (select.cc).
void Select(const Context& context, Evaluation& evaluation);
// Ranking -> programme (compose.cc).
void Compose(const Context& context, Evaluation& evaluation);
// What to ask next (open_questions.cc).
void FindOpenQuestions(const Context& context, Evaluation& evaluation);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_STEPS_H_
