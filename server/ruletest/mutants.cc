#include "server/ruletest/mutants.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/ruletest/expression_mutants.h"

namespace plumbline::ruletest {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A step of a path: "red_flags[3]" or "when".
struct Step {
  std::string field;
  int index = -1;
};

std::vector<Step> StepsOf(const std::string& path) {
  std::vector<Step> steps;
  for (const absl::string_view part : absl::StrSplit(path, '.')) {
    Step step;
    const size_t bracket = part.find('[');
    step.field = std::string(part.substr(0, bracket));
    if (bracket != absl::string_view::npos &&
        !absl::SimpleAtoi(part.substr(bracket + 1, part.size() - bracket - 2), &step.index)) {
      return {};
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

bool SetValue(const Mutant& mutant, const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.SetString(&message, &field, mutant.text);
      return true;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection.SetInt32(&message, &field, static_cast<int32_t>(mutant.number));
      return true;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection.SetEnumValue(&message, &field, static_cast<int>(mutant.number));
      return true;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, mutant.number != 0);
      return true;
    default:
      return false;
  }
}

void RemoveElement(Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = index; i + 1 < reflection.FieldSize(message, &field); ++i) {
    reflection.SwapElements(&message, &field, i, i + 1);
  }
  reflection.RemoveLast(&message, &field);
}

// Writes mutants of everything that is no expression.
class PlainMutants {
 public:
  explicit PlainMutants(std::vector<Mutant>& out) : out_(out) {}

  void Of(const v1::Ruleset& ruleset) {
    for (int i = 0; i < ruleset.safety_screens_size(); ++i) Screen(ruleset.safety_screens(i), i);
    for (int i = 0; i < ruleset.red_flags_size(); ++i) RedFlag(ruleset.red_flags(i), i);
    for (int i = 0; i < ruleset.conditions_size(); ++i) Condition(ruleset.conditions(i), i);
    for (int i = 0; i < ruleset.exercises_size(); ++i) Exercise(ruleset, i);
    Rules(ruleset.indications(), "indications", "indication");
    Rules(ruleset.contraindications(), "contraindications", "contraindication");
    for (int i = 0; i < ruleset.contraindications_size(); ++i) {
      Contraindication(ruleset.contraindications(i), absl::StrCat("contraindications[", i, "]"));
    }
    Rules(ruleset.cautions(), "cautions", "caution");
    Rules(ruleset.prerequisites(), "prerequisites", "prerequisite");
    Rules(ruleset.score_adjustments(), "score_adjustments", "score adjustment");
    Remarks(ruleset);
  }

 private:
  void Set(const char* kind, const std::string& rule_id, const std::string& path, double from,
           double to) {
    if (from == to) return;
    Mutant mutant;
    mutant.kind = kind;
    mutant.rule_id = rule_id;
    mutant.path = path;
    mutant.change = Mutant::Change::kSetNumber;
    mutant.number = to;
    mutant.what = absl::StrCat(from, " -> ", to);
    out_.push_back(std::move(mutant));
  }
  template <typename Enum>
  void SetEnum(const char* kind, const std::string& rule_id, const std::string& path, Enum from,
               Enum to, const std::string& (*name)(Enum)) {
    if (from == to) return;
    Set(kind, rule_id, path, from, to);
    out_.back().what = absl::StrCat(name(from), " -> ", name(to));
  }
  void Remove(const char* kind, const std::string& rule_id, const std::string& path,
              const std::string& what) {
    Mutant mutant;
    mutant.kind = kind;
    mutant.rule_id = rule_id;
    mutant.path = path;
    mutant.change = Mutant::Change::kRemove;
    mutant.what = what;
    out_.push_back(std::move(mutant));
  }

  // One less and one more urgent; the same for gates.
  void Disposition(const std::string& rule_id, const std::string& path, v1::Level level,
                   v1::Gate gate) {
    for (const int step : {-1, 1}) {
      const int other_level = level + step;
      if (other_level > v1::LEVEL_UNSPECIFIED && v1::Level_IsValid(other_level)) {
        SetEnum("level", rule_id, path + ".level", level, static_cast<v1::Level>(other_level),
                &v1::Level_Name<v1::Level>);
      }
      const int other_gate = gate + step;
      if (other_gate > v1::GATE_UNSPECIFIED && v1::Gate_IsValid(other_gate)) {
        SetEnum("gate", rule_id, path + ".gate", gate, static_cast<v1::Gate>(other_gate),
                &v1::Gate_Name<v1::Gate>);
      }
    }
  }

