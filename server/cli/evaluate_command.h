// plumbline evaluate: one intake in, one answer out, in process or from a server.

#ifndef PLUMBLINE_SERVER_CLI_EVALUATE_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_EVALUATE_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeEvaluateCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_EVALUATE_COMMAND_H_
