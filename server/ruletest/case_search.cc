#include "server/ruletest/case_search.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "server/ruletest/answers.h"

namespace plumbline::ruletest {
namespace {

using expr::CheckedNode;
using expr::CheckedPtr;
using expr::Frame;
using expr::Kind;
using expr::NodeKind;
using expr::SlotIndex;

// Larger than any sum of parts: contradictory answers are never a solution.
constexpr int kContradiction = 1'000;
constexpr int kMostSteps = 14;
constexpr int kRestarts = 24;
constexpr size_t kMostBases = 60;

// Width of one step of a number field.
double StepOf(Kind kind) { return kind == Kind::kDouble ? 0.1 : 1; }

// Keeps 38.1 from becoming 38.100000000000001.
double Rounded(double number) { return std::round(number * 10) / 10; }

// The constants that `node` compares one number field with.
void NumbersOf(const CheckedNode& node, SlotIndex& slot, std::vector<double>& numbers) {
  if (node.kind != NodeKind::kBinary && node.kind != NodeKind::kBetween) return;
  const CheckedNode* field = nullptr;
  for (const CheckedPtr& child : node.children) {
    if (child->kind == NodeKind::kSlot) field = child.get();
  }
  if (field == nullptr || (field->type.kind != Kind::kInt && field->type.kind != Kind::kDouble)) {
    return;
  }
  slot = field->slot;
  for (const CheckedPtr& child : node.children) {
    if (!child->constant.has_value()) continue;
    const expr::Value& value = *child->constant;
    if (value.kind == Kind::kInt) numbers.push_back(static_cast<double>(value.i));
    if (value.kind == Kind::kDouble) numbers.push_back(value.d);
  }
}

// Contradictory answers are what such a rule is about.
bool AboutContradictions(const ruleset::Probe& probe) {
  return absl::StartsWith(probe.path, "consistency_rules[");
}

}  // namespace

CaseSearch::CaseSearch(const Subject& subject, const CaseSet& cases)
    : subject_(subject), meter_(subject.probes) {
  CaseRunner runner(subject);
  for (const Case& one : cases.cases()) {
    if (one.vignette == nullptr) continue;
    runner.Run(one);
    if (runner.evaluated()) bases_.push_back({&one, runner.frame()});
  }
  CollectNumbers();
}

void CaseSearch::CollectNumbers() {
  const ruleset::CompiledRuleset& ruleset = *subject_.ruleset;
  const auto slots = ruleset.schema->slots();
  std::vector<std::set<double>> values(slots.size());
  for (const ruleset::Probe& probe : subject_.probes.conditions) {
    for (const ruleset::ProbeLeaf& leaf : probe.leaves) {
      SlotIndex slot = 0;
      std::vector<double> numbers;
      NumbersOf(*leaf.node, slot, numbers);
      for (const double number : numbers) {
        const double step = StepOf(slots[slot].type.kind);
        values[slot].insert({Rounded(number - step), number, Rounded(number + step)});
      }
    }
  }
  values_.resize(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    const uint32_t index = ruleset.question_of_slot[i];
    const v1::Question* question =
        index == ruleset::kNoIndex ? nullptr : &ruleset.source.questions(static_cast<int>(index));
    switch (slots[i].type.kind) {
      case Kind::kBool:
        values[i] = {0, 1};
        break;
      case Kind::kEnum:
        for (int v = 0; v < slots[i].type.enum_type->value_count(); ++v) {
          const auto* value = slots[i].type.enum_type->value(v);
          if (!expr::IsUnknownEnumValue(*value)) values[i].insert(value->number());
        }
        break;
      case Kind::kList:
        if (slots[i].type.element != Kind::kEnum) break;
        values[i].insert(-1);  // none
        for (int v = 0; v < slots[i].type.enum_type->value_count(); ++v) {
          const auto* value = slots[i].type.enum_type->value(v);
          if (!expr::IsUnknownEnumValue(*value)) values[i].insert(value->number());
        }
        break;
      case Kind::kInt:
      case Kind::kDouble:
        if (question == nullptr) break;
        if (question->max() - question->min() <= 12 && slots[i].type.kind == Kind::kInt) {
          const auto last = static_cast<int64_t>(question->max());
          for (auto v = static_cast<int64_t>(question->min()); v <= last; ++v) {
            values[i].insert(static_cast<double>(v));
          }
        }
        values[i].insert({question->min(), question->max()});
        break;
      default:
        break;
    }
    for (const double value : values[i]) {
      const bool number = slots[i].type.kind == Kind::kInt || slots[i].type.kind == Kind::kDouble;
      if (number && question != nullptr && (value < question->min() || value > question->max())) {
        continue;
      }
      values_[i].push_back(value);
    }
  }
}

std::vector<CaseSearch::Move> CaseSearch::MovesOf(const ruleset::Probe& probe) const {
  const ruleset::CompiledRuleset& ruleset = *subject_.ruleset;
  // What the condition reads, and what may not contradict it.
  const expr::SlotSet own = ruleset.plan.Support(probe.outcome);
  expr::SlotSet slots = own;
  for (const ruleset::CompiledConsistencyRule& rule : ruleset.consistency_rules) {
    expr::SlotSet shared = ruleset.plan.Support(rule.when);
    shared &= own;
    if (!shared.empty()) slots |= ruleset.plan.Support(rule.when);
  }
  std::vector<Move> moves;
  slots.ForEach([&](SlotIndex slot) {
    if (values_[slot].empty()) return;
    for (const double value : values_[slot]) moves.push_back({slot, Move::Kind::kNumber, value});
    moves.push_back({slot, Move::Kind::kUnknown, 0});
    if (CanBeAskedInVain(subject_.ruleset->schema->slot(slot))) {
      moves.push_back({slot, Move::Kind::kAsked, 0});
    }
  });
  return moves;
}

void CaseSearch::Apply(const Move& move, Frame& frame) const {
  const Kind kind = subject_.ruleset->schema->slot(move.slot).type.kind;
  if (move.kind == Move::Kind::kUnknown) {
    frame.Clear(move.slot);
  } else if (move.kind == Move::Kind::kAsked) {
    frame.SetAskedUnknown(move.slot);
  } else if (kind == Kind::kBool) {
    frame.SetBool(move.slot, move.number != 0);
  } else if (kind == Kind::kList) {
    expr::ListCell cell{{}, true};
    cell.cell.i = static_cast<int64_t>(move.number);
    const size_t count = move.number < 0 ? 0 : 1;
    frame.SetList(move.slot, absl::MakeConstSpan(&cell, count), 1);
  } else if (kind == Kind::kDouble) {
    frame.SetDouble(move.slot, move.number);
  } else {
    frame.SetInt(move.slot, static_cast<int64_t>(move.number));
  }
}

int CaseSearch::Measure(const Distance& distance, Frame& frame) const {
  const ruleset::CompiledRuleset& ruleset = *subject_.ruleset;
  ruleset.plan.Evaluate(frame);
  if (contradictions_allowed_) return distance(frame);
  int contradictions = 0;
  for (const ruleset::CompiledConsistencyRule& rule : ruleset.consistency_rules) {
    if (expr::Plan::OutcomeOf(rule.when, frame) != expr::Outcome::kMatch) continue;
    if (rule.unless != ruleset::kNoNode &&
        expr::Plan::OutcomeOf(rule.unless, frame) == expr::Outcome::kMatch) {
      continue;
    }
    ++contradictions;
  }
  return distance(frame) + contradictions * kContradiction;
}

bool CaseSearch::Climb(const Distance& distance, const std::vector<Move>& moves, Frame& frame) {
  int here = Measure(distance, frame);
  for (int step = 0; step < kMostSteps && here > 0; ++step) {
    int best = here;
    std::vector<const Move*> choices;  // as good as the best
    for (const Move& move : moves) {
      Frame next = frame;
      Apply(move, next);
      const int there = Measure(distance, next);
      if (there < best) {
        best = there;
        choices.clear();
      }
      if (there == best) choices.push_back(&move);
    }
    if (choices.empty()) return false;
    // On a plain any step may open a way; below it the nearest counts.
    const Move& chosen = *choices[random_() % choices.size()];
    Apply(chosen, frame);
    here = Measure(distance, frame);
  }
  return here == 0;
}

Found CaseSearch::Minimise(const Distance& distance, size_t base, const Frame& frame) const {
  const expr::Schema& schema = *subject_.ruleset->schema;
  const Frame& from = bases_[base].frame;
  Found found;
  found.base = base;
  found.frame = frame;
  const auto differs = [&](SlotIndex slot, const Frame& a) {
    return FormatAnswer(slot, schema, a) != FormatAnswer(slot, schema, from);
  };
  for (SlotIndex slot = 0; slot < schema.slots().size(); ++slot) {
    if (values_[slot].empty() || !differs(slot, found.frame)) continue;
    Frame without = found.frame;
    if (schema.slot(slot).type.kind == Kind::kList && from.known(slot)) {
      without.SetList(slot, from.slot_list(slot), 1);
      if (Measure(distance, without) == 0) found.frame = without;
      continue;
    }
    Move back{slot,
              from.known(slot)     ? Move::Kind::kNumber
              : from.present(slot) ? Move::Kind::kAsked
                                   : Move::Kind::kUnknown,
              0};
    if (from.known(slot)) {
      const Kind kind = schema.slot(slot).type.kind;
      back.number = kind == Kind::kBool     ? (from.slot_state(slot) == expr::State::kTrue ? 1 : 0)
                    : kind == Kind::kDouble ? from.slot_cell(slot).d
                                            : static_cast<double>(from.slot_cell(slot).i);
    }
    Apply(back, without);
    if (Measure(distance, without) == 0) found.frame = without;
  }
  for (SlotIndex slot = 0; slot < schema.slots().size(); ++slot) {
    if (!values_[slot].empty() && differs(slot, found.frame)) {
      found.with.push_back(FormatAnswer(slot, schema, found.frame));
    }
  }
  return found;
}

std::optional<Found> CaseSearch::Find(const ruleset::Probe& probe, const Distance& distance,
                                      const std::vector<size_t>& preferred, Effort effort) {
  contradictions_allowed_ = AboutContradictions(probe);
  // By the condition: no other one, searched before or not at all, has a say in what is found.
  const std::string name = ruleset::DisplayName(probe.name);
  std::seed_seq seed(name.begin(), name.end());
  random_.seed(seed);
  std::vector<size_t> order = preferred;
  // Then those that are nearest to begin with.
  std::vector<std::pair<int, size_t>> nearest;
  for (size_t i = 0; i < bases_.size(); ++i) nearest.emplace_back(distance(bases_[i].frame), i);
  std::stable_sort(nearest.begin(), nearest.end());
  for (size_t i = 0; i < std::min(kMostBases, nearest.size()); ++i) {
    order.push_back(nearest[i].second);
  }
  const std::vector<Move> moves = MovesOf(probe);
  const int rounds = effort == Effort::kOnce ? 1 : kRestarts;
  for (int round = 0; round < rounds; ++round) {
    for (size_t k = 0; k < order.size(); ++k) {
      // Once for everyone; again only from where it was promising.
      if (round > 0 && k >= 8) break;
      Frame frame = bases_[order[k]].frame;
      if (Climb(distance, moves, frame)) return Minimise(distance, order[k], frame);
    }
  }
  return std::nullopt;
}

bool CaseSearch::Changes(const Found& found, SlotIndex slot) const {
  const expr::Schema& schema = *subject_.ruleset->schema;
  return FormatAnswer(slot, schema, found.frame) !=
         FormatAnswer(slot, schema, bases_[found.base].frame);
}

bool CaseSearch::CanBe(SlotIndex slot, double number) const {
  return std::find(values_[slot].begin(), values_[slot].end(), number) != values_[slot].end();
}

bool CaseSearch::Is(const Frame& frame, SlotIndex slot, double number) const {
  if (!frame.known(slot)) return false;
  switch (subject_.ruleset->schema->slot(slot).type.kind) {
    case Kind::kBool:
      return (frame.slot_state(slot) == expr::State::kTrue ? 1 : 0) == number;
    case Kind::kDouble:
      return frame.slot_cell(slot).d == number;
    case Kind::kInt:
    case Kind::kEnum:
      return static_cast<double>(frame.slot_cell(slot).i) == number;
    default:
      return false;
  }
}

bool CaseSearch::AnyOf(SlotIndex slot, const Frame& frame,
                       const std::function<bool(const Frame&)>& holds) const {
  return std::any_of(values_[slot].begin(), values_[slot].end(), [&](double number) {
    Frame other = frame;
    Apply({slot, Move::Kind::kNumber, number}, other);
    subject_.ruleset->plan.Evaluate(other);
    return holds(other);
  });
}

std::optional<Found> CaseSearch::With(const ruleset::Probe& probe, const Found& found,
                                      SlotIndex slot, double number) {
  if (!CanBe(slot, number)) return std::nullopt;
  contradictions_allowed_ = AboutContradictions(probe);
  Frame frame = found.frame;
  Apply({slot, Move::Kind::kNumber, number}, frame);
  const Distance none = [](const Frame&) { return 0; };
  if (Measure(none, frame) > 0) return std::nullopt;
  // Keeps all answers: the row is about this number among exactly these others.
  Found changed;
  changed.base = found.base;
  changed.frame = std::move(frame);
  const expr::Schema& schema = *subject_.ruleset->schema;
  for (SlotIndex i = 0; i < schema.slots().size(); ++i) {
    if (values_[i].empty()) continue;
    std::string answer = FormatAnswer(i, schema, changed.frame);
    if (answer != FormatAnswer(i, schema, bases_[found.base].frame)) {
      changed.with.push_back(std::move(answer));
    }
  }
  return changed;
}

CaseSearch::Boundary CaseSearch::BoundaryOf(const ruleset::ProbeLeaf& leaf) const {
  Boundary boundary;
  std::vector<double> numbers;
  NumbersOf(*leaf.node, boundary.slot, numbers);
  std::set<double> values;
  const double step =
      numbers.empty() ? 1 : StepOf(subject_.ruleset->schema->slot(boundary.slot).type.kind);
  for (const double number : numbers) {
    values.insert({Rounded(number - step), number, Rounded(number + step)});
  }
  boundary.values.assign(values.begin(), values.end());
  // Of a list of enum values each is a case of its own.
  const CheckedNode& node = *leaf.node;
  if (node.kind == NodeKind::kBinary && node.op == expr::Operator::kIn &&
      node.children[0]->kind == NodeKind::kSlot && node.children[0]->type.kind == Kind::kEnum) {
    boundary.slot = node.children[0]->slot;
    boundary.values = values_[boundary.slot];
  }
  return boundary;
}

}  // namespace plumbline::ruletest
