#include "server/diff/field_comparison.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace plumbline::diff {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Texts up to this length are shown whole; of longer ones the part that differs.
constexpr size_t kShortText = 60;
constexpr size_t kContext = 24;

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// Sentences, not names: a comma does not separate them.
bool IsProse(const FieldDescriptor& field) {
  const ruleset::FieldRole* role = ruleset::FindFieldRole(field);
  return role != nullptr && role->role == ruleset::Role::kText;
}

// The nearest space at or before `at`, so that words stay whole (and code points with them).
size_t WordStart(const std::string& text, size_t at) {
  while (at > 0 && text[at - 1] != ' ') --at;
  return at;
}
size_t WordEnd(const std::string& text, size_t at) {
  while (at < text.size() && text[at] != ' ') ++at;
  return at;
}

std::string Excerpt(const std::string& text, size_t begin, size_t end) {
  begin = WordStart(text, begin > kContext ? begin - kContext : 0);
  end = WordEnd(text, std::min(text.size(), end + kContext));
  return absl::StrCat(begin > 0 ? "... " : "", text.substr(begin, end - begin),
                      end < text.size() ? " ..." : "");
}

std::string Shortened(const std::string& text) {
  if (text.size() <= 2 * kShortText) return text;
  size_t end = WordStart(text, 2 * kShortText);
  // One long word: between two code points.
  for (end = end == 0 ? 2 * kShortText : end; (text[end] & 0xc0) == 0x80; --end) {
  }
  return absl::StrCat(text.substr(0, end), "...");
}

// Indices of the forms that the other list does not have, each as often as they are missing there.
std::vector<int> Missing(const std::vector<std::string>& forms, std::vector<std::string> other) {
  std::vector<int> missing;
  for (size_t i = 0; i < forms.size(); ++i) {
    const auto found = std::find(other.begin(), other.end(), forms[i]);
    if (found == other.end()) {
      missing.push_back(static_cast<int>(i));
    } else {
      other.erase(found);
    }
  }
  return missing;
}

// Pairs of a longest common subsequence. Lists are short (steps, doses, rows of a table).
std::vector<std::pair<int, int>> Common(const std::vector<std::string>& a,
                                        const std::vector<std::string>& b) {
  std::vector<std::vector<int>> length(a.size() + 1, std::vector<int>(b.size() + 1, 0));
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t k = b.size(); k-- > 0;) {
      length[i][k] =
          a[i] == b[k] ? length[i + 1][k + 1] + 1 : std::max(length[i + 1][k], length[i][k + 1]);
    }
  }
  std::vector<std::pair<int, int>> pairs;
  for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    if (a[i] == b[k]) {
      pairs.emplace_back(static_cast<int>(i++), static_cast<int>(k++));
    } else if (length[i + 1][k] >= length[i][k + 1]) {
      ++i;
    } else {
      ++k;
    }
  }
  return pairs;
}

// What an entry without an id is known by: its first string or enum ("MILD", "LOINC").
std::string NameOf(const Side& side, const Message& entry, const std::string& path) {
  const auto& type = *entry.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated() || IsMessage(field)) continue;
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING && field.enum_type() == nullptr) {
      continue;
    }
    return side.Shown(entry, field, -1, path);
  }
  return "";
}

// As a value in a sentence, where back quotes end it.
std::string Quoted(const std::string& text) {
  return absl::StrCat("`", absl::StrReplaceAll(Shortened(text), {{"`", "'"}}), "`");
}

std::string Words(const std::vector<std::string>& parts) { return absl::StrJoin(parts, ", "); }

}  // namespace

std::string ValueWords(const std::string& old_value, const std::string& new_value) {
  if (old_value.empty()) return absl::StrCat("is now ", Quoted(new_value));
  if (new_value.empty()) return absl::StrCat("is no longer ", Quoted(old_value));
  if (std::max(old_value.size(), new_value.size()) <= kShortText) {
    return absl::StrCat(Quoted(old_value), " becomes ", Quoted(new_value));
  }
  size_t head = 0;
  while (head < old_value.size() && head < new_value.size() && old_value[head] == new_value[head]) {
    ++head;
  }
  size_t tail = 0;
  while (tail + head < old_value.size() && tail + head < new_value.size() &&
         old_value[old_value.size() - 1 - tail] == new_value[new_value.size() - 1 - tail]) {
    ++tail;
  }
  return absl::StrCat(Quoted(Excerpt(old_value, head, old_value.size() - tail)), " becomes ",
                      Quoted(Excerpt(new_value, head, new_value.size() - tail)));
}

std::vector<Difference> FieldComparison::Compare(const Placed& a, const Placed& b, Weight most) {
  found_.clear();
  CompareMessages(a, b, "", most);
  return std::move(found_);
}

void FieldComparison::CompareMessages(const Placed& a, const Placed& b, const std::string& path,
                                      Weight most) {
  const auto& type = *a.message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    CompareField(*type.field(i), a, b, PathOf(path, *type.field(i)), most);
  }
}

