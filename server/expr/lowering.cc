#include "server/expr/lowering.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::expr {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int64_t>::max();
constexpr int64_t kMinInt = std::numeric_limits<int64_t>::min();

bool IsIntLike(Kind kind) {
  return kind == Kind::kInt || kind == Kind::kEnum || kind == Kind::kTimestamp ||
         kind == Kind::kDuration;
}

Kind KindOf(const CheckedNode& node) { return node.static_type.ToType().kind; }

Operator Mirror(Operator op) {
  switch (op) {
    case Operator::kLt:
      return Operator::kGt;
    case Operator::kLe:
      return Operator::kGe;
    case Operator::kGt:
      return Operator::kLt;
    case Operator::kGe:
      return Operator::kLe;
    default:
      return op;
  }
}

// Operations of a kind follow one another in the order Eq, Ne, Lt, Le.
Op CompareOp(Kind kind, Operator op) {
  Op base = Op::kIntEq;
  if (kind == Kind::kBool) base = Op::kBoolEq;
  if (kind == Kind::kDouble) base = Op::kDoubleEq;
  if (kind == Kind::kString) base = Op::kTextEq;
  return static_cast<Op>(static_cast<int>(base) + static_cast<int>(op) -
                         static_cast<int>(Operator::kEq));
}

Op DoubleSlotOp(Operator op) {
  return static_cast<Op>(static_cast<int>(Op::kSlotDoubleEq) + static_cast<int>(op) -
                         static_cast<int>(Operator::kEq));
}

SlotSet Only(SlotIndex slot) {
  SlotSet slots;
  slots.Add(slot);
  return slots;
}

// Whether the node's own operation exists at run time. Without folding (tests compare both ways),
// the rest is still folded.
bool HasRuntimeForm(const CheckedNode& node) {
  const auto scalar = [](const CheckedPtr& child) {
    return child->static_type.known() && !child->static_type.Is(Kind::kList);
  };
  switch (node.kind) {
    case NodeKind::kUnary:
    case NodeKind::kLogic:
    case NodeKind::kAtLeast:
    case NodeKind::kBetween:
      return std::all_of(node.children.begin(), node.children.end(), scalar);
    case NodeKind::kTernary:
      return node.static_type.known() && !node.static_type.Is(Kind::kList) &&
             std::all_of(node.children.begin(), node.children.end(), scalar);
    case NodeKind::kBinary:
      if (node.op == Operator::kIn) {
        return scalar(node.children[0]) && node.children[1]->static_type.Is(Kind::kList) &&
               node.children[1]->static_type.element->known() &&
               !node.children[1]->static_type.element->Is(Kind::kList);
      }
      return std::all_of(node.children.begin(), node.children.end(), scalar) &&
             !node.static_type.Is(Kind::kString);
    case NodeKind::kCall:
      return node.function != Function::kTimestamp && node.function != Function::kDuration &&
             std::all_of(node.children.begin(), node.children.end(), scalar);
    case NodeKind::kMacro:
      return node.children[1]->static_type.known();
    default:
      return false;
  }
}

}  // namespace

uint32_t AddLogic(ProgramBuilder& builder, Op op, std::vector<uint32_t> operands, bool simplify) {
  const State absorbing = op == Op::kOr ? State::kTrue : State::kFalse;
  const State neutral = op == Op::kOr ? State::kFalse : State::kTrue;
  std::sort(operands.begin(), operands.end());
  operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
  if (simplify) {
    for (const uint32_t operand : operands) {
      if (builder.ConstantState(operand) == absorbing) return operand;
    }
    std::erase_if(operands,
                  [&](uint32_t operand) { return builder.ConstantState(operand) == neutral; });
    if (operands.empty()) return builder.AddConstant(Value::Bool(neutral == State::kTrue));
    if (operands.size() == 1) return operands[0];
  }
  return builder.AddList({.op = op, .support = {}}, operands);
}

