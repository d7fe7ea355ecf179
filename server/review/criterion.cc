#include "server/review/criterion.h"

#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/expr/comparison.h"
#include "server/expr/schema.h"
#include "server/review/html_writer.h"

namespace plumbline::review {
namespace {

using expr::CheckedNode;
using expr::Kind;
using expr::NodeKind;
using expr::Operator;

void Append(Line& line, Line more) {
  for (Span& span : more) line.push_back(std::move(span));
}

Span Words(std::string text) { return {Span::Kind::kText, std::move(text)}; }
Span Strong(std::string text) { return {Span::Kind::kStrong, std::move(text)}; }

// The shortest text that reads back as the same number.
std::string NumberText(const expr::Value& value) {
  if (value.kind == Kind::kInt) return absl::StrCat(value.i);
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.d);
  return std::string(buffer.data(), result.ptr);
}

bool IsConstant(const CheckedNode& node) { return node.constant.has_value(); }

// "over 70 years", "42 days or less".
std::string Bound(Operator op, const std::string& value) {
  switch (op) {
    case Operator::kLt:
      return absl::StrCat("under ", value);
    case Operator::kLe:
      return absl::StrCat(value, " or less");
    case Operator::kGt:
      return absl::StrCat("over ", value);
    case Operator::kGe:
      return absl::StrCat(value, " or more");
    case Operator::kEq:
      return absl::StrCat("exactly ", value);
    default:
      return absl::StrCat("other than ", value);
  }
}

std::string Relation(Operator op) {
  switch (op) {
    case Operator::kLt:
      return " less than ";
    case Operator::kLe:
      return " at most ";
    case Operator::kGt:
      return " greater than ";
    case Operator::kGe:
      return " at least ";
    case Operator::kEq:
      return " the same as ";
    default:
      return " different from ";
  }
}

}  // namespace

std::string RuleAnchor(absl::string_view id) { return AnchorOf("rule", id); }
std::string QuestionAnchor(absl::string_view field) { return AnchorOf("question", field); }

std::string EnumWords(const google::protobuf::EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  if (value == nullptr) return absl::StrCat(number);
  std::string words = absl::AsciiStrToLower(expr::ShortEnumValueName(*value));
  return absl::StrReplaceAll(words, {{"_", " "}});
}

CriterionWriter::CriterionWriter(const v1::Ruleset& ruleset) : ruleset_(ruleset) {
  for (const v1::Question& question : ruleset.questions()) {
    questions_.try_emplace(question.field(), &question);
  }
  for (const v1::Term& term : ruleset.terms()) terms_.try_emplace(term.id(), &term);
}

const v1::Question* CriterionWriter::FindQuestion(const std::string& field) const {
  const auto found = questions_.find(field);
  return found == questions_.end() ? nullptr : found->second;
}

std::string CriterionWriter::Label(const std::string& field) const {
  const v1::Question* question = FindQuestion(field);
  return question == nullptr ? absl::StrReplaceAll(field, {{"_", " "}}) : question->label();
}

std::string CriterionWriter::OptionLabel(const std::string& field, const std::string& value) const {
  if (const v1::Question* question = FindQuestion(field); question != nullptr) {
    for (const v1::AnswerOption& option : question->options()) {
      if (option.value() == value) return option.label();
    }
  }
  return absl::StrReplaceAll(absl::AsciiStrToLower(value), {{"_", " "}});
}

Criterion CriterionWriter::Write(const expr::CheckedExpr& expression) const {
  return Build(expression.root(), false);
}

Criterion CriterionWriter::Group(const CheckedNode& node, bool negated) const {
  Criterion group;
  if (node.kind == NodeKind::kAtLeast) {
    group.lead = negated ? absl::StrCat("fewer than ", node.threshold, " of")
                         : absl::StrCat("at least ", node.threshold, " of");
  } else if (node.op == Operator::kAnd) {
    group.lead = negated ? "not all of" : "all of";
  } else {
    group.lead = negated ? "none of" : "any of";
  }
  for (const expr::CheckedPtr& child : node.children) {
    Criterion part = Build(*child, false);
    if (part.lead == group.lead && (part.lead == "all of" || part.lead == "any of")) {
      for (Criterion& inner : part.parts) group.parts.push_back(std::move(inner));
    } else {
      group.parts.push_back(std::move(part));
    }
  }
  return group;
}

Criterion CriterionWriter::Build(const CheckedNode& node, bool negated) const {
  if (node.kind == NodeKind::kUnary && node.op == Operator::kNot) {
    return Build(*node.children[0], !negated);
  }
  if (node.kind == NodeKind::kLogic || node.kind == NodeKind::kAtLeast) {
    return Group(node, negated);
  }
  Criterion statement;
  statement.words = Statement(node, negated);
  return statement;
}

