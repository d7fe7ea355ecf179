#include "server/ruletest/expression_mutants.h"

#include <cmath>
#include <functional>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/expr/checked_ast.h"
#include "server/ruleset/probes.h"

namespace plumbline::ruletest {
namespace {

using expr::CheckedExpr;
using expr::CheckedNode;
using expr::CheckedPtr;
using expr::Kind;
using expr::NodeKind;
using expr::Operator;
using expr::Value;

std::string PrintNode(const CheckedPtr& node) { return expr::Print(CheckedExpr(node)); }

CheckedPtr Copy(const CheckedNode& node, const std::function<void(CheckedNode&)>& change) {
  auto copy = std::make_shared<CheckedNode>(node);
  change(*copy);
  return copy;
}

CheckedPtr WithChild(const CheckedNode& node, size_t index, CheckedPtr child) {
  return Copy(node, [&](CheckedNode& copy) { copy.children[index] = std::move(child); });
}

// A literal moved by one step of its type.
CheckedPtr Moved(const CheckedNode& literal, int direction) {
  return Copy(literal, [&](CheckedNode& copy) {
    Value& value = *copy.constant;
    if (value.kind == Kind::kInt) {
      value.i += direction;
    } else {
      value.d = std::round((value.d + 0.1 * direction) * 10) / 10;
    }
  });
}

bool IsNumberLiteral(const CheckedNode& node) {
  return node.kind == NodeKind::kLiteral && node.constant.has_value() &&
         (node.constant->kind == Kind::kInt || node.constant->kind == Kind::kDouble);
}

std::optional<Operator> Neighbour(Operator op) {
  switch (op) {
    case Operator::kLt:
      return Operator::kLe;
    case Operator::kLe:
      return Operator::kLt;
    case Operator::kGt:
      return Operator::kGe;
    case Operator::kGe:
      return Operator::kGt;
    case Operator::kEq:
      return Operator::kNe;
    case Operator::kNe:
      return Operator::kEq;
    default:
      return std::nullopt;
  }
}

std::optional<Operator> Opposite(Operator op) {
  switch (op) {
    case Operator::kLt:
    case Operator::kLe:
      return Operator::kGt;
    case Operator::kGt:
    case Operator::kGe:
      return Operator::kLt;
    default:
      return std::nullopt;
  }
}

class Mutator {
 public:
  explicit Mutator(std::vector<ExpressionMutant>& out) : out_(out) {}

  // `rebuild` puts a changed version of `node` into the whole.
  using Rebuild = std::function<CheckedPtr(CheckedPtr)>;

  void Visit(const CheckedPtr& node, const Rebuild& rebuild) {
    Own(node, rebuild);
    if (node->kind == NodeKind::kMacro) {
      // The list stays; its condition is looked into.
      Child(node, 1, rebuild);
      return;
    }
    if (node->kind == NodeKind::kList) return;  // by Own of what holds it
    for (size_t i = 0; i < node->children.size(); ++i) Child(node, i, rebuild);
  }

 private:
  void Child(const CheckedPtr& node, size_t index, const Rebuild& rebuild) {
    Visit(node->children[index],
          [&](CheckedPtr child) { return rebuild(WithChild(*node, index, std::move(child))); });
  }

  void Add(const char* kind, const CheckedPtr& from, const CheckedPtr& to, const Rebuild& rebuild) {
    out_.push_back({kind, absl::StrCat("`", PrintNode(from), "` -> `", PrintNode(to), "`"),
                    PrintNode(rebuild(to))});
  }

  void Own(const CheckedPtr& node, const Rebuild& rebuild) {
    switch (node->kind) {
      case NodeKind::kLogic:
        Logic(node, rebuild);
        break;
      case NodeKind::kAtLeast:
        Count(node, rebuild);
        break;
      case NodeKind::kBinary:
        Comparison(node, rebuild);
        break;
      case NodeKind::kBetween:
        for (const size_t i : {size_t{1}, size_t{2}}) Threshold(node, i, rebuild);
        break;
      case NodeKind::kUnary:
        if (node->op == Operator::kNot) Add("negation", node, node->children[0], rebuild);
        break;
      case NodeKind::kSlot:
      case NodeKind::kTerm:
        if (node->type.kind == Kind::kBool) Add("negation", node, Negated(node), rebuild);
        break;
      default:
        break;
    }
  }

