// Fold: the value of an expression that reads nothing from the intake.
//
// Stateless, thread-safe. Precondition: !node.runtime, and every free variable is bound. A failing
// evaluation is an error value; && and || absorb it as in CEL.

#ifndef PLUMBLINE_SERVER_EXPR_FOLD_H_
#define PLUMBLINE_SERVER_EXPR_FOLD_H_

#include <array>

#include "server/expr/checked_ast.h"
#include "server/expr/value.h"

namespace plumbline::expr {

// Values of macro variables by their bit number; null where not bound to a constant.
using Bindings = std::array<const Value*, kMaxMacroDepth>;

Value Fold(const CheckedNode& node, const Bindings& bindings);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_FOLD_H_
