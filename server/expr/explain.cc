// Why a node is what it is: the slots that keep it open, and the slots that decided it.
//
// Operands have smaller numbers than their users, so one sweep from the node downwards visits each
// node at most once, without recursion, however often terms share it.

#include <array>
#include <bit>
#include <vector>

#include "absl/types/span.h"
#include "server/expr/program.h"

namespace plumbline::expr {
namespace {

enum class Question : uint8_t { kMissing, kDeciding };

// The nodes still to visit: a bitset that is emptied from the top.
class Agenda {
 public:
  explicit Agenda(size_t nodes) : words_(nodes / 64 + 1) {
    if (words_ > inline_.size()) large_.resize(words_);
    bits_ = large_.empty() ? inline_.data() : large_.data();
  }
  Agenda(const Agenda&) = delete;
  Agenda& operator=(const Agenda&) = delete;

  void Add(uint32_t node) { bits_[node / 64] |= uint64_t{1} << (node % 64); }

  template <typename Visitor>
  void Drain(Visitor visit) {
    for (size_t word = words_; word > 0; --word) {
      while (bits_[word - 1] != 0) {
        const uint32_t bit = (63u - static_cast<uint32_t>(std::countl_zero(bits_[word - 1]))) & 63u;
        bits_[word - 1] &= ~(uint64_t{1} << bit);
        visit(static_cast<uint32_t>((word - 1) * 64 + bit));
      }
    }
  }

 private:
  size_t words_;
  std::array<uint64_t, 64> inline_{};
  std::vector<uint64_t> large_;
  uint64_t* bits_ = nullptr;
};

class Explainer {
 public:
  Explainer(const PlanImpl& plan, const FrameView& frame, Question question, SlotSet& slots,
            absl::Span<const uint8_t> landmark_of_node = {}, uint64_t* landmarks = nullptr)
      : landmark_of_node_(landmark_of_node),
        landmarks_(landmarks),
        plan_(plan),
        frame_(frame),
        question_(question),
        slots_(slots),
        agenda_(plan.program.nodes.size()) {}

  void Explain(uint32_t root);

 private:
  // One program with its states: the plan, or a body on one row.
  struct Scope {
    const Program& program;
    const State* states;
    Agenda& agenda;
    const Body* body;
  };

  void Visit(const Scope& scope, uint32_t id);
  void VisitMissing(const Scope& scope, const PlanNode& node);
  void VisitDeciding(const Scope& scope, const PlanNode& node, State state);
  bool VisitLeaf(const Scope& scope, const PlanNode& node);
  void FollowIf(const Scope& scope, const PlanNode& node, State state);
  void FollowAll(const Scope& scope, const PlanNode& node);
  void FollowTernary(const Scope& scope, const PlanNode& node);
  void FollowCollapsed(const Scope& scope, const PlanNode& node);
  void FollowWeighted(const Scope& scope, const PlanNode& node, State state);
  void FollowRows(const PlanNode& node, bool all_rows, State state);
  bool ListIsKnown(uint32_t slot) const;

