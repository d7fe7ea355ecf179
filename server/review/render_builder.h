// ReviewBuilder: builds the parts of a review page; each source file of the folder render_*.cc
// holds the sections of one topic. Internal to this folder.
//
// Used by one thread for one page; refers to the document, which must outlive it.

#ifndef PLUMBLINE_SERVER_REVIEW_RENDER_BUILDER_H_
#define PLUMBLINE_SERVER_REVIEW_RENDER_BUILDER_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "server/review/criterion.h"
#include "server/review/html_writer.h"
#include "server/review/render_model.h"
#include "server/review/trace.h"
#include "server/ruleset/expressions.h"

namespace plumbline::review {

using Cell = std::vector<Block>;

// Small makers of content.
Span Plain(std::string text);
Span Strong(std::string text);
Span Soft(std::string text);
Span Code(std::string text);
Span Link(std::string text, std::string anchor, std::string style = "");
Span Badge(std::string text, std::string style, std::string title = "");
Span Break();
Block Paragraph(Line line, std::string style = "");
Block Paragraph(std::string text, std::string style = "");
Block Heading(std::string text, std::string anchor = "");
Block Note(std::vector<Block> children, std::string style = "");
// An empty block if there are none.
Block Bullets(const google::protobuf::RepeatedPtrField<std::string>& texts, bool numbered = false);
Block Table(std::vector<std::string> head, std::string style = "");
// "Label: words", as a paragraph.
Block Labelled(std::string label, Line line);
void Append(Line& line, Line more);
// Adds the words of `more` after a separator if both are there.
void Join(Line& line, Line more, const std::string& separator = ", ");

class ReviewBuilder {
 public:
  ReviewBuilder(const ruleset::RulesetDocument& document, const ruleset::Expressions& expressions);

  ReviewPage Build();

 private:
  using Strings = google::protobuf::RepeatedPtrField<std::string>;

  // render_model.cc: cover, and what all sections share.
  void BuildCover(ReviewPage& page) const;
  Block HowToRead() const;
  // Expression at `path` of the ruleset in readable form; `otherwise` if there is none.
  Cell Condition(const std::string& path, absl::string_view text,
                 const std::string& otherwise = "") const;
  Line ConditionLine(const std::string& path, absl::string_view text) const;
  // Passages with their marks, one a line.
  Block Sources(const Strings& ids) const;
  Line SourceLine(const Strings& ids) const;
  Span StatusMark(v1::SourceStatus status) const;
  // Sources, mark of a project choice and tests of a rule: the last cell of its row.
  Cell Evidence(const std::string& id, const Strings& sources, bool project_choice) const;
  Block Tests(const std::string& id) const;
  Line TestLinks(const std::vector<std::string>& tests, size_t from, size_t to) const;
  Line RuleLink(const std::string& id) const;
  Line RuleLinks(const Strings& ids) const;
  Line RuleLinks(const std::vector<std::string>& ids) const;
  Line ExerciseLink(const std::string& id) const;
  Line ExerciseLinks(const Strings& ids) const;
  // Text for readers, with {field} shown as [Label].
  Line Template(const std::string& text) const;
  Line LevelBadge(v1::Level level) const;
  Line GateBadge(v1::Gate gate) const;
  // Badges of level, gate and time limit.
  Line Disposition(v1::Level level, v1::Gate gate, bool has_due, int due_days) const;

  // render_rules.cc
  Section Scales() const;
  Section Screen() const;
  Section RedFlags() const;
  Section SurgicalOpinion() const;
  Section Terms() const;
  Section Patterns() const;
  Section Strata() const;
  Section Stages() const;
  void AppendTriageGroups(bool surgical, Section& section) const;
  Block::Row TriageRow(int index) const;
  Cell Unknown(const v1::TriageOnIndeterminate& unknown, const std::string& path) const;
  Block Pattern(int index) const;

  // render_exercises.cc
  Section Exercises() const;
  Section Selection() const;
  Section Programme() const;
  Section AdviceTexts() const;
  Section FollowUp() const;
  Section SafetyNet() const;
  Section Notices() const;
  Block Exercise(int index) const;
  Block Ladder(const v1::Exercise& exercise) const;
  void AppendVariants(int index, std::vector<Block>& blocks) const;
  void AppendDerived(const v1::Exercise& exercise, std::vector<Block>& blocks) const;
  Line Selected(const v1::ExerciseSelector& selector, const Strings& except) const;
  template <typename Rules, typename Describe>
  void AppendSelection(const Rules& rules, const std::string& field, const std::string& title,
                       const std::string& effect_title, const Describe& describe,
                       Section& section) const;

  // render_evidence.cc
  Section Questions() const;
  Section Hazards() const;
  Section SourceList() const;
  Section NotEncoded() const;
  Section TestIndex() const;
  Block SourceCard(const v1::Source& source) const;
  Cell Given(const v1::Vignette& vignette) const;
  Cell Expected(const v1::Expectation& expect) const;
  Line Answer(const google::protobuf::Message& message,
              const google::protobuf::FieldDescriptor& field) const;

  // Turns links to nowhere into plain words, and lists them.
  void ResolveLinks(ReviewPage& page);

  const ruleset::RulesetDocument& document_;
  const v1::Ruleset& ruleset_;
  const ruleset::Expressions& expressions_;
  const CriterionWriter words_;
  const Trace trace_;
  struct PassagePlace {
    const v1::Passage* passage;
    v1::SourceStatus status;
  };
  std::map<std::string, PassagePlace> passages_;
  std::map<std::string, const v1::Exercise*> exercises_;
};

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_RENDER_BUILDER_H_
