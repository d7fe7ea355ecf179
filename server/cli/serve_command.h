// plumbline serve: the gRPC server as a process.

#ifndef PLUMBLINE_SERVER_CLI_SERVE_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_SERVE_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

// Run() returns after SIGTERM or SIGINT and a graceful stop; a second signal ends the process at
// once with 128 plus its number. It must be called before any other thread of the process is
// started.
std::unique_ptr<Command> MakeServeCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_SERVE_COMMAND_H_
