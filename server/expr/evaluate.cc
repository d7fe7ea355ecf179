// The evaluator. Every operation is a loop over its instructions; nothing here allocates.

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "server/expr/arithmetic.h"
#include "server/expr/program.h"
#include "server/expr/utf8.h"

namespace plumbline::expr {
namespace {

using Instructions = absl::Span<const Instruction>;

State ToState(bool value) { return value ? State::kTrue : State::kFalse; }

bool BothKnown(State a, State b) {
  return (static_cast<unsigned>(a) | static_cast<unsigned>(b)) < 2;
}
bool IsKnown(State a) { return static_cast<unsigned>(a) < 2; }

// A strict function of operands that are not all known: an error beats an unknown.
State StrictState(State a, State b) {
  return a == State::kError || b == State::kError ? State::kError : State::kUnknown;
}

absl::string_view Text(const Cell& cell) { return {cell.s.data, cell.s.size}; }

unsigned Bit(State state) { return 1u << static_cast<unsigned>(state); }

// Outcome of || and && by the set of states among the operands.
constexpr std::array<State, 16> MakeLogicTable(State absorbing, State neutral) {
  std::array<State, 16> table{};
  for (unsigned set = 0; set < 16; ++set) {
    const auto has = [set](State state) {
      return ((set >> static_cast<unsigned>(state)) & 1) != 0;
    };
    State outcome = neutral;
    if (has(absorbing)) {
      outcome = absorbing;
    } else if (has(State::kUnknown)) {
      outcome = State::kUnknown;
    } else if (has(State::kError)) {
      outcome = State::kError;
    }
    table[set] = outcome;
  }
  return table;
}
constexpr std::array<State, 16> kOrTable = MakeLogicTable(State::kTrue, State::kFalse);
constexpr std::array<State, 16> kAndTable = MakeLogicTable(State::kFalse, State::kTrue);

template <typename Predicate>
void SlotCompare(Instructions instructions, const Context& c, Predicate predicate) {
  for (const Instruction& in : instructions) {
    const bool holds = predicate(c.frame.slot_cells[in.a], in);
    c.states[in.dst] = c.frame.slot_states[in.a] == State::kTrue ? ToState(holds) : State::kUnknown;
  }
}

template <typename Predicate>
void UnaryPredicate(Instructions instructions, const Context& c, Predicate predicate) {
  for (const Instruction& in : instructions) {
    const State state = c.states[in.a];
    c.states[in.dst] = IsKnown(state) ? ToState(predicate(c.cells[in.a], in)) : state;
  }
}

template <typename Predicate>
void BinaryPredicate(Instructions instructions, const Context& c, Predicate predicate) {
  for (const Instruction& in : instructions) {
    const State a = c.states[in.a];
    const State b = c.states[in.n.b];
    c.states[in.dst] =
        BothKnown(a, b) ? ToState(predicate(c.cells[in.a], c.cells[in.n.b])) : StrictState(a, b);
  }
}

template <typename Predicate>
void BoolPredicate(Instructions instructions, const Context& c, Predicate predicate) {
  for (const Instruction& in : instructions) {
    const State a = c.states[in.a];
    const State b = c.states[in.n.b];
    c.states[in.dst] = BothKnown(a, b) ? ToState(predicate(a == State::kTrue, b == State::kTrue))
                                       : StrictState(a, b);
  }
}

// `function(a, b, result)` is false when it fails: overflow, division by zero.
template <typename Function>
void IntFunction(Instructions instructions, const Context& c, Function function) {
  for (const Instruction& in : instructions) {
    const State a = c.states[in.a];
    const State b = c.states[in.n.b];
    if (!BothKnown(a, b)) {
      c.states[in.dst] = StrictState(a, b);
      continue;
    }
    int64_t result = 0;
    const bool ok = function(c.cells[in.a].i, c.cells[in.n.b].i, result);
    c.cells[in.dst].i = result;
    c.states[in.dst] = ok ? State::kTrue : State::kError;
  }
}

template <typename Function>
void DoubleFunction(Instructions instructions, const Context& c, Function function) {
  for (const Instruction& in : instructions) {
    const State a = c.states[in.a];
    const State b = c.states[in.n.b];
    if (!BothKnown(a, b)) {
      c.states[in.dst] = StrictState(a, b);
      continue;
    }
    c.cells[in.dst].d = function(c.cells[in.a].d, c.cells[in.n.b].d);
    c.states[in.dst] = State::kTrue;
  }
}

template <typename Visitor>
void ForOperands(const Instruction& in, const Program& program, Visitor visit) {
  const uint32_t* operand = program.operands.data() + in.a;
  for (uint32_t i = 0; i < in.n.b; ++i) visit(operand[i]);
}

void Logic(Instructions instructions, const Program& program, const Context& c,
           const std::array<State, 16>& table) {
  for (const Instruction& in : instructions) {
    unsigned set = 0;
    ForOperands(in, program, [&](uint32_t node) { set |= Bit(c.states[node]); });
    c.states[in.dst] = table[set];
  }
}

std::array<uint32_t, 4> CountStates(const Instruction& in, const Program& program,
                                    const Context& c) {
  std::array<uint32_t, 4> counts{};
  ForOperands(in, program, [&](uint32_t node) { ++counts[static_cast<size_t>(c.states[node])]; });
  return counts;
}

// The closed form of "some n-element conjunction holds": see docs/reference/expressions.md.
void AtLeast(Instructions instructions, const Program& program, const Context& c) {
  for (const Instruction& in : instructions) {
    const auto [no, yes, unknown, error] = CountStates(in, program, c);
    const uint32_t needed = in.n.c;
    State outcome = State::kFalse;
    if (yes >= needed) {
      outcome = State::kTrue;
    } else if (unknown > 0 && yes + unknown + error >= needed) {
      outcome = State::kUnknown;
    } else if (yes + error >= needed) {
      outcome = State::kError;
    }
    c.states[in.dst] = outcome;
  }
}

State ExactlyOneState(uint32_t yes, uint32_t unknown, uint32_t error) {
  if (error > 0) return State::kError;
  return unknown > 0 ? State::kUnknown : ToState(yes == 1);
}

void ExactlyOne(Instructions instructions, const Program& program, const Context& c) {
  for (const Instruction& in : instructions) {
    const auto counts = CountStates(in, program, c);
    c.states[in.dst] = ExactlyOneState(counts[1], counts[2], counts[3]);
  }
}

void Weighted(Instructions instructions, const Program& program, const Context& c) {
  for (const Instruction& in : instructions) {
    const uint32_t* entry = program.operands.data() + in.a;
    int64_t low = 0;
    int64_t high = 0;
    bool error = false;
    for (uint32_t left = *entry++; left > 0; --left, entry += 2) {
      const int64_t points = static_cast<int32_t>(entry[0]);
      const State state = c.states[entry[1]];
      if (state == State::kTrue) {
        low += points;
        high += points;
      } else if (state != State::kFalse) {
        low += std::min<int64_t>(points, 0);
        high += std::max<int64_t>(points, 0);
        error |= state == State::kError;
      }
    }
    State outcome = error ? State::kError : State::kUnknown;
    if (low >= in.i) outcome = State::kTrue;
    if (high < in.i) outcome = State::kFalse;
    c.states[in.dst] = outcome;
  }
}

void Ternary(Instructions instructions, const Context& c) {
  for (const Instruction& in : instructions) {
    const State condition = c.states[in.a];
    if (!IsKnown(condition)) {
      c.states[in.dst] = condition;
      continue;
    }
    const uint32_t taken = condition == State::kTrue ? in.n.b : in.n.c;
    c.states[in.dst] = c.states[taken];
    // A bool, an unknown or an error has no cell to copy, and in a body none was written.
    if (c.states[taken] == State::kTrue) c.cells[in.dst] = c.cells[taken];
  }
}

// One body over all rows of a known list: how many rows gave which state.
std::array<uint32_t, 4> RunBody(const Context& c, const Body& body) {
  std::array<State, kMaxBodyNodes> states;
  std::array<Cell, kMaxBodyNodes> cells;
  // Written before read, except the cells of bools, which Ternary copies.
  std::fill_n(cells.begin(), body.program.nodes.size(), Cell{0});
  std::array<uint32_t, 4> counts{};
  const absl::Span<const ListCell> list = c.frame.List(body.list);
  for (size_t at = 0; at + body.columns <= list.size(); at += body.columns) {
    RunProgram(body.program, {c.plan, c.frame, states.data(), cells.data(), list.data() + at});
    ++counts[static_cast<size_t>(states[body.root])];
  }
  return counts;
}

void MacroOverList(Op op, Instructions instructions, const Context& c) {
  for (const Instruction& in : instructions) {
    if (c.frame.slot_states[in.a] != State::kTrue) {
      c.states[in.dst] = State::kUnknown;
      continue;
    }
    const auto counts = RunBody(c, c.plan->bodies[in.n.b]);
    if (op == Op::kExistsOne) {
      c.states[in.dst] = ExactlyOneState(counts[1], counts[2], counts[3]);
      continue;
    }
    unsigned set = 0;
    for (unsigned state = 0; state < 4; ++state) set |= counts[state] > 0 ? 1u << state : 0u;
    c.states[in.dst] = op == Op::kExists ? kOrTable[set] : kAndTable[set];
  }
}

// `value in list`: strict in both; a list with an element that is not known is not known.
template <typename Same>
void ListHas(Instructions instructions, const Context& c, Same same) {
  for (const Instruction& in : instructions) {
    const State value = c.states[in.a];
    bool found = false;
    bool known = c.frame.slot_states[in.n.b] == State::kTrue;
    if (known && IsKnown(value)) {
      for (const ListCell& element : c.frame.List(in.n.b)) {
        if (!element.known) {
          known = false;
          break;
        }
        found |= same(value, c.cells[in.a], element.cell);
      }
    }
    c.states[in.dst] =
        known && IsKnown(value) ? ToState(found) : StrictState(value, State::kUnknown);
  }
}

void Leaf(Op op, Instructions instructions, const Context& c) {
  for (const Instruction& in : instructions) {
    State& state = c.states[in.dst];
    Cell& cell = c.cells[in.dst];
    switch (op) {
      case Op::kConst:
        state = c.plan->pools.cells[in.a].state;
        cell = c.plan->pools.cells[in.a].cell;
        break;
      case Op::kAsOf:
        state = c.frame.has_as_of ? State::kTrue : State::kError;
        cell.i = c.frame.as_of;
        break;
      case Op::kSlot:
        state = c.frame.slot_states[in.a];
        cell = c.frame.slot_cells[in.a];
        break;
      case Op::kHas:
        state = ToState(c.frame.present->Contains(static_cast<SlotIndex>(in.a)));
        break;
      case Op::kOuter:
        state = c.frame.node_states[in.a];
        cell = c.frame.node_cells[in.a];
        break;
      case Op::kElement:
        state = c.row[in.a].known ? State::kTrue : State::kUnknown;
        cell = c.row[in.a].cell;
        break;
      case Op::kElementBool:
        state = c.row[in.a].known ? ToState(c.row[in.a].cell.i != 0) : State::kUnknown;
        break;
      case Op::kHasElement:
        state = ToState(c.row[in.a].known);
        break;
      default: {  // kListSize
        const bool known = c.frame.slot_states[in.a] == State::kTrue;
        state = known ? State::kTrue : State::kUnknown;
        cell.i = known ? static_cast<int64_t>(c.frame.List(in.a).size() / in.n.b) : 0;
        break;
      }
    }
  }
}

bool InMask(int64_t value, int64_t mask) {
  return static_cast<uint64_t>(value) < 64 && ((static_cast<uint64_t>(mask) >> value) & 1) != 0;
}

void RunSlotCompare(Op op, Instructions list, const Context& c) {
  using I = const Instruction&;
  using V = const Cell&;
  switch (op) {
    case Op::kSlotIntEq:
      return SlotCompare(list, c, [](V v, I in) { return v.i == in.i; });
    case Op::kSlotIntNe:
      return SlotCompare(list, c, [](V v, I in) { return v.i != in.i; });
    case Op::kSlotIntLt:
      return SlotCompare(list, c, [](V v, I in) { return v.i < in.i; });
    case Op::kSlotIntGe:
      return SlotCompare(list, c, [](V v, I in) { return v.i >= in.i; });
    case Op::kSlotIntInMask:
      return SlotCompare(list, c, [](V v, I in) { return InMask(v.i, in.i); });
    case Op::kSlotDoubleEq:
      return SlotCompare(list, c, [](V v, I in) { return v.d == in.d; });
    case Op::kSlotDoubleNe:
      return SlotCompare(list, c, [](V v, I in) { return v.d != in.d; });
    case Op::kSlotDoubleLt:
      return SlotCompare(list, c, [](V v, I in) { return v.d < in.d; });
    case Op::kSlotDoubleLe:
      return SlotCompare(list, c, [](V v, I in) { return v.d <= in.d; });
    case Op::kSlotDoubleGt:
      return SlotCompare(list, c, [](V v, I in) { return v.d > in.d; });
    default:
      return SlotCompare(list, c, [](V v, I in) { return v.d >= in.d; });
  }
}

void RunNodeCompare(Op op, Instructions list, const Context& c) {
  using I = const Instruction&;
  using V = const Cell&;
  const Pools& pools = c.plan->pools;
  switch (op) {
    case Op::kIntEqConst:
      return UnaryPredicate(list, c, [](V v, I in) { return v.i == in.i; });
    case Op::kIntNeConst:
      return UnaryPredicate(list, c, [](V v, I in) { return v.i != in.i; });
    case Op::kIntLtConst:
      return UnaryPredicate(list, c, [](V v, I in) { return v.i < in.i; });
    case Op::kIntGeConst:
      return UnaryPredicate(list, c, [](V v, I in) { return v.i >= in.i; });
    case Op::kIntInMask:
      return UnaryPredicate(list, c, [](V v, I in) { return InMask(v.i, in.i); });
    case Op::kIntInSet:
      return UnaryPredicate(list, c, [&pools](V v, I in) {
        const int64_t* first = pools.ints.data() + in.n.b;
        return std::binary_search(first, first + in.n.c, v.i);
      });
    case Op::kDoubleInSet:
      return UnaryPredicate(list, c, [&pools](V v, I in) {
        const double* first = pools.doubles.data() + in.n.b;
        return std::find(first, first + in.n.c, v.d) != first + in.n.c;
      });
    default:
      return UnaryPredicate(list, c, [&pools](V v, I in) {
        const absl::string_view* first = pools.texts.data() + in.n.b;
        return std::binary_search(first, first + in.n.c, Text(v));
      });
  }
}

void RunListHas(Op op, Instructions list, const Context& c) {
  using V = const Cell&;
  switch (op) {
    case Op::kListHasInt:
      return ListHas(list, c, [](State, V v, V e) { return v.i == e.i; });
    case Op::kListHasDouble:
      return ListHas(list, c, [](State, V v, V e) { return v.d == e.d; });
    case Op::kListHasText:
      return ListHas(list, c, [](State, V v, V e) { return Text(v) == Text(e); });
    default:
      return ListHas(list, c, [](State s, V, V e) { return (s == State::kTrue) == (e.i != 0); });
  }
}

void RunLogic(Op op, Instructions list, const Program& program, const Context& c) {
  switch (op) {
    case Op::kNot:
      for (const Instruction& in : list) {
        const State state = c.states[in.a];
        c.states[in.dst] = IsKnown(state) ? ToState(state == State::kFalse) : state;
      }
      return;
    case Op::kAnd:
      return Logic(list, program, c, kAndTable);
    case Op::kOr:
      return Logic(list, program, c, kOrTable);
    case Op::kAtLeast:
      return AtLeast(list, program, c);
    case Op::kExactlyOne:
      return ExactlyOne(list, program, c);
    case Op::kWeighted:
      return Weighted(list, program, c);
    case Op::kTernary:
      return Ternary(list, c);
    case Op::kKnownTrue:
      for (const Instruction& in : list) c.states[in.dst] = ToState(c.states[in.a] == State::kTrue);
      return;
    case Op::kNotKnownFalse:
      for (const Instruction& in : list) {
        c.states[in.dst] = ToState(c.states[in.a] != State::kFalse);
      }
      return;
    default:  // kBoolInMask: the operand's truth is the bit to look at
      for (const Instruction& in : list) {
        const State state = c.states[in.a];
        const bool holds = ((in.i >> (state == State::kTrue ? 1 : 0)) & 1) != 0;
        c.states[in.dst] = IsKnown(state) ? ToState(holds) : state;
      }
      return;
  }
}

void RunBoolOrText(Op op, Instructions list, const Context& c) {
  using V = const Cell&;
  switch (op) {
    case Op::kBoolEq:
      return BoolPredicate(list, c, [](bool a, bool b) { return a == b; });
    case Op::kBoolNe:
      return BoolPredicate(list, c, [](bool a, bool b) { return a != b; });
    case Op::kBoolLt:
      return BoolPredicate(list, c, [](bool a, bool b) { return !a && b; });
    case Op::kBoolLe:
      return BoolPredicate(list, c, [](bool a, bool b) { return !a || b; });
    case Op::kTextEq:
      return BinaryPredicate(list, c, [](V a, V b) { return Text(a) == Text(b); });
    case Op::kTextNe:
      return BinaryPredicate(list, c, [](V a, V b) { return Text(a) != Text(b); });
    case Op::kTextLt:
      return BinaryPredicate(list, c, [](V a, V b) { return Text(a) < Text(b); });
    case Op::kTextLe:
      return BinaryPredicate(list, c, [](V a, V b) { return Text(a) <= Text(b); });
    case Op::kTextContains:
      return BinaryPredicate(list, c, [](V a, V b) { return absl::StrContains(Text(a), Text(b)); });
    case Op::kTextStartsWith:
      return BinaryPredicate(list, c, [](V a, V b) { return absl::StartsWith(Text(a), Text(b)); });
    case Op::kTextEndsWith:
      return BinaryPredicate(list, c, [](V a, V b) { return absl::EndsWith(Text(a), Text(b)); });
    default:  // kTextSize
      for (const Instruction& in : list) {
        c.states[in.dst] = c.states[in.a];
        if (IsKnown(c.states[in.a])) c.cells[in.dst].i = CountCodePoints(Text(c.cells[in.a]));
      }
      return;
  }
}

void RunInt(Op op, Instructions list, const Context& c) {
  using V = const Cell&;
  switch (op) {
    case Op::kIntEq:
      return BinaryPredicate(list, c, [](V a, V b) { return a.i == b.i; });
    case Op::kIntNe:
      return BinaryPredicate(list, c, [](V a, V b) { return a.i != b.i; });
    case Op::kIntLt:
      return BinaryPredicate(list, c, [](V a, V b) { return a.i < b.i; });
    case Op::kIntLe:
      return BinaryPredicate(list, c, [](V a, V b) { return a.i <= b.i; });
    case Op::kIntAdd:
      return IntFunction(list, c, Add);
    case Op::kIntSubtract:
      return IntFunction(list, c, Subtract);
    case Op::kIntMultiply:
      return IntFunction(list, c, Multiply);
    case Op::kIntDivide:
      return IntFunction(list, c, Divide);
    case Op::kIntModulo:
      return IntFunction(list, c, Modulo);
    case Op::kIntNegate:
      return IntFunction(list, c, [](int64_t a, int64_t, int64_t& r) { return Negate(a, r); });
    case Op::kTimestampSubtract:
      return IntFunction(list, c, SubtractTimestamps);
    case Op::kTimestampAddDuration:
      return IntFunction(list, c, AddToTimestamp);
    case Op::kTimestampSubtractDuration:
      return IntFunction(list, c, SubtractFromTimestamp);
    default:
      return IntFunction(list, c, [](int64_t a, int64_t b, int64_t& r) {
        r = DaysBetween(a, b);
        return true;
      });
  }
}

void RunDouble(Op op, Instructions list, const Context& c) {
  using V = const Cell&;
  switch (op) {
    case Op::kDoubleEq:
      return BinaryPredicate(list, c, [](V a, V b) { return a.d == b.d; });
    case Op::kDoubleNe:
      return BinaryPredicate(list, c, [](V a, V b) { return a.d != b.d; });
    case Op::kDoubleLt:
      return BinaryPredicate(list, c, [](V a, V b) { return a.d < b.d; });
    case Op::kDoubleLe:
      return BinaryPredicate(list, c, [](V a, V b) { return a.d <= b.d; });
    case Op::kDoubleAdd:
      return DoubleFunction(list, c, [](double a, double b) { return a + b; });
    case Op::kDoubleSubtract:
      return DoubleFunction(list, c, [](double a, double b) { return a - b; });
    case Op::kDoubleMultiply:
      return DoubleFunction(list, c, [](double a, double b) { return a * b; });
    case Op::kDoubleDivide:
      return DoubleFunction(list, c, [](double a, double b) { return a / b; });
    default:
      return DoubleFunction(list, c, [](double a, double) { return -a; });
  }
}

}  // namespace

void RunProgram(const Program& program, const Context& context) {
  for (const Run& run : program.runs) {
    const Instructions list(program.instructions.data() + run.begin, run.end - run.begin);
    const Op op = run.op;
    if (op <= Op::kHasElement || op == Op::kListSize) {
      Leaf(op, list, context);
    } else if (op <= Op::kSlotDoubleGe) {
      RunSlotCompare(op, list, context);
    } else if (op <= Op::kTextInSet) {
      RunNodeCompare(op, list, context);
    } else if (op >= Op::kListHasInt && op <= Op::kListHasBool) {
      RunListHas(op, list, context);
    } else if (op <= Op::kNotKnownFalse) {
      RunLogic(op, list, program, context);
    } else if (op <= Op::kExistsOne) {
      MacroOverList(op, list, context);
    } else if (op <= Op::kBoolLe || (op >= Op::kTextEq && op <= Op::kTextSize)) {
      RunBoolOrText(op, list, context);
    } else if (op >= Op::kDoubleEq && op <= Op::kDoubleNegate) {
      RunDouble(op, list, context);
    } else {
      RunInt(op, list, context);
    }
  }
}

}  // namespace plumbline::expr
