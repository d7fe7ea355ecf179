// Comparisons turned round: the same truth with its sides exchanged, or the opposite truth.

#ifndef PLUMBLINE_SERVER_EXPR_COMPARISON_H_
#define PLUMBLINE_SERVER_EXPR_COMPARISON_H_

#include "server/expr/operator.h"

namespace plumbline::expr {

// a < b is b > a. Operators that are no ordering come back as they are.
inline Operator Mirrored(Operator op) {
  switch (op) {
    case Operator::kLt:
      return Operator::kGt;
    case Operator::kLe:
      return Operator::kGe;
    case Operator::kGt:
      return Operator::kLt;
    case Operator::kGe:
      return Operator::kLe;
    default:
      return op;
  }
}

// !(a < b) is a >= b, where both are known. Operators that are no comparison come back as they are.
inline Operator Negated(Operator op) {
  switch (op) {
    case Operator::kLt:
      return Operator::kGe;
    case Operator::kLe:
      return Operator::kGt;
    case Operator::kGt:
      return Operator::kLe;
    case Operator::kGe:
      return Operator::kLt;
    case Operator::kEq:
      return Operator::kNe;
    case Operator::kNe:
      return Operator::kEq;
    default:
      return op;
  }
}

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_COMPARISON_H_
