#include "server/review/render_model.h"

#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "plumbline/v1/intake.pb.h"
#include "server/expr/schema.h"
#include "server/review/render_builder.h"
#include "server/ruleset/report.h"

namespace plumbline::review {
namespace {

// As many tests as are shown beside a rule before the rest is folded away.
constexpr size_t kTestsShown = 5;

std::string DateText(const v1::Date& date) {
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

std::string Contributors(const google::protobuf::RepeatedPtrField<v1::Contributor>& people) {
  std::vector<std::string> names;
  for (const v1::Contributor& person : people) {
    names.push_back(absl::StrCat(person.name(), person.role().empty() ? "" : ", ", person.role(),
                                 person.has_date() ? ", " + DateText(person.date()) : ""));
  }
  return names.empty() ? "none" : absl::StrJoin(names, "; ");
}

Block::Row Fact(std::string name, std::vector<Block> value) {
  return {"", {{Paragraph(std::move(name))}, std::move(value)}};
}
Block::Row Fact(std::string name, std::string value) {
  return Fact(std::move(name), std::vector<Block>{Paragraph(std::move(value))});
}

// Everything that a block holds, itself included.
template <typename Visit>
void ForEachBlock(Block& block, const Visit& visit) {
  visit(block);
  for (auto& item : block.items) {
    for (Block& inner : item) ForEachBlock(inner, visit);
  }
  for (Block::Row& row : block.rows) {
    for (auto& cell : row.cells) {
      for (Block& inner : cell) ForEachBlock(inner, visit);
    }
  }
  for (Block& inner : block.children) ForEachBlock(inner, visit);
}

template <typename Visit>
void ForEachBlock(ReviewPage& page, const Visit& visit) {
  for (Block& block : page.cover) ForEachBlock(block, visit);
  for (Section& section : page.sections) {
    for (Block& block : section.blocks) ForEachBlock(block, visit);
  }
}

template <typename Visit>
void ForEachLine(Criterion& criterion, const Visit& visit) {
  visit(criterion.words);
  for (Criterion& part : criterion.parts) ForEachLine(part, visit);
}

}  // namespace

Span Plain(std::string text) { return {Span::Kind::kText, std::move(text)}; }
Span Strong(std::string text) { return {Span::Kind::kStrong, std::move(text)}; }
Span Soft(std::string text) { return {Span::Kind::kSoft, std::move(text)}; }
Span Code(std::string text) { return {Span::Kind::kCode, std::move(text)}; }
Span Link(std::string text, std::string anchor, std::string style) {
  return {Span::Kind::kLink, std::move(text), std::move(anchor), std::move(style)};
}
Span Badge(std::string text, std::string style, std::string title) {
  return {Span::Kind::kBadge, std::move(text), "", std::move(style), std::move(title)};
}
Span Break() { return {Span::Kind::kBreak, ""}; }

Block Paragraph(Line line, std::string style) {
  Block block;
  block.line = std::move(line);
  block.style = std::move(style);
  return block;
}
Block Paragraph(std::string text, std::string style) {
  return Paragraph(Line{Plain(std::move(text))}, std::move(style));
}
Block Heading(std::string text, std::string anchor) {
  Block block;
  block.kind = Block::Kind::kHeading;
  block.line = {Plain(std::move(text))};
  block.anchor = std::move(anchor);
  return block;
}
Block Note(std::vector<Block> children, std::string style) {
  Block block;
  block.kind = Block::Kind::kNote;
  block.children = std::move(children);
  block.style = std::move(style);
  return block;
}
Block Bullets(const google::protobuf::RepeatedPtrField<std::string>& texts, bool numbered) {
  Block block;
  block.kind = numbered ? Block::Kind::kSteps : Block::Kind::kBullets;
  for (const std::string& text : texts) block.items.push_back({Paragraph(text)});
  return block;
}
Block Table(std::vector<std::string> head, std::string style) {
  Block block;
  block.kind = Block::Kind::kTable;
  block.head = std::move(head);
  block.style = std::move(style);
  return block;
}
Block Labelled(std::string label, Line line) {
  Line all = {Strong(std::move(label)), Plain(" ")};
  Append(all, std::move(line));
  return Paragraph(std::move(all));
}
void Append(Line& line, Line more) {
  for (Span& span : more) line.push_back(std::move(span));
}
void Join(Line& line, Line more, const std::string& separator) {
  if (!line.empty() && !more.empty()) line.push_back(Plain(separator));
  Append(line, std::move(more));
}

ReviewBuilder::ReviewBuilder(const ruleset::RulesetDocument& document,
                             const ruleset::Expressions& expressions)
    : document_(document),
      ruleset_(document.ruleset()),
      expressions_(expressions),
      words_(ruleset_),
      trace_(BuildTrace(document)) {
  for (const v1::Source& source : ruleset_.sources()) {
    for (const v1::Passage& passage : source.passages()) {
      const auto status =
          passage.status() == v1::SOURCE_STATUS_UNSPECIFIED ? source.status() : passage.status();
      passages_.try_emplace(passage.id(), PassagePlace{&passage, status});
    }
  }
  for (const v1::Exercise& exercise : ruleset_.exercises()) {
    exercises_.try_emplace(exercise.id(), &exercise);
  }
}

ReviewPage ReviewBuilder::Build() {
  ReviewPage page;
  BuildCover(page);
  const auto add = [&page](Section section) {
    if (!section.blocks.empty()) page.sections.push_back(std::move(section));
  };
  add(Scales());
  add(Screen());
  add(RedFlags());
  add(SurgicalOpinion());
  add(Terms());
  add(Patterns());
  add(Strata());
  add(Stages());
  add(Exercises());
  add(Selection());
  add(Programme());
  add(AdviceTexts());
  add(FollowUp());
  add(SafetyNet());
  add(Notices());
  add(Questions());
  add(Hazards());
  add(SourceList());
  add(NotEncoded());
  add(TestIndex());
  ResolveLinks(page);
  return page;
}

void ReviewBuilder::BuildCover(ReviewPage& page) const {
  const v1::Manifest& manifest = ruleset_.manifest();
  page.title = manifest.title();
  page.subtitle = absl::StrCat("Rules for review, version ", manifest.version());

  std::vector<Block> warning;
  for (const std::string& text : manifest.disclaimers()) warning.push_back(Paragraph(text));
  if (manifest.reviewers().empty()) {
    warning.insert(warning.begin(),
                   Paragraph(Line{Strong("No reviewer is recorded for this version.")}));
  }
  page.cover.push_back(Note(std::move(warning), "warning"));

  Block facts;
  facts.kind = Block::Kind::kFacts;
  facts.rows.push_back(Fact(
      "Version",
      {Paragraph(Line{
          Strong(manifest.version()), Plain("  "),
          Badge(EnumWords(*v1::PublicationStatus_descriptor(), manifest.status()), "status")})}));
  facts.rows.push_back(Fact("Revision", {Paragraph(Line{Code(document_.revision())})}));
  if (manifest.has_effective_from() || manifest.has_effective_until()) {
    facts.rows.push_back(
        Fact("In force",
             absl::StrCat(
                 manifest.has_effective_from() ? "from " + DateText(manifest.effective_from()) : "",
                 manifest.has_effective_from() && manifest.has_effective_until() ? " " : "",
                 manifest.has_effective_until() ? "until " + DateText(manifest.effective_until())
                                                : "")));
  }
  facts.rows.push_back(Fact("Intended use", manifest.intended_use()));
  facts.rows.push_back(Fact("Users", {Bullets(manifest.intended_users())}));
  facts.rows.push_back(Fact("Patients", manifest.intended_population()));
  facts.rows.push_back(Fact("Authors", Contributors(manifest.authors())));
  facts.rows.push_back(Fact("Reviewers", Contributors(manifest.reviewers())));
  facts.rows.push_back(Fact("What changed", manifest.change_summary()));
  for (const v1::SourceAttribute& attribute : manifest.source_attributes()) {
    facts.rows.push_back(Fact(attribute.name(), attribute.value()));
  }
  facts.rows.push_back(
      Fact("Holds",
           absl::StrCat(ruleset_.red_flags_size(), " triage rules, ", ruleset_.conditions_size(),
                        " patterns, ", ruleset_.exercises_size(), " exercises, ",
                        ruleset_.questions_size(), " questions, ", passages_.size(),
                        " source passages, ", ruleset_.vignettes_size(), " worked patients")));
  page.cover.push_back(std::move(facts));
  page.cover.push_back(HowToRead());
}

Block ReviewBuilder::HowToRead() const {
  Block list;
  list.kind = Block::Kind::kBullets;
  const auto add = [&list](Line line) { list.items.push_back({Paragraph(std::move(line))}); };
  add(
      {Plain("This document is made from the same files that the program runs. Nothing in it was "
             "written by hand, so what it says is what the program does.")});
  add(
      {Plain("Each criterion is given in plain words; below it, small, stands the exact "
             "expression. An answer that was not given is unknown, never “no”: each rule says what "
             "it does then.")});
  add({Plain(
      "Words with a dotted line lead to the question or to the definition behind them. Every "
      "rule leads to its sources and to the worked patients that test it, and back.")});
  Line levels = {Plain("How fast a professional must see the person: ")};
  for (const v1::LevelText& text : ruleset_.dispositions().levels()) {
    Join(levels, LevelBadge(text.level()), " ");
  }
  add(std::move(levels));
  Line gates = {Plain("What may happen with exercise meanwhile: ")};
  for (const v1::GateText& text : ruleset_.dispositions().gates()) {
    Join(gates, GateBadge(text.gate()), " ");
  }
  add(std::move(gates));
  Line marks = {Plain("How well a source was checked: ")};
  const std::pair<v1::SourceStatus, const char*> statuses[] = {
      {v1::SOURCE_STATUS_VERIFIED, " record or content seen; "},
      {v1::SOURCE_STATUS_PARTLY_VERIFIED, " record seen, detail from general knowledge; "},
      {v1::SOURCE_STATUS_KNOWN, " general knowledge, not looked up; "},
      {v1::SOURCE_STATUS_UNVERIFIED, " not verified, never shown to users; "},
      {v1::SOURCE_STATUS_PROJECT_CHOICE,
       " a choice of this project without a published threshold"}};
  for (const auto& [status, meaning] : statuses) {
    marks.push_back(StatusMark(status));
    marks.push_back(Plain(meaning));
  }
  add(std::move(marks));
  add({Badge("PC rule", "choice"),
       Plain(" beside a rule: its threshold or its weight is a choice of this project. Please look "
             "at these first.")});
  add({Plain("[Label] in a text stands for the patient's own answer.")});
  return Note({Heading("How to read this"), std::move(list)}, "guide");
}

Cell ReviewBuilder::Condition(const std::string& path, absl::string_view text,
                              const std::string& otherwise) const {
  if (text.empty()) {
    return otherwise.empty() ? Cell{} : Cell{Paragraph(otherwise)};
  }
  Block block;
  block.kind = Block::Kind::kCriterion;
  if (const expr::CheckedExpr* expression = expressions_.Find(path); expression != nullptr) {
    block.criterion = words_.Write(*expression);
    block.line = {Code(expr::Print(*expression))};
  } else {
    block.criterion.words = {Code(std::string(text))};
  }
  return {std::move(block)};
}

Line ReviewBuilder::ConditionLine(const std::string& path, absl::string_view text) const {
  const expr::CheckedExpr* expression = expressions_.Find(path);
  return expression == nullptr ? Line{Code(std::string(text))} : Inline(words_.Write(*expression));
}

Span ReviewBuilder::StatusMark(v1::SourceStatus status) const {
  switch (status) {
    case v1::SOURCE_STATUS_VERIFIED:
      return Badge("✓", "verified", "verified");
    case v1::SOURCE_STATUS_PARTLY_VERIFIED:
      return Badge("≈", "partly", "partly verified");
    case v1::SOURCE_STATUS_KNOWN:
      return Badge("○", "known", "general knowledge");
    case v1::SOURCE_STATUS_PROJECT_CHOICE:
      return Badge("PC", "choice", "project choice");
    default:
      return Badge("UNVERIFIED", "unverified", "not verified");
  }
}

Line ReviewBuilder::SourceLine(const Strings& ids) const {
  Line line;
  for (const std::string& id : ids) {
    if (!line.empty()) line.push_back(Break());
    const auto found = passages_.find(id);
    Span link = Link(id, AnchorOf("passage", id), "source");
    if (found != passages_.end()) link.title = found->second.passage->summary();
    line.push_back(std::move(link));
    line.push_back(Plain(" "));
    line.push_back(
        StatusMark(found == passages_.end() ? v1::SOURCE_STATUS_UNVERIFIED : found->second.status));
  }
  return line;
}

Block ReviewBuilder::Sources(const Strings& ids) const {
  return Paragraph(SourceLine(ids), "sources");
}

Line ReviewBuilder::TestLinks(const std::vector<std::string>& tests, size_t from, size_t to) const {
  Line line;
  for (size_t i = from; i < to && i < tests.size(); ++i) {
    Join(line, {Link(tests[i], AnchorOf("test", tests[i]), "test")});
  }
  return line;
}

Block ReviewBuilder::Tests(const std::string& id) const {
  const TracedRule* rule = trace_.FindRule(id);
  if (rule == nullptr || rule->tests.empty()) {
    return Paragraph(Line{Soft("no test names it")}, "tests");
  }
  // Not worth folding away one or two.
  const size_t shown = rule->tests.size() <= kTestsShown + 2 ? rule->tests.size() : kTestsShown;
  Line line = {Soft("Tests: ")};
  Append(line, TestLinks(rule->tests, 0, shown));
  Block block = Paragraph(std::move(line), "tests");
  if (shown == rule->tests.size()) return block;
  Block more;
  more.kind = Block::Kind::kMore;
  more.style = "tests";
  more.line = {Plain(absl::StrCat("and ", rule->tests.size() - shown, " more"))};
  more.children.push_back(Paragraph(TestLinks(rule->tests, shown, rule->tests.size()), "tests"));
  return Note({std::move(block), std::move(more)}, "plain");
}

Cell ReviewBuilder::Evidence(const std::string& id, const Strings& sources,
                             bool project_choice) const {
  Cell cell;
  if (project_choice) cell.push_back(Paragraph(Line{Badge("PC rule", "choice", "project choice")}));
  if (!sources.empty()) cell.push_back(Sources(sources));
  cell.push_back(Tests(id));
  return cell;
}

Line ReviewBuilder::RuleLink(const std::string& id) const {
  return {Link(id, RuleAnchor(id), "id")};
}

Line ReviewBuilder::RuleLinks(const Strings& ids) const {
  Line line;
  for (const std::string& id : ids) Join(line, RuleLink(id));
  return line;
}

Line ReviewBuilder::RuleLinks(const std::vector<std::string>& ids) const {
  Line line;
  for (const std::string& id : ids) Join(line, RuleLink(id));
  return line;
}

Line ReviewBuilder::ExerciseLink(const std::string& id) const {
  const auto found = exercises_.find(id);
  const std::string name = found == exercises_.end() ? id : found->second->name();
  return {Link(name, RuleAnchor(id)), Plain(" "), Soft(id)};
}

Line ReviewBuilder::ExerciseLinks(const Strings& ids) const {
  Line line;
  for (const std::string& id : ids) Join(line, ExerciseLink(id));
  return line;
}

Line ReviewBuilder::Template(const std::string& text) const {
  Line line;
  std::string words;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      words += c;
      ++i;
      continue;
    }
    const size_t end = c == '{' ? text.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      words += c;
      continue;
    }
    const std::string field = text.substr(i + 1, end - i - 1);
    if (!words.empty()) line.push_back(Plain(std::exchange(words, "")));
    line.push_back(
        Link(absl::StrCat("[", words_.Label(field), "]"), QuestionAnchor(field), "field"));
    i = end;
  }
  if (!words.empty()) line.push_back(Plain(std::move(words)));
  return line;
}

