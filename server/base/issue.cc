#include "server/base/issue.h"

#include <algorithm>
#include <tuple>

namespace plumbline {

std::string FormatIssue(const Issue& issue) {
  std::string text;
  if (!issue.location.file.empty()) {
    text += issue.location.file + ":";
  }
  if (issue.location.line > 0) {
    text += std::to_string(issue.location.line) + ":";
    if (issue.location.column > 0) {
      text += std::to_string(issue.location.column) + ":";
    }
  }
  if (!text.empty()) {
    text += " ";
  }
  text += issue.severity == Severity::kError ? "error: " : "warning: ";
  text += issue.code + ": " + issue.message;
  if (!issue.hint.empty()) {
    text += " (" + issue.hint + ")";
  }
  return text;
}

bool HasErrors(const std::vector<Issue>& issues) {
  return std::any_of(issues.begin(), issues.end(),
                     [](const Issue& issue) { return issue.severity == Severity::kError; });
}

void SortIssues(std::vector<Issue>& issues) {
  const auto key = [](const Issue& issue) {
    return std::tie(issue.location.file, issue.location.line, issue.location.column, issue.code);
  };
  std::stable_sort(issues.begin(), issues.end(),
                   [&key](const Issue& a, const Issue& b) { return key(a) < key(b); });
}

}  // namespace plumbline
