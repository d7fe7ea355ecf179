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
struct Deciders {
  expr::SlotSet slots;
  uint64_t landmarks = 0;

  Deciders& operator|=(const Deciders& other) {
    slots |= other.slots;
    landmarks |= other.landmarks;
    return *this;
  }
};

class Explainer {
 public:
  // All three must live until the end of the run.
  void Start(const expr::Plan& plan, const expr::Frame& frame, const Landmarks& landmarks) {
    plan_ = &plan;
    frame_ = &frame;
    landmarks_ = &landmarks;
    if (entries_.size() != plan.node_count()) {
      entries_.assign(plan.node_count(), Entry{});
      run_ = 0;
    }
    ++run_;
  }

  // What made a decided node what it is.
  const Deciders& Deciding(expr::NodeId node) {
    Entry& entry = entries_[node];
    if (entry.deciding_run != run_) {
      entry.deciding_run = run_;
      entry.deciding = Deciders{};
      plan_->CollectDeciding(node, *frame_, landmarks_->of_node, entry.deciding.slots,
                             entry.deciding.landmarks);
    }
    return entry.deciding;
  }

  // Slots that keep an indeterminate node from being decided. An error is treated as open on all it
  // reads, so that it can never pass for "no".
  const expr::SlotSet& Missing(expr::NodeId node) {
    Entry& entry = entries_[node];
    if (entry.missing_run != run_) {
      entry.missing_run = run_;
      entry.missing.Clear();
      if (expr::Plan::OutcomeOf(node, *frame_) == expr::Outcome::kError) {
        entry.missing |= plan_->Support(node);
      } else {
        plan_->CollectMissing(node, *frame_, entry.missing);
      }
    }
    return entry.missing;
  }

 private:
  struct Entry {
    uint64_t deciding_run = 0;
    uint64_t missing_run = 0;
    Deciders deciding;
    expr::SlotSet missing;
  };

  const expr::Plan* plan_ = nullptr;
  const expr::Frame* frame_ = nullptr;
  const Landmarks* landmarks_ = nullptr;
  uint64_t run_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_EXPLAINER_H_