  void Screen(const v1::SafetyScreen& screen, int index) {
    const std::string path = absl::StrCat("safety_screens[", index, "]");
    Disposition(screen.id(), path, screen.level(), screen.gate());
    for (int i = 0; i < screen.items_size(); ++i) {
      Remove("screen item", screen.id(), absl::StrCat(path, ".items[", i, "]"),
             absl::StrCat("item `", screen.items(i).answered(), "` removed"));
    }
    for (int i = 0; i < screen.escalations_size(); ++i) {
      const std::string inner = absl::StrCat(path, ".escalations[", i, "]");
      Disposition(screen.id(), inner, screen.escalations(i).level(), screen.escalations(i).gate());
      Remove("screen item", screen.id(), inner, "escalation removed");
    }
  }

  void RedFlag(const v1::TriageRule& rule, int index) {
    const std::string path = absl::StrCat("red_flags[", index, "]");
    Remove("rule removed", rule.id(), path, absl::StrCat(rule.id(), " removed"));
    Disposition(rule.id(), path, rule.level(), rule.gate());
    if (rule.has_due_days()) {
      Set("time limit", rule.id(), path + ".due_days", rule.due_days(), rule.due_days() + 1);
    }
    using Action = v1::TriageOnIndeterminate;
    const v1::TriageOnIndeterminate& open = rule.on_indeterminate();
    const std::string inner = path + ".on_indeterminate";
    if (open.action() == Action::ACTION_RAISE) {
      Disposition(rule.id(), inner, open.level(), open.gate());
    } else {
      // To what drops the question; RAISE needs a level and is another rule.
      SetEnum("unanswered", rule.id(), inner + ".action", open.action(),
              open.action() == Action::ACTION_ASK ? Action::ACTION_IGNORE : Action::ACTION_ASK,
              &v1::TriageOnIndeterminate::Action_Name<v1::TriageOnIndeterminate::Action>);
    }
  }

  void Condition(const v1::ClinicalCondition& condition, int index) {
    const std::string path = absl::StrCat("conditions[", index, "]");
    for (const int step : {-1, 1}) {
      if (condition.has_possible_at()) {
        Set("points", condition.id(), path + ".possible_at", condition.possible_at(),
            condition.possible_at() + step);
      }
      if (condition.has_likely_at()) {
        Set("points", condition.id(), path + ".likely_at", condition.likely_at(),
            condition.likely_at() + step);
      }
    }
    for (int i = 0; i < condition.findings_size(); ++i) {
      const std::string inner = absl::StrCat(path, ".findings[", i, "]");
      const v1::Finding& finding = condition.findings(i);
      Set("points", finding.id(), inner + ".points", finding.points(), finding.points() + 1);
      Remove("rule removed", finding.id(), inner, absl::StrCat(finding.id(), " removed"));
    }
  }

  void Exercise(const v1::Ruleset& ruleset, int index) {
    const v1::Exercise& exercise = ruleset.exercises(index);
    const std::string path = absl::StrCat("exercises[", index, "]");
    for (int i = 0; i < exercise.doses_size(); ++i) Dose(exercise, i, path);
    if (!exercise.not_prescribed_because().empty()) {
      Mutant mutant;
      mutant.kind = "never prescribed";
      mutant.rule_id = exercise.id();
      mutant.path = path + ".not_prescribed_because";
      mutant.what = "prescribed like any other";
      out_.push_back(std::move(mutant));
    }
  }

  void Dose(const v1::Exercise& exercise, int index, const std::string& path) {
    const v1::DoseStep& dose = exercise.doses(index);
    const std::string inner = absl::StrCat(path, ".doses[", index, "]");
    const Reflection& reflection = *dose.GetReflection();
    for (const char* name :
         {"sets", "reps", "hold_seconds", "times_per_day", "days_per_week", "duration_minutes"}) {
      const FieldDescriptor* field = dose.GetDescriptor()->FindFieldByName(name);
      if (!reflection.HasField(dose, field)) continue;
      const int value = reflection.GetInt32(dose, field);
      Set("dose", exercise.id(), absl::StrCat(inner, ".", name), value, value + 1);
    }
    Set("dose", exercise.id(), inner + ".per_side", dose.per_side() ? 1 : 0,
        dose.per_side() ? 0 : 1);
  }