Line ReviewBuilder::LevelBadge(v1::Level level) const {
  std::string title = EnumWords(*v1::Level_descriptor(), level);
  for (const v1::LevelText& text : ruleset_.dispositions().levels()) {
    if (text.level() == level) title = text.title();
  }
  return {Badge(std::move(title), absl::StrCat("level-", static_cast<int>(level)),
                v1::Level_Name(level))};
}

Line ReviewBuilder::GateBadge(v1::Gate gate) const {
  std::string title = EnumWords(*v1::Gate_descriptor(), gate);
  for (const v1::GateText& text : ruleset_.dispositions().gates()) {
    if (text.gate() == gate) title = text.title();
  }
  return {
      Badge(std::move(title), absl::StrCat("gate-", static_cast<int>(gate)), v1::Gate_Name(gate))};
}

Line ReviewBuilder::Disposition(v1::Level level, v1::Gate gate, bool has_due, int due_days) const {
  Line line = LevelBadge(level);
  line.push_back(Break());
  Append(line, GateBadge(gate));
  if (has_due) {
    line.push_back(Break());
    line.push_back(Plain(due_days == 0   ? "due now"
                         : due_days == 1 ? "due within 1 day"
                                         : absl::StrCat("due within ", due_days, " days")));
  }
  return line;
}

