// Reasons of all nodes in one sweep, in the order in which they were evaluated.
//
// A node's reason is the union of the reasons of some of its operands: of those in the same state
// for && and ||, of the known ones or the unknown ones for strict functions. So each node is worked
// out once, whatever the number of rules that share it.

#include <algorithm>
#include <cstring>

#include "server/expr/plan.h"
#include "server/expr/program.h"

namespace plumbline::expr {
namespace {

bool IsUnknown(State state) { return state == State::kUnknown; }

uint64_t MaskIf(bool condition) { return ~uint64_t{0} * static_cast<uint64_t>(condition); }

bool IsLeaf(Op op) {
  return op <= Op::kHasElement || op == Op::kListSize || op <= Op::kSlotDoubleGe;
}

// A reason in the making, small enough for registers. kWords: words of a SlotSet that this plan's
// slots can be in.
template <size_t kWords>
struct Draft {
  uint64_t words[kWords] = {};
  uint64_t landmarks = 0;

  // Adds `reason` if `mask` is ~0, nothing if it is 0.
  void Add(const Reason& reason, uint64_t mask) {
    for (size_t i = 0; i < kWords; ++i) words[i] |= reason.slots.word(i) & mask;
    landmarks |= reason.landmarks & mask;
  }
  void AddSlot(uint32_t slot) { words[slot / 64] |= uint64_t{1} << (slot % 64); }
};

template <size_t kWords>
class Sweep {
 public:
  Sweep(const PlanImpl& plan, const FrameView& frame, absl::Span<const uint8_t> landmark_of_node,
        Reason* reasons)
      : plan_(plan),
        frame_(frame),
        states_(frame.node_states),
        operands_(plan.program.operands.data()),
        landmark_of_node_(landmark_of_node),
        reasons_(reasons) {}

  void WriteLeaves() {
    for (size_t id = 0; id < plan_.program.nodes.size(); ++id) {
      const PlanNode& node = plan_.program.nodes[id];
      if (IsLeaf(node.op) && node.op != Op::kConst && node.op != Op::kAsOf) {
        reasons_[id].slots.Add(static_cast<SlotIndex>(node.instruction.a));
      }
    }
  }

  void Run() {
    WriteLandmarkLeaves();
    for (const expr::Run& run : plan_.program.runs) {
      if (IsLeaf(run.op)) continue;
      const Instruction* in = plan_.program.instructions.data() + run.begin;
      const Instruction* const end = plan_.program.instructions.data() + run.end;
      switch (run.op) {
        case Op::kAnd:
        case Op::kOr:
          for (; in != end; ++in) WriteLogic(*in);
          break;
        case Op::kNot:
          for (; in != end; ++in) {
            Draft draft;
            Add(in->a, draft);
            Put(in->dst, draft);
          }
          break;
        default:
          for (; in != end; ++in) Put(in->dst, Combine(run.op, *in));
          break;
      }
    }
  }

 private:
  using Draft = expr::Draft<kWords>;

  void Put(uint32_t dst, const Draft& draft) {
    Reason& reason = reasons_[dst];
    const bool landmark =
        !landmark_of_node_.empty() && landmark_of_node_[dst] != 0 && !IsUnknown(states_[dst]);
    for (size_t i = 0; i < kWords; ++i) reason.slots.set_word(i, landmark ? 0 : draft.words[i]);
    reason.landmarks = landmark ? uint64_t{1} << (landmark_of_node_[dst] - 1) : draft.landmarks;
  }

  // Landmarks are few: eight nodes are looked at in one go.
  void WriteLandmarkLeaves() {
    const size_t size = landmark_of_node_.size();
    for (size_t first = 0; first < size; first += 8) {
      uint64_t any = 0;
      std::memcpy(&any, landmark_of_node_.data() + first, std::min<size_t>(8, size - first));
      for (size_t id = first; any != 0 && id < std::min(first + 8, size); ++id) {
        if (landmark_of_node_[id] != 0) WriteLandmarkLeaf(static_cast<uint32_t>(id));
      }
    }
  }

  // Of all leaves, only landmarks change with their state.
  void WriteLandmarkLeaf(uint32_t id) {
    const PlanNode& node = plan_.program.nodes[id];
    if (!IsLeaf(node.op)) return;
    Draft draft;
    if (node.op != Op::kConst && node.op != Op::kAsOf) draft.AddSlot(node.instruction.a);
    Put(id, draft);
  }

  void WriteLogic(const Instruction& in) {
    const State state = states_[in.dst];
    Draft draft;
    const uint32_t* operand = operands_ + in.a;
    for (uint32_t i = 0; i < in.n.b; ++i) {
      Add(operand[i], MaskIf(states_[operand[i]] == state), draft);
    }
    Put(in.dst, draft);
  }

  void Add(uint32_t node, uint64_t mask, Draft& draft) const { draft.Add(reasons_[node], mask); }
  void Add(uint32_t node, Draft& draft) const { Add(node, ~uint64_t{0}, draft); }

