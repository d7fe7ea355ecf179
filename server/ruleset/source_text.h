// SourceText: the bytes of one file, with byte offsets turned into lines and columns.
//
// Immutable; thread-safe. Refers to the bytes, which must outlive it.

#ifndef PLUMBLINE_SERVER_RULESET_SOURCE_TEXT_H_
#define PLUMBLINE_SERVER_RULESET_SOURCE_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/issue.h"

namespace plumbline::ruleset {

class SourceText {
 public:
  // `display_path` is what locations name.
  SourceText(std::string display_path, absl::string_view bytes);

  absl::string_view bytes() const { return bytes_; }

  // Line and column, from 1; columns count characters (code points; a tab is one).
  SourceLocation At(size_t offset) const;

 private:
  std::string display_path_;
  absl::string_view bytes_;
  std::vector<size_t> line_starts_;
};

// Offset of the first byte that no UTF-8 text file holds: malformed UTF-8, or a control character
// other than tab, line feed and carriage return.
std::optional<size_t> FindNonText(absl::string_view bytes);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_SOURCE_TEXT_H_
