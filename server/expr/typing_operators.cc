#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/expr/arithmetic.h"
#include "server/expr/typing.h"

namespace plumbline::expr {
namespace {

// How a numeric literal is written in the other numeric type; empty if it cannot be.
std::string OtherNumber(const CheckedNode& node) {
  if (node.kind != NodeKind::kLiteral || !node.constant.has_value()) return "";
  const Value& value = *node.constant;
  if (value.kind == Kind::kInt) return absl::StrCat(value.i, ".0");
  if (value.kind == Kind::kDouble && value.d == std::trunc(value.d) && std::fabs(value.d) < 1e15) {
    return absl::StrCat(static_cast<int64_t>(value.d));
  }
  return "";
}

}  // namespace

CheckedPtr TypeChecker::CheckBinary(const AstNode& ast) {
  CheckedPtr left = Check(*ast.children[0]);
  CheckedPtr right = Check(*ast.children[1]);
  NodePtr node =
      New(NodeKind::kBinary, ast, StaticType::Wrong(), {std::move(left), std::move(right)});
  node->op = ast.op;
  node->static_type = TypeBinary(*node);
  return Finish(std::move(node));
}

StaticType TypeChecker::TypeBinary(const CheckedNode& node) {
  if (node.children[0]->static_type.wrong() || node.children[1]->static_type.wrong()) {
    return StaticType::Wrong();
  }
  if (IsEquality(node.op)) return TypeEquality(node);
  if (IsOrdering(node.op)) return TypeOrdering(node);
  if (node.op == Operator::kIn) return TypeIn(node);
  return TypeArithmetic(node);
}

StaticType TypeChecker::Mismatch(const CheckedNode& node) {
  const CheckedNode& left = *node.children[0];
  const CheckedNode& right = *node.children[1];
  if (ReportMixedNumbers(node.position, left, right)) return StaticType::Wrong();
  std::string hint;
  if (left.static_type.Is(Kind::kEnum) || right.static_type.Is(Kind::kEnum)) {
    const StaticType& type =
        left.static_type.Is(Kind::kEnum) ? left.static_type : right.static_type;
    hint = absl::StrCat("write a constant such as ", type.ToString(), ".NAME");
  }
  issues_.Error(node.position, "type-mismatch",
                absl::StrCat(Spelling(node.op), " does not take ", left.static_type.ToString(),
                             " and ", right.static_type.ToString()),
                hint);
  return StaticType::Wrong();
}

// True if the two are int and double, reported with what to write instead.
bool TypeChecker::ReportMixedNumbers(Position at, const CheckedNode& left,
                                     const CheckedNode& right) {
  const bool mixed = (left.static_type.Is(Kind::kInt) && right.static_type.Is(Kind::kDouble)) ||
                     (left.static_type.Is(Kind::kDouble) && right.static_type.Is(Kind::kInt));
  if (!mixed) return false;
  std::string hint;
  for (const CheckedNode* operand : {&right, &left}) {
    const std::string other = OtherNumber(*operand);
    if (other.empty()) continue;
    at = operand->start;
    hint = absl::StrCat("write ", other);
    break;
  }
  if (hint.empty()) hint = "there is no conversion: use fields of one type";
  issues_.Error(at, "mixed-numbers", "int and double do not mix", hint);
  return true;
}

StaticType TypeChecker::TypeEquality(const CheckedNode& node) {
  const std::optional<StaticType> common =
      Unify(node.children[0]->static_type, node.children[1]->static_type);
  if (!common.has_value()) return Mismatch(node);
  if (node.runtime && (common->Is(Kind::kList) || common->Is(Kind::kRecord))) {
    issues_.Error(node.position, "unsupported",
                  absl::StrCat(Spelling(node.op), " does not compare lists or rows of the intake"),
                  "use in, exists() or all()");
    return StaticType::Wrong();
  }
  if (node.runtime && common->Is(Kind::kDouble)) {
    issues_.Warning(node.position, "double-equality", "measured values are rarely exactly equal",
                    "write a range with between()");
  }
  return StaticType::Of(Kind::kBool);
}

bool TypeChecker::CheckOrderable(const CheckedNode& node, Position at, absl::string_view user) {
  const StaticType& type = node.static_type;
  if (type.wrong()) return false;
  if (type.Is(Kind::kEnum)) {
    issues_.Error(at, "enum-order",
                  absl::StrCat("the values of ", type.ToString(), " have no order"),
                  absl::StrCat("write in [", type.ToString(), ".…] with the values meant"));
    return false;
  }
  if (type.Is(Kind::kList) || type.Is(Kind::kRecord)) {
    issues_.Error(at, "type-mismatch", absl::StrCat(user, " does not take ", type.ToString()));
    return false;
  }
  return true;
}

StaticType TypeChecker::TypeOrdering(const CheckedNode& node) {
  for (const CheckedPtr& operand : node.children) {
    if (!CheckOrderable(*operand, node.position, Spelling(node.op))) return StaticType::Wrong();
  }
  if (!Unify(node.children[0]->static_type, node.children[1]->static_type).has_value()) {
    return Mismatch(node);
  }
  return StaticType::Of(Kind::kBool);
}

StaticType TypeChecker::TypeIn(const CheckedNode& node) {
  const CheckedNode& item = *node.children[0];
  const CheckedNode& list = *node.children[1];
  if (list.static_type.open()) return StaticType::Of(Kind::kBool);
  if (!list.static_type.Is(Kind::kList)) {
    issues_.Error(node.position, "type-mismatch",
                  absl::StrCat("in takes a list, not ", list.static_type.ToString()));
    return StaticType::Wrong();
  }
  const StaticType& element = *list.static_type.element;
  if (element.Is(Kind::kRecord)) {
    issues_.Error(node.position, "unsupported", "rows cannot be compared",
                  "use exists() with a condition on the row's fields");
    return StaticType::Wrong();
  }
  if (node.runtime && item.static_type.Is(Kind::kList)) {
    issues_.Error(node.position, "unsupported", "lists of the intake cannot be compared");
    return StaticType::Wrong();
  }
  const std::optional<StaticType> common = Unify(item.static_type, element);
  if (!common.has_value()) {
    const bool numbers = item.static_type.IsNumber() && element.IsNumber();
    issues_.Error(
        node.position, numbers ? "mixed-numbers" : "type-mismatch",
        absl::StrCat("a list of ", element.ToString(), " holds no ", item.static_type.ToString()),
        numbers ? "write the elements in the type of the other side" : "");
    return StaticType::Wrong();
  }
  if (node.runtime && common->Is(Kind::kDouble)) {
    issues_.Warning(node.position, "double-equality", "measured values are rarely exactly equal",
                    "write a range with between()");
  }
  return StaticType::Of(Kind::kBool);
}

StaticType TypeChecker::TypeArithmetic(const CheckedNode& node) {
  const StaticType& left = node.children[0]->static_type;
  const StaticType& right = node.children[1]->static_type;
  if (left.open() || right.open()) return left.open() ? left : right;
  if (left.Is(Kind::kTimestamp) || left.Is(Kind::kDuration) || right.Is(Kind::kTimestamp) ||
      right.Is(Kind::kDuration)) {
    return TypeTimeArithmetic(node);
  }
  const std::optional<StaticType> common = Unify(left, right);
  if (!common.has_value()) return Mismatch(node);
  const bool division = node.op == Operator::kDivide || node.op == Operator::kModulo;
  if (common->Is(Kind::kInt)) {
    if (division && node.children[1]->runtime) {
      issues_.Warning(node.position, "unguarded-division",
                      "dividing by an answer fails when it is 0", "divide by a constant");
    }
    return *common;
  }
  if (common->Is(Kind::kDouble) && node.op != Operator::kModulo) return *common;
  if (node.op == Operator::kAdd && (common->Is(Kind::kString) || common->Is(Kind::kList))) {
    if (!node.runtime) return *common;
    issues_.Error(node.position, "runtime-concatenation",
                  absl::StrCat("only constants can be joined into a ", common->ToString()),
                  "use contains(), startsWith() or in on each part");
    return StaticType::Wrong();
  }
  return Mismatch(node);
}

StaticType TypeChecker::TypeTimeArithmetic(const CheckedNode& node) {
  const CheckedNode& left = *node.children[0];
  const CheckedNode& right = *node.children[1];
  const bool plus = node.op == Operator::kAdd;
  if (!plus && node.op != Operator::kSubtract) return Mismatch(node);
  const bool right_duration = right.static_type.Is(Kind::kDuration);
  if (left.static_type.Is(Kind::kDuration) && right_duration) {
    return StaticType::Of(Kind::kDuration);
  }
  if (left.static_type.Is(Kind::kTimestamp) && right.static_type.Is(Kind::kTimestamp) && !plus) {
    return StaticType::Of(Kind::kDuration);
  }
  if (!left.static_type.Is(Kind::kTimestamp) || !right_duration) return Mismatch(node);
  if (!right.constant.has_value()) {
    issues_.Error(right.start, "unsupported",
                  "only a constant duration can be added to or taken from a timestamp");
    return StaticType::Wrong();
  }
  if (right.constant->kind == Kind::kDuration && right.constant->i % kNanosPerSecond != 0) {
    issues_.Error(right.start, "unsupported", "timestamps are whole seconds",
                  "write a duration of whole seconds");
    return StaticType::Wrong();
  }
  return StaticType::Of(Kind::kTimestamp);
}

}  // namespace plumbline::expr
