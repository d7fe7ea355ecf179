// Loads a ruleset for a command that needs a working one.

#ifndef PLUMBLINE_SERVER_CLI_LOAD_RULES_H_
#define PLUMBLINE_SERVER_CLI_LOAD_RULES_H_

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "server/base/issue.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::cli {

// "2 errors, 1 warning".
std::string CountIssues(const std::vector<Issue>& issues);

// Null if the folder cannot be read or holds errors, all of which are written to `err`.
std::shared_ptr<const ruleset::CompiledRuleset> LoadRules(const std::string& folder,
                                                          std::ostream& err);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_LOAD_RULES_H_
