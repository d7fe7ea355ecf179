#include "server/ruleset/satisfiability.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include "server/expr/comparison.h"

namespace plumbline::ruleset {

using expr::CheckedExpr;
using expr::CheckedNode;
using expr::CheckedPtr;
using expr::NodeKind;
using expr::Operator;
using expr::Slot;
using expr::Value;

namespace {

// Enough for every rule that a person can read; beyond it the answer is "may hold".
constexpr int kMaxSteps = 20'000;
constexpr int kMaxDepth = 500;
constexpr uint64_t kBothBools = 3;

double NumberOf(const Value& value) {
  return value.kind == expr::Kind::kDouble ? value.d : static_cast<double>(value.i);
}

Domain InitialDomain(const Slot& slot, const v1::Question* question) {
  Domain domain;
  switch (slot.type.kind) {
    case expr::Kind::kBool:
      domain.values = kBothBools;
      break;
    case expr::Kind::kEnum:
      for (int i = 0; i < std::min(slot.type.enum_type->value_count(), 64); ++i) {
        if (!expr::IsUnknownEnumValue(*slot.type.enum_type->value(i))) {
          domain.values |= uint64_t{1} << i;
        }
      }
      break;
    default:
      domain.is_number = true;
      domain.low = -std::numeric_limits<double>::infinity();
      domain.high = std::numeric_limits<double>::infinity();
      if (question == nullptr) break;
      // A range that is upside down has been reported.
      if (question->has_min() && question->has_max() && question->min() > question->max()) break;
      if (question->has_min()) domain.low = question->min();
      if (question->has_max()) domain.high = question->max();
  }
  return domain;
}

// The bits of `domain.values` that stand for a constant.
uint64_t BitsOf(const Slot& slot, const Value& value) {
  if (slot.type.kind == expr::Kind::kBool) return uint64_t{1} << (value.i != 0 ? 1 : 0);
  for (int i = 0; i < std::min(slot.type.enum_type->value_count(), 64); ++i) {
    if (slot.type.enum_type->value(i)->number() == value.i) return uint64_t{1} << i;
  }
  return 0;
}

void RestrictNumber(Domain& domain, bool whole, Operator op, double bound) {
  // For whole numbers an open bound is the next number.
  const double below = whole ? std::ceil(bound) - 1 : bound;
  const double above = whole ? std::floor(bound) + 1 : bound;
  const auto cap = [&domain](double high, bool open) {
    if (high < domain.high || (high == domain.high && open)) {
      domain.high = high;
      domain.high_open = open;
    }
  };
  const auto raise = [&domain](double low, bool open) {
    if (low > domain.low || (low == domain.low && open)) {
      domain.low = low;
      domain.low_open = open;
    }
  };
  switch (op) {
    case Operator::kLt:
      return cap(below, !whole);
    case Operator::kLe:
      return cap(bound, false);
    case Operator::kGt:
      return raise(above, !whole);
    case Operator::kGe:
      return raise(bound, false);
    case Operator::kEq:
      cap(bound, false);
      return raise(bound, false);
    case Operator::kNe:
      // Only the ends of an interval can be left out.
      if (bound == domain.high) cap(below, !whole);
      if (bound == domain.low) raise(above, !whole);
      return;
    default:
      return;
  }
}

}  // namespace

const Value* ConstantOf(const CheckedNode& node) {
  return node.constant.has_value() && !node.constant->is_error() ? &*node.constant : nullptr;
}

Satisfiability::Satisfiability(const v1::Ruleset& ruleset, const expr::Schema& schema,
                               const Expressions& expressions)
    : schema_(schema), expressions_(expressions) {
  std::map<std::string, const v1::Question*> questions;
  for (const v1::Question& question : ruleset.questions()) {
    questions.emplace(question.field(), &question);
  }
  for (const Slot& slot : schema.slots()) {
    const auto question = questions.find(slot.name);
    domains_.push_back(
        InitialDomain(slot, question == questions.end() ? nullptr : question->second));
  }
}

bool Satisfiability::AsAtom(const CheckedNode& node, Atom& atom) const {
  const auto is_field = [this, &atom](const CheckedNode& operand) {
    const CheckedNode* at = &operand;
    for (int hops = 0; at->kind == NodeKind::kTerm && hops < 64; ++hops) {
      const CheckedExpr* term = FindTerm(at->name);
      if (term == nullptr) return false;
      at = &term->root();
    }
    if (at->kind != NodeKind::kSlot) return false;
    const expr::Kind kind = schema_.slot(at->slot).type.kind;
    atom.slot = at->slot;
    return kind == expr::Kind::kBool || kind == expr::Kind::kInt || kind == expr::Kind::kDouble ||
           kind == expr::Kind::kEnum;
  };
  if (node.kind != NodeKind::kBinary || node.children.size() != 2) return false;
  const CheckedNode& left = *node.children[0];
  const CheckedNode& right = *node.children[1];
  if (node.op == Operator::kIn) {
    const Value* list = ConstantOf(right);
    if (list == nullptr || list->kind != expr::Kind::kList || !is_field(left)) return false;
    atom.op = Operator::kIn;
    atom.constants = list->list;
    return true;
  }
  if (!expr::IsEquality(node.op) && !expr::IsOrdering(node.op)) return false;
  if (const Value* constant = ConstantOf(right); constant != nullptr && is_field(left)) {
    atom.op = node.op;
    atom.constants = {*constant};
    return true;
  }
  if (const Value* constant = ConstantOf(left); constant != nullptr && is_field(right)) {
    atom.op = Mirrored(node.op);
    atom.constants = {*constant};
    return true;
  }
  return false;
}

void Satisfiability::Restrict(Domain& domain, const Atom& atom, bool holds) const {
  const Slot& slot = schema_.slot(atom.slot);
  if (!domain.is_number) {
    uint64_t chosen = 0;
    for (const Value& constant : atom.constants) chosen |= BitsOf(slot, constant);
    const bool inside = holds != (atom.op == Operator::kNe);
    domain.values &= inside ? chosen : ~chosen;
    return;
  }
  const bool whole = slot.type.kind == expr::Kind::kInt;
  if (atom.op != Operator::kIn) {
    const Operator op = holds ? atom.op : Negated(atom.op);
    return RestrictNumber(domain, whole, op, NumberOf(atom.constants[0]));
  }
  if (!holds || atom.constants.empty()) {
    if (holds) domain.high = -std::numeric_limits<double>::infinity();
    return;
  }
  // The hull of the constants: a "yes" need not be certain.
  double low = NumberOf(atom.constants[0]);
  double high = low;
  for (const Value& constant : atom.constants) {
    low = std::min(low, NumberOf(constant));
    high = std::max(high, NumberOf(constant));
  }
  RestrictNumber(domain, whole, Operator::kGe, low);
  RestrictNumber(domain, whole, Operator::kLe, high);
}

// One question to Satisfiability: depth-first over the alternatives.
class Search {
 public:
  explicit Search(const Satisfiability& facts) : facts_(facts) {}

