// Operator: the unary and binary operators of the language, with their spelling and precedence.

#ifndef PLUMBLINE_SERVER_EXPR_OPERATOR_H_
#define PLUMBLINE_SERVER_EXPR_OPERATOR_H_

#include <cstdint>

namespace plumbline::expr {

enum class Operator : uint8_t {
  kOr,
  kAnd,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kIn,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kNot,
  kNegate,
};

inline const char* Spelling(Operator op) {
  static constexpr const char* kSpelling[] = {
      "||", "&&", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "!", "-"};
  return kSpelling[static_cast<int>(op)];
}

inline bool IsOrdering(Operator op) { return op >= Operator::kLt && op <= Operator::kGe; }
inline bool IsEquality(Operator op) { return op == Operator::kEq || op == Operator::kNe; }

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_OPERATOR_H_
