#include "server/registry/approval.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/signed_note.h"
#include "server/registry/note_text.h"

namespace plumbline::registry {
namespace {

constexpr char kFirstLine[] = "plumbline-ruleset-approval/v1";

struct NamedMeaning {
  Meaning meaning;
  absl::string_view name;
};
constexpr NamedMeaning kMeanings[] = {{Meaning::kAuthored, "authored"},
                                      {Meaning::kReviewed, "reviewed"},
                                      {Meaning::kApproved, "approved"}};

// Where notes begin, as offset and line (from 1).
struct NoteStart {
  size_t offset = 0;
  int line = 1;
};

std::vector<NoteStart> FindNotes(absl::string_view text) {
  std::vector<NoteStart> starts;
  size_t offset = 0;
  int line = 1;
  for (const absl::string_view content : absl::StrSplit(text, '\n')) {
    if (content == kFirstLine) starts.push_back({offset, line});
    offset += content.size() + 1;
    ++line;
  }
  return starts;
}

absl::StatusOr<ApprovalNote> ReadNote(absl::string_view note, const std::string& name, int line) {
  const absl::StatusOr<SignedNote> parsed = ParseNote(note);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, ": the approval at line ", line, " is no signed note: ", parsed.status().message()));
  }
  if (parsed->signatures.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": the approval at line ", line, " has ",
                                                   parsed->signatures.size(),
                                                   " signatures; one person signs one approval"));
  }
  absl::StatusOr<Approval> approval = ParseApproval(parsed->text, name, line);
  if (!approval.ok()) return approval.status();
  return ApprovalNote{std::string(note), *std::move(approval), parsed->signatures[0].key_name,
                      line};
}

}  // namespace

absl::string_view MeaningName(Meaning meaning) {
  for (const NamedMeaning& one : kMeanings) {
    if (one.meaning == meaning) return one.name;
  }
  return "";
}

absl::StatusOr<Meaning> ParseMeaning(absl::string_view name) {
  for (const NamedMeaning& one : kMeanings) {
    if (one.name == name) return one.meaning;
  }
  return absl::InvalidArgumentError("not a meaning: authored, reviewed and approved are");
}

absl::StatusOr<std::string> FormatApproval(const Approval& approval) {
  std::string text = absl::StrCat(
      kFirstLine, "\nrevision ", approval.revision, "\nruleset ", approval.ruleset_id, "\nversion ",
      approval.version, "\nname ", approval.name, "\nrole ", approval.role, "\nmeaning ",
      MeaningName(approval.meaning), "\ntime ", FormatNoteTime(approval.time), "\n");
  // What is signed must be what every reader takes.
  if (absl::Status parsed = ParseApproval(text, "approval").status(); !parsed.ok()) return parsed;
  return text;
}

absl::StatusOr<Approval> ParseApproval(absl::string_view text, const std::string& name,
                                       int first_line) {
  NoteTextReader lines(text, name, first_line);
  if (absl::Status first = lines.ExpectLine(kFirstLine); !first.ok()) return first;
  Approval approval;
  const absl::StatusOr<std::string> revision = lines.RevisionValue("revision");
  if (!revision.ok()) return revision.status();
  approval.revision = *revision;
  struct TextLine {
    const char* keyword;
    std::string& value;
  };
  for (const TextLine& line :
       {TextLine{"ruleset", approval.ruleset_id}, TextLine{"version", approval.version},
        TextLine{"name", approval.name}, TextLine{"role", approval.role}}) {
    absl::StatusOr<std::string> value = lines.TextValue(line.keyword);
    if (!value.ok()) return value.status();
    line.value = *std::move(value);
  }
  const absl::StatusOr<std::string> meaning_name = lines.TextValue("meaning");
  if (!meaning_name.ok()) return meaning_name.status();
  const absl::StatusOr<Meaning> meaning = ParseMeaning(*meaning_name);
  if (!meaning.ok()) return lines.Error(meaning.status().message());
  approval.meaning = *meaning;
  const absl::StatusOr<absl::Time> time = lines.TimeValue("time");
  if (!time.ok()) return time.status();
  approval.time = *time;
  if (absl::Status end = lines.ExpectEnd(); !end.ok()) return end;
  return approval;
}

absl::StatusOr<std::vector<ApprovalNote>> ParseApprovals(absl::string_view text,
                                                         const std::string& name) {
  std::vector<ApprovalNote> notes;
  if (text.empty()) return notes;
  const std::vector<NoteStart> starts = FindNotes(text);
  if (starts.empty() || starts[0].offset != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": line 1: `", kFirstLine, "` expected, the beginning of an approval"));
  }
  if (starts.size() > kMaxApprovals) {
    return absl::ResourceExhaustedError(
        absl::StrCat(name, ": more than ", kMaxApprovals, " approvals"));
  }
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t end = i + 1 < starts.size() ? starts[i + 1].offset : text.size();
    absl::StatusOr<ApprovalNote> note =
        ReadNote(text.substr(starts[i].offset, end - starts[i].offset), name, starts[i].line);
    if (!note.ok()) return note.status();
    notes.push_back(*std::move(note));
  }
  return notes;
}

}  // namespace plumbline::registry