  struct Goal {
    CheckedPtr node;
    bool holds = true;
    // kAtLeast, from the child `from` on: at least `needed` of them have the outcome `holds`.
    bool counting = false;
    size_t from = 0;
    int64_t needed = 0;
  };
  struct State {
    std::vector<Goal> goals;         // to be taken apart
    std::vector<Goal> alternatives;  // to be tried one way and the other
    std::map<expr::SlotIndex, Domain> domains;
    std::map<std::string, bool> opaque;
  };

  bool Solve(State state, int depth = 0) {
    if (depth > kMaxDepth) return true;
    while (!state.goals.empty()) {
      if (++steps_ > kMaxSteps) return true;
      const Goal goal = std::move(state.goals.back());
      state.goals.pop_back();
      if (!Apply(goal, state)) return false;
    }
    if (state.alternatives.empty()) return true;
    const Goal choice = std::move(state.alternatives.back());
    state.alternatives.pop_back();
    for (std::vector<Goal>& branch : Branches(choice)) {
      State next = state;
      for (Goal& goal : branch) next.goals.push_back(std::move(goal));
      if (Solve(std::move(next), depth + 1)) return true;
    }
    return false;
  }

 private:
  // Returns false on a contradiction.
  bool Apply(const Goal& goal, State& state) {
    const CheckedNode& node = *goal.node;
    if (goal.counting) return ApplyCount(goal, state);
    if (node.constant.has_value()) {
      return node.constant->is_error() || node.constant->is_true() == goal.holds;
    }
    switch (node.kind) {
      case NodeKind::kUnary:
        state.goals.push_back({node.children[0], !goal.holds});
        return true;
      case NodeKind::kLogic:
        if ((node.op == Operator::kAnd) == goal.holds) {
          for (const CheckedPtr& child : node.children) state.goals.push_back({child, goal.holds});
        } else {
          state.alternatives.push_back(goal);
        }
        return true;
      case NodeKind::kTernary:
        state.alternatives.push_back(goal);
        return true;
      case NodeKind::kAtLeast:
        return ApplyAtLeast(goal, state);
      case NodeKind::kTerm:
        if (const CheckedExpr* term = facts_.FindTerm(node.name); term != nullptr) {
          // Shares nothing with the expression: keeps it alive for the search.
          state.goals.push_back({RootOf(*term), goal.holds});
          return true;
        }
        return ApplyOpaque(goal, state);
      case NodeKind::kSlot:
        return RestrictTo({node.slot, Operator::kEq, {Value::Bool(true)}}, goal.holds, state);
      default:
        return ApplyComparison(goal, state);
    }
  }

