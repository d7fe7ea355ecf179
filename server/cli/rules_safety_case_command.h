// `plumbline rules safety-case`: the hazard log as a report.

#ifndef PLUMBLINE_SERVER_CLI_RULES_SAFETY_CASE_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_RULES_SAFETY_CASE_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesSafetyCaseCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_SAFETY_CASE_COMMAND_H_
