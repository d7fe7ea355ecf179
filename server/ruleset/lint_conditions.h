// Lint of single conditions, and of lists in which the first match counts.

#ifndef PLUMBLINE_SERVER_RULESET_LINT_CONDITIONS_H_
#define PLUMBLINE_SERVER_RULESET_LINT_CONDITIONS_H_

#include "server/ruleset/checks.h"
#include "server/ruleset/satisfiability.h"

namespace plumbline::ruleset {

// Thresholds outside the plausible range of their field ("threshold-out-of-range"), comparisons
// that never make a difference ("constant-comparison"), conditions that never or always match
// ("never-matches", "always-matches").
void LintConditions(const CheckContext& context, Satisfiability& satisfiability);

// Stages and sizes that earlier ones leave nobody for ("shadowed-rule").
void LintOrder(const CheckContext& context, const Satisfiability& satisfiability);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_LINT_CONDITIONS_H_
