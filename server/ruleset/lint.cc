#include "server/ruleset/lint.h"

namespace plumbline::ruleset {

void Lint(const CheckContext& context) { (void)context; }

}  // namespace plumbline::ruleset
