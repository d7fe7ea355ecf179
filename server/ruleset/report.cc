#include "server/ruleset/report.h"

namespace plumbline::ruleset {

void Report::Missing(absl::string_view path, std::string code, std::string message,
                     std::string hint) {
  if (document_.IsIncomplete(path)) return;
  Error(path, std::move(code), std::move(message), std::move(hint));
}

void Report::Expression(absl::string_view path, absl::string_view text, Issue issue) {
  issue.location =
      document_.LocateText(path, OffsetOf(text, issue.location.line, issue.location.column));
  issues_.push_back(std::move(issue));
}

size_t OffsetOf(absl::string_view text, int line, int column) {
  size_t at = 0;
  for (; line > 1 && at < text.size(); ++at) {
    if (text[at] == '\n') --line;
  }
  const auto continues = [&] { return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; };
  for (; column > 1 && at < text.size(); --column) {
    do {
      ++at;
    } while (at < text.size() && continues());
  }
  return at;
}

}  // namespace plumbline::ruleset
