// DiffRulesets: what changed between two revisions of a ruleset, on what they mean.
//
// Compared is the checked form, never the text: layout, comments, how the rules are spread over
// files, the order of things whose order does not count, parentheses and the order of operands in
// expressions make no difference. An element with the same content under another id is renamed. A
// changed term is reported once, with the rules and exercises that rest on it; the rules that read
// it are not reported for that.
//
// Stateless, thread-safe; both rulesets are only read. Cannot fail: what was compiled can be
// compared. Takes about 0.1 s for the rules of this repository (build without optimisation).

#ifndef PLUMBLINE_SERVER_DIFF_RULESET_DIFF_H_
#define PLUMBLINE_SERVER_DIFF_RULESET_DIFF_H_

#include "plumbline/v1/ruleset_diff.pb.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::diff {

// In the order of the fields of plumbline.v1.Ruleset; within each, of the new revision, what is
// gone last. `impact` stays empty (impact.h).
v1::RulesetDiff DiffRulesets(const ruleset::CompiledRuleset& from,
                             const ruleset::CompiledRuleset& to);

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_RULESET_DIFF_H_
