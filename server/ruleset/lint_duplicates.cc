#include "server/ruleset/lint_duplicates.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/expr/checked_ast.h"
#include "server/ruleset/selection.h"

namespace plumbline::ruleset {
namespace {

using expr::CheckedExpr;
using expr::NodeKind;

// Equal for expressions that differ in layout and order of operands alone.
std::string KeyOf(const expr::CheckedPtr& node) {
  if (node->kind != NodeKind::kLogic && node->kind != NodeKind::kAtLeast) {
    return expr::Print(CheckedExpr(node));
  }
  std::vector<std::string> parts;
  for (const expr::CheckedPtr& child : node->children) parts.push_back(KeyOf(child));
  std::sort(parts.begin(), parts.end());
  const std::string name = node->kind == NodeKind::kAtLeast
                               ? absl::StrCat("atLeast ", node->threshold)
                               : expr::Spelling(node->op);
  return absl::StrCat("(", name, " ", absl::StrJoin(parts, ", "), ")");
}

std::string KeyAt(const CheckContext& context, const std::string& path) {
  const CheckedExpr* checked = context.expressions.Find(path);
  if (checked == nullptr) return "";
  return KeyOf(expr::CheckedPtr(expr::CheckedPtr(), &checked->root()));
}

enum class Relation { kDifferent, kSame, kWeaker };

// For each pair of rules with the same condition: how the second relates to the first.
template <typename Rules>
void Compare(const CheckContext& context, const Rules& rules, absl::string_view field,
             const std::function<Relation(int first, int second)>& relate) {
  std::map<std::string, std::vector<int>> by_condition;
  for (int i = 0; i < rules.size(); ++i) {
    const std::string key = KeyAt(context, At(field, i) + ".when");
    if (!key.empty()) by_condition[key].push_back(i);
  }
  for (const auto& [key, group] : by_condition) {
    for (const int second : group) {
      for (const int first : group) {
        if (first == second) continue;
        const Relation relation = relate(first, second);
        // Of two equal ones, the later is the repetition.
        if (relation == Relation::kDifferent || (relation == Relation::kSame && second < first)) {
          continue;
        }
        const std::string& other = rules.Get(first).id();
        const std::string path = absl::StrCat(At(field, second), ".when");
        if (relation == Relation::kSame) {
          context.report.InText(
              Severity::kWarning, path, 0, "duplicate-rule",
              absl::StrCat("`", rules.Get(second).id(), "` says the same as `", other, "`"));
        } else {
          context.report.InText(Severity::kWarning, path, 0, "shadowed-rule",
                                absl::StrCat("`", other,
                                             "` has the same condition and a stronger "
                                             "result than `",
                                             rules.Get(second).id(), "`"));
        }
        break;
      }
    }
  }
}

std::vector<bool> Selected(const v1::Ruleset& ruleset, const v1::ExerciseSelector& selector) {
  std::vector<bool> selected;
  for (const v1::Exercise& exercise : ruleset.exercises()) {
    selected.push_back(Selects(selector, exercise));
  }
  return selected;
}

// Every exercise of `inner` is in `outer`.
bool Includes(const std::vector<bool>& outer, const std::vector<bool>& inner) {
  for (size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] && !outer[i]) return false;
  }
  return true;
}

// What a rule is that has the same effect on some of the exercises only.
enum class Subset { kWeaker, kDifferent };

// Rules that select exercises: the same condition for the same exercises, and the same effect.
template <typename Rules>
void CompareSelecting(const CheckContext& context, const Rules& rules, absl::string_view field,
                      const std::function<bool(int, int)>& same_effect,
                      Subset subset = Subset::kWeaker) {
  std::vector<std::vector<bool>> selected;
  for (const auto& rule : rules) selected.push_back(Selected(context.ruleset, rule.selector()));
  Compare(context, rules, field, [&](int first, int second) {
    const auto& outer = selected[static_cast<size_t>(first)];
    const auto& inner = selected[static_cast<size_t>(second)];
    if (!same_effect(first, second) || !Includes(outer, inner)) return Relation::kDifferent;
    if (outer == inner) return Relation::kSame;
    return subset == Subset::kWeaker ? Relation::kWeaker : Relation::kDifferent;
  });
}

void CompareRedFlags(const CheckContext& context) {
  const auto& rules = context.ruleset.red_flags();
  Compare(context, rules, "red_flags", [&rules](int first, int second) {
    const v1::TriageRule& strong = rules.Get(first);
    const v1::TriageRule& weak = rules.Get(second);
    if (weak.level() > strong.level() || weak.gate() > strong.gate()) return Relation::kDifferent;
    // Another referral, or another answer to open questions, is a reason to stand by itself.
    if (!weak.referral().empty() && weak.referral() != strong.referral()) {
      return Relation::kDifferent;
    }
    if (weak.on_indeterminate().level() > strong.on_indeterminate().level() ||
        weak.on_indeterminate().gate() > strong.on_indeterminate().gate()) {
      return Relation::kDifferent;
    }
    const bool equal = weak.level() == strong.level() && weak.gate() == strong.gate();
    return equal ? Relation::kSame : Relation::kWeaker;
  });
}

// The same condition and the same of something else.
template <typename Rules, typename Effect>
void CompareEffects(const CheckContext& context, const Rules& rules, absl::string_view field,
                    const Effect& effect) {
  Compare(context, rules, field, [&](int first, int second) {
    return effect(first) == effect(second) ? Relation::kSame : Relation::kDifferent;
  });
}

}  // namespace

void LintDuplicates(const CheckContext& context) {
  const v1::Ruleset& ruleset = context.ruleset;
  CompareRedFlags(context);
  for (int i = 0; i < ruleset.conditions_size(); ++i) {
    Compare(context, ruleset.conditions(i).findings(), At("conditions", i) + ".findings",
            [](int, int) { return Relation::kSame; });
  }
  CompareSelecting(
      context, ruleset.contraindications(), "contraindications", [&ruleset](int first, int second) {
        const auto& a = ruleset.contraindications(first);
        const auto& b = ruleset.contraindications(second);
        return a.on_indeterminate() == b.on_indeterminate() && a.except_exercise_ids_size() == 0;
      });
  // Points add up: only the very same selection is a repetition.
  const auto any = [](int, int) { return true; };
  CompareSelecting(context, ruleset.indications(), "indications", any, Subset::kDifferent);
  CompareSelecting(context, ruleset.score_adjustments(), "score_adjustments", any,
                   Subset::kDifferent);
  CompareSelecting(context, ruleset.prerequisites(), "prerequisites", any);
  CompareSelecting(context, ruleset.cautions(), "cautions", [&ruleset](int a, int b) {
    return ruleset.cautions(a).text() == ruleset.cautions(b).text();
  });
  CompareEffects(context, ruleset.advice(), "advice",
                 [&ruleset](int i) { return ruleset.advice(i).text(); });
  CompareEffects(context, ruleset.follow_up_rules(), "follow_up_rules",
                 [&ruleset](int i) { return ruleset.follow_up_rules(i).after_days(); });
  std::vector<std::string> exceptions;
  for (int i = 0; i < ruleset.consistency_rules_size(); ++i) {
    exceptions.push_back(KeyAt(context, At("consistency_rules", i) + ".unless"));
  }
  CompareEffects(context, ruleset.consistency_rules(), "consistency_rules",
                 [&exceptions](int i) { return exceptions[static_cast<size_t>(i)]; });
}

}  // namespace plumbline::ruleset
