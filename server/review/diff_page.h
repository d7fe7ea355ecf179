// DiffPage: the difference of two rulesets as a page, before it is written as text, Markdown or
// HTML: sections by what a reader has to decide about, sentences, and the values in full.
//
// Plain data, owned by value.

#ifndef PLUMBLINE_SERVER_REVIEW_DIFF_PAGE_H_
#define PLUMBLINE_SERVER_REVIEW_DIFF_PAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset_diff.pb.h"

namespace plumbline::review {

// A piece of a sentence; code stands between back quotes in it.
struct SentencePart {
  std::string text;
  bool code = false;
};
std::vector<SentencePart> SplitSentence(absl::string_view sentence);

// What two values have in common and what not, by words.
struct ValuePart {
  enum class Kind { kSame, kOld, kNew } kind = Kind::kSame;
  std::string text;
};
std::vector<ValuePart> CompareWords(absl::string_view old_value, absl::string_view new_value);

struct DiffValue {
  std::string path;
  std::string old_value;
  std::string new_value;
};

struct DiffEntry {
  std::string verb;  // "added", "removed", "changed", "renamed", "moved"
  std::string kind;  // "red flag"
  std::string id;
  std::string bump;  // "MAJOR"
  std::string sentence;
  // Values that the sentence does not hold in full.
  std::vector<DiffValue> values;
  std::vector<std::string> affects;
  // What it did to recorded patients; empty if nothing is known.
  std::string impact;
};

struct DiffGroup {
  std::string title;  // "Red flags"
  std::vector<DiffEntry> entries;
};

struct DiffSection {
  std::string anchor;
  std::string title;
  std::string intro;
  std::vector<DiffGroup> groups;
  // Instead of groups, for what nobody reads one by one: "630 outcome tables added".
  std::vector<std::string> counts;
  int size = 0;
};

struct DiffTable {
  std::string title;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

struct DiffPage {
  std::string title;  // "Rules 0.2.0 to 0.3.0"
  std::string old_name;
  std::string new_name;
  bool sufficient = true;
  std::string verdict;  // one sentence about the version
  std::string because;  // the change that demands the most; may be empty
  // Two or three words for a badge: "sufficient".
  std::string verdict_word;
  std::vector<DiffSection> sections;
  // Joined with a replay: sentences, then tables. Empty without one.
  std::vector<std::string> impact;
  std::vector<DiffTable> impact_tables;
};

DiffPage BuildDiffPage(const v1::RulesetDiff& diff);

// Why the version is refused, in one line: the error of `rules diff`. Empty if it is not.
std::string VersionRefusal(const v1::RulesetDiff& diff);

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_DIFF_PAGE_H_