void FieldComparison::CompareField(const Field& field, const Placed& a, const Placed& b,
                                   const std::string& path, Weight most) {
  const DiffField* row = FindDiffField(field);
  // Below an opaque message: as the types say.
  const Match by_type = field.is_repeated() ? Match::kSequence
                        : IsMessage(field)  ? Match::kPart
                                            : Match::kValue;
  const Match match = row == nullptr ? by_type : row->match;
  const Weight weight = row == nullptr ? most : std::min(row->weight, most);
  const Weight presence = row == nullptr ? weight : std::min(std::max(row->presence, weight), most);
  switch (match) {
    case Match::kKey:
    case Match::kIgnored:
    case Match::kElements:
    case Match::kElement:
      return;
    case Match::kValue:
    case Match::kWhole:
      CompareValue(field, a, b, path, weight, presence);
      return;
    case Match::kExpression:
      CompareExpression(field, a, b, path, weight);
      return;
    case Match::kPart:
    case Match::kOpaque:
      if (CountOf(a.message, field) + CountOf(b.message, field) == 0) return;
      CompareMessages({PartOf(a.message, field, -1), PathOf(a.path, field)},
                      {PartOf(b.message, field, -1), PathOf(b.path, field)}, path, weight);
      return;
    case Match::kSet:
      CompareSet({field, a, b, path, weight, presence});
      return;
    case Match::kSequence:
      CompareSequence({field, a, b, path, weight, presence});
      return;
  }
}

void FieldComparison::CompareValue(const Field& field, const Placed& a, const Placed& b,
                                   const std::string& path, Weight weight, Weight presence) {
  const bool was = CountOf(a.message, field) > 0;
  const bool is = CountOf(b.message, field) > 0;
  const std::string old_form = was ? from_.Form(a.message, field, -1, a.path) : "";
  const std::string new_form = is ? to_.Form(b.message, field, -1, b.path) : "";
  if (was == is && old_form == new_form) return;
  // A message that is not set has nothing to show.
  const bool whole = IsMessage(field);
  std::string old_value = was || !whole ? from_.Shown(a.message, field, -1, a.path) : "";
  std::string new_value = is || !whole ? to_.Shown(b.message, field, -1, b.path) : "";
  std::string words = ValueWords(old_value, new_value);
  found_.push_back({path, std::move(old_value), std::move(new_value), was == is ? weight : presence,
                    std::move(words)});
}

void FieldComparison::CompareExpression(const Field& field, const Placed& a, const Placed& b,
                                        const std::string& path, Weight weight) {
  const expr::CheckedExpr* from = from_.Find(PathOf(a.path, field));
  const expr::CheckedExpr* to = to_.Find(PathOf(b.path, field));
  if (from == nullptr || to == nullptr) {
    CompareValue(field, a, b, path, weight, weight);
    return;
  }
  if (CanonicalText(*from, from_.names()) == CanonicalText(*to, to_.names())) return;
  Difference difference{path, expr::Print(*from), expr::Print(*to), weight,
                        DescribeChange(*from, *to, from_.names())};
  const auto old_meaning = ExpandedText(*from, from_.terms(), from_.names());
  const auto new_meaning = ExpandedText(*to, to_.terms(), to_.names());
  if (old_meaning.has_value() && old_meaning == new_meaning) {
    difference.weight = std::min(weight, Weight::kRecord);
    difference.words += " (means the same with its terms written out)";
  }
  found_.push_back(std::move(difference));
}

std::vector<std::string> FieldComparison::Forms(const Side& side, const Field& field,
                                                const Placed& at) const {
  std::vector<std::string> forms;
  for (int i = 0; i < CountOf(at.message, field); ++i) {
    forms.push_back(side.Form(at.message, field, i, at.path));
  }
  return forms;
}

std::string FieldComparison::ShownAll(const Side& side, const Field& field, const Placed& at,
                                      const char* between) const {
  std::vector<std::string> values;
  for (int i = 0; i < CountOf(at.message, field); ++i) {
    values.push_back(side.Shown(at.message, field, i, at.path));
  }
  return absl::StrJoin(values, between);
}

void FieldComparison::CompareSet(const List& list) {
  const std::vector<std::string> before = Forms(from_, list.field, list.a);
  const std::vector<std::string> after = Forms(to_, list.field, list.b);
  const std::vector<int> gone = Missing(before, after);
  const std::vector<int> come = Missing(after, before);
  if (gone.empty() && come.empty()) return;
  if (IsMessage(list.field)) {
    CompareMessageSet(list, gone, come);
  } else {
    AddList(list, gone, come);
  }
}

