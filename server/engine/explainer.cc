#include "server/engine/explainer.h"

#include <algorithm>

namespace plumbline::engine {

Landmarks::Landmarks(const ruleset::CompiledRuleset& ruleset)
    : of_node(ruleset.plan.node_count(), 0) {
  // A node that reads a single field says more by that field than by a name.
  const auto mark = [&](expr::NodeId node, int number) {
    if (node == ruleset::kNoNode || ruleset.plan.Support(node).size() < 2) return;
    of_node[node] = static_cast<uint8_t>(number + 1);
  };
  for (const ruleset::CompiledStage& stage : ruleset.stages) mark(stage.active, kStage);
  const size_t conditions = std::min(ruleset.conditions.size(), static_cast<size_t>(kStage));
  for (size_t i = 0; i < conditions; ++i) {
    mark(ruleset.conditions[i].suspected, static_cast<int>(i));
    mark(ruleset.conditions[i].likely, static_cast<int>(i));
  }
}

}  // namespace plumbline::engine
