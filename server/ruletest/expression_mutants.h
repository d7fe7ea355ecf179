// Changes of one expression: the mutants of conditions.

#ifndef PLUMBLINE_SERVER_RULETEST_EXPRESSION_MUTANTS_H_
#define PLUMBLINE_SERVER_RULETEST_EXPRESSION_MUTANTS_H_

#include <string>
#include <vector>

#include "server/expr/checker.h"

namespace plumbline::ruletest {

struct ExpressionMutant {
  std::string kind;  // "threshold", "operator", "dropped part", "negation", "list"
  std::string what;  // "`age_years > 70` -> `age_years > 71`"
  std::string text;  // the whole expression, changed
};

// In reading order. Some may print alike, or like the original: the caller drops those.
std::vector<ExpressionMutant> MutateExpression(const expr::CheckedExpr& expr);

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_EXPRESSION_MUTANTS_H_
