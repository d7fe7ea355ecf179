// Lint of rules that repeat one another.

#ifndef PLUMBLINE_SERVER_RULESET_LINT_DUPLICATES_H_
#define PLUMBLINE_SERVER_RULESET_LINT_DUPLICATES_H_

#include "server/ruleset/checks.h"

namespace plumbline::ruleset {

// Rules of one kind with the same condition and the same result ("duplicate-rule") or a weaker one
// ("shadowed-rule"). Conditions are the same when they differ in layout and in the order of
// operands alone.
void LintDuplicates(const CheckContext& context);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_LINT_DUPLICATES_H_