void ReviewBuilder::ResolveLinks(ReviewPage& page) {
  std::set<std::string> anchors;
  const auto define = [&anchors](const std::string& anchor) {
    if (!anchor.empty()) anchors.insert(anchor);
  };
  for (const Section& section : page.sections) define(section.anchor);
  ForEachBlock(page, [&](Block& block) {
    define(block.anchor);
    for (const Block::Row& row : block.rows) define(row.anchor);
  });
  std::set<std::string> dangling;
  const auto resolve = [&](Line& line) {
    for (Span& span : line) {
      if (span.kind != Span::Kind::kLink || anchors.count(span.target) > 0) continue;
      // A part that is shown with what it belongs to: "rule-CX-LTR/dose-1".
      const std::string whole = span.target.substr(0, span.target.rfind('/'));
      if (anchors.count(whole) > 0) {
        span.target = whole;
        continue;
      }
      dangling.insert(span.target);
      span.kind = Span::Kind::kText;
      span.target.clear();
    }
  };
  ForEachBlock(page, [&](Block& block) {
    resolve(block.line);
    ForEachLine(block.criterion, resolve);
  });
  page.dangling.assign(dangling.begin(), dangling.end());
}

absl::StatusOr<ReviewPage> BuildReviewPage(const ruleset::RulesetDocument& document) {
  const absl::StatusOr<expr::Schema> schema = expr::Schema::Create(*v1::Intake::descriptor());
  if (!schema.ok()) return schema.status();
  ruleset::Report report(document);
  const ruleset::Expressions expressions(document, *schema, report);
  if (report.HasErrors()) {
    return absl::InvalidArgumentError("the ruleset has errors: check it first");
  }
  return ReviewBuilder(document, expressions).Build();
}

}  // namespace plumbline::review
