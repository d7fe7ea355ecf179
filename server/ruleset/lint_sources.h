// Lint of the sources: facts that nothing accounts for, choices of the project that are not marked.

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

// Warns of unaccounted facts, of those that are cited and marked as not encoded, and of rules that
// rest on choices of the project alone and are not marked so.
void LintSources(const CheckContext& context);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_LINT_SOURCES_H_
