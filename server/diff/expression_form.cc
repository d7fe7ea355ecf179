#include "server/diff/expression_form.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/expr/comparison.h"

namespace plumbline::diff {
namespace {

using expr::CheckedExpr;
using expr::CheckedNode;
using expr::CheckedPtr;
using expr::NodeKind;
using expr::Operator;

// Nodes of an expression with its terms written out, at most.
constexpr int kMostNodes = 20'000;

std::string Print(const CheckedPtr& node) { return expr::Print(CheckedExpr(node)); }
std::string Quoted(const std::string& text) { return absl::StrCat("`", text, "`"); }

bool IsComparison(const CheckedNode& node) {
  return node.kind == NodeKind::kBinary && (IsOrdering(node.op) || IsEquality(node.op));
}

void SortByText(std::vector<CheckedPtr>& nodes) {
  std::vector<std::pair<std::string, CheckedPtr>> named;
  named.reserve(nodes.size());
  for (CheckedPtr& node : nodes) named.emplace_back(Print(node), std::move(node));
  std::stable_sort(named.begin(), named.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < nodes.size(); ++i) nodes[i] = std::move(named[i].second);
}

// Chains within a chain of the same operator become part of it.
void Flatten(CheckedNode& node) {
  std::vector<CheckedPtr> flat;
  for (const CheckedPtr& child : node.children) {
    if (child->kind == NodeKind::kLogic && child->op == node.op) {
      flat.insert(flat.end(), child->children.begin(), child->children.end());
    } else {
      flat.push_back(child);
    }
  }
  node.children = std::move(flat);
}

CheckedPtr Comparison(Operator op, const CheckedPtr& left, const CheckedPtr& right) {
  auto node = std::make_shared<CheckedNode>();
  node->kind = NodeKind::kBinary;
  node->op = op;
  node->children = {left, right};
  return node;
}

// Children are in their form already.
CheckedPtr Settled(std::shared_ptr<CheckedNode> node) {
  if (node->kind == NodeKind::kBetween) {
    const std::vector<CheckedPtr> parts = std::move(node->children);
    node->kind = NodeKind::kLogic;
    node->op = Operator::kAnd;
    node->children = {Comparison(Operator::kGe, parts[0], parts[1]),
                      Comparison(Operator::kLe, parts[0], parts[2])};
  }
  if (node->kind == NodeKind::kLogic) {
    Flatten(*node);
    SortByText(node->children);
  } else if (node->kind == NodeKind::kAtLeast) {
    SortByText(node->children);
  } else if (IsComparison(*node) && node->children[0]->constant.has_value() &&
             !node->children[1]->constant.has_value()) {
    node->op = Mirrored(node->op);
    std::swap(node->children[0], node->children[1]);
  } else if (node->kind == NodeKind::kBinary && node->op == Operator::kIn &&
             node->children[1]->kind == NodeKind::kList) {
    auto list = std::make_shared<CheckedNode>(*node->children[1]);
    SortByText(list->children);
    node->children[1] = std::move(list);
  }
  return node;
}

// With the terms written out, as long as `left` nodes are not used up.
class Expander {
 public:
  Expander(const TermLookup& terms, const TermNames& names) : terms_(terms), names_(names) {}

  CheckedPtr Expand(const CheckedNode& node) {
    if (--left_ < 0) return nullptr;
    if (node.kind == NodeKind::kTerm) {
      if (const CheckedExpr* term = terms_(node.name); term != nullptr) {
        return Expand(term->root());
      }
    }
    auto copy = std::make_shared<CheckedNode>(node);
    if (node.kind == NodeKind::kTerm) copy->name = names_(node.name);
    for (CheckedPtr& child : copy->children) {
      child = Expand(*child);
      if (child == nullptr) return nullptr;
    }
    return Settled(std::move(copy));
  }

