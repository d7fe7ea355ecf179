#include "server/ruletest/coverage.h"

#include "absl/strings/str_cat.h"

namespace plumbline::ruletest {
namespace {

using expr::CheckedExpr;
using expr::CheckedNode;
using expr::CheckedPtr;
using expr::NodeKind;
using expr::Outcome;
using ruleset::Probe;

Outcome Negate(Outcome outcome) {
  if (outcome == Outcome::kIndeterminate) return outcome;
  return outcome == Outcome::kMatch ? Outcome::kNoMatch : Outcome::kMatch;
}

// Walks the composite nodes and takes the leaves' outcomes in reading order.
class Combiner {
 public:
  explicit Combiner(const std::vector<Outcome>& leaves) : leaves_(leaves) {}

  Outcome Of(const CheckedNode& node) {
    if (!ruleset::IsComposite(node)) return leaves_[next_++];
    switch (node.kind) {
      case NodeKind::kUnary:
        return Negate(Of(*node.children[0]));
      case NodeKind::kTernary:
        return Ternary(node);
      default:
        return Count(node);
    }
  }

 private:
  Outcome Ternary(const CheckedNode& node) {
    const Outcome chosen = Of(*node.children[0]);
    const Outcome yes = Of(*node.children[1]);
    const Outcome no = Of(*node.children[2]);
    if (chosen == Outcome::kIndeterminate) return Outcome::kIndeterminate;
    return chosen == Outcome::kMatch ? yes : no;
  }

  // &&, || and atLeast alike: so many operands have to hold.
  Outcome Count(const CheckedNode& node) {
    size_t match = 0;
    size_t open = 0;
    for (const CheckedPtr& child : node.children) {
      const Outcome outcome = Of(*child);
      match += outcome == Outcome::kMatch ? 1 : 0;
      open += outcome == Outcome::kIndeterminate ? 1 : 0;
    }
    const size_t needed = node.kind == NodeKind::kAtLeast   ? static_cast<size_t>(node.threshold)
                          : node.op == expr::Operator::kAnd ? node.children.size()
                                                            : 1;
    if (match >= needed) return Outcome::kMatch;
    return match + open >= needed ? Outcome::kIndeterminate : Outcome::kNoMatch;
  }

