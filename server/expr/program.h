// Program: the form in which expressions are evaluated: a flat list of typed nodes.
//
// Private to the plan. Nodes are in topological order (operands before users) and carry what the
// explanation needs; `instructions` is the same content laid out for speed: sorted by level and
// operation, so that the evaluator runs a tight loop per operation and does not dispatch per node.

#ifndef PLUMBLINE_SERVER_EXPR_PROGRAM_H_
#define PLUMBLINE_SERVER_EXPR_PROGRAM_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/expr/frame.h"
#include "server/expr/schema.h"
#include "server/expr/slot_set.h"
#include "server/expr/type.h"

namespace plumbline::expr {

// Operand conventions, by group. `a`, `b`, `c`: nodes unless noted; `imm`: an inline constant.
enum class Op : uint8_t {
  // Leaves. kConst: a = entry of Pools::cells. kSlot, kHas: a = slot.
  kConst,
  kAsOf,
  kSlot,
  kHas,
  // Leaves of a macro's body. kOuter: a = node of the plan; the others: a = column of the row.
  kOuter,
  kElement,
  kElementBool,
  kHasElement,
  // A slot (a) with an inline constant. Sets: ints or doubles of the pools, b = first, c = count.
  kSlotIntEq,
  kSlotIntNe,
  kSlotIntLt,
  kSlotIntGe,
  kSlotIntInMask,
  kSlotDoubleEq,
  kSlotDoubleNe,
  kSlotDoubleLt,
  kSlotDoubleLe,
  kSlotDoubleGt,
  kSlotDoubleGe,
  // The same over a node (a).
  kIntEqConst,
  kIntNeConst,
  kIntLtConst,
  kIntGeConst,
  kIntInMask,
  kIntInSet,
  kDoubleInSet,
  kTextInSet,
  kBoolInMask,
  // Lists of the intake. kListSize: a = slot, b = columns; kListHas*: a = value, b = slot.
  kListSize,
  kListHasInt,
  kListHasDouble,
  kListHasText,
  kListHasBool,
  // Logic. Operand lists: a = first entry of Program::operands, b = count; kAtLeast: c = threshold;
  // kWeighted: a = first entry (the count, then pairs of points and node), imm = threshold.
  kNot,
  kAnd,
  kOr,
  kAtLeast,
  kExactlyOne,
  kWeighted,
  kTernary,
  kKnownTrue,
  kNotKnownFalse,
  // Macros over a list of the intake: a = slot, b = body.
  kExists,
  kAll,
  kExistsOne,
  // Strict functions of nodes.
  kBoolEq,
  kBoolNe,
  kBoolLt,
  kBoolLe,
  kIntEq,
  kIntNe,
  kIntLt,
  kIntLe,
  kIntAdd,
  kIntSubtract,
  kIntMultiply,
  kIntDivide,
  kIntModulo,
  kIntNegate,
  kDoubleEq,
  kDoubleNe,
  kDoubleLt,
  kDoubleLe,
  kDoubleAdd,
  kDoubleSubtract,
  kDoubleMultiply,
  kDoubleDivide,
  kDoubleNegate,
  kTextEq,
  kTextNe,
  kTextLt,
  kTextLe,
  kTextContains,
  kTextStartsWith,
  kTextEndsWith,
  kTextSize,
  kTimestampSubtract,
  kTimestampAddDuration,
  kTimestampSubtractDuration,
  kDaysBetween,
};

const char* OpName(Op op);

// 16 bytes. `dst` is the node's number: instructions are reordered, nodes are not.
struct Instruction {
  uint32_t dst;
  uint32_t a;
  union {
    int64_t i;
    double d;
    struct {
      uint32_t b;
      uint32_t c;
    } n;
  };
};
static_assert(sizeof(Instruction) == 16);

// Consecutive instructions of one operation.
struct Run {
  Op op;
  uint32_t begin;
  uint32_t end;
};

struct PlanNode {
  Op op;
  Kind kind;       // of the value
  uint32_t level;  // 0 for leaves, else above all nodes it reads (also through a macro's body)
  Instruction instruction;
  SlotSet support;
};

struct Program {
  std::vector<PlanNode> nodes;
  std::vector<uint32_t> operands;
  std::vector<Instruction> instructions;
  std::vector<Run> runs;
};

// Nodes of one macro body, evaluated per row in a scratch of this size.
inline constexpr size_t kMaxBodyNodes = 256;

// The condition of a macro over a list of the intake.
struct Body {
  Program program;
  uint32_t root = 0;
  SlotIndex list = 0;
  uint32_t columns = 1;
};

struct Constant {
  State state;
  Cell cell;
};

// Constants that do not fit into an instruction. Texts point into `bytes`, which never moves them.
struct Pools {
  std::vector<Constant> cells;
  std::vector<int64_t> ints;
  std::vector<double> doubles;
  std::vector<absl::string_view> texts;
  std::deque<std::string> bytes;
};

// The arrays of a frame, without the checks.
struct FrameView {
  const State* slot_states;
  const Cell* slot_cells;
  const ListCell* lists;
  const SlotSet* present;
  const State* node_states;
  const Cell* node_cells;
  int64_t as_of;
  bool has_as_of;

  absl::Span<const ListCell> List(uint32_t slot) const {
    const uint64_t range = static_cast<uint64_t>(slot_cells[slot].i);
    return {lists + (range >> 32), static_cast<size_t>(range & 0xffffffffu)};
  }
};

struct PlanImpl {
  const Schema* schema = nullptr;
  Program program;
  std::vector<Body> bodies;
  Pools pools;

  static FrameView View(const Frame& frame);
};

// Where one program runs: the plan itself, or a body on one row.
struct Context {
  const PlanImpl* plan;
  FrameView frame;
  State* states;
  Cell* cells;
  const ListCell* row;
};

// evaluate.cc
void RunProgram(const Program& program, const Context& context);

// explain.cc
void CollectMissingSlots(const PlanImpl& plan, const FrameView& frame, uint32_t node,
                         SlotSet& missing);
void CollectDecidingSlots(const PlanImpl& plan, const FrameView& frame, uint32_t node,
                          absl::Span<const uint8_t> landmark_of_node, SlotSet& deciding,
                          uint64_t& landmarks);

// explain_all.cc
struct Reason;
void ExplainAllNodes(const PlanImpl& plan, const FrameView& frame,
                     absl::Span<const uint8_t> landmark_of_node, std::vector<Reason>& reasons);

// plan.cc
void Schedule(Program& program);
// Nodes that `node` reads, in its own program.
std::vector<uint32_t> OperandsOf(const Program& program, const PlanNode& node);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_PROGRAM_H_