Line CriterionWriter::TermWords(const std::string& name, bool negated) const {
  Line line;
  if (negated) line.push_back(Strong("NOT "));
  const auto derived = [&](absl::string_view prefix) {
    return absl::StartsWith(name, prefix) ? name.substr(prefix.size()) : std::string();
  };
  for (const absl::string_view prefix : {"suspected.", "likely."}) {
    const std::string id = derived(prefix);
    if (id.empty()) continue;
    std::string title = id;
    for (const v1::ClinicalCondition& condition : ruleset_.conditions()) {
      if (condition.id() == id) title = condition.title();
    }
    line.push_back(
        {Span::Kind::kLink, absl::StrCat("pattern “", title, "”"), RuleAnchor(id), "term"});
    line.push_back(Words(prefix == "likely." ? " likely" : " at least possible"));
    return line;
  }
  if (const std::string id = derived("stage."); !id.empty()) {
    std::string title;
    for (const v1::Stage& stage : ruleset_.stages()) {
      if (stage.id() == id) title = absl::StrCat(" (", stage.title(), ")");
    }
    line.push_back({Span::Kind::kLink, absl::StrCat("stage ", id, title), RuleAnchor(id), "term"});
    return line;
  }
  const auto found = terms_.find(name);
  const std::string words =
      found == terms_.end() || found->second->words().empty() ? name : found->second->words();
  line.push_back({Span::Kind::kLink, words, RuleAnchor(name), "term"});
  return line;
}

std::string CriterionWriter::Unit(const CheckedNode& node) const {
  if (node.kind != NodeKind::kSlot) return "";
  const v1::Question* question = FindQuestion(node.name);
  return question == nullptr || question->unit_text().empty()
             ? ""
             : absl::StrCat(" ", question->unit_text());
}

std::string CriterionWriter::ConstantText(const CheckedNode& node,
                                          const CheckedNode* beside) const {
  const expr::Value& value = *node.constant;
  switch (value.kind) {
    case Kind::kInt:
    case Kind::kDouble:
      return NumberText(value);
    case Kind::kBool:
      return value.is_true() ? "yes" : "no";
    case Kind::kEnum: {
      const auto* entry = value.enum_type->FindValueByNumber(static_cast<int>(value.i));
      const std::string name =
          entry == nullptr ? absl::StrCat(value.i) : std::string(expr::ShortEnumValueName(*entry));
      return OptionLabel(beside != nullptr ? beside->name : "", name);
    }
    case Kind::kString: {
      for (const v1::Exercise& exercise : ruleset_.exercises()) {
        if (exercise.id() == value.s) return absl::StrCat(exercise.name(), " (", value.s, ")");
      }
      for (const v1::ClinicalCondition& condition : ruleset_.conditions()) {
        if (condition.id() == value.s) return condition.title();
      }
      return absl::StrCat("“", value.s, "”");
    }
    default:
      return expr::Print(expr::CheckedExpr(std::make_shared<CheckedNode>(node)));
  }
}

Line CriterionWriter::Operand(const CheckedNode& node, const CheckedNode* beside) const {
  if (IsConstant(node)) return {Words(ConstantText(node, beside))};
  switch (node.kind) {
    case NodeKind::kSlot:
      return {{Span::Kind::kLink, Label(node.name), QuestionAnchor(node.name), "field"}};
    case NodeKind::kTerm:
      return TermWords(node.name, false);
    case NodeKind::kAsOf:
      return {Words("the date of the assessment")};
    case NodeKind::kVariable:
      return {Words("it")};
    case NodeKind::kRowField:
      return {Words(absl::StrReplaceAll(node.name, {{"_", " "}}))};
    case NodeKind::kCall:
      if (node.function == expr::Function::kSize) {
        Line line = {Words("number of entries in ")};
        Append(line, Operand(*node.children[0]));
        return line;
      }
      break;
    case NodeKind::kBinary: {
      // A calculation inside a calculation is put in parentheses, needed or not: the words say the
      // same as the expression.
      const auto inner = [this](const CheckedNode& operand) {
        if (operand.kind != NodeKind::kBinary) return Operand(operand);
        Line line = {Words("(")};
        Append(line, Operand(operand));
        line.push_back(Words(")"));
        return line;
      };
      Line line = inner(*node.children[0]);
      line.push_back(Words(absl::StrCat(" ", expr::Spelling(node.op), " ")));
      Append(line, inner(*node.children[1]));
      return line;
    }
    default:
      break;
  }
  return {{Span::Kind::kCode, expr::Print(expr::CheckedExpr(std::make_shared<CheckedNode>(node)))}};
}