uint32_t AddNot(ProgramBuilder& builder, uint32_t operand, bool simplify) {
  const PlanNode& node = builder.node(operand);
  if (simplify && node.op == Op::kNot) return node.instruction.a;
  const State state = builder.ConstantState(operand);
  if (simplify && state != State::kUnknown) {
    return state == State::kError ? operand
                                  : builder.AddConstant(Value::Bool(state == State::kFalse));
  }
  return builder.Add({.op = Op::kNot, .a = operand, .support = {}});
}

bool Lowering::ShouldFold(const CheckedNode& node) const {
  return !node.runtime && (target_.fold || !HasRuntimeForm(node));
}

uint32_t Lowering::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
  return current_->AddConstant(Value::Error());
}

uint32_t Lowering::Lower(const CheckedNode& node) {
  if (node.static_type.Is(Kind::kList) || node.static_type.Is(Kind::kRecord)) {
    return Fail(absl::InvalidArgumentError("a list is not a value that a plan can hold"));
  }
  if (ShouldFold(node)) return current_->AddConstant(Fold(node, bindings_));
  if (row_variable_ != 0 && (node.variables & row_variable_) == 0) return LowerOuter(node);
  switch (node.kind) {
    case NodeKind::kSlot:
    case NodeKind::kHas:
      return LowerSlot(node);
    case NodeKind::kTerm:
      return LowerTerm(node);
    case NodeKind::kAsOf:
      return current_->Add({.op = Op::kAsOf, .kind = Kind::kTimestamp, .support = {}});
    case NodeKind::kVariable:
    case NodeKind::kRowField:
    case NodeKind::kHasRowField:
      return LowerElement(node);
    case NodeKind::kUnary:
      return LowerUnary(node);
    case NodeKind::kBinary:
      return LowerBinary(node);
    case NodeKind::kLogic:
      return LowerLogic(node);
    case NodeKind::kTernary:
      return LowerTernary(node);
    case NodeKind::kAtLeast:
      return LowerAtLeast(node);
    case NodeKind::kBetween: {
      const uint32_t low = LowerCompare(Operator::kGe, *node.children[0], *node.children[1]);
      const uint32_t high = LowerCompare(Operator::kLe, *node.children[0], *node.children[2]);
      return AddLogic(*current_, Op::kAnd, {low, high}, target_.fold);
    }
    case NodeKind::kCall:
      return LowerCall(node);
    case NodeKind::kMacro:
      return LowerMacro(node);
    default:
      return Fail(absl::InternalError("a constant part was not folded"));
  }
}

// A part of a macro's body that does not read the row: evaluated once, by the plan.
uint32_t Lowering::LowerOuter(const CheckedNode& node) {
  ProgramBuilder* body = std::exchange(current_, &target_.builder);
  const VariableSet row = std::exchange(row_variable_, 0);
  const uint32_t outer = Lower(node);
  current_ = body;
  row_variable_ = row;
  const PlanNode& read = target_.builder.node(outer);
  return body->Add({.op = Op::kOuter, .kind = read.kind, .a = outer, .support = read.support});
}

uint32_t Lowering::LowerSlot(const CheckedNode& node) {
  const Op op = node.kind == NodeKind::kHas ? Op::kHas : Op::kSlot;
  return current_->Add(
      {.op = op, .kind = KindOf(node), .a = node.slot, .support = Only(node.slot)});
}

uint32_t Lowering::LowerTerm(const CheckedNode& node) {
  const auto it = target_.terms.find(node.name);
  if (it == target_.terms.end()) {
    return Fail(absl::FailedPreconditionError(absl::StrCat("term not bound: ", node.name)));
  }
  const Kind kind = target_.builder.node(it->second).kind;
  const bool error = target_.builder.ConstantState(it->second) == State::kError;
  if (kind != KindOf(node) && !error) {
    return Fail(absl::FailedPreconditionError(
        absl::StrCat("term bound to a value of another type: ", node.name)));
  }
  return it->second;
}

uint32_t Lowering::LowerElement(const CheckedNode& node) {
  const Kind kind = KindOf(node);
  Op op = kind == Kind::kBool ? Op::kElementBool : Op::kElement;
  if (node.kind == NodeKind::kHasRowField) op = Op::kHasElement;
  const uint32_t column = node.field == nullptr ? 0 : static_cast<uint32_t>(node.field->index());
  return current_->Add({.op = op, .kind = kind, .a = column, .support = {}});
}

