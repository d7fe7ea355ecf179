// Checks of the exercises, of the rules that select them, and of the programme.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/ruleset/checks.h"
#include "server/ruleset/selection.h"

namespace plumbline::ruleset {
namespace {

void CheckDoses(const v1::Exercise& exercise, const std::string& path, Report& report) {
  int starts = 0;
  for (int i = 0; i < exercise.doses_size(); ++i) {
    const v1::DoseStep& dose = exercise.doses(i);
    const std::string dose_path = absl::StrCat(path, ".doses[", i, "]");
    if (dose.start() && ++starts == 2) {
      report.Error(dose_path + ".start", "several-start-doses",
                   absl::StrCat("`", exercise.id(), "` has a start dose already"));
    }
    const std::pair<bool, const char*> wrong[] = {
        {dose.has_sets() && dose.sets() < 1, ".sets"},
        {dose.has_reps() && dose.reps() < 1, ".reps"},
        {dose.has_hold_seconds() && dose.hold_seconds() < 1, ".hold_seconds"},
        {dose.has_times_per_day() && dose.times_per_day() < 1, ".times_per_day"},
        {dose.has_days_per_week() && (dose.days_per_week() < 1 || dose.days_per_week() > 7),
         ".days_per_week"},
        {dose.has_duration_minutes() && dose.duration_minutes() < 1, ".duration_minutes"},
    };
    for (const auto& [is_wrong, field] : wrong) {
      if (is_wrong)
        report.Error(dose_path + field, "number-out-of-range", "no one can do this dose");
    }
  }
  if (exercise.doses_size() > 0 && starts == 0) {
    report.Missing(path, "missing-start-dose",
                   absl::StrCat("`", exercise.id(), "` has no dose with `start: true`"));
  }
}

// Finds circles in "move on to" or "fall back to".
class LadderCheck {
 public:
  LadderCheck(const CheckContext& context, const char* field,
              const google::protobuf::RepeatedPtrField<std::string>& (v1::Exercise::*next)() const)
      : context_(context),
        field_(field),
        next_(next),
        marks_(static_cast<size_t>(context.ruleset.exercises_size()), Mark::kNew) {}

  void Run() {
    for (int i = 0; i < context_.ruleset.exercises_size(); ++i) Visit(static_cast<uint32_t>(i));
  }

 private:
  enum class Mark { kNew, kOpen, kDone };
  struct Step {
    uint32_t exercise;
    int next = 0;
  };

  // Depth first, with a stack of its own: see term_graph.cc.
  void Visit(uint32_t root) {
    if (marks_[root] != Mark::kNew) return;
    open_.push_back({root});
    marks_[root] = Mark::kOpen;
    while (!open_.empty()) {
      Step& step = open_.back();
      const auto& ids = (Exercise(step.exercise).*next_)();
      if (step.next == ids.size()) {
        marks_[step.exercise] = Mark::kDone;
        open_.pop_back();
        continue;
      }
      const int at = step.next++;
      const auto target = context_.index.Exercise(ids.Get(at));
      if (!target.has_value() || marks_[*target] == Mark::kDone) continue;
      if (marks_[*target] == Mark::kOpen) {
        ReportCircle(*target, at);
      } else {
        marks_[*target] = Mark::kOpen;
        open_.push_back({*target});
      }
    }
  }

  void ReportCircle(uint32_t target, int at) {
    std::vector<std::string> names;
    for (const Step& step : open_) {
      if (names.empty() && step.exercise != target) continue;
      names.push_back(Exercise(step.exercise).id());
    }
    names.push_back(Exercise(target).id());
    context_.report.Error(
        absl::StrCat("exercises[", open_.back().exercise, "].", field_, "[", at, "]"),
        "progression-cycle",
        absl::StrCat("these lead back to where they began: ", absl::StrJoin(names, " -> ")));
  }

  const v1::Exercise& Exercise(uint32_t index) const {
    return context_.ruleset.exercises(static_cast<int>(index));
  }

