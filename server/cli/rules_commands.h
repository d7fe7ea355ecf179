// plumbline rules check: for authors of rules.

#ifndef PLUMBLINE_SERVER_CLI_RULES_COMMANDS_H_
#define PLUMBLINE_SERVER_CLI_RULES_COMMANDS_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesCheckCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_COMMANDS_H_
