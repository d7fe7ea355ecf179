// Issues: what is wrong with a document that a person wrote (an expression, a rules file).
//
// An author's mistakes are data, not errors: a check reports all of them in one run, each with its
// place, a stable code and a message that says what to write instead. absl::Status is for failures
// of the program or the machine (a file that cannot be read, an RPC that is refused).

#ifndef PLUMBLINE_SERVER_BASE_ISSUE_H_
#define PLUMBLINE_SERVER_BASE_ISSUE_H_

#include <string>
#include <utility>
#include <vector>

namespace plumbline {

// A place in a source file. Lines and columns count from 1; 0 means "not known".
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;

  friend bool operator==(const SourceLocation&, const SourceLocation&) = default;
};

enum class Severity { kError, kWarning };

// `code` is stable and kebab-case ("unknown-field"): tools and documentation refer to it.
// `hint` says what to write instead; it may be empty.
struct Issue {
  Severity severity = Severity::kError;
  SourceLocation location;
  std::string code;
  std::string message;
  std::string hint;
};

// Renders `file:line:col: severity: code: message (hint)`. Parts that are not known are left out.
std::string FormatIssue(const Issue& issue);

// True if any issue is an error (warnings alone let a document pass).
bool HasErrors(const std::vector<Issue>& issues);

// Sorts by file, line, column, code; keeps the order of equal ones.
void SortIssues(std::vector<Issue>& issues);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_ISSUE_H_