  // Operand of a strict function: unknown ones keep it open, the others decide it.
  void AddAlike(uint32_t node, State state, Draft& draft) const {
    Add(node, MaskIf(IsUnknown(states_[node]) == IsUnknown(state)), draft);
  }

  Draft Combine(Op op, const Instruction& in) const {
    const State state = states_[in.dst];
    Draft draft;
    switch (op) {
      case Op::kAtLeast:
      case Op::kExactlyOne:
        for (uint32_t i = 0; i < in.n.b; ++i) {
          const uint32_t operand = operands_[in.a + i];
          if (op == Op::kAtLeast && state != State::kFalse) {
            Add(operand, MaskIf(states_[operand] == state), draft);
          } else {
            AddAlike(operand, state, draft);
          }
        }
        break;
      case Op::kWeighted:
        AddWeighted(in, state, draft);
        break;
      case Op::kTernary:
        AddTernary(in, state, draft);
        break;
      case Op::kListHasInt:
      case Op::kListHasDouble:
      case Op::kListHasText:
      case Op::kListHasBool:
        AddAlike(in.a, state, draft);
        if (!IsUnknown(state) || !ListIsKnown(in.n.b)) {
          draft.AddSlot(in.n.b);
        }
        break;
      case Op::kExists:
      case Op::kAll:
      case Op::kExistsOne:
        AddRows(in.dst, state, draft);
        break;
      default:
        // A collapsed third value carries what is missing below it.
        if (op == Op::kNot || op == Op::kKnownTrue || op == Op::kNotKnownFalse) {
          Add(in.a, draft);
        } else if (op < Op::kBoolEq || op == Op::kIntNegate || op == Op::kDoubleNegate ||
                   op == Op::kTextSize) {
          AddAlike(in.a, state, draft);
        } else {
          AddAlike(in.a, state, draft);
          AddAlike(in.n.b, state, draft);
        }
        break;
    }
    return draft;
  }

  // Rows have programs of their own.
  void AddRows(uint32_t node, State state, Draft& draft) const {
    Reason reason;
    if (IsUnknown(state)) {
      CollectMissingSlots(plan_, frame_, node, reason.slots);
    } else {
      CollectDecidingSlots(plan_, frame_, node, landmark_of_node_, reason.slots, reason.landmarks);
    }
    draft.Add(reason, ~uint64_t{0});
  }

  bool ListIsKnown(uint32_t slot) const {
    if (frame_.slot_states[slot] != State::kTrue) return false;
    for (const ListCell& cell : frame_.List(slot)) {
      if (!cell.known) return false;
    }
    return true;
  }

  // The condition alone while it is open; else also the value that it chose.
  void AddTernary(const Instruction& in, State state, Draft& draft) const {
    const State condition = states_[in.a];
    if (!IsUnknown(state) || IsUnknown(condition)) Add(in.a, draft);
    if (condition == State::kTrue) AddAlike(in.n.b, state, draft);
    if (condition == State::kFalse) AddAlike(in.n.c, state, draft);
  }

  // The known operands that pushed the sum to the side where it ended.
  void AddWeighted(const Instruction& in, State state, Draft& draft) const {
    const uint32_t* entry = operands_ + in.a;
    for (uint32_t left = *entry++; left > 0; --left, entry += 2) {
      const State raised = static_cast<int32_t>(entry[0]) > 0 ? State::kTrue : State::kFalse;
      const State lowered = raised == State::kTrue ? State::kFalse : State::kTrue;
      const State wanted = state == State::kTrue    ? raised
                           : state == State::kFalse ? lowered
                                                    : state;
      Add(entry[1], MaskIf(states_[entry[1]] == wanted), draft);
    }
  }

  const PlanImpl& plan_;
  const FrameView& frame_;
  const State* const states_;
  const uint32_t* const operands_;
  const absl::Span<const uint8_t> landmark_of_node_;
  Reason* const reasons_;
};

template <size_t kWords>
void Explain(const PlanImpl& plan, const FrameView& frame,
             absl::Span<const uint8_t> landmark_of_node, std::vector<Reason>& reasons) {
  const bool fresh = reasons.size() != plan.program.nodes.size();
  if (fresh) reasons.assign(plan.program.nodes.size(), Reason{});
  Sweep<kWords> sweep(plan, frame, landmark_of_node, reasons.data());
  if (fresh) sweep.WriteLeaves();
  sweep.Run();
}

}  // namespace

void ExplainAllNodes(const PlanImpl& plan, const FrameView& frame,
                     absl::Span<const uint8_t> landmark_of_node, std::vector<Reason>& reasons) {
  const size_t slots = plan.schema == nullptr ? 0 : plan.schema->slots().size();
  switch ((slots + 63) / 64) {
    case 0:
    case 1:
      return Explain<1>(plan, frame, landmark_of_node, reasons);
    case 2:
      return Explain<2>(plan, frame, landmark_of_node, reasons);
    case 3:
      return Explain<3>(plan, frame, landmark_of_node, reasons);
    default:
      return Explain<4>(plan, frame, landmark_of_node, reasons);
  }
}

}  // namespace plumbline::expr
