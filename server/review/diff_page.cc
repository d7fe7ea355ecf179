#include "server/review/diff_page.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/diff/impact.h"
#include "server/diff/version_policy.h"

namespace plumbline::review {
namespace {

using diff::BumpName;

constexpr size_t kShortRevision = 12;
// Words of a value that are compared one by one; longer values are shown as wholly different.
constexpr size_t kMostWords = 1'000;
// Tests of one kind that are named one by one.
constexpr int kMostTests = 40;
// Rows of the tables of a replay.
constexpr int kMostRows = 40;

std::string Plural(const std::string& kind) {
  static const auto* const kIrregular = new std::map<std::string, std::string>{
      {"advice", "advice"},
      {"stratum", "strata"},
      {"step of the sequence", "steps of the sequence"},
      {"manifest", "manifest"},
      {"programme", "programme"},
      {"safety net", "safety net"},
      {"response policy", "response policy"},
  };
  const auto found = kIrregular->find(kind);
  return found == kIrregular->end() ? kind + "s" : found->second;
}

std::string Counted(uint64_t count, const std::string& kind) {
  return absl::StrCat(count, " ", count == 1 ? kind : Plural(kind));
}

std::string Capital(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text;
}

std::string VerbOf(v1::ChangeKind kind) {
  switch (kind) {
    case v1::CHANGE_KIND_ADDED:
      return "added";
    case v1::CHANGE_KIND_REMOVED:
      return "removed";
    case v1::CHANGE_KIND_RENAMED:
      return "renamed";
    case v1::CHANGE_KIND_MOVED:
      return "moved";
    default:
      return "changed";
  }
}

bool IsTest(const v1::ElementChange& change) {
  return change.element_kind() == "vignette" || change.element_kind() == "outcome table" ||
         change.element_kind() == "dose register";
}

std::string NameOfRevision(const std::string& version, const std::string& revision) {
  return absl::StrCat(version, ", revision ", revision.substr(0, kShortRevision));
}

std::string Examples(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  return ids.empty() ? "" : absl::StrCat(" (for example ", absl::StrJoin(ids, ", "), ")");
}

// ---- Version

// "MINOR (MAJOR, were it not below 1.0.0)".
std::string Demand(const v1::RulesetDiff& diff) {
  v1::VersionBump most = v1::VERSION_BUMP_NONE;
  for (const v1::ElementChange& change : diff.changes()) most = std::max(most, change.bump());
  std::string text = BumpName(diff.required_bump());
  if (most > diff.required_bump()) {
    absl::StrAppend(&text, " (", BumpName(most), " from 1.0.0 on)");
  }
  return text;
}

std::string Verdict(const v1::RulesetDiff& diff) {
  if (diff.declared_bump() == v1::VERSION_BUMP_UNSPECIFIED) {
    return absl::StrCat("The version goes back from ", diff.old_version(), " to ",
                        diff.new_version(), ".");
  }
  if (diff.changes().empty()) return "No semantic change.";
  const std::string declared = absl::StrCat(diff.old_version(), " to ", diff.new_version(), " is ",
                                            BumpName(diff.declared_bump()));
  if (diff.version_sufficient()) {
    return absl::StrCat("The changes require ", Demand(diff), "; ", declared, ": sufficient.");
  }
  return absl::StrCat("The changes require ", Demand(diff), "; ", declared,
                      ": too small. The lowest version that will do is ",
                      diff::LowestVersion(diff.old_version(), diff.required_bump()), ".");
}

// ---- Entries

bool Holds(const std::string& sentence, const std::string& value) {
  return value.empty() || absl::StrContains(sentence, absl::StrCat("`", value, "`"));
}

std::string ImpactOf(const v1::ElementChange& change, bool by_others) {
  if (!change.has_impact()) return "";
  const v1::RuleImpact& impact = change.impact();
  std::vector<std::string> parts;
  const auto add = [&parts](const char* what, uint64_t count, absl::string_view after) {
    if (count > 0) parts.push_back(absl::StrCat(what, count, after));
  };
  add("appears for ", impact.appears(), " more");
  add("disappears for ", impact.disappears(), "");
  const std::string altered = diff::AlterationsText(impact.alterations());
  add("altered for ", impact.altered(), altered.empty() ? "" : absl::StrCat(" (", altered, ")"));
  const char* const least = by_others ? "at least " : "";
  add(least, impact.level_changed(), " with another level");
  add(least, impact.gate_changed(), " with another gate");
  add(least, impact.programme_changed(), " with another programme");
  if (parts.empty()) parts.emplace_back("no other level, gate or programme");
  return absl::StrCat(by_others ? "what rests on it " : "", absl::StrJoin(parts, ", "),
                      Examples(impact.example_ids()));
}

DiffEntry EntryOf(const v1::ElementChange& change, const std::set<std::string>& replayed) {
  DiffEntry entry;
  entry.verb = VerbOf(change.kind());
  entry.kind = change.element_kind();
  entry.id = change.element_id();
  entry.bump = BumpName(change.bump());
  entry.sentence = change.summary();
  for (const v1::FieldChange& field : change.fields()) {
    if (Holds(entry.sentence, field.old_value()) && Holds(entry.sentence, field.new_value())) {
      continue;
    }
    entry.values.push_back({field.path(), field.old_value(), field.new_value()});
  }
  entry.affects.assign(change.affects().begin(), change.affects().end());
  const bool itself =
      replayed.count(change.element_id()) > 0 || replayed.count(change.new_element_id()) > 0;
  entry.impact = ImpactOf(change, /*by_others=*/!itself);
  return entry;
}

void AddToGroup(DiffEntry entry, DiffSection& section) {
  const std::string title = Capital(Plural(entry.kind));
  const auto same = std::find_if(section.groups.begin(), section.groups.end(),
                                 [&title](const DiffGroup& group) { return group.title == title; });
  DiffGroup& group =
      same == section.groups.end() ? section.groups.emplace_back(DiffGroup{title, {}}) : *same;
  group.entries.push_back(std::move(entry));
  ++section.size;
}

// Tests are many: those of a kind are listed up to kMostTests, and counted beyond that.
void AddTests(const std::vector<const v1::ElementChange*>& tests, DiffSection& section) {
  std::map<std::string, std::map<v1::ChangeKind, int>> counts;
  std::map<std::string, int> sizes;
  for (const v1::ElementChange* change : tests) {
    ++counts[change->element_kind()][change->kind()];
    ++sizes[change->element_kind()];
  }
  for (const v1::ElementChange* change : tests) {
    if (sizes[change->element_kind()] <= kMostTests) AddToGroup(EntryOf(*change, {}), section);
  }
  for (const auto& [kind, by_change] : counts) {
    if (sizes[kind] <= kMostTests) continue;
    std::vector<std::string> parts;
    for (const auto& [change, count] : by_change) {
      parts.push_back(
          absl::StrCat(count, " ", count == 1 ? kind : Plural(kind), " ", VerbOf(change)));
    }
    section.counts.push_back(absl::StrJoin(parts, ", "));
    section.size += sizes[kind];
  }
}

void AddSections(const v1::RulesetDiff& diff, DiffPage& page) {
  DiffSection clinical{
      "clinical",
      "Clinical changes",
      "These can change who gets what, what is asked, or what somebody is told to do.",
      {},
      {},
      0};
  DiffSection words{"words", "Words", "Names, reasons and sources; they ask nobody to do anything.",
                    {},      {},      0};
  DiffSection records{"records", "Records", "Citations, names of terms, authors, the hazard log.",
                      {},        {},        0};
  DiffSection tests{"tests", "Tests", "What the rules are tested with.", {}, {}, 0};
  std::set<std::string> replayed;
  for (const v1::RuleImpact& rule : diff.impact().rules()) replayed.insert(rule.rule_id());
  std::vector<const v1::ElementChange*> changes;
  std::vector<const v1::ElementChange*> of_tests;
  for (const v1::ElementChange& change : diff.changes()) {
    (IsTest(change) ? of_tests : changes).push_back(&change);
  }
  // What demands the most comes first.
  std::stable_sort(changes.begin(), changes.end(),
                   [](const auto* a, const auto* b) { return a->bump() > b->bump(); });
  for (const v1::ElementChange* change : changes) {
    DiffSection& section = change->change_class() == v1::CHANGE_CLASS_CLINICAL ? clinical
                           : change->bump() >= v1::VERSION_BUMP_MINOR          ? words
                                                                               : records;
    AddToGroup(EntryOf(*change, replayed), section);
  }
  AddTests(of_tests, tests);
  for (DiffSection* section : {&clinical, &words, &records, &tests}) {
    if (section->size > 0) page.sections.push_back(std::move(*section));
  }
}

// ---- Replay

std::string ShortName(const std::string& name, absl::string_view prefix) {
  return absl::StartsWith(name, prefix) ? name.substr(prefix.size()) : name;
}
std::string LevelText(v1::Level level) { return ShortName(v1::Level_Name(level), "LEVEL_"); }
std::string GateText(v1::Gate gate) { return ShortName(v1::Gate_Name(gate), "GATE_"); }

template <typename Changes, typename Text>
void AddSteps(const char* title, const Changes& changes, Text text, DiffPage& page) {
  if (changes.empty()) return;
  DiffTable table{title, {"from", "to", "patients", "for example"}, {}};
  for (const auto& change : changes) {
    table.rows.push_back({text(change.from()), text(change.to()), absl::StrCat(change.count()),
                          absl::StrJoin(change.example_ids(), ", ")});
  }
  page.impact_tables.push_back(std::move(table));
}

void AddRules(const v1::ImpactReport& report, DiffPage& page) {
  if (report.rules().empty()) return;
  DiffTable table{
      "Rules, most patients first",
      {"rule", "appears", "disappears", "altered", "level", "gate", "programme", "for example"},
      {}};
  for (const v1::RuleImpact& rule : report.rules()) {
    if (static_cast<int>(table.rows.size()) == kMostRows) break;
    table.rows.push_back({rule.rule_id(), absl::StrCat(rule.appears()),
                          absl::StrCat(rule.disappears()), absl::StrCat(rule.altered()),
                          absl::StrCat(rule.level_changed()), absl::StrCat(rule.gate_changed()),
                          absl::StrCat(rule.programme_changed()),
                          absl::StrJoin(rule.example_ids(), ", ")});
  }
  if (report.rules_size() > kMostRows) {
    absl::StrAppend(&table.title, " (the first ", kMostRows, " of ", report.rules_size(), ")");
  }
  page.impact_tables.push_back(std::move(table));
}

void AddImpact(const v1::RulesetDiff& diff, DiffPage& page) {
  if (!diff.has_impact()) return;
  const v1::ImpactReport& report = diff.impact();
  page.impact.push_back(absl::StrCat(
      Counted(report.decisions(), "recorded decision"), ", of which ", report.evaluated(),
      " evaluated again: ", report.identical() + report.same_apart_from_revision(),
      " come out the same."));
  page.impact.push_back(absl::StrCat(
      "Another level: ", report.level_changed(), ". Another gate: ", report.gate_changed(),
      ". Another programme: ", report.programme_changed(), ". Another time limit: ",
      report.time_limit_changed(), ". Other referrals: ", report.referrals_changed(),
      ". Other follow-up: ", report.follow_up_changed(), ". Other exercises beside the programme: ",
      report.availability_changed(), ". Other open questions: ", report.open_questions_changed(),
      ". Rules that come, go or are altered: ", report.rules_changed(),
      ". Only other words, also of cautions and questions: ", report.otherwise_changed(), "."));
  for (const v1::ReplayOmission& omission : report.left_out()) {
    page.impact.push_back(absl::StrCat("Left out, ", omission.reason(), ": ", omission.count(),
                                       Examples(omission.example_ids()), "."));
  }
  AddSteps("Levels", report.level_changes(), LevelText, page);
  AddSteps("Gates", report.gate_changes(), GateText, page);
  AddRules(report, page);
}

// Words, and what stands between them: a comma after a name does not make it another name.
std::vector<std::string> Words(absl::string_view text) {
  const auto separates = [](char c) { return c == ' ' || c == ',' || c == ';'; };
  std::vector<std::string> words;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    while (end < text.size() && separates(text[end]) == separates(text[begin])) ++end;
    words.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

void Append(ValuePart::Kind kind, const std::string& text, std::vector<ValuePart>& parts) {
  if (parts.empty() || parts.back().kind != kind) parts.push_back({kind, ""});
  parts.back().text += text;
}

}  // namespace

std::vector<SentencePart> SplitSentence(absl::string_view sentence) {
  std::vector<SentencePart> parts;
  bool code = false;
  for (const absl::string_view piece : absl::StrSplit(sentence, '`')) {
    if (!piece.empty()) parts.push_back({std::string(piece), code});
    code = !code;
  }
  return parts;
}

std::vector<ValuePart> CompareWords(absl::string_view old_value, absl::string_view new_value) {
  using Kind = ValuePart::Kind;
  const std::vector<std::string> a = Words(old_value);
  const std::vector<std::string> b = Words(new_value);
  std::vector<ValuePart> parts;
  if (a.size() > kMostWords || b.size() > kMostWords) {
    Append(Kind::kOld, std::string(old_value), parts);
    Append(Kind::kNew, std::string(new_value), parts);
    return parts;
  }
  std::vector<std::vector<int>> length(a.size() + 1, std::vector<int>(b.size() + 1, 0));
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t k = b.size(); k-- > 0;) {
      length[i][k] =
          a[i] == b[k] ? length[i + 1][k + 1] + 1 : std::max(length[i + 1][k], length[i][k + 1]);
    }
  }
  size_t i = 0;
  size_t k = 0;
  while (i < a.size() || k < b.size()) {
    if (i < a.size() && k < b.size() && a[i] == b[k]) {
      Append(Kind::kSame, a[i++], parts);
      ++k;
    } else if (k == b.size() || (i < a.size() && length[i + 1][k] >= length[i][k + 1])) {
      Append(Kind::kOld, a[i++], parts);
    } else {
      Append(Kind::kNew, b[k++], parts);
    }
  }
  return parts;
}

