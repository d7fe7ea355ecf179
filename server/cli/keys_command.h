// plumbline keys: key pairs that sign approvals, manifests and checkpoints.

#ifndef PLUMBLINE_SERVER_CLI_KEYS_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_KEYS_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

// `keys generate`; its parent is the command `keys`.
std::unique_ptr<Command> MakeKeysGenerateCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_KEYS_COMMAND_H_