uint32_t Lowering::LowerUnary(const CheckedNode& node) {
  const uint32_t operand = Lower(*node.children[0]);
  if (node.op == Operator::kNot) return AddNot(*current_, operand, target_.fold);
  const Kind kind = KindOf(node);
  const Op op = kind == Kind::kInt ? Op::kIntNegate : Op::kDoubleNegate;
  return current_->Add({.op = op, .kind = kind, .a = operand, .b = operand, .support = {}});
}

uint32_t Lowering::LowerLogic(const CheckedNode& node) {
  std::vector<uint32_t> operands;
  for (const CheckedPtr& child : node.children) operands.push_back(Lower(*child));
  return AddLogic(*current_, node.op == Operator::kOr ? Op::kOr : Op::kAnd, std::move(operands),
                  target_.fold);
}

uint32_t Lowering::LowerTernary(const CheckedNode& node) {
  const uint32_t condition = Lower(*node.children[0]);
  const State state = current_->ConstantState(condition);
  if (target_.fold && state == State::kError) return condition;
  if (target_.fold && state != State::kUnknown) {
    return Lower(*node.children[state == State::kTrue ? 1 : 2]);
  }
  const uint32_t then = Lower(*node.children[1]);
  const uint32_t otherwise = Lower(*node.children[2]);
  return current_->Add({.op = Op::kTernary,
                        .kind = KindOf(node),
                        .a = condition,
                        .b = then,
                        .c = otherwise,
                        .support = {}});
}

uint32_t Lowering::LowerAtLeast(const CheckedNode& node) {
  std::vector<uint32_t> operands;
  for (const CheckedPtr& child : node.children) operands.push_back(Lower(*child));
  const auto threshold = static_cast<uint32_t>(node.threshold);
  if (threshold == 1) return AddLogic(*current_, Op::kOr, std::move(operands), target_.fold);
  if (threshold == operands.size()) {
    return AddLogic(*current_, Op::kAnd, std::move(operands), target_.fold);
  }
  // Equal operands count as often as they are written: no merging here.
  std::sort(operands.begin(), operands.end());
  return current_->AddList({.op = Op::kAtLeast, .c = threshold, .support = {}}, operands);
}

uint32_t Lowering::LowerBinary(const CheckedNode& node) {
  if (node.op == Operator::kIn) return LowerIn(node);
  if (IsEquality(node.op) || IsOrdering(node.op)) {
    return LowerCompare(node.op, *node.children[0], *node.children[1]);
  }
  return LowerArithmetic(node);
}

uint32_t Lowering::LowerCompare(Operator op, const CheckedNode& left, const CheckedNode& right) {
  const bool one_constant = left.runtime != right.runtime;
  if (one_constant) {
    const CheckedNode& constant = left.runtime ? right : left;
    const CheckedNode& runtime = left.runtime ? left : right;
    const Value value = Fold(constant, bindings_);
    if (!value.is_error() && (IsIntLike(value.kind) || value.kind == Kind::kDouble)) {
      return CompareWithConstant(left.runtime ? op : Mirror(op), runtime, value);
    }
  }
  if (target_.fold && !left.runtime && !right.runtime) {
    // Reached through between() with constant ends and a constant x in a body.
    CheckedNode node;
    node.kind = NodeKind::kBinary;
    node.op = op;
    node.children = {std::make_shared<const CheckedNode>(left),
                     std::make_shared<const CheckedNode>(right)};
    return current_->AddConstant(Fold(node, bindings_));
  }
  return CompareNodes(op, left, right);
}

