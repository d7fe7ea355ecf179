// The texts that are signed here (approvals, manifests): lines of a keyword and its value, in one
// fixed order, so that one content has one text only.

#ifndef PLUMBLINE_SERVER_REGISTRY_NOTE_TEXT_H_
#define PLUMBLINE_SERVER_REGISTRY_NOTE_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace plumbline::registry {

// Longest name, role or other free text.
inline constexpr size_t kMaxNoteValueBytes = 200;

// Takes the lines of a text one after the other. Errors are InvalidArgument and begin with
// "<name>: line <n>: ". Refers to nothing; value type.
class NoteTextReader {
 public:
  // `first_line` of the file or note at which `text` begins, for errors.
  NoteTextReader(absl::string_view text, std::string name, int first_line = 1);

  // The line is exactly this one.
  absl::Status ExpectLine(absl::string_view line);
  // The rest of a line that begins with `keyword` and one space. Never empty.
  absl::StatusOr<std::string> Value(absl::string_view keyword);
  // As Value, and what is wrong with the value if it is not of that kind.
  absl::StatusOr<std::string> RevisionValue(absl::string_view keyword);
  absl::StatusOr<std::string> TextValue(absl::string_view keyword);
  absl::StatusOr<absl::Time> TimeValue(absl::string_view keyword);

  // Whether the next line begins with these words.
  bool NextIs(absl::string_view words) const;
  // There is no further line, and the last one ended with a line feed.
  absl::Status ExpectEnd() const;

  // About the line that was taken last.
  absl::Status Error(absl::string_view message) const;

 private:
  absl::Status ErrorAt(size_t line, absl::string_view message) const;

  std::string name_;
  int first_line_;
  std::vector<std::string> lines_;
  size_t next_ = 0;
  bool ends_properly_ = false;
};

// 64 lower-case hexadecimal digits.
bool IsRevision(absl::string_view text);

// What is wrong with `text` as a name, role or the like; empty if nothing is. It is UTF-8 of one
// line, neither empty nor longer than kMaxNoteValueBytes, and no space stands at its ends.
std::string TextMistake(absl::string_view text);

// "2026-11-21T08:00:00Z": UTC, whole seconds.
std::string FormatNoteTime(absl::Time time);

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_NOTE_TEXT_H_