DiffPage BuildDiffPage(const v1::RulesetDiff& diff) {
  DiffPage page;
  page.title = diff.old_version() == diff.new_version()
                   ? absl::StrCat("Rules ", diff.old_version(), ", two revisions")
                   : absl::StrCat("Rules ", diff.old_version(), " to ", diff.new_version());
  page.old_name = NameOfRevision(diff.old_version(), diff.old_revision());
  page.new_name = NameOfRevision(diff.new_version(), diff.new_revision());
  page.sufficient = diff.version_sufficient();
  page.verdict = Verdict(diff);
  page.verdict_word = diff.version_sufficient()                              ? "sufficient"
                      : diff.declared_bump() == v1::VERSION_BUMP_UNSPECIFIED ? "goes back"
                                                                             : "too small";
  page.because = diff.bump_because();
  AddSections(diff, page);
  AddImpact(diff, page);
  return page;
}

std::string VersionRefusal(const v1::RulesetDiff& diff) {
  if (diff.version_sufficient()) return "";
  if (diff.declared_bump() == v1::VERSION_BUMP_UNSPECIFIED) return Verdict(diff);
  return absl::StrCat("version ", diff.new_version(), " is too small: ", Demand(diff),
                      " is required, ",
                      diff::LowestVersion(diff.old_version(), diff.required_bump()),
                      " or later, because of this change: ", diff.bump_because());
}

}  // namespace plumbline::review