Line CriterionWriter::Comparison(const CheckedNode& node, bool negated) const {
  const CheckedNode* left = node.children[0].get();
  const CheckedNode* right = node.children[1].get();
  Operator op = negated ? Negated(node.op) : node.op;
  if (IsConstant(*left) && !IsConstant(*right)) {
    std::swap(left, right);
    op = Mirrored(op);
  }
  Line line = Operand(*left, right);
  if (!IsConstant(*right)) {
    line.push_back(Words(Relation(op)));
    Append(line, Operand(*right, left));
    return line;
  }
  const std::string value = ConstantText(*right, left);
  const Kind kind = right->constant->kind;
  if (kind == Kind::kInt || kind == Kind::kDouble) {
    line.push_back(Words(absl::StrCat(" ", Bound(op, absl::StrCat(value, Unit(*left))))));
  } else if (op == Operator::kEq || op == Operator::kNe) {
    // "NOT no weakness" would be hard to read.
    line.push_back(Words(op == Operator::kNe ? absl::StrCat(": other than “", value, "”")
                                             : absl::StrCat(": ", value)));
  } else {
    line.push_back(Words(absl::StrCat(" ", expr::Spelling(op), " ", value)));
  }
  return line;
}

Line CriterionWriter::Membership(const CheckedNode& node, bool negated) const {
  const CheckedNode& element = *node.children[0];
  const CheckedNode& range = *node.children[1];
  if (range.kind != NodeKind::kList) {
    Line line = Operand(range);
    line.push_back(Strong(negated ? " NOT including " : " including "));
    Append(line, Operand(element, &range));
    return line;
  }
  Line line = Operand(element);
  line.push_back(Words(negated ? ": none of " : ": "));
  for (size_t i = 0; i < range.children.size(); ++i) {
    const bool last = i + 1 == range.children.size();
    if (i > 0) line.push_back(Words(last && !negated ? " or " : ", "));
    if (negated) line.push_back(Words("“"));
    Append(line, Operand(*range.children[i], &element));
    if (negated) line.push_back(Words("”"));
  }
  return line;
}

Line CriterionWriter::Range(const CheckedNode& node, bool negated) const {
  const CheckedNode& value = *node.children[0];
  Line line = Operand(value);
  if (negated) line.push_back(Strong(" NOT"));
  line.push_back(Words(" from "));
  Append(line, Operand(*node.children[1], &value));
  line.push_back(Words(" to "));
  Append(line, Operand(*node.children[2], &value));
  if (const std::string unit = Unit(value); !unit.empty()) line.push_back(Words(unit));
  return line;
}

Line CriterionWriter::MacroWords(const CheckedNode& node, bool negated) const {
  Line line;
  if (negated) line.push_back(Strong("NOT "));
  const char* lead = node.macro == expr::Macro::kExists ? "at least one entry"
                     : node.macro == expr::Macro::kAll  ? "every entry"
                                                        : "exactly one entry";
  line.push_back(Words(absl::StrCat(lead, " of ")));
  Append(line, Operand(*node.children[0]));
  line.push_back(Words(" with "));
  Append(line, Inline(Build(*node.children[1], false)));
  return line;
}

Line CriterionWriter::Statement(const CheckedNode& node, bool negated) const {
  switch (node.kind) {
    case NodeKind::kSlot:
      if (node.type.kind == Kind::kBool) {
        Line line = Operand(node);
        line.push_back(Words(negated ? ": no" : ": yes"));
        return line;
      }
      return Operand(node);
    case NodeKind::kTerm:
      return TermWords(node.name, negated);
    case NodeKind::kHas:
      return {{Span::Kind::kLink, Label(node.name), QuestionAnchor(node.name), "field"},
              Words(negated ? " not answered" : " answered")};
    case NodeKind::kBinary:
      if (node.op == Operator::kIn) return Membership(node, negated);
      if (expr::IsOrdering(node.op) || expr::IsEquality(node.op)) return Comparison(node, negated);
      return Operand(node);
    case NodeKind::kBetween:
      return Range(node, negated);
    case NodeKind::kMacro:
      return MacroWords(node, negated);
    case NodeKind::kTernary: {
      Line line;
      if (negated) line.push_back(Strong("NOT "));
      line.push_back(Words("if "));
      Append(line, Inline(Build(*node.children[0], false)));
      line.push_back(Words(", then "));
      Append(line, Inline(Build(*node.children[1], false)));
      line.push_back(Words(", otherwise "));
      Append(line, Inline(Build(*node.children[2], false)));
      return line;
    }
    default: {
      Line line;
      if (negated) line.push_back(Strong("NOT "));
      Append(line, Operand(node));
      return line;
    }
  }
}

Line Inline(const Criterion& criterion) {
  if (criterion.lead.empty()) return criterion.words;
  const bool all = criterion.lead == "all of";
  const bool plain = all || criterion.lead == "any of";
  Line line;
  if (!plain) line.push_back(Strong(absl::StrCat(criterion.lead, " (")));
  for (size_t i = 0; i < criterion.parts.size(); ++i) {
    if (i > 0) line.push_back(plain ? Strong(all ? " AND " : " OR ") : Words("; "));
    const Criterion& part = criterion.parts[i];
    const bool bracket = part.lead == "all of" || part.lead == "any of";
    if (bracket) line.push_back(Words("("));
    Append(line, Inline(part));
    if (bracket) line.push_back(Words(")"));
  }
  if (!plain) line.push_back(Strong(")"));
  return line;
}

}  // namespace plumbline::review
