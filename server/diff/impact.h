// What the changes of a diff did to recorded patients: a replay's report, change by change.

#ifndef PLUMBLINE_SERVER_DIFF_IMPACT_H_
#define PLUMBLINE_SERVER_DIFF_IMPACT_H_

#include <string>

#include "plumbline/v1/impact.pb.h"
#include "plumbline/v1/ruleset_diff.pb.h"

namespace plumbline::diff {

// Puts the report into the diff, and into each change what it says about that rule: by its id, old
// or new. A change of something that no answer names (a term, a finding, a passage) gets the rules
// and exercises that rest on it together: how often they appear, disappear and are altered is added
// up; of the patients whose level, gate or programme changed, the largest number for one of these
// rules is taken, since one patient can stand under several: "at least". Changes that no patient
// met stay without `impact`. What was joined before is replaced.
void JoinImpact(v1::RulesetDiff& diff, v1::ImpactReport report);

// "time limit 12, level 3": what was altered, for how many; empty if nothing was.
std::string AlterationsText(const v1::RuleAlterations& alterations);

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_IMPACT_H_
