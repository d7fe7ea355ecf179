#include "server/review/diff_md.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/review/html_writer.h"

namespace plumbline::review {
namespace {

// Ids that are named before the rest is counted.
constexpr size_t kMostIds = 12;

std::string Escape(const std::string& text) {
  std::string out;
  const std::string plain =
      absl::StrReplaceAll(EscapeHtml(text), {{"&quot;", "\""}, {"&#39;", "'"}, {"&#x27;", "'"}});
  for (const char c : plain) {
    if (c == '\n' || c == '\t') {
      out += ' ';
      continue;
    }
    if (c == '\\' || c == '`' || c == '*' || c == '_' || c == '[' || c == ']' || c == '|' ||
        c == '~' || c == '!') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

// A code span; as HTML where back quotes or line breaks would end it.
std::string Code(const std::string& text) {
  if (text.find_first_of("`\n\r") == std::string::npos) return absl::StrCat("`", text, "`");
  return absl::StrCat("<code>", absl::StrReplaceAll(Escape(text), {{"\\`", "&#96;"}}), "</code>");
}

std::string Sentence(const std::string& sentence) {
  std::string out;
  for (const SentencePart& part : SplitSentence(sentence)) {
    out += part.code ? Code(part.text) : Escape(part.text);
  }
  return out;
}

std::string OneLine(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", " "}, {"\r", " "}});
}

// A line of a fenced block can end it only with back quotes at its beginning; a sign stands there.
void WriteValues(const DiffEntry& entry, std::string& out) {
  if (entry.values.empty()) return;
  out += "  ```diff\n";
  for (const DiffValue& value : entry.values) {
    if (!value.old_value.empty()) {
      absl::StrAppend(&out, "  - ", value.path, ": ", OneLine(value.old_value), "\n");
    }
    if (!value.new_value.empty()) {
      absl::StrAppend(&out, "  + ", value.path, ": ", OneLine(value.new_value), "\n");
    }
  }
  out += "  ```\n";
}

void WriteEntry(const DiffEntry& entry, std::string& out) {
  absl::StrAppend(&out, "- **", entry.verb, "** (", entry.bump, ") ", Sentence(entry.sentence),
                  "\n");
  WriteValues(entry, out);
  if (!entry.affects.empty()) {
    std::vector<std::string> ids;
    for (size_t i = 0; i < entry.affects.size() && i < kMostIds; ++i) {
      ids.push_back(Code(entry.affects[i]));
    }
    absl::StrAppend(&out, "  - On it rest: ", absl::StrJoin(ids, ", "));
    if (entry.affects.size() > kMostIds) {
      absl::StrAppend(&out, " and ", entry.affects.size() - kMostIds, " more");
    }
    out += "\n";
  }
  if (!entry.impact.empty()) {
    absl::StrAppend(&out, "  - Recorded patients: ", Escape(entry.impact), "\n");
  }
}

void WriteSection(const DiffSection& section, std::string& out) {
  absl::StrAppend(&out, "\n## ", section.title, " (", section.size, ")\n");
  if (!section.intro.empty()) absl::StrAppend(&out, "\n", section.intro, "\n");
  for (const DiffGroup& group : section.groups) {
    absl::StrAppend(&out, "\n### ", Escape(group.title), "\n\n");
    for (const DiffEntry& entry : group.entries) WriteEntry(entry, out);
  }
  if (section.counts.empty()) return;
  out += "\n";
  for (const std::string& count : section.counts) {
    absl::StrAppend(&out, "- ", Escape(count), "\n");
  }
}

void WriteTable(const DiffTable& table, std::string& out) {
  absl::StrAppend(&out, "\n### ", Escape(table.title), "\n\n|");
  for (const std::string& head : table.head) absl::StrAppend(&out, " ", Escape(head), " |");
  out += "\n|";
  for (size_t i = 0; i < table.head.size(); ++i) out += " --- |";
  out += "\n";
  for (const std::vector<std::string>& row : table.rows) {
    out += "|";
    for (const std::string& cell : row) absl::StrAppend(&out, " ", Escape(cell), " |");
    out += "\n";
  }
}

}  // namespace

std::string DiffMarkdown(const DiffPage& page) {
  std::string out =
      absl::StrCat("# ", Escape(page.title), "\n\n", Escape(page.old_name), " \xe2\x86\x92 ",
                   Escape(page.new_name), "\n\n", page.sufficient ? "" : "**", Escape(page.verdict),
                   page.sufficient ? "" : "**", "\n");
  if (!page.because.empty()) {
    absl::StrAppend(&out, "\nThe change that demands the most: ", Sentence(page.because), "\n");
  }
  if (!page.impact.empty()) {
    out += "\n## Recorded patients\n\n";
    for (const std::string& sentence : page.impact) {
      absl::StrAppend(&out, "- ", Escape(sentence), "\n");
    }
    for (const DiffTable& table : page.impact_tables) WriteTable(table, out);
  }
  for (const DiffSection& section : page.sections) WriteSection(section, out);
  return out;
}

}  // namespace plumbline::review
