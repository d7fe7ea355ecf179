// Satisfiability: can these conditions hold together for some fully answered intake?
//
// Follows terms and takes conditions apart down to comparisons of one field with a constant; keeps
// for each field the values that are left (an interval within the plausible range, a set of enum
// values, true/false); tries the alternatives of `||` one after the other. What it cannot see into
// (arithmetic, two fields compared, lists) may be true or false, but not both at a time. A "no" is
// therefore certain; a "yes" is not.
//
// Thread-compatible; refers to its arguments, which must outlive it.

#ifndef PLUMBLINE_SERVER_RULESET_SATISFIABILITY_H_
#define PLUMBLINE_SERVER_RULESET_SATISFIABILITY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "server/expr/checked_ast.h"
#include "server/expr/checker.h"
#include "server/expr/schema.h"
#include "server/ruleset/expressions.h"

namespace plumbline::ruleset {

// The values that a field may still have.
struct Domain {
  double low = 0;  // numbers
  double high = 0;
  bool low_open = false;
  bool high_open = false;
  uint64_t values = 0;  // bools: bits 0 and 1; enums: bit i is the i-th value of the descriptor

  bool is_number = false;
  bool empty() const {
    if (!is_number) return values == 0;
    return low > high || (low == high && (low_open || high_open));
  }
};

// A comparison of one field with a constant.
struct Atom {
  expr::SlotIndex slot = 0;
  expr::Operator op = expr::Operator::kEq;  // the field on the left
  std::vector<expr::Value> constants;       // one; several for `in`
};

// Constant value of a node, looking through nothing.
const expr::Value* ConstantOf(const expr::CheckedNode& node);

class Satisfiability {
 public:
  Satisfiability(const v1::Ruleset& ruleset, const expr::Schema& schema,
                 const Expressions& expressions);

  struct Demand {
    expr::CheckedExpr expr;
    bool holds = true;  // false: it must not hold
  };
  // False only if no intake can meet all demands.
  bool CanHold(absl::Span<const Demand> demands) const;

  // From now on the term counts as unknown: what is wrong with it is not what is wrong with those
  // who read it.
  void SetOpaque(absl::string_view term) { opaque_terms_.insert(std::string(term)); }

  // The comparison that `node` is, terms of the form `term = field` included; false if it is none.
  bool AsAtom(const expr::CheckedNode& node, Atom& atom) const;

  // Values that the field can have at all, by its question.
  const Domain& DomainOf(expr::SlotIndex slot) const { return domains_[slot]; }
  // Keeps the values for which the comparison has the outcome `holds`.
  void Restrict(Domain& domain, const Atom& atom, bool holds) const;

 private:
  friend class Search;

  // Null for terms that are not looked into.
  const expr::CheckedExpr* FindTerm(const std::string& name) const {
    return opaque_terms_.count(name) > 0 ? nullptr : expressions_.FindTerm(name);
  }

  const expr::Schema& schema_;
  const Expressions& expressions_;
  std::vector<Domain> domains_;
  std::set<std::string> opaque_terms_;
};

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_SATISFIABILITY_H_
