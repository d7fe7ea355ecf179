#include "server/ruleset/lint.h"

#include "server/ruleset/lint_conditions.h"
#include "server/ruleset/lint_duplicates.h"
#include "server/ruleset/lint_reach.h"
#include "server/ruleset/lint_readability.h"
#include "server/ruleset/lint_sources.h"
#include "server/ruleset/satisfiability.h"

namespace plumbline::ruleset {

void Lint(const CheckContext& context) {
  Satisfiability satisfiability(context.ruleset, context.schema, context.expressions);
  LintConditions(context, satisfiability);
  LintOrder(context, satisfiability);
  LintDuplicates(context);
  LintQuestions(context);
  LintExercises(context);
  LintSafetyRules(context);
  LintSources(context);
  LintReadability(context);
}

}  // namespace plumbline::ruleset
