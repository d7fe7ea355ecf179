// Puts a compiled ruleset into service.

#ifndef PLUMBLINE_SERVER_SERVICE_ENGINE_EVALUATOR_H_
#define PLUMBLINE_SERVER_SERVICE_ENGINE_EVALUATOR_H_

#include <memory>

#include "server/ruleset/compiled_ruleset.h"
#include "server/service/ruleset_source.h"

namespace plumbline::service {

// Makes an engine for `ruleset`; every evaluating thread gets a workspace of its own. The intake
// message of the ruleset must be plumbline.v1.Intake.
std::shared_ptr<const ServedRuleset> ServeRuleset(
    std::shared_ptr<const ruleset::CompiledRuleset> ruleset);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_ENGINE_EVALUATOR_H_
