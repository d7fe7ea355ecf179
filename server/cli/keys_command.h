// plumbline keys: key pairs that sign approvals, manifests and checkpoints, and the keys of a log.

#ifndef PLUMBLINE_SERVER_CLI_KEYS_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_KEYS_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

// `keys generate` and `keys init`; their parent is the command `keys`.
std::unique_ptr<Command> MakeKeysGenerateCommand();
std::unique_ptr<Command> MakeKeysInitCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_KEYS_COMMAND_H_
