// plumbline rules manifest: a signed note that says which revisions are active.

#ifndef PLUMBLINE_SERVER_CLI_RULES_MANIFEST_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_RULES_MANIFEST_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesManifestCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_MANIFEST_COMMAND_H_