  static CheckedPtr RootOf(const CheckedExpr& checked) {
    // Not owned: the expressions outlive the search.
    return CheckedPtr(CheckedPtr(), &checked.root());
  }

  bool ApplyAtLeast(const Goal& goal, State& state) {
    const CheckedNode& node = *goal.node;
    const auto count = static_cast<int64_t>(node.children.size());
    const int64_t needed = goal.holds ? node.threshold : count - node.threshold + 1;
    return ApplyCount({goal.node, goal.holds, true, 0, needed}, state);
  }

  bool ApplyCount(const Goal& goal, State& state) {
    const auto left = static_cast<int64_t>(goal.node->children.size() - goal.from);
    if (goal.needed <= 0) return true;
    if (goal.needed > left) return false;
    if (goal.needed == left) {
      for (size_t i = goal.from; i < goal.node->children.size(); ++i) {
        state.goals.push_back({goal.node->children[i], goal.holds});
      }
    } else {
      state.alternatives.push_back(goal);
    }
    return true;
  }

  bool ApplyComparison(const Goal& goal, State& state) {
    const CheckedNode& node = *goal.node;
    if (node.kind == NodeKind::kBetween && node.children.size() == 3) {
      return ApplyBetween(goal, state);
    }
    Atom atom;
    if (facts_.AsAtom(node, atom)) return RestrictTo(atom, goal.holds, state);
    return ApplyOpaque(goal, state);
  }

  bool ApplyBetween(const Goal& goal, State& state) {
    const CheckedNode& node = *goal.node;
    const Value* low = ConstantOf(*node.children[1]);
    const Value* high = ConstantOf(*node.children[2]);
    if (low == nullptr || high == nullptr || node.children[0]->kind != NodeKind::kSlot) {
      return ApplyOpaque(goal, state);
    }
    if (!goal.holds) {
      state.alternatives.push_back(goal);
      return true;
    }
    const expr::SlotIndex slot = node.children[0]->slot;
    return RestrictTo({slot, Operator::kGe, {*low}}, true, state) &&
           RestrictTo({slot, Operator::kLe, {*high}}, true, state);
  }

  bool RestrictTo(const Atom& atom, bool holds, State& state) {
    if (!holds) {
      // True of every value that the field can have: written to ask whether it is known. Then it
      // may fail to hold after all.
      Domain all = facts_.DomainOf(atom.slot);
      facts_.Restrict(all, atom, holds);
      if (all.empty()) return true;
    }
    const auto [at, added] = state.domains.try_emplace(atom.slot, facts_.DomainOf(atom.slot));
    facts_.Restrict(at->second, atom, holds);
    return !at->second.empty();
  }

  bool ApplyOpaque(const Goal& goal, State& state) {
    const std::string text = expr::Print(CheckedExpr(goal.node));
    const auto [at, added] = state.opaque.try_emplace(text, goal.holds);
    return at->second == goal.holds;
  }

  std::vector<std::vector<Goal>> Branches(const Goal& choice) const {
    const CheckedNode& node = *choice.node;
    std::vector<std::vector<Goal>> branches;
    if (choice.counting) {
      Goal with = choice;
      ++with.from;
      Goal without = with;
      --with.needed;
      branches.push_back({{node.children[choice.from], choice.holds}, with});
      branches.push_back({without});
    } else if (node.kind == NodeKind::kTernary) {
      branches.push_back({{node.children[0], true}, {node.children[1], choice.holds}});
      branches.push_back({{node.children[0], false}, {node.children[2], choice.holds}});
    } else if (node.kind == NodeKind::kBetween) {
      branches = OutsideOf(node);
    } else {
      for (const CheckedPtr& child : node.children) branches.push_back({{child, choice.holds}});
    }
    return branches;
  }

  // Below the interval, or above it.
  static std::vector<std::vector<Goal>> OutsideOf(const CheckedNode& between) {
    std::vector<std::vector<Goal>> branches;
    for (const size_t bound : {size_t{1}, size_t{2}}) {
      auto comparison = std::make_shared<CheckedNode>();
      comparison->kind = NodeKind::kBinary;
      comparison->op = bound == 1 ? Operator::kLt : Operator::kGt;
      comparison->children = {between.children[0], between.children[bound]};
      branches.push_back({{std::move(comparison), true}});
    }
    return branches;
  }

  const Satisfiability& facts_;
  int steps_ = 0;
};

bool Satisfiability::CanHold(absl::Span<const Demand> demands) const {
  Search::State state;
  for (const Demand& demand : demands) {
    state.goals.push_back({CheckedPtr(CheckedPtr(), &demand.expr.root()), demand.holds});
  }
  return Search(*this).Solve(std::move(state));
}

}  // namespace plumbline::ruleset
