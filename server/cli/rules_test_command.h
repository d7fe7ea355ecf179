// plumbline rules test, plumbline rules cases: a ruleset against its own tests, and the tests of a
// ruleset against its changes.

#ifndef PLUMBLINE_SERVER_CLI_RULES_TEST_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_RULES_TEST_COMMAND_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesTestCommand();
std::unique_ptr<Command> MakeRulesCasesCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_TEST_COMMAND_H_
