#include "server/cli/load_rules.h"

#include <algorithm>

#include "server/ruleset/compiler.h"

namespace plumbline::cli {

std::string CountIssues(const std::vector<Issue>& issues) {
  const auto errors = std::count_if(issues.begin(), issues.end(), [](const Issue& issue) {
    return issue.severity == Severity::kError;
  });
  const auto warnings = static_cast<std::ptrdiff_t>(issues.size()) - errors;
  return std::to_string(errors) + (errors == 1 ? " error, " : " errors, ") +
         std::to_string(warnings) + (warnings == 1 ? " warning" : " warnings");
}

std::shared_ptr<const ruleset::CompiledRuleset> LoadRules(const std::string& folder,
                                                          std::ostream& err) {
  const absl::StatusOr<ruleset::CompileResult> result = ruleset::CompileFolder(folder);
  if (!result.ok()) {
    err << "plumbline: cannot read the rules: " << std::string(result.status().message()) << '\n';
    return nullptr;
  }
  if (result->ruleset == nullptr) {
    for (const Issue& issue : result->issues) {
      if (issue.severity == Severity::kError) {
        err << FormatIssue(issue) << '\n';
      }
    }
    err << "plumbline: the rules in " << folder
        << " cannot be used: " << CountIssues(result->issues) << '\n';
  }
  return result->ruleset;
}

}  // namespace plumbline::cli