  static CheckedPtr Negated(const CheckedPtr& node) {
    auto negated = std::make_shared<CheckedNode>();
    negated->kind = NodeKind::kUnary;
    negated->op = Operator::kNot;
    negated->static_type = node->static_type;
    negated->type = node->type;
    negated->runtime = true;
    negated->children = {node};
    return negated;
  }

  void Logic(const CheckedPtr& node, const Rebuild& rebuild) {
    Add("operator", node,
        Copy(*node,
             [](CheckedNode& copy) {
               copy.op = copy.op == Operator::kAnd ? Operator::kOr : Operator::kAnd;
             }),
        rebuild);
    Drop(node, rebuild);
  }

  void Drop(const CheckedPtr& node, const Rebuild& rebuild) {
    for (size_t i = 0; i < node->children.size(); ++i) {
      const CheckedPtr rest =
          node->children.size() == 2 ? node->children[1 - i] : Copy(*node, [i](CheckedNode& copy) {
            copy.children.erase(copy.children.begin() + static_cast<std::ptrdiff_t>(i));
          });
      out_.push_back({"dropped part", absl::StrCat("`", PrintNode(node->children[i]), "` dropped"),
                      PrintNode(rebuild(rest))});
    }
  }

  void Count(const CheckedPtr& node, const Rebuild& rebuild) {
    for (const int step : {-1, 1}) {
      const int64_t threshold = node->threshold + step;
      if (threshold < 1 || threshold > static_cast<int64_t>(node->children.size())) continue;
      Add("threshold", node,
          Copy(*node, [threshold](CheckedNode& copy) { copy.threshold = threshold; }), rebuild);
    }
    if (static_cast<int64_t>(node->children.size()) <= node->threshold ||
        node->children.size() <= 2) {
      return;
    }
    for (size_t i = 0; i < node->children.size(); ++i) {
      const CheckedPtr rest = Copy(*node, [i](CheckedNode& copy) {
        copy.children.erase(copy.children.begin() + static_cast<std::ptrdiff_t>(i));
      });
      out_.push_back({"dropped part", absl::StrCat("`", PrintNode(node->children[i]), "` dropped"),
                      PrintNode(rebuild(rest))});
    }
  }

  void Comparison(const CheckedPtr& node, const Rebuild& rebuild) {
    if (node->op == Operator::kIn) return List(node, rebuild);
    for (const auto& op : {Neighbour(node->op), Opposite(node->op)}) {
      if (!op.has_value()) continue;
      Add("operator", node, Copy(*node, [&op](CheckedNode& copy) { copy.op = *op; }), rebuild);
    }
    for (const size_t i : {size_t{0}, size_t{1}}) Threshold(node, i, rebuild);
  }

  void Threshold(const CheckedPtr& node, size_t index, const Rebuild& rebuild) {
    if (!IsNumberLiteral(*node->children[index])) return;
    for (const int direction : {-1, 1}) {
      Add("threshold", node, WithChild(*node, index, Moved(*node->children[index], direction)),
          rebuild);
    }
  }

  void List(const CheckedPtr& node, const Rebuild& rebuild) {
    const CheckedPtr& list = node->children[1];
    if (list->kind != NodeKind::kList || list->children.size() < 2) return;
    for (size_t i = 0; i < list->children.size(); ++i) {
      const CheckedPtr shorter = Copy(*list, [i](CheckedNode& copy) {
        copy.children.erase(copy.children.begin() + static_cast<std::ptrdiff_t>(i));
        if (copy.constant.has_value()) {
          copy.constant->list.erase(copy.constant->list.begin() + static_cast<std::ptrdiff_t>(i));
        }
      });
      Add("list", node, WithChild(*node, 1, shorter), rebuild);
    }
  }

  std::vector<ExpressionMutant>& out_;
};

}  // namespace

std::vector<ExpressionMutant> MutateExpression(const CheckedExpr& expr) {
  std::vector<ExpressionMutant> mutants;
  const CheckedPtr root = std::make_shared<CheckedNode>(expr.root());
  Mutator(mutants).Visit(root, [](CheckedPtr changed) { return changed; });
  return mutants;
}

}  // namespace plumbline::ruletest
