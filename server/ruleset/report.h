// Report: collects the issues of one compilation, with paths turned into places.
//
// Paths are those of RulesetDocument::Locate ("red_flags[3].when"). Thread-compatible; refers to
// the document, which must outlive it.

#ifndef PLUMBLINE_SERVER_RULESET_REPORT_H_
#define PLUMBLINE_SERVER_RULESET_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/issue.h"
#include "server/ruleset/document.h"

namespace plumbline::ruleset {

class Report {
 public:
  explicit Report(const RulesetDocument& document) : document_(document) {}

  void Error(absl::string_view path, std::string code, std::string message, std::string hint = "") {
    Add(Severity::kError, document_.Locate(path), std::move(code), std::move(message),
        std::move(hint));
  }
  void Warning(absl::string_view path, std::string code, std::string message,
               std::string hint = "") {
    Add(Severity::kWarning, document_.Locate(path), std::move(code), std::move(message),
        std::move(hint));
  }
  // At byte `offset` of the string at `path`.
  void InText(Severity severity, absl::string_view path, size_t offset, std::string code,
              std::string message, std::string hint = "") {
    Add(severity, document_.LocateText(path, offset), std::move(code), std::move(message),
        std::move(hint));
  }
  // Something that the message at `path` ought to hold and does not. Silent if part of the message
  // was left out because it could not be read: that has been reported.
  void Missing(absl::string_view path, std::string code, std::string message,
               std::string hint = "");
  // An issue of the expression `text` at `path`, located relative to its first character (line 1,
  // column 1).
  void Expression(absl::string_view path, absl::string_view text, Issue issue);

  bool HasErrors() const { return plumbline::HasErrors(issues_); }
  std::vector<Issue> Take() && { return std::move(issues_); }

 private:
  void Add(Severity severity, SourceLocation location, std::string code, std::string message,
           std::string hint) {
    issues_.push_back(
        {severity, std::move(location), std::move(code), std::move(message), std::move(hint)});
  }

  const RulesetDocument& document_;
  std::vector<Issue> issues_;
};

// Byte offset in `text` of a place given as line and column (code points) from 1.
size_t OffsetOf(absl::string_view text, int line, int column);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_REPORT_H_
