// plumbline rules diff: for those who review and release rules.

#ifndef PLUMBLINE_SERVER_CLI_RULES_DIFF_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_RULES_DIFF_COMMAND_H_

#include <memory>
#include <ostream>
#include <string>

#include "plumbline/v1/ruleset_diff.pb.h"
#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeRulesDiffCommand();

// The difference in one of the forms "text", "md", "html", "json". Empty, with what is wrong
// written to `err`, if it cannot be put into that form.
std::string FormatDiff(const v1::RulesetDiff& diff, const std::string& format, int width,
                       bool color, std::ostream& err);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RULES_DIFF_COMMAND_H_
