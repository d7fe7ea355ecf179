#include "server/ruleset/lint_reach.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/expr/checked_ast.h"
#include "server/ruleset/rule_fields.h"
#include "server/ruleset/selection.h"
#include "server/ruleset/term_graph.h"
#include "server/ruleset/text_template.h"

namespace plumbline::ruleset {
namespace {

using expr::CheckedExpr;
using expr::CheckedNode;
using expr::NodeKind;
using google::protobuf::Message;

// Filled in by clinicians and earlier answers, not asked for.
bool IsAskedFor(const expr::Slot& slot) {
  return slot.name != "confirmed_conditions" && slot.name != "exercise_responses";
}

// Which fields are read, and where first.
class FieldUse {
 public:
  explicit FieldUse(const CheckContext& context) : context_(context) {
    for (const v1::Question& question : context.ruleset.questions()) {
      asked_.insert(question.field());
    }
  }

  void Run() {
    for (const Expressions::Site& site : context_.expressions.sites()) {
      const CheckedExpr* checked = context_.expressions.Find(site.path);
      if (checked == nullptr) continue;
      checked->Slots().ForEach([&](expr::SlotIndex slot) {
        Read(context_.schema.slot(slot), site.path, OffsetOfName(site, slot));
      });
    }
    WalkMessages(context_.ruleset, [this](const Message& message, const std::string& path) {
      ReadTexts(message, path);
    });
    for (const v1::ConsistencyRule& rule : context_.ruleset.consistency_rules()) {
      for (const std::string& field : rule.fields()) read_.insert(field);
    }
    ReportUnused();
  }

 private:
  void Read(const expr::Slot& slot, const std::string& path, size_t offset) {
    if (!read_.insert(slot.name).second || asked_.count(slot.name) > 0 || !IsAskedFor(slot)) return;
    context_.report.InText(
        Severity::kError, path, offset, "field-without-question",
        absl::StrCat("`", slot.name, "` is read here, and no question asks for it"),
        "add it to `questions`");
  }

  size_t OffsetOfName(const Expressions::Site& site, expr::SlotIndex slot) const {
    const std::string& name = context_.schema.slot(slot).name;
    size_t place = 0;
    bool found = false;
    VisitNames(site.text, [&](absl::string_view read, size_t offset) {
      if (found || (read != name && read != absl::StrCat("intake.", name))) return;
      found = true;
      place = offset;
    });
    return place;
  }

  void ReadTexts(const Message& message, const std::string& path) {
    const auto* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldRole* role = FindFieldRole(*type->field(i));
      if (role == nullptr || role->role != Role::kTemplate) continue;
      const std::string text = message.GetReflection()->GetString(message, type->field(i));
      std::vector<TemplateMistake> reported_elsewhere;
      for (const SlotIndex slot : ParseTemplate(text, context_.schema, reported_elsewhere).slots) {
        const std::string& name = context_.schema.slot(slot).name;
        Read(context_.schema.slot(slot), absl::StrCat(path, ".", type->field(i)->name()),
             text.find(absl::StrCat("{", name, "}")) + 1);
      }
    }
  }

  void ReportUnused() {
    for (int i = 0; i < context_.ruleset.questions_size(); ++i) {
      const std::string& field = context_.ruleset.questions(i).field();
      const auto slot = context_.schema.Find(field);
      if (!slot.has_value() || read_.count(field) > 0) continue;
      if (!IsAskedFor(context_.schema.slot(*slot))) continue;  // the engine itself reads these
      const expr::Kind kind = context_.schema.slot(*slot).type.kind;
      if (kind == expr::Kind::kInt || kind == expr::Kind::kDouble || kind == expr::Kind::kString) {
        continue;
      }
      context_.report.Warning(At("questions", i) + ".field", "unused-question",
                              absl::StrCat("no rule reads `", field, "`"));
    }
  }

  const CheckContext& context_;
  std::set<std::string> asked_;
  std::set<std::string> read_;
};

// What makes an expression non-monotone in the answers; empty if nothing does.
class MonotoneCheck {
 public:
  // `follow_patterns`: look into the conditions behind suspected.* and likely.* too.
  MonotoneCheck(const CheckContext& context, bool follow_patterns)
      : context_(context), follow_patterns_(follow_patterns) {}

