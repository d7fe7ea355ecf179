#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/expr/checked_ast.h"
#include "server/expr/checker.h"

namespace plumbline::expr {
namespace {

// Binding strength, weakest first. A child is put in parentheses when it binds less than its place
// asks for.
enum Strength { kWeakest, kOrLevel, kAndLevel, kRelation, kSum, kProduct, kPrefix, kMember };

Strength StrengthOf(Operator op) {
  switch (op) {
    case Operator::kOr:
      return kOrLevel;
    case Operator::kAnd:
      return kAndLevel;
    case Operator::kAdd:
    case Operator::kSubtract:
      return kSum;
    case Operator::kMultiply:
    case Operator::kDivide:
    case Operator::kModulo:
      return kProduct;
    case Operator::kNot:
    case Operator::kNegate:
      return kPrefix;
    default:
      return kRelation;
  }
}

// The shortest text that reads back as the same number, always recognisable as a double.
std::string DoubleText(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string StringText(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (c == '\r') {
      text += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      absl::StrAppendFormat(&text, "\\x%02x", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
  }
  return text + "\"";
}

std::string LiteralText(const Value& value) {
  switch (value.kind) {
    case Kind::kBool:
      return value.is_true() ? "true" : "false";
    case Kind::kInt:
      return absl::StrCat(value.i);
    case Kind::kDouble:
      return DoubleText(value.d);
    default:
      return StringText(value.s);
  }
}

class Printer {
 public:
  std::string Print(const CheckedNode& node, Strength needed = kWeakest) {
    auto [text, strength] = Render(node);
    return strength < needed ? absl::StrCat("(", text, ")") : text;
  }

 private:
  struct Rendered {
    std::string text;
    Strength strength = kMember;
  };

  Rendered Render(const CheckedNode& node);
  Rendered RenderLiteral(const CheckedNode& node);
  Rendered RenderOperator(const CheckedNode& node);
  std::string Arguments(const CheckedNode& node, size_t first);
  std::string SlotText(const CheckedNode& node) const;
  std::string CallText(const CheckedNode& node);
  std::string MacroText(const CheckedNode& node);

  std::vector<std::string> variables_;
};

std::string Printer::SlotText(const CheckedNode& node) const {
  for (const std::string& variable : variables_) {
    // A macro's variable hides the bare name.
    if (variable == node.name) return absl::StrCat("intake.", node.name);
  }
  return node.name;
}

std::string Printer::Arguments(const CheckedNode& node, size_t first) {
  std::string text;
  for (size_t i = first; i < node.children.size(); ++i) {
    absl::StrAppend(&text, i == first ? "" : ", ", Print(*node.children[i]));
  }
  return text;
}

std::string Printer::CallText(const CheckedNode& node) {
  if (!node.method) return absl::StrCat(node.name, "(", Arguments(node, 0), ")");
  return absl::StrCat(Print(*node.children[0], kMember), ".", node.name, "(", Arguments(node, 1),
                      ")");
}

std::string Printer::MacroText(const CheckedNode& node) {
  static constexpr std::array<absl::string_view, 3> kNames = {"exists", "all", "exists_one"};
  const std::string range = Print(*node.children[0], kMember);
  variables_.push_back(node.name);
  const std::string condition = Print(*node.children[1]);
  variables_.pop_back();
  return absl::StrCat(range, ".", kNames[static_cast<size_t>(node.macro)], "(", node.name, ", ",
                      condition, ")");
}

Printer::Rendered Printer::RenderLiteral(const CheckedNode& node) {
  const Value& value = *node.constant;
  const bool negative = (value.kind == Kind::kInt && value.i < 0) ||
                        (value.kind == Kind::kDouble && std::signbit(value.d));
  return {LiteralText(value), negative ? kPrefix : kMember};
}

Printer::Rendered Printer::RenderOperator(const CheckedNode& node) {
  const Strength strength = StrengthOf(node.op);
  const auto above = static_cast<Strength>(strength + 1);
  std::string text;
  if (node.kind == NodeKind::kLogic) {
    for (size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) absl::StrAppend(&text, " ", Spelling(node.op), " ");
      absl::StrAppend(&text, Print(*node.children[i], above));
    }
  } else if (node.kind == NodeKind::kBinary) {
    text = absl::StrCat(Print(*node.children[0], strength), " ", Spelling(node.op), " ",
                        Print(*node.children[1], above));
  } else {
    // A run of one sign needs no parentheses, a mixed one does: the grammar has no `!-x`.
    const CheckedNode& operand = *node.children[0];
    const bool sign =
        operand.kind == NodeKind::kLiteral && RenderLiteral(operand).strength == kPrefix;
    const bool same = (operand.kind == NodeKind::kUnary && operand.op == node.op) ||
                      (sign && node.op == Operator::kNegate);
    text = absl::StrCat(Spelling(node.op), Print(operand, same ? kPrefix : kMember));
  }
  return {text, strength};
}

Printer::Rendered Printer::Render(const CheckedNode& node) {
  switch (node.kind) {
    case NodeKind::kLiteral:
      return RenderLiteral(node);
    case NodeKind::kSlot:
      return {SlotText(node)};
    case NodeKind::kAsOf:
      return {"as_of"};
    case NodeKind::kHas:
      return {absl::StrCat("has(intake.", node.name, ")")};
    case NodeKind::kRowField:
      return {absl::StrCat(Print(*node.children[0], kMember), ".", node.name)};
    case NodeKind::kHasRowField:
      return {absl::StrCat("has(", Print(*node.children[0], kMember), ".", node.name, ")")};
    case NodeKind::kUnary:
    case NodeKind::kBinary:
    case NodeKind::kLogic:
      return RenderOperator(node);
    case NodeKind::kTernary:
      return {absl::StrCat(Print(*node.children[0], kOrLevel), " ? ",
                           Print(*node.children[1], kOrLevel), " : ", Print(*node.children[2])),
              kWeakest};
    case NodeKind::kList:
      return {absl::StrCat("[", Arguments(node, 0), "]")};
    case NodeKind::kIndex:
      return {absl::StrCat(Print(*node.children[0], kMember), "[", Print(*node.children[1]), "]")};
    case NodeKind::kCall:
      return {CallText(node)};
    case NodeKind::kAtLeast:
      return {absl::StrCat("atLeast(", node.threshold, ", [", Arguments(node, 0), "])")};
    case NodeKind::kBetween:
      return {absl::StrCat("between(", Arguments(node, 0), ")")};
    case NodeKind::kMacro:
      return {MacroText(node)};
    case NodeKind::kConstant:
    case NodeKind::kEnumConstant:
    case NodeKind::kTerm:
    case NodeKind::kVariable:
      break;
  }
  return {node.name};
}

}  // namespace

std::string Print(const CheckedExpr& expr) { return Printer().Print(expr.root()); }

}  // namespace plumbline::expr
