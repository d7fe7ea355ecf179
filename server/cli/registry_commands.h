// plumbline registry: what a server answers with, and changing that.

#ifndef PLUMBLINE_SERVER_CLI_REGISTRY_COMMANDS_H_
#define PLUMBLINE_SERVER_CLI_REGISTRY_COMMANDS_H_

#include <functional>
#include <memory>
#include <vector>

#include "server/cli/command.h"

namespace plumbline::cli {

// list, status, fetch, questionnaire, check, diff, activate.
std::vector<std::function<std::unique_ptr<Command>()>> RegistryCommands();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_REGISTRY_COMMANDS_H_
