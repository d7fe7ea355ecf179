// Mutants: a ruleset with one thing wrong, to see whether its tests would notice.
//
// Kinds of changes: a threshold moved by one step; a comparison turned; && for || and back; a part
// of a condition dropped or negated; a value taken out of a list; another number in atLeast;
// another level, gate or time limit; what an unanswered question does; a rule, a screen item, an
// exercise of a selector taken away; a dose, an earliest stage, a number of days, a limit changed;
// points of findings and what they must add up to.
//
// Plain data; pure functions.

#ifndef PLUMBLINE_SERVER_RULETEST_MUTANTS_H_
#define PLUMBLINE_SERVER_RULETEST_MUTANTS_H_

#include <string>
#include <vector>

#include "plumbline/v1/ruleset.pb.h"
#include "server/ruleset/probes.h"

namespace plumbline::ruletest {

struct Mutant {
  std::string kind;     // "threshold", "operator", "dropped part", "dose", ...
  std::string path;     // of what was changed, in the ruleset's message
  std::string rule_id;  // nearest enclosing id
  std::string what;     // "`age_years > 70` -> `age_years > 71`"
  // The change itself: a new text, number or enum value at `path`, or the element taken away.
  enum class Change { kSetText, kSetNumber, kRemove } change = Change::kSetText;
  std::string text;
  double number = 0;
};

// All of them, in the order of the document.
std::vector<Mutant> MakeMutants(const v1::Ruleset& ruleset, const ruleset::Probes& probes);

// Changes the ruleset. False if the path leads nowhere.
bool ApplyMutant(const Mutant& mutant, v1::Ruleset& ruleset);

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_MUTANTS_H_
