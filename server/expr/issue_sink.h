// IssueSink: collects the issues of one Check call and gives them absolute places.
//
// Thread-compatible; lives for one call. A second issue of the same code at the same place is
// dropped: it would be a follow-up of the first.

#ifndef PLUMBLINE_SERVER_EXPR_ISSUE_SINK_H_
#define PLUMBLINE_SERVER_EXPR_ISSUE_SINK_H_

#include <string>
#include <utility>
#include <vector>

#include "server/base/issue.h"
#include "server/expr/token.h"

namespace plumbline::expr {

class IssueSink {
 public:
  explicit IssueSink(std::string file) : file_(std::move(file)) {}

  void Error(Position at, std::string code, std::string message, std::string hint = "") {
    Add(Severity::kError, at, std::move(code), std::move(message), std::move(hint));
  }
  void Warning(Position at, std::string code, std::string message, std::string hint = "") {
    Add(Severity::kWarning, at, std::move(code), std::move(message), std::move(hint));
  }

  bool has_errors() const { return HasErrors(issues_); }

  std::vector<Issue> Take() && {
    SortIssues(issues_);
    return std::move(issues_);
  }

 private:
  void Add(Severity severity, Position at, std::string code, std::string message,
           std::string hint) {
    SourceLocation location{file_, at.line, at.column};
    for (const Issue& issue : issues_) {
      if (issue.location == location && issue.code == code) return;
    }
    issues_.push_back(
        {severity, std::move(location), std::move(code), std::move(message), std::move(hint)});
  }

  std::string file_;
  std::vector<Issue> issues_;
};

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_ISSUE_SINK_H_