// Entries that are known by the same name are one entry that changed.
void FieldComparison::CompareMessageSet(const List& list, const std::vector<int>& gone,
                                        const std::vector<int>& come) {
  std::vector<int> left = come;
  const auto name = [&list](const Side& side, const Placed& at, int index) {
    return NameOf(side, PartOf(at.message, list.field, index), PathOf(at.path, list.field, index));
  };
  for (const int old_index : gone) {
    const std::string known_by = name(from_, list.a, old_index);
    const auto same = std::find_if(left.begin(), left.end(), [&](int new_index) {
      return name(to_, list.b, new_index) == known_by;
    });
    if (same == left.end()) {
      AddEntry(list, old_index, /*is_new=*/false, known_by);
    } else {
      CompareEntries(list, old_index, *same, absl::StrCat(list.path, "[", known_by, "]"));
      left.erase(same);
    }
  }
  for (const int new_index : left) {
    AddEntry(list, new_index, /*is_new=*/true, name(to_, list.b, new_index));
  }
}

void FieldComparison::CompareEntries(const List& list, int old_index, int new_index,
                                     const std::string& path) {
  CompareMessages(
      {PartOf(list.a.message, list.field, old_index), PathOf(list.a.path, list.field, old_index)},
      {PartOf(list.b.message, list.field, new_index), PathOf(list.b.path, list.field, new_index)},
      path, list.weight);
}

void FieldComparison::AddEntry(const List& list, int index, bool is_new, const std::string& name) {
  const Side& side = is_new ? to_ : from_;
  const Placed& at = is_new ? list.b : list.a;
  std::string value = side.Shown(at.message, list.field, index, at.path);
  Difference difference;
  difference.path = absl::StrCat(list.path, "[", name, "]");
  difference.weight = std::max(list.weight, list.presence);
  difference.words = absl::StrCat(is_new ? "is new: " : "is gone: ", Quoted(value));
  (is_new ? difference.new_value : difference.old_value) = std::move(value);
  found_.push_back(std::move(difference));
}

// A list of values that are no messages: one difference for the whole of it.
void FieldComparison::AddList(const List& list, const std::vector<int>& gone,
                              const std::vector<int>& come) {
  std::vector<std::string> words;
  if (gone.size() == 1 && come.size() == 1) {
    words.push_back(ValueWords(from_.Shown(list.a.message, list.field, gone[0], list.a.path),
                               to_.Shown(list.b.message, list.field, come[0], list.b.path)));
  } else {
    std::vector<std::string> drops;
    std::vector<std::string> adds;
    for (const int i : gone) {
      drops.push_back(Quoted(from_.Shown(list.a.message, list.field, i, list.a.path)));
    }
    for (const int i : come) {
      adds.push_back(Quoted(to_.Shown(list.b.message, list.field, i, list.b.path)));
    }
    if (!drops.empty()) words.push_back("drops " + Words(drops));
    if (!adds.empty()) words.push_back("adds " + Words(adds));
  }
  const char* between = IsProse(list.field) ? " / " : ", ";
  found_.push_back({list.path, ShownAll(from_, list.field, list.a, between),
                    ShownAll(to_, list.field, list.b, between),
                    gone.size() == come.size() ? list.weight : list.presence,
                    absl::StrJoin(words, "; ")});
}

void FieldComparison::CompareSequence(const List& list) {
  const std::vector<std::string> before = Forms(from_, list.field, list.a);
  const std::vector<std::string> after = Forms(to_, list.field, list.b);
  if (before == after) return;
  if (Missing(before, after).empty() && Missing(after, before).empty()) {
    found_.push_back({list.path, ShownAll(from_, list.field, list.a, " / "),
                      ShownAll(to_, list.field, list.b, " / "), list.weight,
                      "the same in another order"});
    return;
  }
  std::vector<std::pair<int, int>> common = Common(before, after);
  common.emplace_back(static_cast<int>(before.size()), static_cast<int>(after.size()));
  int i = 0;
  int k = 0;
  for (const auto& [old_end, new_end] : common) {
    std::vector<int> gone;
    std::vector<int> come;
    for (; i < old_end; ++i) gone.push_back(i);
    for (; k < new_end; ++k) come.push_back(k);
    CompareRun(list, gone, come);
    i = old_end + 1;
    k = new_end + 1;
  }
}

// Entries between two that both lists have: changed one by one, the rest is new or gone.
void FieldComparison::CompareRun(const List& list, const std::vector<int>& gone,
                                 const std::vector<int>& come) {
  const size_t both = std::min(gone.size(), come.size());
  for (size_t i = 0; i < both; ++i) {
    const std::string path = absl::StrCat(list.path, "[", come[i], "]");
    if (IsMessage(list.field)) {
      CompareEntries(list, gone[i], come[i], path);
      continue;
    }
    std::string old_value = from_.Shown(list.a.message, list.field, gone[i], list.a.path);
    std::string new_value = to_.Shown(list.b.message, list.field, come[i], list.b.path);
    std::string words = ValueWords(old_value, new_value);
    found_.push_back(
        {path, std::move(old_value), std::move(new_value), list.weight, std::move(words)});
  }
  for (size_t i = both; i < gone.size(); ++i) {
    AddEntry(list, gone[i], /*is_new=*/false, absl::StrCat(gone[i]));
  }
  for (size_t i = both; i < come.size(); ++i) {
    AddEntry(list, come[i], /*is_new=*/true, absl::StrCat(come[i]));
  }
}

}  // namespace plumbline::diff
