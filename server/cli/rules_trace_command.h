// `plumbline rules trace`: which facts, rules and tests belong together, and what is left over.

#ifndef PLUMBLINE_SERVER_CLI_RULES_TRACE_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_RULES_TRACE_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesTraceCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_TRACE_COMMAND_H_
