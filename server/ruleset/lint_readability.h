// Lint of the texts that patients see: the age that a reader has to have.

#ifndef PLUMBLINE_SERVER_RULESET_LINT_READABILITY_H_
#define PLUMBLINE_SERVER_RULESET_LINT_READABILITY_H_

#include "server/ruleset/checks.h"

namespace plumbline::ruleset {

// Warns of texts above kHighestReadingAge, and of glossary terms that no text holds.
void LintReadability(const CheckContext& context);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_LINT_READABILITY_H_