  const absl::Span<const uint8_t> landmark_of_node_;  // empty: none
  uint64_t* const landmarks_;
  const PlanImpl& plan_;
  const FrameView& frame_;
  const Question question_;
  SlotSet& slots_;
  Agenda agenda_;
};

void Explainer::Explain(uint32_t root) {
  agenda_.Add(root);
  const Scope scope{plan_.program, frame_.node_states, agenda_, nullptr};
  agenda_.Drain([&](uint32_t id) { Visit(scope, id); });
}

void Explainer::Visit(const Scope& scope, uint32_t id) {
  const PlanNode& node = scope.program.nodes[id];
  const State state = scope.states[id];
  if (question_ == Question::kMissing) {
    if (state == State::kUnknown && !VisitLeaf(scope, node)) VisitMissing(scope, node);
    return;
  }
  // Rows have nodes of their own, which are never landmarks.
  if (scope.body == nullptr && !landmark_of_node_.empty() && landmark_of_node_[id] != 0) {
    *landmarks_ |= uint64_t{1} << (landmark_of_node_[id] - 1);
    return;
  }
  if (state != State::kUnknown && !VisitLeaf(scope, node)) VisitDeciding(scope, node, state);
}

// Nodes that read a slot themselves. True if that is all there is to them.
bool Explainer::VisitLeaf(const Scope& scope, const PlanNode& node) {
  const uint32_t a = node.instruction.a;
  switch (node.op) {
    case Op::kConst:
    case Op::kAsOf:
      return true;
    case Op::kSlot:
    case Op::kHas:
    case Op::kListSize:
      slots_.Add(static_cast<SlotIndex>(a));
      return true;
    case Op::kOuter:
      agenda_.Add(a);
      return true;
    case Op::kElement:
    case Op::kElementBool:
    case Op::kHasElement:
      slots_.Add(scope.body->list);
      return true;
    default:
      if (node.op < Op::kSlotIntEq || node.op > Op::kSlotDoubleGe) return false;
      slots_.Add(static_cast<SlotIndex>(a));
      return true;
  }
}

bool Explainer::ListIsKnown(uint32_t slot) const {
  if (frame_.slot_states[slot] != State::kTrue) return false;
  for (const ListCell& cell : frame_.List(slot)) {
    if (!cell.known) return false;
  }
  return true;
}

void Explainer::FollowIf(const Scope& scope, const PlanNode& node, State state) {
  for (const uint32_t operand : OperandsOf(scope.program, node)) {
    if (scope.states[operand] == state) scope.agenda.Add(operand);
  }
}

void Explainer::FollowAll(const Scope& scope, const PlanNode& node) {
  for (const uint32_t operand : OperandsOf(scope.program, node)) scope.agenda.Add(operand);
}

// The condition alone while it is open; then also the value it chose.
void Explainer::FollowTernary(const Scope& scope, const PlanNode& node) {
  const Instruction& in = node.instruction;
  const State condition = scope.states[in.a];
  if (question_ == Question::kDeciding || condition == State::kUnknown) scope.agenda.Add(in.a);
  if (condition == State::kTrue) scope.agenda.Add(in.n.b);
  if (condition == State::kFalse) scope.agenda.Add(in.n.c);
}

void Explainer::VisitMissing(const Scope& scope, const PlanNode& node) {
  const Instruction& in = node.instruction;
  switch (node.op) {
    case Op::kTernary:
      return FollowTernary(scope, node);
    case Op::kExists:
    case Op::kAll:
    case Op::kExistsOne:
      return FollowRows(node, false, State::kUnknown);
    case Op::kListHasInt:
    case Op::kListHasDouble:
    case Op::kListHasText:
    case Op::kListHasBool:
      if (!ListIsKnown(in.n.b)) slots_.Add(static_cast<SlotIndex>(in.n.b));
      break;
    default:
      break;
  }
  FollowIf(scope, node, State::kUnknown);
}

void Explainer::VisitDeciding(const Scope& scope, const PlanNode& node, State state) {
  const Instruction& in = node.instruction;
  switch (node.op) {
    case Op::kOr:
    case Op::kAtLeast:
      return state == State::kFalse ? FollowAll(scope, node) : FollowIf(scope, node, state);
    case Op::kAnd:
      return state == State::kTrue ? FollowAll(scope, node) : FollowIf(scope, node, state);
    case Op::kTernary:
      return FollowTernary(scope, node);
    case Op::kWeighted:
      return FollowWeighted(scope, node, state);
    case Op::kKnownTrue:
    case Op::kNotKnownFalse:
      return FollowCollapsed(scope, node);
    case Op::kExists:
      return FollowRows(node, state == State::kFalse, state);
    case Op::kAll:
      return FollowRows(node, state == State::kTrue, state);
    case Op::kExistsOne:
      return FollowRows(node, state != State::kError, state);
    case Op::kListHasInt:
    case Op::kListHasDouble:
    case Op::kListHasText:
    case Op::kListHasBool:
      slots_.Add(static_cast<SlotIndex>(in.n.b));
      break;
    default:
      break;
  }
  FollowAll(scope, node);
}

// What is missing is why "known true" is false.
void Explainer::FollowCollapsed(const Scope& scope, const PlanNode& node) {
  const uint32_t operand = node.instruction.a;
  if (scope.states[operand] == State::kUnknown) {
    CollectMissingSlots(plan_, frame_, operand, slots_);
  } else {
    scope.agenda.Add(operand);
  }
}

// The known operands that pushed the sum to the side where it ended.
void Explainer::FollowWeighted(const Scope& scope, const PlanNode& node, State state) {
  const uint32_t* entry = scope.program.operands.data() + node.instruction.a;
  for (uint32_t left = *entry++; left > 0; --left, entry += 2) {
    const bool adds = static_cast<int32_t>(entry[0]) > 0;
    const State operand = scope.states[entry[1]];
    const bool raised = operand == (adds ? State::kTrue : State::kFalse);
    const bool lowered = operand == (adds ? State::kFalse : State::kTrue);
    const bool decided = (state == State::kTrue && raised) || (state == State::kFalse && lowered) ||
                         (state == State::kError && operand == State::kError);
    if (decided) scope.agenda.Add(entry[1]);
  }
}

// Rows whose condition has `state` (or all rows), each explained by its own body run.
void Explainer::FollowRows(const PlanNode& node, bool all_rows, State state) {
  const Body& body = plan_.bodies[node.instruction.n.b];
  if (question_ == Question::kDeciding || frame_.slot_states[body.list] != State::kTrue) {
    slots_.Add(body.list);
  }
  if (frame_.slot_states[body.list] != State::kTrue) return;
  std::array<State, kMaxBodyNodes> states;
  std::array<Cell, kMaxBodyNodes> cells{};
  const absl::Span<const ListCell> list = frame_.List(body.list);
  for (size_t at = 0; at + body.columns <= list.size(); at += body.columns) {
    RunProgram(body.program, {&plan_, frame_, states.data(), cells.data(), list.data() + at});
    if (!all_rows && states[body.root] != state) continue;
    Agenda agenda(body.program.nodes.size());
    const Scope scope{body.program, states.data(), agenda, &body};
    agenda.Add(body.root);
    agenda.Drain([&](uint32_t id) { Visit(scope, id); });
  }
}

}  // namespace

void CollectMissingSlots(const PlanImpl& plan, const FrameView& frame, uint32_t node,
                         SlotSet& missing) {
  Explainer(plan, frame, Question::kMissing, missing).Explain(node);
}

void CollectDecidingSlots(const PlanImpl& plan, const FrameView& frame, uint32_t node,
                          absl::Span<const uint8_t> landmark_of_node, SlotSet& deciding,
                          uint64_t& landmarks) {
  Explainer(plan, frame, Question::kDeciding, deciding, landmark_of_node, &landmarks).Explain(node);
}

}  // namespace plumbline::expr
