#include "server/ruletest/distance.h"

#include <algorithm>
#include <vector>

#include "server/expr/plan.h"

namespace plumbline::ruletest {
namespace {

using expr::CheckedNode;
using expr::CheckedPtr;
using expr::NodeKind;
using expr::Outcome;

constexpr int kDeepestTerm = 16;

size_t CountLeaves(const CheckedNode& node) {
  if (!ruleset::IsComposite(node)) return 1;
  size_t count = 0;
  for (const CheckedPtr& child : node.children) count += CountLeaves(*child);
  return count;
}

Want Negate(Want want) {
  switch (want) {
    case Want::kFalse:
      return Want::kTrue;
    case Want::kTrue:
      return Want::kFalse;
    case Want::kNotFalse:
      return Want::kNotTrue;
    case Want::kNotTrue:
      return Want::kNotFalse;
    case Want::kUnknown:
      break;
  }
  return want;
}

bool Meets(Outcome outcome, Want want) {
  switch (want) {
    case Want::kFalse:
      return outcome == Outcome::kNoMatch;
    case Want::kTrue:
      return outcome == Outcome::kMatch;
    case Want::kNotFalse:
      return outcome != Outcome::kNoMatch;
    case Want::kNotTrue:
      return outcome != Outcome::kMatch;
    case Want::kUnknown:
      break;
  }
  return outcome == Outcome::kIndeterminate || outcome == Outcome::kError;
}

// How many operands have to hold: all for &&, one for ||.
size_t Needed(const CheckedNode& node) {
  if (node.kind == NodeKind::kAtLeast) return static_cast<size_t>(node.threshold);
  return node.op == expr::Operator::kAnd ? node.children.size() : 1;
}

// Sum of the `count` smallest.
int SumOfSmallest(std::vector<int> distances, size_t count) {
  std::sort(distances.begin(), distances.end());
  int sum = 0;
  for (size_t i = 0; i < std::min(count, distances.size()); ++i) sum += distances[i];
  return sum;
}

}  // namespace

int DistanceMeter::To(const ruleset::Probe& probe, Want want, const expr::Frame& frame) const {
  return Of({probe, probe.expr.root(), 0}, want, frame, 0);
}

int DistanceMeter::Of(const Part& part, Want want, const expr::Frame& frame, int depth) const {
  if (!ruleset::IsComposite(part.node)) return OfLeaf(part, want, frame, depth);
  switch (part.node.kind) {
    case NodeKind::kUnary:
      return Of({part.probe, *part.node.children[0], part.first_leaf}, Negate(want), frame, depth);
    case NodeKind::kTernary:
      return OfTernary(part, want, frame, depth);
    default:
      return OfCount(part, want, frame, depth);
  }
}

int DistanceMeter::OfLeaf(const Part& part, Want want, const expr::Frame& frame, int depth) const {
  const Outcome outcome = expr::Plan::OutcomeOf(part.probe.leaves[part.first_leaf].outcome, frame);
  if (Meets(outcome, want)) return 0;
  if (part.node.kind == NodeKind::kTerm && depth < kDeepestTerm) {
    const auto term = probes_.of_term.find(part.node.name);
    if (term != probes_.of_term.end()) {
      const ruleset::Probe& inner = probes_.conditions[term->second];
      return std::max(1, Of({inner, inner.expr.root(), 0}, want, frame, depth + 1));
    }
  }
  return 1;
}

int DistanceMeter::OfCount(const Part& part, Want want, const expr::Frame& frame, int depth) const {
  const size_t count = part.node.children.size();
  const size_t needed = Needed(part.node);
  const auto all = [&](Want each) {
    std::vector<int> distances;
    size_t leaf = part.first_leaf;
    for (const CheckedPtr& child : part.node.children) {
      distances.push_back(Of({part.probe, *child, leaf}, each, frame, depth));
      leaf += CountLeaves(*child);
    }
    return distances;
  };
  switch (want) {
    case Want::kTrue:
    case Want::kNotFalse:
      return SumOfSmallest(all(want), needed);
    case Want::kFalse:
    case Want::kNotTrue:
      return SumOfSmallest(all(want), count - needed + 1);
    case Want::kUnknown:
      break;
  }
  // So many not false that it may hold, so many not true that it may fail, one unknown at least.
  const std::vector<int> unknown = all(Want::kUnknown);
  return SumOfSmallest(all(Want::kNotFalse), needed) +
         SumOfSmallest(all(Want::kNotTrue), count - needed + 1) +
         (std::find(unknown.begin(), unknown.end(), 0) == unknown.end() ? 1 : 0);
}

int DistanceMeter::OfTernary(const Part& part, Want want, const expr::Frame& frame,
                             int depth) const {
  const size_t yes_leaf = part.first_leaf + CountLeaves(*part.node.children[0]);
  const size_t no_leaf = yes_leaf + CountLeaves(*part.node.children[1]);
  const Part condition{part.probe, *part.node.children[0], part.first_leaf};
  if (want == Want::kUnknown) return Of(condition, Want::kUnknown, frame, depth);
  const Part yes{part.probe, *part.node.children[1], yes_leaf};
  const Part no{part.probe, *part.node.children[2], no_leaf};
  return std::min(Of(condition, Want::kTrue, frame, depth) + Of(yes, want, frame, depth),
                  Of(condition, Want::kFalse, frame, depth) + Of(no, want, frame, depth));
}

int DistanceMeter::ToDecision(const ruleset::Probe& probe, size_t leaf, bool value,
                              const expr::Frame& frame) const {
  // The leaf's own node: walk down to it.
  const CheckedNode& node = *probe.leaves[leaf].node;
  return Unmask({probe, probe.expr.root(), 0}, leaf, frame) +
         OfLeaf({probe, node, leaf}, value ? Want::kTrue : Want::kFalse, frame, 0);
}

int DistanceMeter::Unmask(const Part& part, size_t leaf, const expr::Frame& frame) const {
  if (!ruleset::IsComposite(part.node)) return 0;
  int distance = 0;
  size_t first = part.first_leaf;
  std::vector<int> to_true;  // siblings
  std::vector<int> to_false;
  for (size_t i = 0; i < part.node.children.size(); ++i) {
    const Part child{part.probe, *part.node.children[i], first};
    first += CountLeaves(*part.node.children[i]);
    if (leaf >= child.first_leaf && leaf < first) {
      distance += Unmask(child, leaf, frame);
      continue;
    }
    to_true.push_back(Of(child, Want::kTrue, frame, 0));
    to_false.push_back(Of(child, Want::kFalse, frame, 0));
  }
  if (part.node.kind == NodeKind::kUnary) return distance;
  if (part.node.kind == NodeKind::kTernary) {
    // The two values of ?: must differ; which way does not matter here.
    return distance + std::min(to_true[0], to_false[0]) + std::min(to_true[1], to_false[1]);
  }
  // Exactly one fewer than needed of the siblings hold, all others fail.
  const size_t wanted = Needed(part.node) - 1;
  std::vector<std::pair<int, size_t>> gain;
  for (size_t i = 0; i < to_true.size(); ++i) gain.emplace_back(to_true[i] - to_false[i], i);
  std::sort(gain.begin(), gain.end());
  for (size_t i = 0; i < gain.size(); ++i) {
    distance += i < wanted ? to_true[gain[i].second] : to_false[gain[i].second];
  }
  return distance;
}

}  // namespace plumbline::ruletest
