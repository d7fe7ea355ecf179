// Plain words for expressions: "Age over 70 years AND Injury: minor".
//
// The words come from the ruleset (labels of questions and options, words of terms, titles of
// patterns and stages), so that they change with it. They say what the expression says; where it
// has no plain form its exact text stands.

#ifndef PLUMBLINE_SERVER_REVIEW_CRITERION_H_
#define PLUMBLINE_SERVER_REVIEW_CRITERION_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset.pb.h"
#include "server/expr/checked_ast.h"
#include "server/expr/checker.h"
#include "server/review/render_model.h"

namespace plumbline::review {

// The anchor of anything that shares the namespace of rule ids; of a question, by its field.
std::string RuleAnchor(absl::string_view id);
std::string QuestionAnchor(absl::string_view field);

// Immutable, thread-safe; refers to the ruleset, which must outlive it.
class CriterionWriter {
 public:
  explicit CriterionWriter(const v1::Ruleset& ruleset);

  Criterion Write(const expr::CheckedExpr& expression) const;

  // Label of the field's question; the field's name if it has none.
  std::string Label(const std::string& field) const;
  // How a person would say the value of an enum field ("MINOR").
  std::string OptionLabel(const std::string& field, const std::string& value) const;
  // The question of the field; null if there is none.
  const v1::Question* FindQuestion(const std::string& field) const;

 private:
  Criterion Build(const expr::CheckedNode& node, bool negated) const;
  Criterion Group(const expr::CheckedNode& node, bool negated) const;
  Line Statement(const expr::CheckedNode& node, bool negated) const;
  Line Comparison(const expr::CheckedNode& node, bool negated) const;
  Line Membership(const expr::CheckedNode& node, bool negated) const;
  Line Range(const expr::CheckedNode& node, bool negated) const;
  Line TermWords(const std::string& name, bool negated) const;
  Line MacroWords(const expr::CheckedNode& node, bool negated) const;
  // A value inside a statement.
  Line Operand(const expr::CheckedNode& node, const expr::CheckedNode* beside = nullptr) const;
  std::string ConstantText(const expr::CheckedNode& node, const expr::CheckedNode* beside) const;
  std::string Unit(const expr::CheckedNode& node) const;

  const v1::Ruleset& ruleset_;
  std::map<std::string, const v1::Question*> questions_;
  std::map<std::string, const v1::Term*> terms_;
};

// The whole tree as one line: "A AND (B OR C)".
Line Inline(const Criterion& criterion);

// "side lying" for START_POSITION_SIDE_LYING.
std::string EnumWords(const google::protobuf::EnumDescriptor& type, int number);

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_CRITERION_H_
