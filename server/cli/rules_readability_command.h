// `plumbline rules readability`: the reading age of every text that patients see.

#ifndef PLUMBLINE_SERVER_CLI_RULES_READABILITY_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_RULES_READABILITY_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesReadabilityCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_READABILITY_COMMAND_H_