  const CheckContext& context_;
  const char* field_;
  const google::protobuf::RepeatedPtrField<std::string>& (v1::Exercise::*next_)() const;
  std::vector<Mark> marks_;
  std::vector<Step> open_;
};

void CheckSelector(const v1::ExerciseSelector& selector, const std::string& path,
                   const CheckContext& context) {
  const bool narrow =
      selector.exercise_ids_size() > 0 || selector.tags_size() > 0 || selector.has_min_load();
  if (!selector.all() && !narrow) {
    context.report.Missing(path, "missing-selector", "this selector means no exercise",
                           "give `exercise_ids`, `tags`, `min_load` or `all`");
  } else if (selector.all() && narrow) {
    context.report.Error(path + ".all", "redundant-selector",
                         "`all` makes the rest of the selector pointless");
  }
  if (selector.has_min_load() && (selector.min_load() < 1 || selector.min_load() > 3)) {
    context.report.Error(path + ".min_load", "number-out-of-range", "loads are 1, 2 and 3");
  }
}

template <typename Rules>
void CheckSelectors(const Rules& rules, const char* field, const CheckContext& context) {
  for (int i = 0; i < rules.size(); ++i) {
    if (rules.Get(i).has_selector()) {
      CheckSelector(rules.Get(i).selector(), absl::StrCat(At(field, i), ".selector"), context);
    }
  }
}

void CheckExceptions(const v1::Contraindication& rule, const std::string& path,
                     const CheckContext& context) {
  for (int i = 0; i < rule.except_exercise_ids_size(); ++i) {
    const auto exercise = context.index.Exercise(rule.except_exercise_ids(i));
    if (!exercise.has_value()) continue;
    if (Selects(rule.selector(), context.ruleset.exercises(static_cast<int>(*exercise)))) continue;
    context.report.Warning(
        absl::StrCat(path, ".except_exercise_ids[", i, "]"), "useless-exception",
        absl::StrCat("`", rule.except_exercise_ids(i), "` is not selected by this rule anyway"));
  }
}

void CheckSizes(const v1::ProgrammeRules& programme, Report& report) {
  for (int i = 0; i < programme.sizes_size(); ++i) {
    const v1::SizeLimit& size = programme.sizes(i);
    const std::string path = absl::StrCat("programme.sizes[", i, "]");
    const bool last = i + 1 == programme.sizes_size();
    if (size.when().empty() && !last) {
      report.Missing(path, "size-order",
                     absl::StrCat("`", size.id(), "` always applies: no later size is reached"));
    } else if (!size.when().empty() && last) {
      report.Error(path + ".when", "size-order",
                   "the last size is for everyone else: it has no `when`");
    }
    if (size.has_max_exercises() && size.max_exercises() < 1) {
      report.Error(path + ".max_exercises", "number-out-of-range",
                   "a programme has at least one exercise");
    }
    if (size.has_max_minutes_per_day() && size.max_minutes_per_day() < 1) {
      report.Error(path + ".max_minutes_per_day", "number-out-of-range",
                   "a programme takes at least one minute");
    }
    if (!size.has_max_exercises() && !size.has_max_minutes_per_day()) {
      report.Missing(path, "missing-value", absl::StrCat("`", size.id(), "` limits nothing"),
                     "give `max_exercises` or `max_minutes_per_day`");
    }
  }
}

void CheckQuotas(const v1::ProgrammeRules& programme, Report& report) {
  for (int i = 0; i < programme.quotas_size(); ++i) {
    const v1::Quota& quota = programme.quotas(i);
    const std::string path = absl::StrCat("programme.quotas[", i, "]");
    if (quota.types_size() == 0 && quota.tags_size() == 0) {
      report.Missing(path, "missing-selector", "this quota is about no kind of exercise",
                     "give `types` or `tags`");
    }
    if (!quota.has_min() && !quota.has_max()) {
      report.Missing(path, "missing-value", absl::StrCat("`", quota.id(), "` limits nothing"),
                     "give `min` or `max`");
    }
    if (quota.min() < 0 || quota.max() < 0) {
      report.Error(path, "number-out-of-range", "a quota cannot be negative");
    } else if (quota.has_min() && quota.has_max() && quota.min() > quota.max()) {
      report.Error(path + ".min", "inverted-range", "`min` is greater than `max`");
    }
  }
}

void CheckSequence(const v1::ProgrammeRules& programme, Report& report) {
  for (int i = 0; i < programme.sequence_size(); ++i) {
    const v1::SequenceStep& step = programme.sequence(i);
    if (step.types_size() > 0 || step.tags_size() > 0 || step.exercise_ids_size() > 0) continue;
    report.Missing(absl::StrCat("programme.sequence[", i, "]"), "missing-selector",
                   "this step selects no exercise", "give `types`, `tags` or `exercise_ids`");
  }
}

void CheckResponses(const v1::ResponsePolicy& responses, Report& report) {
  const std::string path = "programme.responses";
  if (!responses.has_reduce_after() || !responses.has_skip_after()) {
    report.Missing(path, "missing-value", "`reduce_after` and `skip_after` are both needed");
  } else if (responses.reduce_after() < 1) {
    report.Error(path + ".reduce_after", "number-out-of-range", "at least one aggravation");
  } else if (responses.skip_after() < responses.reduce_after()) {
    report.Error(path + ".skip_after", "inverted-range",
                 "an exercise would be left out before it is reduced");
  }
}

}  // namespace

void CheckExercises(const CheckContext& context) {
  for (int i = 0; i < context.ruleset.exercises_size(); ++i) {
    const v1::Exercise& exercise = context.ruleset.exercises(i);
    const std::string path = At("exercises", i);
    if (exercise.load() != 0 && (exercise.load() < 1 || exercise.load() > 3)) {
      context.report.Error(path + ".load", "number-out-of-range", "loads are 1, 2 and 3");
    }
    if (exercise.has_minutes_per_day() && exercise.minutes_per_day() < 0) {
      context.report.Error(path + ".minutes_per_day", "number-out-of-range",
                           "time cannot be negative");
    }
    CheckDoses(exercise, path, context.report);
  }
  LadderCheck(context, "progressions", &v1::Exercise::progressions).Run();
  LadderCheck(context, "regressions", &v1::Exercise::regressions).Run();
}

void CheckSelection(const CheckContext& context) {
  const v1::Ruleset& ruleset = context.ruleset;
  CheckSelectors(ruleset.indications(), "indications", context);
  CheckSelectors(ruleset.contraindications(), "contraindications", context);
  CheckSelectors(ruleset.cautions(), "cautions", context);
  CheckSelectors(ruleset.prerequisites(), "prerequisites", context);
  CheckSelectors(ruleset.score_adjustments(), "score_adjustments", context);
  for (int i = 0; i < ruleset.contraindications_size(); ++i) {
    CheckExceptions(ruleset.contraindications(i), At("contraindications", i), context);
  }
}

void CheckProgramme(const CheckContext& context) {
  if (!context.ruleset.has_programme()) return;
  const v1::ProgrammeRules& programme = context.ruleset.programme();
  for (int i = 0; i < programme.neutral_set_size(); ++i) {
    const auto exercise = context.index.Exercise(programme.neutral_set(i));
    if (!exercise.has_value()) continue;
    if (context.ruleset.exercises(static_cast<int>(*exercise)).not_prescribed_because().empty()) {
      continue;
    }
    context.report.Error(absl::StrCat("programme.neutral_set[", i, "]"), "not-prescribable",
                         absl::StrCat("`", programme.neutral_set(i), "` is never prescribed"));
  }
  CheckSizes(programme, context.report);
  CheckQuotas(programme, context.report);
  CheckSequence(programme, context.report);
  if (programme.has_responses()) CheckResponses(programme.responses(), context.report);
  if (programme.max_alternatives() < 0) {
    context.report.Error("programme.max_alternatives", "number-out-of-range",
                         "a number cannot be negative");
  }
}

}  // namespace plumbline::ruleset
