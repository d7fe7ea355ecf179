#include "server/expr/plan.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/expr/program.h"

namespace plumbline::expr {
namespace {

constexpr std::array kOpNames = {
    "Const",
    "AsOf",
    "Slot",
    "Has",
    "Outer",
    "Element",
    "ElementBool",
    "HasElement",
    "SlotIntEq",
    "SlotIntNe",
    "SlotIntLt",
    "SlotIntGe",
    "SlotIntInMask",
    "SlotDoubleEq",
    "SlotDoubleNe",
    "SlotDoubleLt",
    "SlotDoubleLe",
    "SlotDoubleGt",
    "SlotDoubleGe",
    "IntEqConst",
    "IntNeConst",
    "IntLtConst",
    "IntGeConst",
    "IntInMask",
    "IntInSet",
    "DoubleInSet",
    "TextInSet",
    "BoolInMask",
    "ListSize",
    "ListHasInt",
    "ListHasDouble",
    "ListHasText",
    "ListHasBool",
    "Not",
    "And",
    "Or",
    "AtLeast",
    "ExactlyOne",
    "Weighted",
    "Ternary",
    "KnownTrue",
    "NotKnownFalse",
    "Exists",
    "All",
    "ExistsOne",
    "BoolEq",
    "BoolNe",
    "BoolLt",
    "BoolLe",
    "IntEq",
    "IntNe",
    "IntLt",
    "IntLe",
    "IntAdd",
    "IntSubtract",
    "IntMultiply",
    "IntDivide",
    "IntModulo",
    "IntNegate",
    "DoubleEq",
    "DoubleNe",
    "DoubleLt",
    "DoubleLe",
    "DoubleAdd",
    "DoubleSubtract",
    "DoubleMultiply",
    "DoubleDivide",
    "DoubleNegate",
    "TextEq",
    "TextNe",
    "TextLt",
    "TextLe",
    "TextContains",
    "TextStartsWith",
    "TextEndsWith",
    "TextSize",
    "TimestampSubtract",
    "TimestampAddDuration",
    "TimestampSubtractDuration",
    "DaysBetween",
};
static_assert(kOpNames.size() == static_cast<size_t>(Op::kDaysBetween) + 1);

bool ReadsSlot(Op op) {
  return op == Op::kSlot || op == Op::kHas || op == Op::kListSize ||
         (op >= Op::kSlotIntEq && op <= Op::kSlotDoubleGe) ||
         (op >= Op::kExists && op <= Op::kExistsOne);
}

std::string DescribeNode(const PlanImpl& impl, const PlanNode& node) {
  std::string line = absl::StrCat(OpName(node.op));
  if (ReadsSlot(node.op))
    absl::StrAppend(&line, " ", impl.schema->slot(static_cast<SlotIndex>(node.instruction.a)).name);
  if (node.op >= Op::kListHasInt && node.op <= Op::kListHasBool) {
    absl::StrAppend(&line, " ",
                    impl.schema->slot(static_cast<SlotIndex>(node.instruction.n.b)).name);
  }
  for (const uint32_t operand : OperandsOf(impl.program, node)) {
    absl::StrAppend(&line, " n", operand);
  }
  if (node.op >= Op::kSlotDoubleEq && node.op <= Op::kSlotDoubleGe) {
    absl::StrAppend(&line, " ", node.instruction.d);
  } else if ((node.op >= Op::kSlotIntEq && node.op <= Op::kIntInMask) ||
             node.op == Op::kBoolInMask || node.op == Op::kWeighted) {
    absl::StrAppend(&line, " ", node.instruction.i);
  } else if (node.op == Op::kAtLeast) {
    absl::StrAppend(&line, " ", node.instruction.n.c);
  } else if (node.op == Op::kConst) {
    const Constant& constant = impl.pools.cells[node.instruction.a];
    absl::StrAppend(&line, " state=", static_cast<int>(constant.state));
    if (node.kind == Kind::kInt || node.kind == Kind::kEnum) {
      absl::StrAppend(&line, " ", constant.cell.i);
    }
  }
  return line;
}

}  // namespace

const char* OpName(Op op) { return kOpNames[static_cast<size_t>(op)]; }

std::vector<uint32_t> OperandsOf(const Program& program, const PlanNode& node) {
  const Instruction& in = node.instruction;
  const uint32_t* first = program.operands.data() + in.a;
  switch (node.op) {
    case Op::kAnd:
    case Op::kOr:
    case Op::kAtLeast:
    case Op::kExactlyOne:
      return {first, first + in.n.b};
    case Op::kWeighted: {
      std::vector<uint32_t> operands;
      for (uint32_t i = 0; i < first[0]; ++i) operands.push_back(first[2 + 2 * i]);
      return operands;
    }
    case Op::kTernary:
      return {in.a, in.n.b, in.n.c};
    case Op::kNot:
    case Op::kKnownTrue:
    case Op::kNotKnownFalse:
    case Op::kIntNegate:
    case Op::kDoubleNegate:
    case Op::kTextSize:
    case Op::kListHasInt:
    case Op::kListHasDouble:
    case Op::kListHasText:
    case Op::kListHasBool:
      return {in.a};
    default:
      break;
  }
  if (node.op >= Op::kIntEqConst && node.op <= Op::kBoolInMask) return {in.a};
  if (node.op >= Op::kBoolEq) return {in.a, in.n.b};
  return {};
}

// Levels first (operands before users), then operations together; then slots in order of memory,
// and operand lists by their length, so that the end of each list can be predicted.
void Schedule(Program& program) {
  std::vector<uint32_t> order(program.nodes.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto key = [&](uint32_t id) {
    const PlanNode& node = program.nodes[id];
    const uint32_t within = ReadsSlot(node.op)                          ? node.instruction.a
                            : node.op == Op::kAnd || node.op == Op::kOr ? node.instruction.n.b
                                                                        : 0;
    return std::make_tuple(node.level, node.op, within, id);
  };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  program.instructions.clear();
  program.runs.clear();
  for (const uint32_t id : order) {
    const auto at = static_cast<uint32_t>(program.instructions.size());
    const Op op = program.nodes[id].op;
    if (program.runs.empty() || program.runs.back().op != op) program.runs.push_back({op, at, at});
    program.instructions.push_back(program.nodes[id].instruction);
    program.runs.back().end = at + 1;
  }
}

FrameView PlanImpl::View(const Frame& frame) {
  return {frame.slot_states_.data(),
          frame.slot_cells_.data(),
          frame.list_cells_.data(),
          &frame.present_,
          frame.node_states_.data(),
          frame.node_cells_.data(),
          frame.as_of_,
          frame.has_as_of_};
}

Plan::Plan() : impl_(std::make_unique<PlanImpl>()) {}
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;
Plan::~Plan() = default;

Frame Plan::MakeFrame() const {
  const size_t slots = impl_->schema == nullptr ? 0 : impl_->schema->slots().size();
  return Frame(slots, impl_->program.nodes.size());
}

void Plan::Evaluate(Frame& frame) const {
  RunProgram(impl_->program, {impl_.get(), PlanImpl::View(frame), frame.node_states_.data(),
                              frame.node_cells_.data(), nullptr});
}

void Plan::CollectMissing(NodeId node, const Frame& frame, SlotSet& missing) const {
  CollectMissingSlots(*impl_, PlanImpl::View(frame), node, missing);
}

void Plan::CollectDeciding(NodeId node, const Frame& frame, SlotSet& deciding) const {
  uint64_t none = 0;
  CollectDecidingSlots(*impl_, PlanImpl::View(frame), node, {}, deciding, none);
}

void Plan::CollectDeciding(NodeId node, const Frame& frame,
                           absl::Span<const uint8_t> landmark_of_node, SlotSet& deciding,
                           uint64_t& landmarks) const {
  CollectDecidingSlots(*impl_, PlanImpl::View(frame), node, landmark_of_node, deciding, landmarks);
}

void Plan::ExplainAll(const Frame& frame, absl::Span<const uint8_t> landmark_of_node,
                      std::vector<Reason>& reasons) const {
  ExplainAllNodes(*impl_, PlanImpl::View(frame), landmark_of_node, reasons);
}

const SlotSet& Plan::Support(NodeId node) const { return impl_->program.nodes[node].support; }

size_t Plan::node_count() const { return impl_->program.nodes.size(); }

const Schema* Plan::schema() const { return impl_->schema; }

std::string Plan::DebugString() const {
  std::string text;
  for (size_t id = 0; id < impl_->program.nodes.size(); ++id) {
    absl::StrAppend(&text, "n", id, " = ", DescribeNode(*impl_, impl_->program.nodes[id]), "\n");
  }
  return text;
}

}  // namespace plumbline::expr
