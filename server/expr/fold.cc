#include "server/expr/fold.h"

#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "server/expr/arithmetic.h"
#include "server/expr/time_literal.h"
#include "server/expr/utf8.h"

namespace plumbline::expr {
namespace {

template <typename Function>
Value FoldInts(Function function, int64_t a, int64_t b) {
  int64_t result = 0;
  return function(a, b, result) ? Value::Int(result) : Value::Error();
}

// any true (for ||) or any false (for &&) decides; otherwise an error; otherwise the neutral value.
// Operands that are not bool have no overload: an error.
class LogicFold {
 public:
  explicit LogicFold(bool absorbing) : absorbing_(absorbing) {}
  void Add(const Value& value) {
    if (value.kind != Kind::kBool) {
      error_ = true;
    } else {
      decided_ |= value.is_true() == absorbing_;
    }
  }
  Value Result() const {
    if (decided_) return Value::Bool(absorbing_);
    return error_ ? Value::Error() : Value::Bool(!absorbing_);
  }

 private:
  bool absorbing_;
  bool decided_ = false;
  bool error_ = false;
};

Value FoldIntArithmetic(Operator op, int64_t a, int64_t b) {
  switch (op) {
    case Operator::kAdd:
      return FoldInts(Add, a, b);
    case Operator::kSubtract:
      return FoldInts(Subtract, a, b);
    case Operator::kMultiply:
      return FoldInts(Multiply, a, b);
    case Operator::kDivide:
      return FoldInts(Divide, a, b);
    case Operator::kModulo:
      return FoldInts(Modulo, a, b);
    default:
      return Value::Error();
  }
}

Value FoldDoubleArithmetic(Operator op, double a, double b) {
  switch (op) {
    case Operator::kAdd:
      return Value::Double(a + b);
    case Operator::kSubtract:
      return Value::Double(a - b);
    case Operator::kMultiply:
      return Value::Double(a * b);
    case Operator::kDivide:
      return Value::Double(a / b);
    default:
      return Value::Error();
  }
}

Value FoldTimeArithmetic(Operator op, const Value& a, const Value& b) {
  int64_t result = 0;
  const bool plus = op == Operator::kAdd;
  if (!plus && op != Operator::kSubtract) return Value::Error();
  if (a.kind == Kind::kDuration && b.kind == Kind::kDuration) {
    const bool ok = plus ? Add(a.i, b.i, result) : Subtract(a.i, b.i, result);
    return ok ? Value::Duration(result) : Value::Error();
  }
  if (a.kind == Kind::kTimestamp && b.kind == Kind::kTimestamp && !plus) {
    return SubtractTimestamps(a.i, b.i, result) ? Value::Duration(result) : Value::Error();
  }
  if (a.kind == Kind::kTimestamp && b.kind == Kind::kDuration) {
    // The checker refuses parts of a second: timestamps have none here.
    if (b.i % kNanosPerSecond != 0) return Value::Error();
    const bool ok =
        plus ? AddToTimestamp(a.i, b.i, result) : SubtractFromTimestamp(a.i, b.i, result);
    return ok ? Value::Timestamp(result) : Value::Error();
  }
  return Value::Error();
}

Value FoldArithmetic(Operator op, Value a, Value b) {
  if (a.kind == Kind::kInt && b.kind == Kind::kInt) return FoldIntArithmetic(op, a.i, b.i);
  if (a.kind == Kind::kDouble && b.kind == Kind::kDouble) {
    return FoldDoubleArithmetic(op, a.d, b.d);
  }
  if (op == Operator::kAdd && a.kind == Kind::kString && b.kind == Kind::kString) {
    return Value::String(std::move(a.s) + b.s);
  }
  if (op == Operator::kAdd && a.kind == Kind::kList && b.kind == Kind::kList) {
    for (Value& value : b.list) a.list.push_back(std::move(value));
    return a;
  }
  return FoldTimeArithmetic(op, a, b);
}

Value FoldOrdering(Operator op, const Value& a, const Value& b) {
  const Order order = Compare(a, b);
  if (order == Order::kNone) return Value::Error();
  const bool less = order == Order::kLess;
  const bool greater = order == Order::kGreater;
  const bool equal = order == Order::kEqual;
  switch (op) {
    case Operator::kLt:
      return Value::Bool(less);
    case Operator::kLe:
      return Value::Bool(less || equal);
    case Operator::kGt:
      return Value::Bool(greater);
    default:
      return Value::Bool(greater || equal);
  }
}

Value FoldIn(const Value& item, const Value& list) {
  if (list.kind != Kind::kList) return Value::Error();
  for (const Value& element : list.list) {
    if (Equal(item, element)) return Value::Bool(true);
  }
  return Value::Bool(false);
}

Value FoldBinary(Operator op, Value a, Value b) {
  if (a.is_error() || b.is_error()) return Value::Error();
  if (op == Operator::kEq) return Value::Bool(Equal(a, b));
  if (op == Operator::kNe) return Value::Bool(!Equal(a, b));
  if (op == Operator::kIn) return FoldIn(a, b);
  if (IsOrdering(op)) return FoldOrdering(op, a, b);
  return FoldArithmetic(op, std::move(a), std::move(b));
}

Value FoldUnary(Operator op, const Value& a) {
  if (op == Operator::kNot) {
    return a.kind == Kind::kBool ? Value::Bool(!a.is_true()) : Value::Error();
  }
  if (a.kind == Kind::kDouble) return Value::Double(-a.d);
  return a.kind == Kind::kInt ? FoldInts(Subtract, 0, a.i) : Value::Error();
}

Value FoldCall(Function function, const std::vector<Value>& arguments) {
  for (const Value& argument : arguments) {
    if (argument.is_error()) return Value::Error();
  }
  const Value& a = arguments[0];
  if (function == Function::kSize) {
    if (a.kind == Kind::kString) return Value::Int(CountCodePoints(a.s));
    if (a.kind == Kind::kList) return Value::Int(static_cast<int64_t>(a.list.size()));
    return Value::Error();
  }
  if (function == Function::kTimestamp || function == Function::kDuration) {
    int64_t parsed = 0;
    if (a.kind != Kind::kString) return Value::Error();
    if (function == Function::kTimestamp) {
      return ParseTimestamp(a.s, parsed) ? Value::Timestamp(parsed) : Value::Error();
    }
    return ParseDuration(a.s, parsed) ? Value::Duration(parsed) : Value::Error();
  }
  const Value& b = arguments[1];
  if (function == Function::kDaysBetween) {
    if (a.kind != Kind::kTimestamp || b.kind != Kind::kTimestamp) return Value::Error();
    return Value::Int(DaysBetween(a.i, b.i));
  }
  if (a.kind != Kind::kString || b.kind != Kind::kString) return Value::Error();
  if (function == Function::kContains) return Value::Bool(absl::StrContains(a.s, b.s));
  if (function == Function::kStartsWith) return Value::Bool(absl::StartsWith(a.s, b.s));
  return Value::Bool(absl::EndsWith(a.s, b.s));
}

Value FoldIndex(const Value& list, const Value& index) {
  if (list.kind != Kind::kList || index.is_error()) return Value::Error();
  double whole = 0;
  int64_t at = index.i;
  if (index.kind == Kind::kDouble) {
    // Only an element of a mixed list can bring a double here; CEL takes it if it is whole.
    if (std::modf(index.d, &whole) != 0 || std::fabs(whole) > 1e9) return Value::Error();
    at = static_cast<int64_t>(whole);
  } else if (index.kind != Kind::kInt) {
    return Value::Error();
  }
  if (at < 0 || at >= static_cast<int64_t>(list.list.size())) return Value::Error();
  return list.list[static_cast<size_t>(at)];
}

Value FoldMacro(const CheckedNode& node, Bindings bindings) {
  const Value range = Fold(*node.children[0], bindings);
  if (range.kind != Kind::kList) return Value::Error();
  LogicFold logic(node.macro == Macro::kExists);
  int64_t matches = 0;
  bool error = false;
  for (const Value& element : range.list) {
    bindings[static_cast<size_t>(node.variable)] = &element;
    const Value outcome = Fold(*node.children[1], bindings);
    logic.Add(outcome);
    matches += outcome.is_true() ? 1 : 0;
    error |= outcome.kind != Kind::kBool;
  }
  if (node.macro != Macro::kExistsOne) return logic.Result();
  return error ? Value::Error() : Value::Bool(matches == 1);
}

// Some n of the conditions hold: true beats error, error beats false, as in the expansion.
Value FoldAtLeast(const CheckedNode& node, const Bindings& bindings) {
  int64_t holding = 0;
  int64_t errors = 0;
  for (const CheckedPtr& child : node.children) {
    const Value value = Fold(*child, bindings);
    holding += value.is_true() ? 1 : 0;
    errors += value.kind != Kind::kBool ? 1 : 0;
  }
  if (holding >= node.threshold) return Value::Bool(true);
  return holding + errors >= node.threshold ? Value::Error() : Value::Bool(false);
}

Value FoldBetween(const Value& x, const Value& low, const Value& high) {
  LogicFold logic(false);
  logic.Add(FoldBinary(Operator::kGe, x, low));
  logic.Add(FoldBinary(Operator::kLe, x, high));
  return logic.Result();
}

Value FoldList(const CheckedNode& node, const Bindings& bindings) {
  std::vector<Value> elements;
  for (const CheckedPtr& child : node.children) {
    elements.push_back(Fold(*child, bindings));
    if (elements.back().is_error()) return Value::Error();
  }
  return Value::List(std::move(elements));
}

}  // namespace

Value Fold(const CheckedNode& node, const Bindings& bindings) {
  if (node.constant.has_value()) return *node.constant;
  const auto child = [&](size_t i) { return Fold(*node.children[i], bindings); };
  switch (node.kind) {
    case NodeKind::kVariable:
      return *bindings[static_cast<size_t>(node.variable)];
    case NodeKind::kUnary:
      return FoldUnary(node.op, child(0));
    case NodeKind::kBinary:
      return FoldBinary(node.op, child(0), child(1));
    case NodeKind::kLogic: {
      LogicFold logic(node.op == Operator::kOr);
      for (const CheckedPtr& operand : node.children) logic.Add(Fold(*operand, bindings));
      return logic.Result();
    }
    case NodeKind::kTernary: {
      const Value condition = child(0);
      if (condition.kind != Kind::kBool) return Value::Error();
      return child(condition.is_true() ? 1 : 2);
    }
    case NodeKind::kList:
      return FoldList(node, bindings);
    case NodeKind::kIndex:
      return FoldIndex(child(0), child(1));
    case NodeKind::kCall: {
      std::vector<Value> arguments;
      for (const CheckedPtr& argument : node.children) {
        arguments.push_back(Fold(*argument, bindings));
      }
      return FoldCall(node.function, arguments);
    }
    case NodeKind::kAtLeast:
      return FoldAtLeast(node, bindings);
    case NodeKind::kBetween:
      return FoldBetween(child(0), child(1), child(2));
    case NodeKind::kMacro:
      return FoldMacro(node, bindings);
    default:
      return Value::Error();
  }
}

}  // namespace plumbline::expr