  template <typename Rule>
  void Rules(const google::protobuf::RepeatedPtrField<Rule>& rules, const std::string& field,
             const std::string& noun) {
    for (int i = 0; i < rules.size(); ++i) {
      const std::string path = absl::StrCat(field, "[", i, "]");
      const Rule& rule = rules.Get(i);
      Remove("rule removed", rule.id(), path, absl::StrCat(noun, " ", rule.id(), " removed"));
      const v1::ExerciseSelector& selector = rule.selector();
      const int parts = selector.exercise_ids_size() + selector.tags_size() +
                        (selector.has_min_load() ? 1 : 0) + (selector.all() ? 1 : 0);
      if (parts < 2) continue;
      for (int k = 0; k < selector.exercise_ids_size(); ++k) {
        Remove("selector", rule.id(), absl::StrCat(path, ".selector.exercise_ids[", k, "]"),
               selector.exercise_ids(k) + " taken out");
      }
      for (int k = 0; k < selector.tags_size(); ++k) {
        Remove("selector", rule.id(), absl::StrCat(path, ".selector.tags[", k, "]"),
               absl::StrCat("tag ", selector.tags(k), " taken out"));
      }
    }
  }

  void Contraindication(const v1::Contraindication& rule, const std::string& path) {
    using Kind = v1::Contraindication;
    SetEnum("unanswered", rule.id(), path + ".on_indeterminate", rule.on_indeterminate(),
            rule.on_indeterminate() == Kind::ON_INDETERMINATE_WITHHOLD
                ? Kind::ON_INDETERMINATE_CAUTION
                : Kind::ON_INDETERMINATE_WITHHOLD,
            &v1::Contraindication::OnIndeterminate_Name<v1::Contraindication::OnIndeterminate>);
    for (int k = 0; k < rule.except_exercise_ids_size(); ++k) {
      Remove("selector", rule.id(), absl::StrCat(path, ".except_exercise_ids[", k, "]"),
             rule.except_exercise_ids(k) + " no longer excepted");
    }
  }

  void Remarks(const v1::Ruleset& ruleset) {
    for (int i = 0; i < ruleset.advice_size(); ++i) {
      Remove("rule removed", ruleset.advice(i).id(), absl::StrCat("advice[", i, "]"),
             absl::StrCat("advice ", ruleset.advice(i).id(), " removed"));
    }
    for (int i = 0; i < ruleset.follow_up_rules_size(); ++i) {
      const v1::FollowUpRule& rule = ruleset.follow_up_rules(i);
      const std::string path = absl::StrCat("follow_up_rules[", i, "]");
      Remove("rule removed", rule.id(), path, absl::StrCat("follow-up ", rule.id(), " removed"));
      Set("time limit", rule.id(), path + ".after_days", rule.after_days(), rule.after_days() + 7);
    }
    for (int i = 0; i < ruleset.notices_size(); ++i) {
      Remove("rule removed", ruleset.notices(i).id(), absl::StrCat("notices[", i, "]"),
             absl::StrCat("notice ", ruleset.notices(i).id(), " removed"));
    }
  }

  std::vector<Mutant>& out_;
};

}  // namespace

std::vector<Mutant> MakeMutants(const v1::Ruleset& ruleset, const ruleset::Probes& probes) {
  std::vector<Mutant> mutants;
  for (const ruleset::Probe& probe : probes.conditions) {
    std::set<std::string> texts = {expr::Print(probe.expr)};
    for (ExpressionMutant& changed : MutateExpression(probe.expr)) {
      if (!texts.insert(changed.text).second) continue;
      Mutant mutant;
      mutant.kind = changed.kind;
      mutant.rule_id = probe.name.rule_id;
      mutant.path = probe.path;
      mutant.what = std::move(changed.what);
      mutant.text = std::move(changed.text);
      mutants.push_back(std::move(mutant));
    }
  }
  PlainMutants(mutants).Of(ruleset);
  return mutants;
}

bool ApplyMutant(const Mutant& mutant, v1::Ruleset& ruleset) {
  Message* at = &ruleset;
  const std::vector<Step> steps = StepsOf(mutant.path);
  for (size_t i = 0; i < steps.size(); ++i) {
    const FieldDescriptor* field = at->GetDescriptor()->FindFieldByName(steps[i].field);
    if (field == nullptr) return false;
    const Reflection& reflection = *at->GetReflection();
    if (steps[i].index >= 0 && steps[i].index >= reflection.FieldSize(*at, field)) return false;
    if (i + 1 == steps.size()) {
      if (mutant.change != Mutant::Change::kRemove) return SetValue(mutant, *field, *at);
      RemoveElement(*at, *field, steps[i].index);
      return true;
    }
    at = steps[i].index >= 0 ? reflection.MutableRepeatedMessage(at, field, steps[i].index)
                             : reflection.MutableMessage(at, field);
  }
  return false;
}

}  // namespace plumbline::ruletest
