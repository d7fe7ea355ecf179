// Loads a ruleset for a command that needs a working one.

#ifndef PLUMBLINE_SERVER_CLI_LOAD_RULES_H_
#define PLUMBLINE_SERVER_CLI_LOAD_RULES_H_

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/issue.h"
#include "server/ruleset/compiled_ruleset.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"

namespace plumbline::cli {

// "2 errors, 1 warning".
std::string CountIssues(const std::vector<Issue>& issues);

// The sources at `path`: a folder of *.textproto files, or a ruleset file (`plumbline rules
// build`), told apart by what is there. Errors as those of ruleset::ReadRulesetFolder and
// registry::ReadBundleFile.
absl::StatusOr<std::vector<ruleset::SourceFile>> ReadRules(const std::string& path);

// Reads and compiles what is at `path`. The status is for failures to read; mistakes in the rules
// are issues.
absl::StatusOr<ruleset::CompileResult> CompileRules(const std::string& path,
                                                    const ruleset::CompileOptions& options = {});

// Null if `path` cannot be read or the rules hold errors, all of which are written to `err`.
std::shared_ptr<const ruleset::CompiledRuleset> LoadRules(const std::string& path,
                                                          std::ostream& err);

// The files as they were written, for commands that need the places of things. Null, and all that
// is wrong written to `err`, if `path` or a file below it cannot be read. Rules may still be wrong.
std::unique_ptr<const ruleset::RulesetDocument> LoadDocument(const std::string& path,
                                                             std::ostream& err);

// A working ruleset and the files that it was compiled from; both null as for LoadRules.
struct LoadedRules {
  std::unique_ptr<const ruleset::RulesetDocument> document;
  std::shared_ptr<const ruleset::CompiledRuleset> ruleset;
};
LoadedRules LoadRulesWithDocument(const std::string& path, const ruleset::CompileOptions& options,
                                  std::ostream& err);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_LOAD_RULES_H_