uint32_t Lowering::CompareWithConstant(Operator op, const CheckedNode& node,
                                       const Value& constant) {
  if (constant.kind != Kind::kDouble) return CompareInt(op, node, constant.i);
  if (node.kind == NodeKind::kSlot && row_variable_ == 0) {
    return current_->AddDouble({.op = DoubleSlotOp(op), .a = node.slot, .support = Only(node.slot)},
                               constant.d);
  }
  const uint32_t left = Lower(node);
  const uint32_t right = current_->AddConstant(constant);
  const bool swap = op == Operator::kGt || op == Operator::kGe;
  return current_->Add({.op = CompareOp(Kind::kDouble, swap ? Mirror(op) : op),
                        .a = swap ? right : left,
                        .b = swap ? left : right,
                        .support = {}});
}

// `>` and `<=` become `>=` and `<` of the next number, so that equal conditions become one node.
uint32_t Lowering::CompareInt(Operator op, const CheckedNode& node, int64_t constant) {
  if (op == Operator::kGt) {
    op = constant == kMaxInt ? Operator::kLt : Operator::kGe;
    constant = constant == kMaxInt ? kMinInt : constant + 1;
  } else if (op == Operator::kLe) {
    op = constant == kMaxInt ? Operator::kGe : Operator::kLt;
    constant = constant == kMaxInt ? kMinInt : constant + 1;
  }
  const bool slot = node.kind == NodeKind::kSlot && row_variable_ == 0;
  Op code = slot ? Op::kSlotIntEq : Op::kIntEqConst;
  if (op == Operator::kNe) code = slot ? Op::kSlotIntNe : Op::kIntNeConst;
  if (op == Operator::kLt) code = slot ? Op::kSlotIntLt : Op::kIntLtConst;
  if (op == Operator::kGe) code = slot ? Op::kSlotIntGe : Op::kIntGeConst;
  if (!slot) return current_->AddInt({.op = code, .a = Lower(node), .support = {}}, constant);
  return current_->AddInt({.op = code, .a = node.slot, .support = Only(node.slot)}, constant);
}

uint32_t Lowering::CompareNodes(Operator op, const CheckedNode& left, const CheckedNode& right) {
  uint32_t a = Lower(left);
  uint32_t b = Lower(right);
  const Kind kind = left.static_type.known() ? KindOf(left) : KindOf(right);
  if (op == Operator::kGt || op == Operator::kGe) {
    std::swap(a, b);
    op = Mirror(op);
  } else if (IsEquality(op) && b < a) {
    std::swap(a, b);
  }
  return current_->Add({.op = CompareOp(kind, op), .a = a, .b = b, .support = {}});
}

uint32_t Lowering::Binary(Op op, Kind kind, const CheckedNode& left, const CheckedNode& right) {
  const uint32_t a = Lower(left);
  const uint32_t b = Lower(right);
  return current_->Add({.op = op, .kind = kind, .a = a, .b = b, .support = {}});
}

uint32_t Lowering::LowerArithmetic(const CheckedNode& node) {
  const CheckedNode& left = *node.children[0];
  const CheckedNode& right = *node.children[1];
  const Kind result = KindOf(node);
  const int offset = static_cast<int>(node.op) - static_cast<int>(Operator::kAdd);
  const bool plus = node.op == Operator::kAdd;
  Op op = static_cast<Op>(static_cast<int>(Op::kIntAdd) + offset);
  if (result == Kind::kDouble) op = static_cast<Op>(static_cast<int>(Op::kDoubleAdd) + offset);
  if (result == Kind::kTimestamp) {
    op = plus ? Op::kTimestampAddDuration : Op::kTimestampSubtractDuration;
  }
  if (result == Kind::kDuration && KindOf(left) == Kind::kTimestamp) op = Op::kTimestampSubtract;
  return Binary(op, result, left, right);
}

uint32_t Lowering::LowerIn(const CheckedNode& node) {
  const CheckedNode& item = *node.children[0];
  const CheckedNode& list = *node.children[1];
  if (!list.runtime) {
    const Value values = Fold(list, bindings_);
    // Strict in both operands: an error on one side wins over whatever the other one is.
    if (values.is_error()) return current_->AddConstant(Value::Error());
    return InConstants(item, values);
  }
  Op op = Op::kListHasInt;
  if (KindOf(item) == Kind::kBool) op = Op::kListHasBool;
  if (KindOf(item) == Kind::kDouble) op = Op::kListHasDouble;
  if (KindOf(item) == Kind::kString) op = Op::kListHasText;
  const uint32_t value = Lower(item);
  return current_->Add({.op = op, .a = value, .b = list.slot, .support = Only(list.slot)});
}