  std::string Offender(const CheckedNode& node) {
    if (node.kind == NodeKind::kHas || node.kind == NodeKind::kHasRowField) {
      return expr::Print(CheckedExpr(expr::CheckedPtr(expr::CheckedPtr(), &node)));
    }
    if (node.kind == NodeKind::kTerm) return OffenderInTerm(node.name);
    for (const expr::CheckedPtr& child : node.children) {
      if (std::string offender = Offender(*child); !offender.empty()) return offender;
    }
    return "";
  }

 private:
  std::string OffenderInTerm(const std::string& name) {
    if (absl::StartsWith(name, "stage.")) return name;
    if (!visited_.insert(name).second) return "";
    if (absl::StartsWith(name, "suspected.") || absl::StartsWith(name, "likely.")) {
      return OffenderInPattern(name);
    }
    const CheckedExpr* term = context_.expressions.FindTerm(name);
    return term == nullptr ? "" : Offender(term->root());
  }

  std::string OffenderInPattern(const std::string& name) {
    const std::string id = name.substr(name.find('.') + 1);
    for (int i = 0; i < context_.ruleset.conditions_size(); ++i) {
      const v1::ClinicalCondition& condition = context_.ruleset.conditions(i);
      if (condition.id() != id) continue;
      if (condition.residual()) return name;
      return follow_patterns_ ? OffenderInCondition(condition, At("conditions", i)) : "";
    }
    return "";
  }

  std::string OffenderInCondition(const v1::ClinicalCondition& condition, const std::string& path) {
    std::vector<std::string> paths = {path + ".required", path + ".cancelled_when",
                                      path + ".possible_when", path + ".likely_when"};
    for (int i = 0; i < condition.findings_size(); ++i) {
      paths.push_back(absl::StrCat(path, ".findings[", i, "].when"));
    }
    for (const std::string& inner : paths) {
      const CheckedExpr* checked = context_.expressions.Find(inner);
      if (checked == nullptr) continue;
      if (std::string offender = Offender(checked->root()); !offender.empty()) return offender;
    }
    return "";
  }

  const CheckContext& context_;
  const bool follow_patterns_;
  std::set<std::string> visited_;
};

}  // namespace

void LintQuestions(const CheckContext& context) { FieldUse(context).Run(); }

void LintExercises(const CheckContext& context) {
  const v1::Ruleset& ruleset = context.ruleset;
  const std::set<std::string> neutral(ruleset.programme().neutral_set().begin(),
                                      ruleset.programme().neutral_set().end());
  for (int i = 0; i < ruleset.exercises_size(); ++i) {
    const v1::Exercise& exercise = ruleset.exercises(i);
    bool reachable = !exercise.not_prescribed_because().empty() || neutral.count(exercise.id()) > 0;
    for (const v1::Indication& indication : ruleset.indications()) {
      reachable = reachable || Selects(indication.selector(), exercise);
    }
    if (reachable) continue;
    context.report.Warning(At("exercises", i) + ".id", "unreachable-exercise",
                           absl::StrCat("no indication selects `", exercise.id(), "`"),
                           "add one, or say why in `not_prescribed_because`");
  }
}

void LintSafetyRules(const CheckContext& context) {
  for (int i = 0; i < context.ruleset.red_flags_size(); ++i) {
    const v1::TriageRule& rule = context.ruleset.red_flags(i);
    if (rule.level() <= v1::LEVEL_EXERCISE_OK && rule.gate() <= v1::GATE_ALLOW) continue;
    const std::string path = At("red_flags", i) + ".when";
    const CheckedExpr* checked = context.expressions.Find(path);
    if (checked == nullptr) continue;
    // Rules that refer or limit may rest on a pattern, and a pattern may weigh what was not
    // answered; rules that alarm may not.
    const bool alarms =
        rule.level() >= v1::LEVEL_URGENT_2W || rule.gate() >= v1::GATE_HOLD_UNTIL_REVIEW;
    const std::string offender = MonotoneCheck(context, alarms).Offender(checked->root());
    if (offender.empty()) continue;
    context.report.InText(Severity::kWarning, path, 0, "non-monotone-safety-rule",
                          absl::StrCat("`", rule.id(), "` reads `", offender,
                                       "`: one more answer could switch it off"),
                          "safety rules read answers, not the absence of answers");
  }
}

}  // namespace plumbline::ruleset
