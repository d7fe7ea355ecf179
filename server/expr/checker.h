// Check: text -> tokens -> AST -> typed, resolved AST.
//
// The language is a strict subset of CEL (docs/reference/expressions.md): whatever is accepted here
// means what it means in CEL; what CEL means differently is refused with a message. Two host macros
// are added, each defined by its expansion into plain CEL:
//   atLeast(n, [a, b, c])       n a literal, 1 <= n <= size: at least n of the conditions hold;
//                               the disjunction of all n-element conjunctions, so unknowns absorb
//   between(x, lo, hi)          x >= lo && x <= hi
// and host functions daysBetween(t1, t2) (whole days, floor) and the variable `as_of` (timestamp,
// midnight UTC of the decision's as-of date).
//
// Thread-compatible: build an Environment once, then check any number of expressions.

#ifndef PLUMBLINE_SERVER_EXPR_CHECKER_H_
#define PLUMBLINE_SERVER_EXPR_CHECKER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/base/issue.h"
#include "server/expr/schema.h"
#include "server/expr/type.h"
#include "server/expr/value.h"

namespace plumbline::expr {

struct CheckedNode;  // checked_ast.h

// Bounds that keep any accepted expression cheap; exceeding one is an issue ("too-long",
// "too-deep", "too-costly"), never a crash. Defaults are generous for hand-written rules and above
// CEL's floor (32 operands, 24 ternaries, 12 nested calls).
struct Limits {
  int max_code_points = 8'192;
  int max_depth = 64;
  int max_nodes = 2'048;
};

// What identifiers mean.
class Environment {
 public:
  // `schema` may be null (constant expressions only); it must outlive the environment.
  explicit Environment(const Schema* schema, Limits limits = {});

  // Declares a named term (dotted names such as "suspected.lss" allowed). Its value is supplied to
  // the plan under the same name (PlanBuilder::BindTerm). Returns false if the name is taken by a
  // slot, an enum or an earlier term.
  bool DeclareTerm(absl::string_view name, const Type& type);

  // Declares a name that stands for a constant. Same rules for the name as for terms; an error
  // value is refused.
  bool DeclareConstant(absl::string_view name, Value value);

  // CEL's container: in "a.b", the name `x` means a.b.x if that is declared, else a.x, else x.
  void SetContainer(absl::string_view container) { container_ = std::string(container); }

  const Schema* schema() const { return schema_; }
  const Limits& limits() const { return limits_; }
  const std::string& container() const { return container_; }
  const Type* FindTerm(absl::string_view name) const;
  const Value* FindConstant(absl::string_view name) const;
  // Candidates for "did you mean": all slot and term names.
  std::vector<std::string> Names() const;

 private:
  bool CanDeclare(absl::string_view name) const;

  const Schema* schema_;
  Limits limits_;
  absl::flat_hash_map<std::string, Type> terms_;
  absl::flat_hash_map<std::string, Value> constants_;
  std::string container_;
};

// A checked expression. Immutable and cheap to copy (shared tree).
class CheckedExpr {
 public:
  CheckedExpr() = default;
  explicit CheckedExpr(std::shared_ptr<const CheckedNode> root) : root_(std::move(root)) {}
  bool valid() const { return root_ != nullptr; }
  const CheckedNode& root() const { return *root_; }
  const Type& type() const;

  // Everything the expression reads, directly (terms are not followed).
  SlotSet Slots() const;
  std::vector<std::string> Terms() const;

 private:
  std::shared_ptr<const CheckedNode> root_;
};

struct CheckResult {
  CheckedExpr expr;           // valid() only when there is no error
  std::vector<Issue> issues;  // all problems found, in source order
};

// Parses and checks `text`. `origin` is the place of its first character; issue locations are
// computed from it (an expression may span lines; columns of later lines count from 1).
CheckResult Check(absl::string_view text, const Environment& environment,
                  const SourceLocation& origin = {});

// As Check, and also requires the result to be of type bool ("not-a-condition").
CheckResult CheckCondition(absl::string_view text, const Environment& environment,
                           const SourceLocation& origin = {});

// Canonical text of a checked expression: single spaces, minimal parentheses. Two expressions that
// differ in layout alone print alike; Check(Print(e)) yields an equal expression.
std::string Print(const CheckedExpr& expr);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_CHECKER_H_
