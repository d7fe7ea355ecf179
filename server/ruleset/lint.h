// Lint: what is not wrong in form but cannot be meant: rules that never or always match, rules that
// repeat one another, thresholds outside the plausible range, questions without use and fields
// without a question, exercises out of reach, safety rules that more answers can switch off, facts
// that nothing accounts for, texts that ask too much of readers.

#ifndef PLUMBLINE_SERVER_RULESET_LINT_H_
#define PLUMBLINE_SERVER_RULESET_LINT_H_

#include "server/ruleset/checks.h"

namespace plumbline::ruleset {

void Lint(const CheckContext& context);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_LINT_H_
