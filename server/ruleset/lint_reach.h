// Lint of what is connected to nothing, and of safety rules that more answers can switch off.

#ifndef PLUMBLINE_SERVER_RULESET_LINT_REACH_H_
#define PLUMBLINE_SERVER_RULESET_LINT_REACH_H_

#include "server/ruleset/checks.h"

namespace plumbline::ruleset {

// Fields that a rule or text reads and no question asks for ("field-without-question"), and
// questions that nothing reads ("unused-question"); numbers and texts may be asked for their range
// alone.
void LintQuestions(const CheckContext& context);

// Exercises that no indication and not the neutral set brings up ("unreachable-exercise").
void LintExercises(const CheckContext& context);

// Red flags that read has(), a stage or the residual condition: an answer more could switch them
// off
// ("non-monotone-safety-rule").
void LintSafetyRules(const CheckContext& context);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_LINT_REACH_H_
