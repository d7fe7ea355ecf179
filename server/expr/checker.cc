#include "server/expr/checker.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/expr/checked_ast.h"
#include "server/expr/issue_sink.h"
#include "server/expr/lexer.h"
#include "server/expr/parser.h"
#include "server/expr/typing.h"

namespace plumbline::expr {
namespace {

// One or more identifiers joined by dots.
bool IsDottedName(absl::string_view name) {
  bool at_start = true;
  for (const char c : name) {
    if (at_start ? !(absl::ascii_isalpha(c) || c == '_')
                 : !(absl::ascii_isalnum(c) || c == '_' || c == '.')) {
      return false;
    }
    at_start = c == '.';
  }
  return !at_start;
}

bool HasDynamicPart(const StaticType& type) {
  if (type.form == StaticType::Form::kDynamic) return true;
  return type.Is(Kind::kList) && HasDynamicPart(*type.element);
}

template <typename Visitor>
void Walk(const CheckedNode& node, const Visitor& visit) {
  visit(node);
  for (const CheckedPtr& child : node.children) Walk(*child, visit);
}

// A result whose type is not known before evaluation is of no use to a rule.
void CheckResultType(const CheckedNode& root, IssueSink& issues) {
  if (!root.static_type.open() && !HasDynamicPart(root.static_type)) return;
  issues.Error(root.start, "mixed-list", "the result has no single type",
               "give all elements of the list the same type");
}

CheckResult CheckText(absl::string_view text, const Environment& environment,
                      const SourceLocation& origin, bool condition) {
  IssueSink issues(origin.file);
  const Position start{std::max(origin.line, 1), std::max(origin.column, 1)};
  const Limits& limits = environment.limits();
  const std::vector<AstPtr> trees = Parse(Lex(text, start, limits.max_code_points, issues),
                                          {limits.max_depth, limits.max_nodes}, issues);
  CheckedPtr root;
  for (const AstPtr& tree : trees) {
    CheckedPtr checked = TypeChecker(environment, issues).Check(*tree);
    if (root == nullptr) root = std::move(checked);
  }
  if (root == nullptr) return {CheckedExpr(), std::move(issues).Take()};
  const StaticType& type = root->static_type;
  if (condition && !issues.has_errors() && !type.Is(Kind::kBool)) {
    issues.Error(root->start, "not-a-condition",
                 absl::StrCat("a condition is needed, this is ", type.ToString()),
                 "compare it with a value");
  } else if (!issues.has_errors()) {
    CheckResultType(*root, issues);
  }
  CheckResult result;
  if (!issues.has_errors() && !type.wrong()) result.expr = CheckedExpr(std::move(root));
  result.issues = std::move(issues).Take();
  return result;
}

}  // namespace

Environment::Environment(const Schema* schema, Limits limits) : schema_(schema), limits_(limits) {}

bool Environment::CanDeclare(absl::string_view name) const {
  if (!IsDottedName(name)) return false;
  const absl::string_view head = name.substr(0, name.find('.'));
  const bool dotted = head.size() != name.size();
  if (IsReservedName(head)) return false;
  if (terms_.contains(name) || constants_.contains(name)) return false;
  if (schema_ == nullptr) return true;
  if (schema_->FindEnum(head) != nullptr) return false;
  return dotted || !schema_->Find(name).has_value();
}

bool Environment::DeclareTerm(absl::string_view name, const Type& type) {
  if (!CanDeclare(name)) return false;
  terms_.emplace(std::string(name), type);
  return true;
}

bool Environment::DeclareConstant(absl::string_view name, Value value) {
  if (!CanDeclare(name) || value.is_error()) return false;
  constants_[std::string(name)] = std::move(value);
  return true;
}

const Type* Environment::FindTerm(absl::string_view name) const {
  const auto it = terms_.find(name);
  return it == terms_.end() ? nullptr : &it->second;
}

const Value* Environment::FindConstant(absl::string_view name) const {
  const auto it = constants_.find(name);
  return it == constants_.end() ? nullptr : &it->second;
}

std::vector<std::string> Environment::Names() const {
  std::vector<std::string> names;
  if (schema_ != nullptr) {
    for (const Slot& slot : schema_->slots()) names.push_back(slot.name);
  }
  for (const auto& [name, type] : terms_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

const Type& CheckedExpr::type() const { return root_->type; }

SlotSet CheckedExpr::Slots() const {
  SlotSet slots;
  Walk(*root_, [&slots](const CheckedNode& node) {
    if (node.kind == NodeKind::kSlot || node.kind == NodeKind::kHas) slots.Add(node.slot);
  });
  return slots;
}

std::vector<std::string> CheckedExpr::Terms() const {
  std::set<std::string> terms;
  Walk(*root_, [&terms](const CheckedNode& node) {
    if (node.kind == NodeKind::kTerm) terms.insert(node.name);
  });
  return {terms.begin(), terms.end()};
}

CheckResult Check(absl::string_view text, const Environment& environment,
                  const SourceLocation& origin) {
  return CheckText(text, environment, origin, false);
}

CheckResult CheckCondition(absl::string_view text, const Environment& environment,
                           const SourceLocation& origin) {
  return CheckText(text, environment, origin, true);
}

}  // namespace plumbline::expr