uint32_t Lowering::InConstants(const CheckedNode& item, const Value& list) {
  const Kind kind = KindOf(item);
  if (kind == Kind::kString) return InTexts(item, list);
  if (kind == Kind::kBool) {
    int64_t mask = 0;
    for (const Value& value : list.list) mask |= value.is_true() ? 2 : 1;
    return current_->AddInt({.op = Op::kBoolInMask, .a = Lower(item), .support = {}}, mask);
  }
  if (kind == Kind::kDouble) {
    std::vector<double> values;
    for (const Value& value : list.list) values.push_back(value.d);
    const uint32_t operand = Lower(item);
    const auto first = static_cast<uint32_t>(target_.plan->pools.doubles.size());
    auto& pool = target_.plan->pools.doubles;
    pool.insert(pool.end(), values.begin(), values.end());
    return current_->Add({.op = Op::kDoubleInSet,
                          .a = operand,
                          .b = first,
                          .c = static_cast<uint32_t>(values.size()),
                          .support = {}});
  }
  std::vector<int64_t> values;
  for (const Value& value : list.list) values.push_back(value.i);
  return InInts(item, std::move(values));
}

uint32_t Lowering::InInts(const CheckedNode& item, std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() == 1 && item.runtime) return CompareInt(Operator::kEq, item, values[0]);
  if (values.empty() || (values.front() >= 0 && values.back() < 64)) {
    uint64_t mask = 0;
    for (const int64_t value : values) mask |= uint64_t{1} << value;
    const auto bits = static_cast<int64_t>(mask);
    if (item.kind == NodeKind::kSlot && row_variable_ == 0) {
      return current_->AddInt(
          {.op = Op::kSlotIntInMask, .a = item.slot, .support = Only(item.slot)}, bits);
    }
    return current_->AddInt({.op = Op::kIntInMask, .a = Lower(item), .support = {}}, bits);
  }
  const uint32_t operand = Lower(item);
  auto& pool = target_.plan->pools.ints;
  // The same set, written by another rule, is the same place and so the same node.
  auto first = std::search(pool.begin(), pool.end(), values.begin(), values.end());
  const auto at = static_cast<uint32_t>(first - pool.begin());
  if (first == pool.end()) pool.insert(pool.end(), values.begin(), values.end());
  return current_->Add({.op = Op::kIntInSet,
                        .a = operand,
                        .b = at,
                        .c = static_cast<uint32_t>(values.size()),
                        .support = {}});
}

uint32_t Lowering::InTexts(const CheckedNode& item, const Value& list) {
  std::vector<std::string> values;
  for (const Value& value : list.list) values.push_back(value.s);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  const uint32_t operand = Lower(item);
  Pools& pools = target_.plan->pools;
  const auto same = [](absl::string_view a, const std::string& b) { return a == b; };
  const auto first =
      std::search(pools.texts.begin(), pools.texts.end(), values.begin(), values.end(), same);
  const auto at = static_cast<uint32_t>(first - pools.texts.begin());
  if (first == pools.texts.end()) {
    for (const std::string& value : values) pools.texts.push_back(pools.bytes.emplace_back(value));
  }
  return current_->Add({.op = Op::kTextInSet,
                        .a = operand,
                        .b = at,
                        .c = static_cast<uint32_t>(values.size()),
                        .support = {}});
}

