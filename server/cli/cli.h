// The program `plumbline`: command line in, exit code out.

#ifndef PLUMBLINE_SERVER_CLI_CLI_H_
#define PLUMBLINE_SERVER_CLI_CLI_H_

#include "server/cli/command.h"

namespace plumbline::cli {

// Never throws, never exits: returns the code to exit with (ExitCode).
int RunCli(int argc, const char* const* argv, Environment& environment);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_CLI_H_
