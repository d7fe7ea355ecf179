// plumbline rules build: a folder of rules becomes one immutable ruleset file.

#ifndef PLUMBLINE_SERVER_CLI_RULES_BUILD_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_RULES_BUILD_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesBuildCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_BUILD_COMMAND_H_
