// Explainer: which facts decided a node, and which are missing; each worked out once a run.
//
// Belongs to one workspace. Start() forgets the previous run in O(1).

#ifndef PLUMBLINE_SERVER_ENGINE_EXPLAINER_H_
#define PLUMBLINE_SERVER_ENGINE_EXPLAINER_H_

#include <cstdint>
#include <vector>

#include "server/expr/plan.h"

namespace plumbline::engine {

class Explainer {
 public:
  void Start(const expr::Plan& plan, const expr::Frame& frame) {
    plan_ = &plan;
    frame_ = &frame;
    if (entries_.size() != plan.node_count()) {
      entries_.assign(plan.node_count(), Entry{});
      run_ = 0;
    }
    ++run_;
  }

  // Slots that made a decided node what it is; all slots it reads if it is an error.
  const expr::SlotSet& Deciding(expr::NodeId node) {
    Entry& entry = entries_[node];
    if (entry.deciding_run != run_) {
      entry.deciding_run = run_;
      entry.deciding.Clear();
      plan_->CollectDeciding(node, *frame_, entry.deciding);
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
    expr::SlotSet deciding;
    expr::SlotSet missing;
  };

  const expr::Plan* plan_ = nullptr;
  const expr::Frame* frame_ = nullptr;
  uint64_t run_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_EXPLAINER_H_
