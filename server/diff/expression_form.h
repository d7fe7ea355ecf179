// Forms of checked expressions for comparing: what differs in layout, in parentheses, in the order
// of operands that may stand in any order, or in which side of a comparison the number stands,
// becomes the same text.
//
// Stateless, thread-safe.

#ifndef PLUMBLINE_SERVER_DIFF_EXPRESSION_FORM_H_
#define PLUMBLINE_SERVER_DIFF_EXPRESSION_FORM_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/expr/checked_ast.h"
#include "server/expr/checker.h"

namespace plumbline::diff {

// What a term ("acute", "suspected.lss") is called on the other side.
using TermNames = std::function<std::string(const std::string& name)>;
// The expression that a term stands for; null for derived terms.
using TermLookup = std::function<const expr::CheckedExpr*(absl::string_view name)>;

// Operands of && and || and members of lists after `in` sorted, chains flat, numbers to the right
// of comparisons, between() written out.
expr::CheckedPtr CanonicalForm(const expr::CheckedNode& node, const TermNames& names);
std::string CanonicalText(const expr::CheckedExpr& expression, const TermNames& names);

// As CanonicalText with all terms written out. Nullopt if that becomes too long to be worth it:
// terms that read terms can grow without bound.
std::optional<std::string> ExpandedText(const expr::CheckedExpr& expression,
                                        const TermLookup& terms, const TermNames& names);

// What differs, in plain words, as near to the difference as it can be said: "threshold `age_years
// >= 50` becomes `>= 55`", "also requires `fever`". Precondition: the canonical texts differ.
std::string DescribeChange(const expr::CheckedExpr& from, const expr::CheckedExpr& to,
                           const TermNames& names);

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_EXPRESSION_FORM_H_
