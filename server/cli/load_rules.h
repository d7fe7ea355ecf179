// Loads a ruleset for a command that needs a working one.

#ifndef PLUMBLINE_SERVER_CLI_LOAD_RULES_H_
#define PLUMBLINE_SERVER_CLI_LOAD_RULES_H_

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "server/base/issue.h"
#include "server/ruleset/compiled_ruleset.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"

namespace plumbline::cli {

// "2 errors, 1 warning".
std::string CountIssues(const std::vector<Issue>& issues);

// Null if the folder cannot be read or holds errors, all of which are written to `err`.
std::shared_ptr<const ruleset::CompiledRuleset> LoadRules(const std::string& folder,
                                                          std::ostream& err);

// The files as they were written, for commands that need the places of things. Null, and all that
// is wrong written to `err`, if the folder or a file cannot be read. Rules may still be wrong.
std::unique_ptr<const ruleset::RulesetDocument> LoadDocument(const std::string& folder,
                                                             std::ostream& err);

// A working ruleset and the files that it was compiled from; both null as for LoadRules.
struct LoadedRules {
  std::unique_ptr<const ruleset::RulesetDocument> document;
  std::shared_ptr<const ruleset::CompiledRuleset> ruleset;
};
LoadedRules LoadRulesWithDocument(const std::string& folder, const ruleset::CompileOptions& options,
                                  std::ostream& err);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_LOAD_RULES_H_