  const std::vector<Outcome>& leaves_;
  size_t next_ = 0;
};

// Nothing that a patient leaves unanswered can make this node unknown.
bool AlwaysKnown(const ruleset::CompiledRuleset& ruleset, expr::NodeId node) {
  expr::Frame frame = ruleset.plan.MakeFrame();
  frame.SetAsOf(0);
  ruleset.plan.Evaluate(frame);
  return ruleset.plan.Support(node).empty() ||
         expr::Plan::OutcomeOf(node, frame) != Outcome::kIndeterminate;
}

// The sides that a leaf can have: `weeks >= 0` only asks whether the number is known.
std::array<bool, 2> PossibleSides(const ruleset::CompiledRuleset& ruleset,
                                  const CheckedNode& leaf) {
  std::array<bool, 2> possible = {true, true};
  if (leaf.constant.has_value()) return {!leaf.constant->is_true(), leaf.constant->is_true()};
  if (leaf.kind != NodeKind::kBinary || !expr::IsOrdering(leaf.op)) return possible;
  const CheckedNode& field = *leaf.children[0];
  const CheckedNode& bound = *leaf.children[1];
  if (field.kind != NodeKind::kSlot || !bound.constant.has_value()) return possible;
  const uint32_t question = ruleset.question_of_slot[field.slot];
  if (question == ruleset::kNoIndex) return possible;
  const v1::Question& range = ruleset.source.questions(static_cast<int>(question));
  const expr::Value& value = *bound.constant;
  const double number = value.kind == expr::Kind::kDouble ? value.d : static_cast<double>(value.i);
  const auto holds = [&](double answer) {
    switch (leaf.op) {
      case expr::Operator::kLt:
        return answer < number;
      case expr::Operator::kLe:
        return answer <= number;
      case expr::Operator::kGt:
        return answer > number;
      default:
        return answer >= number;
    }
  };
  const bool at_least = holds(range.min());
  const bool at_most = holds(range.max());
  return {!at_least || !at_most, at_least || at_most};
}

bool IndeterminatePossible(const ruleset::CompiledRuleset& ruleset, const Probe& probe) {
  for (const ruleset::ProbeLeaf& leaf : probe.leaves) {
    if (!AlwaysKnown(ruleset, leaf.outcome)) return true;
  }
  return false;
}

}  // namespace

Outcome Combine(const Probe& probe, const std::vector<Outcome>& leaves) {
  return Combiner(leaves).Of(probe.expr.root());
}

void ReadLeaves(const Probe& probe, const expr::Frame& frame, std::vector<Outcome>& leaves) {
  leaves.clear();
  for (const ruleset::ProbeLeaf& leaf : probe.leaves) {
    const Outcome outcome = expr::Plan::OutcomeOf(leaf.outcome, frame);
    leaves.push_back(outcome == Outcome::kError ? Outcome::kIndeterminate : outcome);
  }
}

bool Decides(const Probe& probe, std::vector<Outcome>& leaves, size_t index) {
  const Outcome own = leaves[index];
  leaves[index] = Outcome::kMatch;
  const Outcome if_true = Combine(probe, leaves);
  leaves[index] = Outcome::kNoMatch;
  const Outcome if_false = Combine(probe, leaves);
  leaves[index] = own;
  // Without an answer, what has() guards is open: that has() makes a difference is all that can be.
  if (probe.leaves[index].node->kind == NodeKind::kHas) return if_true != if_false;
  return if_true != if_false && if_true != Outcome::kIndeterminate &&
         if_false != Outcome::kIndeterminate;
}

Coverage::Coverage(const ruleset::CompiledRuleset& ruleset, const ruleset::Probes& probes)
    : probes_(probes) {
  for (const Probe& probe : probes.conditions) {
    ConditionCoverage& coverage = conditions_.emplace_back();
    coverage.decided.resize(probe.leaves.size());
    for (const ruleset::ProbeLeaf& leaf : probe.leaves) {
      coverage.possible.push_back(PossibleSides(ruleset, *leaf.node));
    }
    coverage.constant = probe.expr.root().constant.has_value();
    coverage.indeterminate_possible = IndeterminatePossible(ruleset, probe);
  }
}

void Coverage::Record(const expr::Frame& frame) {
  for (size_t i = 0; i < conditions_.size(); ++i) {
    const Probe& probe = probes_.conditions[i];
    ConditionCoverage& coverage = conditions_[i];
    ReadLeaves(probe, frame, scratch_);
    coverage.seen[static_cast<size_t>(Combine(probe, scratch_))] = true;
    for (size_t leaf = 0; leaf < scratch_.size(); ++leaf) {
      if (scratch_[leaf] == Outcome::kIndeterminate) continue;
      bool& side = coverage.decided[leaf][scratch_[leaf] == Outcome::kMatch ? 1 : 0];
      if (!side) side = Decides(probe, scratch_, leaf);
    }
  }
}

Coverage::Totals Coverage::Sum() const {
  Totals totals;
  for (const ConditionCoverage& coverage : conditions_) {
    if (coverage.constant) continue;
    totals.outcomes += coverage.indeterminate_possible ? 3 : 2;
    for (size_t outcome = 0; outcome < 3; ++outcome) {
      if (outcome == 2 && !coverage.indeterminate_possible) continue;
      totals.outcomes_seen += coverage.seen[outcome] ? 1 : 0;
    }
    for (size_t leaf = 0; leaf < coverage.decided.size(); ++leaf) {
      for (size_t side = 0; side < 2; ++side) {
        if (!coverage.possible[leaf][side]) continue;
        ++totals.leaf_sides;
        totals.leaf_sides_seen += coverage.decided[leaf][side] ? 1 : 0;
      }
    }
  }
  return totals;
}

std::vector<std::string> Coverage::Gaps() const {
  static constexpr const char* kNames[] = {"no match", "a match", "indeterminate"};
  std::vector<std::string> gaps;
  for (size_t i = 0; i < conditions_.size(); ++i) {
    const Probe& probe = probes_.conditions[i];
    const ConditionCoverage& coverage = conditions_[i];
    if (coverage.constant) continue;
    const std::string name = ruleset::DisplayName(probe.name);
    for (size_t outcome = 0; outcome < 3; ++outcome) {
      if (coverage.seen[outcome] || (outcome == 2 && !coverage.indeterminate_possible)) continue;
      gaps.push_back(absl::StrCat(name, ": never ", kNames[outcome]));
    }
    for (size_t leaf = 0; leaf < coverage.decided.size(); ++leaf) {
      for (size_t side = 0; side < 2; ++side) {
        if (coverage.decided[leaf][side] || !coverage.possible[leaf][side]) continue;
        const CheckedPtr part(std::shared_ptr<const void>(), probe.leaves[leaf].node);
        gaps.push_back(absl::StrCat(name, ": `", expr::Print(CheckedExpr(part)),
                                    "` never decides as ", side == 1 ? "true" : "false"));
      }
    }
  }
  return gaps;
}

}  // namespace plumbline::ruletest
