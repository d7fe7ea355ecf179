#include "server/expr/typing.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/expr/fold.h"

namespace plumbline::expr {
namespace {

bool ContainsDynamic(const StaticType& type) {
  if (type.form == StaticType::Form::kDynamic) return true;
  return type.Is(Kind::kList) && ContainsDynamic(*type.element);
}

// Kinds whose behaviour among values of other types differs between CEL's variants (enums as
// numbers) or that CEL knows at a finer grain than the language does (times).
bool HasNoMixedMeaning(const StaticType& type) {
  if (type.Is(Kind::kList)) return HasNoMixedMeaning(*type.element);
  return type.Is(Kind::kEnum) || type.Is(Kind::kTimestamp) || type.Is(Kind::kDuration);
}

}  // namespace

CheckedPtr TypeChecker::Check(const AstNode& ast) {
  switch (ast.kind) {
    case AstKind::kError:
      return Wrong(ast);
    case AstKind::kLiteral:
      return CheckLiteral(ast);
    case AstKind::kName:
      return CheckName(ast);
    case AstKind::kSelect:
      return CheckSelect(ast);
    case AstKind::kIndex:
      return CheckIndex(ast);
    case AstKind::kCall:
      return CheckCall(ast);
    case AstKind::kList:
      return CheckList(ast);
    case AstKind::kUnary:
      return CheckUnary(ast);
    case AstKind::kBinary:
      return CheckBinary(ast);
    case AstKind::kLogic:
      return CheckLogic(ast);
    case AstKind::kTernary:
      return CheckTernary(ast);
  }
  return Wrong(ast);
}

TypeChecker::NodePtr TypeChecker::New(NodeKind kind, const AstNode& ast, StaticType type,
                                      std::vector<CheckedPtr> children) {
  auto node = std::make_shared<CheckedNode>();
  node->kind = kind;
  node->static_type = std::move(type);
  node->start = ast.start;
  node->position = ast.position;
  node->children = std::move(children);
  for (const CheckedPtr& child : node->children) {
    node->runtime |= child->runtime;
    node->variables |= child->variables;
    node->cost += child->cost;
  }
  return node;
}

CheckedPtr TypeChecker::Wrong(const AstNode& ast) {
  return New(NodeKind::kLiteral, ast, StaticType::Wrong());
}

// Completes a node whose children, kind and type are set: folds it if it is constant.
CheckedPtr TypeChecker::Finish(NodePtr node) {
  if (!CheckCost(*node) || !CheckNoMixedList(*node)) node->static_type = StaticType::Wrong();
  node->type = node->static_type.ToType();
  if (node->static_type.wrong() || node->runtime || node->variables != 0) return node;
  node->constant = Fold(*node, Bindings{});
  const bool inherited =
      std::any_of(node->children.begin(), node->children.end(), [](const CheckedPtr& child) {
        return child->constant.has_value() && child->constant->is_error();
      });
  if (node->constant->is_error() && !inherited) {
    issues_.Warning(node->position, "constant-error", "this part always fails when evaluated",
                    "division by zero, overflow or an index outside the list");
  }
  return node;
}

bool TypeChecker::CheckCost(const CheckedNode& node) {
  if (node.static_type.wrong() || node.cost <= environment_.limits().max_nodes) return true;
  issues_.Error(node.position, "too-costly",
                absl::StrCat("the expression has more than ", environment_.limits().max_nodes,
                             " parts once its macros are written out"),
                "name parts of it as terms");
  return false;
}

bool TypeChecker::CheckNoMixedList(const CheckedNode& node) {
  if (node.static_type.wrong() || !node.runtime) return true;
  for (const CheckedPtr& child : node.children) {
    if (!ContainsDynamic(child->static_type)) continue;
    issues_.Error(child->start, "mixed-list",
                  "a list of different types can only be compared with constants",
                  "give all elements the same type");
    return false;
  }
  return true;
}

CheckedPtr TypeChecker::CheckLiteral(const AstNode& ast) {
  NodePtr node = New(NodeKind::kLiteral, ast, StaticType::Of(ast.literal));
  node->type = node->static_type.ToType();
  node->constant = ast.literal;
  return node;
}

bool TypeChecker::RequireBool(const CheckedNode& node, absl::string_view user) {
  const StaticType& type = node.static_type;
  if (type.wrong()) return false;
  if (type.Is(Kind::kBool) || type.open()) return true;
  const std::string hint = type.IsNumber() || type.Is(Kind::kEnum) || type.Is(Kind::kString)
                               ? "compare it with a value"
                               : "";
  issues_.Error(node.start, "type-mismatch",
                absl::StrCat(user, " takes conditions, not ", type.ToString()), hint);
  return false;
}

CheckedPtr TypeChecker::CheckUnary(const AstNode& ast) {
  CheckedPtr operand = Check(*ast.children[0]);
  // `-(5)` is the literal -5, so that equal expressions print alike (`-(0)` too).
  if (ast.op == Operator::kNegate && operand->kind == NodeKind::kLiteral &&
      operand->static_type.Is(Kind::kInt) && operand->constant->i >= 0) {
    AstNode literal;
    literal.kind = AstKind::kLiteral;
    literal.start = ast.start;
    literal.position = ast.position;
    literal.literal = Value::Int(-operand->constant->i);
    return CheckLiteral(literal);
  }
  StaticType type = operand->static_type;
  if (ast.op == Operator::kNot) {
    type = RequireBool(*operand, "!") ? StaticType::Of(Kind::kBool) : StaticType::Wrong();
  } else if (!type.wrong() && !type.IsNumber() && !type.open()) {
    issues_.Error(operand->start, "type-mismatch",
                  absl::StrCat("- takes numbers, not ", type.ToString()),
                  type.Is(Kind::kBool) ? "write ! to negate a condition" : "");
    type = StaticType::Wrong();
  }
  NodePtr node = New(NodeKind::kUnary, ast, std::move(type), {std::move(operand)});
  node->op = ast.op;
  return Finish(std::move(node));
}

CheckedPtr TypeChecker::CheckLogic(const AstNode& ast) {
  std::vector<CheckedPtr> operands;
  bool good = true;
  for (const AstPtr& child : ast.children) {
    operands.push_back(Check(*child));
    good &= RequireBool(*operands.back(), Spelling(ast.op));
  }
  NodePtr node = New(NodeKind::kLogic, ast,
                     good ? StaticType::Of(Kind::kBool) : StaticType::Wrong(), std::move(operands));
  node->op = ast.op;
  return Finish(std::move(node));
}

CheckedPtr TypeChecker::CheckTernary(const AstNode& ast) {
  CheckedPtr condition = Check(*ast.children[0]);
  CheckedPtr then = Check(*ast.children[1]);
  CheckedPtr otherwise = Check(*ast.children[2]);
  StaticType type = StaticType::Wrong();
  if (RequireBool(*condition, "?:")) {
    if (std::optional<StaticType> common = Unify(then->static_type, otherwise->static_type)) {
      type = *std::move(common);
    } else if (!ReportMixedNumbers(ast.position, *then, *otherwise)) {
      issues_.Error(
          ast.position, "type-mismatch",
          absl::StrCat("both values of ?: must have one type, not ", then->static_type.ToString(),
                       " and ", otherwise->static_type.ToString()));
    }
  }
  NodePtr node = New(NodeKind::kTernary, ast, std::move(type),
                     {std::move(condition), std::move(then), std::move(otherwise)});
  if (node->runtime && (node->static_type.Is(Kind::kList) || node->static_type.Is(Kind::kRecord))) {
    issues_.Error(ast.position, "unsupported", "?: cannot choose between lists or rows",
                  "choose between conditions on them");
    node->static_type = StaticType::Wrong();
  }
  return Finish(std::move(node));
}

CheckedPtr TypeChecker::CheckList(const AstNode& ast) {
  std::vector<CheckedPtr> elements;
  StaticType element = StaticType::Special(StaticType::Form::kFree);
  bool good = true;
  bool special = false;
  for (const AstPtr& child : ast.children) {
    elements.push_back(Check(*child));
    const CheckedNode& checked = *elements.back();
    special |= HasNoMixedMeaning(checked.static_type);
    if (checked.runtime && !checked.static_type.wrong()) {
      issues_.Error(checked.start, "not-a-constant", "the elements of a list must be constants",
                    "compare with each value and join the comparisons with ||");
      good = false;
    }
    good &= !checked.static_type.wrong();
    element = Join(element, checked.static_type);
  }
  if (good && special && ContainsDynamic(element)) {
    issues_.Error(ast.position, "mixed-list", "the elements of this list must have one type");
    good = false;
  }
  StaticType type = good ? StaticType::ListOf(std::move(element)) : StaticType::Wrong();
  return Finish(New(NodeKind::kList, ast, std::move(type), std::move(elements)));
}

CheckedPtr TypeChecker::CheckIndex(const AstNode& ast) {
  CheckedPtr list = Check(*ast.children[0]);
  CheckedPtr index = Check(*ast.children[1]);
  const StaticType& of = list->static_type;
  const StaticType& at = index->static_type;
  StaticType type = StaticType::Wrong();
  if (of.wrong() || at.wrong()) {
    // reported
  } else if (!of.Is(Kind::kList) && !of.open()) {
    issues_.Error(ast.position, "type-mismatch",
                  absl::StrCat("[] takes an element of a list, not of ", of.ToString()));
  } else if (!at.Is(Kind::kInt) && !at.open()) {
    issues_.Error(index->start, "type-mismatch",
                  absl::StrCat("the index must be int, not ", at.ToString()));
  } else if (list->runtime || index->runtime) {
    issues_.Error(ast.position, "unsupported", "only a constant list can be indexed",
                  "use exists() or all() on a list of the intake");
  } else {
    type = of.open() ? StaticType::Special(StaticType::Form::kDynamic) : *of.element;
  }
  return Finish(New(NodeKind::kIndex, ast, std::move(type), {std::move(list), std::move(index)}));
}

}  // namespace plumbline::expr
