// Effects: what each rule contributed to one decision.
//
// Pure functions over the decision as it left the engine.

#ifndef PLUMBLINE_SERVER_RULETEST_EFFECTS_H_
#define PLUMBLINE_SERVER_RULETEST_EFFECTS_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "plumbline/v1/decision.pb.h"
#include "plumbline/v1/ruleset.pb.h"

namespace plumbline::ruletest {

// By rule id. Rules without any effect are not in the map.
using Effects = absl::flat_hash_map<std::string, v1::RuleEffect>;

Effects EffectsOf(const v1::Decision& decision);

// One line: "match EMERGENCY_NOW HOLD, refers to SPINAL_ON_CALL".
std::string DescribeEffect(const v1::RuleEffect& effect);

// One line for a step of a dose ladder: "start: 1 x 10 a side, hold 5 s, 2 a day".
std::string DescribeDose(const v1::DoseStep& dose);

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_EFFECTS_H_