uint32_t Lowering::LowerCall(const CheckedNode& node) {
  const CheckedNode& first = *node.children[0];
  switch (node.function) {
    case Function::kSize: {
      if (first.static_type.Is(Kind::kList)) {
        const Type& type = first.type;
        const uint32_t columns = type.record_type == nullptr
                                     ? 1
                                     : static_cast<uint32_t>(type.record_type->field_count());
        return current_->Add({.op = Op::kListSize,
                              .kind = Kind::kInt,
                              .a = first.slot,
                              .b = columns,
                              .support = Only(first.slot)});
      }
      const uint32_t text = Lower(first);
      return current_->Add({.op = Op::kTextSize, .kind = Kind::kInt, .a = text, .support = {}});
    }
    case Function::kContains:
      return Binary(Op::kTextContains, Kind::kBool, first, *node.children[1]);
    case Function::kStartsWith:
      return Binary(Op::kTextStartsWith, Kind::kBool, first, *node.children[1]);
    case Function::kEndsWith:
      return Binary(Op::kTextEndsWith, Kind::kBool, first, *node.children[1]);
    case Function::kDaysBetween:
      return Binary(Op::kDaysBetween, Kind::kInt, first, *node.children[1]);
    default:
      return Fail(absl::InternalError("a constant function was not folded"));
  }
}

uint32_t Lowering::LowerMacro(const CheckedNode& node) {
  return node.children[0]->runtime ? LowerMacroOverSlot(node) : LowerMacroOverConstants(node);
}

// CEL's definition: the fold of || or && over the elements.
uint32_t Lowering::LowerMacroOverConstants(const CheckedNode& node) {
  const Value range = Fold(*node.children[0], bindings_);
  if (range.is_error()) return current_->AddConstant(range);
  std::vector<uint32_t> operands;
  const Value*& binding = bindings_[static_cast<size_t>(node.variable)];
  for (const Value& element : range.list) {
    binding = &element;
    operands.push_back(Lower(*node.children[1]));
  }
  binding = nullptr;
  if (node.macro == Macro::kExistsOne) {
    if (operands.empty()) return current_->AddConstant(Value::Bool(false));
    std::sort(operands.begin(), operands.end());
    return current_->AddList({.op = Op::kExactlyOne, .support = {}}, operands);
  }
  const Op op = node.macro == Macro::kExists ? Op::kOr : Op::kAnd;
  return AddLogic(*current_, op, std::move(operands), target_.fold);
}

uint32_t Lowering::LowerMacroOverSlot(const CheckedNode& node) {
  const CheckedNode& range = *node.children[0];
  Body body;
  body.list = range.slot;
  const Type& type = range.type;
  if (type.record_type != nullptr) {
    body.columns = static_cast<uint32_t>(type.record_type->field_count());
  }
  ProgramBuilder builder(&body.program, &target_.plan->pools);
  ProgramBuilder* outer = std::exchange(current_, &builder);
  row_variable_ = VariableSet{1} << node.variable;
  body.root = Lower(*node.children[1]);
  row_variable_ = 0;
  current_ = outer;
  if (body.program.nodes.size() > kMaxBodyNodes) {
    return Fail(absl::InternalError("the condition of a macro is too large"));
  }
  Draft draft{.op = Op::kExists, .a = range.slot, .support = Only(range.slot)};
  if (node.macro == Macro::kAll) draft.op = Op::kAll;
  if (node.macro == Macro::kExistsOne) draft.op = Op::kExistsOne;
  std::string key = absl::StrCat(body.list, "/", body.root);
  for (const PlanNode& part : body.program.nodes) {
    draft.support |= part.support;
    if (part.op == Op::kOuter) {
      draft.level = std::max(draft.level, target_.builder.node(part.instruction.a).level + 1);
    }
    absl::StrAppend(&key, ";", static_cast<int>(part.op), ",", static_cast<int>(part.kind), ",",
                    part.instruction.a, ",", part.instruction.i);
  }
  for (const uint32_t operand : body.program.operands) absl::StrAppend(&key, ".", operand);
  Schedule(body.program);
  // Constants are pooled anew for each body; their places differ, so equal bodies with constants
  // beyond an instruction are not shared: a loss of speed at most.
  const auto [it, inserted] =
      target_.bodies.emplace(std::move(key), static_cast<uint32_t>(target_.plan->bodies.size()));
  if (inserted) target_.plan->bodies.push_back(std::move(body));
  draft.b = it->second;
  return current_->Add(draft);
}

}  // namespace plumbline::expr
