// Lint of the sources: facts that nothing accounts for.

#ifndef PLUMBLINE_SERVER_RULESET_LINT_SOURCES_H_
#define PLUMBLINE_SERVER_RULESET_LINT_SOURCES_H_

#include "absl/strings/string_view.h"
#include "server/ruleset/checks.h"

namespace plumbline::ruleset {

// Every passage of a fact ledger has to be accounted for: cited, or with a reason why it is not
// encoded. The ledgers are the seed articles and where they disagree, and are told by their ids: a
// capital letter and at most one digit ("S0", "D"). Of guidelines and studies only what rules use
// is listed.
bool IsFactLedger(absl::string_view source_id);

// Warns of unaccounted facts, and of those that are cited and marked as not encoded.
void LintSources(const CheckContext& context);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_LINT_SOURCES_H_
