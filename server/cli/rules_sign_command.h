// plumbline rules sign, approve, approvals: who stands for a ruleset file.

#ifndef PLUMBLINE_SERVER_CLI_RULES_SIGN_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_RULES_SIGN_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesSignCommand();
// `sign --meaning approved`.
std::unique_ptr<Command> MakeRulesApproveCommand();
// Lists the approvals of a file, and judges them by a trust policy.
std::unique_ptr<Command> MakeRulesApprovalsCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_SIGN_COMMAND_H_
