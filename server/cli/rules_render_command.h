// plumbline rules render: the rules as a document for people who review them.

#ifndef PLUMBLINE_SERVER_CLI_RULES_RENDER_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_RULES_RENDER_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesRenderCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_RENDER_COMMAND_H_
