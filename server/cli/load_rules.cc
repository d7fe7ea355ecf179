#include "server/cli/load_rules.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "plumbline/v1/intake.pb.h"
#include "server/cli/text_layout.h"
#include "server/registry/bundle.h"

namespace plumbline::cli {

std::string CountIssues(const std::vector<Issue>& issues) {
  const auto errors = std::count_if(issues.begin(), issues.end(), [](const Issue& issue) {
    return issue.severity == Severity::kError;
  });
  const auto warnings = static_cast<std::ptrdiff_t>(issues.size()) - errors;
  return std::to_string(errors) + (errors == 1 ? " error, " : " errors, ") +
         std::to_string(warnings) + (warnings == 1 ? " warning" : " warnings");
}

absl::StatusOr<std::vector<ruleset::SourceFile>> ReadRules(const std::string& path) {
  std::error_code error;
  const bool file = std::filesystem::exists(std::filesystem::symlink_status(path, error)) &&
                    !std::filesystem::is_directory(path, error);
  if (!file) return ruleset::ReadRulesetFolder(path);
  absl::StatusOr<registry::Bundle> bundle = registry::ReadBundleFile(path);
  if (!bundle.ok()) return bundle.status();
  return std::move(bundle->files);
}

absl::StatusOr<ruleset::CompileResult> CompileRules(const std::string& path,
                                                    const ruleset::CompileOptions& options) {
  absl::StatusOr<std::vector<ruleset::SourceFile>> files = ReadRules(path);
  if (!files.ok()) return files.status();
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(*std::move(files), issues, path);
  return ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues), options);
}

namespace {

// Reads and parses; mistakes go to `issues`. Null if `path` cannot be read.
std::unique_ptr<const ruleset::RulesetDocument> ReadDocument(const std::string& path,
                                                             std::vector<Issue>& issues,
                                                             std::ostream& err) {
  absl::StatusOr<std::vector<ruleset::SourceFile>> files = ReadRules(path);
  if (!files.ok()) {
    err << "plumbline: cannot read the rules: " << std::string(files.status().message()) << '\n';
    return nullptr;
  }
  return std::make_unique<const ruleset::RulesetDocument>(
      ruleset::RulesetDocument::Parse(*std::move(files), issues, path));
}

void ReportUnusable(const std::string& path, const std::vector<Issue>& issues, std::ostream& err) {
  for (const Issue& issue : issues) {
    if (issue.severity == Severity::kError) {
      err << Printable(FormatIssue(issue)) << '\n';
    }
  }
  err << "plumbline: the rules in " << path << " cannot be used: " << CountIssues(issues) << '\n';
}

}  // namespace

std::unique_ptr<const ruleset::RulesetDocument> LoadDocument(const std::string& path,
                                                             std::ostream& err) {
  std::vector<Issue> issues;
  std::unique_ptr<const ruleset::RulesetDocument> document = ReadDocument(path, issues, err);
  if (document == nullptr || !HasErrors(issues)) {
    return document;
  }
  ReportUnusable(path, issues, err);
  return nullptr;
}

LoadedRules LoadRulesWithDocument(const std::string& path, const ruleset::CompileOptions& options,
                                  std::ostream& err) {
  std::vector<Issue> issues;
  LoadedRules loaded;
  loaded.document = ReadDocument(path, issues, err);
  if (loaded.document == nullptr) {
    return {};
  }
  ruleset::CompileResult compiled =
      ruleset::Compile(*loaded.document, *v1::Intake::descriptor(), std::move(issues), options);
  if (compiled.ruleset == nullptr) {
    ReportUnusable(path, compiled.issues, err);
    return {};
  }
  loaded.ruleset = std::move(compiled.ruleset);
  return loaded;
}

std::shared_ptr<const ruleset::CompiledRuleset> LoadRules(const std::string& path,
                                                          std::ostream& err) {
  return LoadRulesWithDocument(path, {}, err).ruleset;
}

}  // namespace plumbline::cli
