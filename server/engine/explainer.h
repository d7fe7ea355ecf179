// Explainer: which facts decided a node, and which are missing; each worked out once a run.
//
// Patterns and stages are landmarks: a rule that rests on "a disc pattern is suspected" is
// explained by that pattern, whose own findings stand elsewhere in the decision, and not by all its
// answers.
//
// Explainer belongs to one workspace. Start() forgets the previous run in O(1). Landmarks are
// immutable and shared.

#ifndef PLUMBLINE_SERVER_ENGINE_EXPLAINER_H_
#define PLUMBLINE_SERVER_ENGINE_EXPLAINER_H_

#include <cstdint>
#include <vector>

#include "server/expr/plan.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::engine {

// The landmarks of a ruleset: number i is the condition i, kStage is the stage.
struct Landmarks {
  static constexpr int kStage = expr::Plan::kMaxLandmarks - 1;
  explicit Landmarks(const ruleset::CompiledRuleset& ruleset);
  std::vector<uint8_t> of_node;  // as Plan::CollectDeciding takes them
};

// What decided a node: intake fields and landmarks.
using Deciders = expr::Reason;

class Explainer {
 public:
  // All three must live until the end of the run; `frame` has been evaluated.
  void Start(const expr::Plan& plan, const expr::Frame& frame, const Landmarks& landmarks) {
    plan_ = &plan;
    frame_ = &frame;
    plan.ExplainAll(frame, landmarks.of_node, reasons_);
  }

  // What made a decided node what it is.
  const expr::Reason& Deciding(expr::NodeId node) const {
    static constexpr expr::Reason kNothing;
    return expr::Plan::OutcomeOf(node, *frame_) == expr::Outcome::kIndeterminate ? kNothing
                                                                                 : reasons_[node];
  }

  // Slots that keep an indeterminate node from being decided. An error is treated as open on all it
  // reads, so that it can never pass for "no".
  const expr::SlotSet& Missing(expr::NodeId node) const {
    static constexpr expr::SlotSet kNothing;
    switch (expr::Plan::OutcomeOf(node, *frame_)) {
      case expr::Outcome::kIndeterminate:
        return reasons_[node].slots;
      case expr::Outcome::kError:
        return plan_->Support(node);
      default:
        return kNothing;
    }
  }

 private:
  const expr::Plan* plan_ = nullptr;
  const expr::Frame* frame_ = nullptr;
  std::vector<expr::Reason> reasons_;  // by node
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_EXPLAINER_H_