 private:
  const TermLookup& terms_;
  const TermNames& names_;
  int left_ = kMostNodes;
};

// Takes what both lists have out of both.
void DropCommon(std::vector<CheckedPtr>& a, std::vector<CheckedPtr>& b) {
  for (size_t i = 0; i < a.size();) {
    const std::string text = Print(a[i]);
    const auto same = std::find_if(b.begin(), b.end(),
                                   [&](const CheckedPtr& node) { return Print(node) == text; });
    if (same == b.end()) {
      ++i;
      continue;
    }
    b.erase(same);
    a.erase(a.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::string Joined(const std::vector<CheckedPtr>& nodes, const char* between) {
  return absl::StrJoin(nodes, between,
                       [](std::string* out, const CheckedPtr& node) { *out += Print(node); });
}

class Describer {
 public:
  std::string Describe(const CheckedPtr& a, const CheckedPtr& b, bool negated) const {
    if (IsLogic(*a) || IsLogic(*b)) return DescribeLogic(a, b, negated);
    if (a->kind == NodeKind::kAtLeast && b->kind == NodeKind::kAtLeast) {
      return DescribeAtLeast(*a, *b);
    }
    if (a->kind == NodeKind::kUnary && b->kind == NodeKind::kUnary && a->op == Operator::kNot &&
        b->op == Operator::kNot) {
      return Describe(a->children[0], b->children[0], !negated);
    }
    if (IsComparison(*a) && IsComparison(*b) && Print(a->children[0]) == Print(b->children[0])) {
      return absl::StrCat(IsEquality(a->op) ? "" : "threshold ", Quoted(Print(a)), " becomes ",
                          Quoted(absl::StrCat(Spelling(b->op), " ", Print(b->children[1]))));
    }
    return Becomes(a, b);
  }

 private:
  static bool IsLogic(const CheckedNode& node) { return node.kind == NodeKind::kLogic; }

  static std::string Becomes(const CheckedPtr& a, const CheckedPtr& b) {
    return absl::StrCat(Quoted(Print(a)), " becomes ", Quoted(Print(b)));
  }

  // Operands under `op`; a part that is no such chain is a chain of one.
  static std::vector<CheckedPtr> Operands(const CheckedPtr& node, Operator op) {
    if (IsLogic(*node) && node->op == op) return node->children;
    return {node};
  }

  std::string DescribeLogic(const CheckedPtr& a, const CheckedPtr& b, bool negated) const {
    const Operator op = IsLogic(*a) && (!IsLogic(*b) || a->children.size() > b->children.size())
                            ? a->op
                            : (IsLogic(*b) ? b->op : a->op);
    std::vector<CheckedPtr> gone = Operands(a, op);
    std::vector<CheckedPtr> come = Operands(b, op);
    const size_t before = gone.size() + come.size();
    DropCommon(gone, come);
    if (gone.size() + come.size() == before) return Becomes(a, b);
    const char* sign = op == Operator::kAnd ? " && " : " || ";
    if (gone.size() == 1 && come.size() == 1) return Describe(gone[0], come[0], negated);
    if (gone.empty()) return Added(op, Quoted(Joined(come, sign)), negated);
    if (come.empty()) return Dropped(op, Quoted(Joined(gone, sign)), negated);
    return absl::StrCat(Quoted(Joined(gone, sign)), " becomes ", Quoted(Joined(come, sign)));
  }

  // Under a negation the plain words would say the opposite.
  static std::string Added(Operator op, const std::string& what, bool negated) {
    if (negated) return absl::StrCat("adds ", Spelling(op), " ", what);
    return absl::StrCat(op == Operator::kAnd ? "also requires " : "also holds with ", what);
  }
  static std::string Dropped(Operator op, const std::string& what, bool negated) {
    if (negated) return absl::StrCat("drops ", Spelling(op), " ", what);
    return absl::StrCat(op == Operator::kAnd ? "no longer requires " : "no longer holds with ",
                        what);
  }

  static std::string DescribeAtLeast(const CheckedNode& a, const CheckedNode& b) {
    std::vector<CheckedPtr> gone = a.children;
    std::vector<CheckedPtr> come = b.children;
    DropCommon(gone, come);
    std::vector<std::string> parts;
    if (a.threshold != b.threshold) {
      parts.push_back(
          absl::StrCat("`at least ", a.threshold, "` becomes `at least ", b.threshold, "`"));
    }
    if (!gone.empty())
      parts.push_back(absl::StrCat("no longer counts ", Quoted(Joined(gone, ", "))));
    if (!come.empty()) parts.push_back(absl::StrCat("also counts ", Quoted(Joined(come, ", "))));
    return absl::StrJoin(parts, ", ");
  }
};

}  // namespace

CheckedPtr CanonicalForm(const CheckedNode& node, const TermNames& names) {
  auto copy = std::make_shared<CheckedNode>(node);
  if (node.kind == NodeKind::kTerm) copy->name = names(node.name);
  for (CheckedPtr& child : copy->children) child = CanonicalForm(*child, names);
  return Settled(std::move(copy));
}

std::string CanonicalText(const CheckedExpr& expression, const TermNames& names) {
  return Print(CanonicalForm(expression.root(), names));
}

std::optional<std::string> ExpandedText(const CheckedExpr& expression, const TermLookup& terms,
                                        const TermNames& names) {
  const CheckedPtr expanded = Expander(terms, names).Expand(expression.root());
  if (expanded == nullptr) return std::nullopt;
  return Print(expanded);
}

std::string DescribeChange(const CheckedExpr& from, const CheckedExpr& to, const TermNames& names) {
  const TermNames as_is = [](const std::string& name) { return name; };
  return Describer().Describe(CanonicalForm(from.root(), names), CanonicalForm(to.root(), as_is),
                              /*negated=*/false);
}

}  // namespace plumbline::diff
