#include "server/registry/note_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/ruleset/source_text.h"

namespace plumbline::registry {
namespace {

constexpr char kTimeFormat[] = "%Y-%m-%dT%H:%M:%SZ";

// A line that may hold anything, for a message.
std::string Shown(absl::string_view line) {
  constexpr size_t kShown = 60;
  std::string text;
  for (const char c : line.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(byte < 0x20 || byte >= 0x7f ? '?' : c);
  }
  return text + (line.size() > kShown ? "..." : "");
}

}  // namespace

NoteTextReader::NoteTextReader(absl::string_view text, std::string name, int first_line)
    : name_(std::move(name)), first_line_(first_line) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) lines_.emplace_back(line);
  ends_properly_ = lines_.back().empty();
  if (ends_properly_) lines_.pop_back();
}

absl::Status NoteTextReader::ErrorAt(size_t line, absl::string_view message) const {
  return absl::InvalidArgumentError(
      absl::StrCat(name_, ": line ", static_cast<size_t>(first_line_) + line, ": ", message));
}

absl::Status NoteTextReader::Error(absl::string_view message) const {
  return ErrorAt(next_ == 0 ? 0 : next_ - 1, message);
}

absl::Status NoteTextReader::ExpectLine(absl::string_view line) {
  if (next_ >= lines_.size()) {
    return ErrorAt(next_, absl::StrCat("`", line, "` expected, found the end"));
  }
  if (lines_[next_] != line) {
    return ErrorAt(next_,
                   absl::StrCat("`", line, "` expected, found `", Shown(lines_[next_]), "`"));
  }
  ++next_;
  return absl::OkStatus();
}

absl::StatusOr<std::string> NoteTextReader::Value(absl::string_view keyword) {
  if (next_ >= lines_.size()) {
    return ErrorAt(next_, absl::StrCat("`", keyword, " ...` expected, found the end"));
  }
  const std::string& line = lines_[next_];
  if (!absl::StartsWith(line, absl::StrCat(keyword, " "))) {
    return ErrorAt(next_, absl::StrCat("`", keyword, " ...` expected, found `", Shown(line), "`"));
  }
  ++next_;
  std::string value = line.substr(keyword.size() + 1);
  if (value.empty()) return Error(absl::StrCat("nothing after `", keyword, "`"));
  return value;
}

absl::StatusOr<std::string> NoteTextReader::RevisionValue(absl::string_view keyword) {
  absl::StatusOr<std::string> value = Value(keyword);
  if (value.ok() && !IsRevision(*value)) {
    return Error(absl::StrCat("`", keyword,
                              "` is not a revision: 64 lower-case hexadecimal digits, found `",
                              Shown(*value), "`"));
  }
  return value;
}

absl::StatusOr<std::string> NoteTextReader::TextValue(absl::string_view keyword) {
  absl::StatusOr<std::string> value = Value(keyword);
  if (!value.ok()) return value;
  if (const std::string mistake = TextMistake(*value); !mistake.empty()) {
    return Error(absl::StrCat("`", keyword, "`: ", mistake));
  }
  return value;
}

absl::StatusOr<absl::Time> NoteTextReader::TimeValue(absl::string_view keyword) {
  const absl::StatusOr<std::string> value = Value(keyword);
  if (!value.ok()) return value.status();
  absl::Time time;
  std::string error;
  // Written back, because one time may have many texts.
  if (!absl::ParseTime(kTimeFormat, *value, &time, &error) || FormatNoteTime(time) != *value) {
    return Error(absl::StrCat("`", keyword, "` is not a time like 2026-11-21T08:00:00Z: `",
                              Shown(*value), "`"));
  }
  return time;
}

bool NoteTextReader::NextIs(absl::string_view words) const {
  return next_ < lines_.size() && absl::StartsWith(lines_[next_], words);
}

absl::Status NoteTextReader::ExpectEnd() const {
  if (next_ < lines_.size()) {
    return ErrorAt(next_, absl::StrCat("the end expected, found `", Shown(lines_[next_]), "`"));
  }
  if (!ends_properly_) return ErrorAt(next_ == 0 ? 0 : next_ - 1, "no line feed at the end");
  return absl::OkStatus();
}

bool IsRevision(absl::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string TextMistake(absl::string_view text) {
  if (text.empty()) return "empty";
  if (text.size() > kMaxNoteValueBytes) {
    return absl::StrCat("longer than ", kMaxNoteValueBytes, " bytes");
  }
  if (ruleset::FindNonText(text) || absl::StrContains(text, "\n") ||
      absl::StrContains(text, "\r") || absl::StrContains(text, "\t")) {
    return "not UTF-8 text of one line";
  }
  if (text.front() == ' ' || text.back() == ' ') return "a space at its beginning or end";
  return "";
}

std::string FormatNoteTime(absl::Time time) {
  return absl::FormatTime(kTimeFormat, time, absl::UTCTimeZone());
}

}  // namespace plumbline::registry
