// Checks of what triage rests on: scales, red flags, safety screens, conditions, stages.

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ruleset/checks.h"
#include "server/ruleset/suggest.h"

namespace plumbline::ruleset {
namespace {

using google::protobuf::EnumDescriptor;

// Every value of a scale needs one text; `numbers` are those given, in order.
void CheckCoverage(const EnumDescriptor& scale, const std::vector<int>& numbers,
                   const std::string& field, const std::string& code, Report& report) {
  std::set<int> given;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != 0 && !given.insert(numbers[i]).second) {
      report.Error(
          At(field, static_cast<int>(i)), "duplicate-" + code,
          absl::StrCat(scale.FindValueByNumber(numbers[i])->name(), " has a text already"));
    }
  }
  for (int i = 0; i < scale.value_count(); ++i) {
    if (scale.value(i)->number() == 0 || given.count(scale.value(i)->number()) > 0) continue;
    report.Missing("dispositions", "missing-" + code,
                   absl::StrCat(scale.value(i)->name(), " has no text"));
  }
}

// A gate that is stricter than one that lets nothing out lets nothing out.
void CheckReleases(const v1::Dispositions& dispositions, Report& report) {
  for (int i = 0; i < dispositions.gates_size(); ++i) {
    const v1::GateText& strict = dispositions.gates(i);
    for (const v1::GateText& mild : dispositions.gates()) {
      if (mild.gate() < strict.gate() && mild.release() == v1::PROGRAMME_RELEASE_NONE &&
          strict.release() == v1::PROGRAMME_RELEASE_FULL) {
        report.Error(absl::StrCat("dispositions.gates[", i, "].release"), "release-not-monotone",
                     absl::StrCat(v1::Gate_Name(strict.gate()), " lets out what ",
                                  v1::Gate_Name(mild.gate()), " holds back"));
        break;
      }
    }
  }
}

void CheckDueDays(bool given, int days, const std::string& path, Report& report) {
  if (given && days < 0) {
    report.Error(path, "number-out-of-range", "a time limit cannot be negative");
  }
}

void CheckOnIndeterminate(const v1::TriageRule& rule, const std::string& path, Report& report) {
  const v1::TriageOnIndeterminate& action = rule.on_indeterminate();
  using Action = v1::TriageOnIndeterminate;
  if (action.action() == Action::ACTION_UNSPECIFIED) return;  // reported
  CheckDueDays(action.has_due_days(), action.due_days(), path + ".due_days", report);
  if (action.action() == Action::ACTION_RAISE) {
    if (action.level() == v1::LEVEL_UNSPECIFIED) {
      report.Missing(path, "missing-level", absl::StrCat("`", rule.id(), "` raises to no level"),
                     "ACTION_RAISE states `level` and `gate`");
    }
    if (action.gate() == v1::GATE_UNSPECIFIED) {
      report.Missing(path, "missing-gate", absl::StrCat("`", rule.id(), "` raises to no gate"),
                     "ACTION_RAISE states `level` and `gate`");
    }
    return;
  }
  const std::pair<bool, const char*> raise_only[] = {
      {!action.when().empty(), ".when"},
      {action.level() != v1::LEVEL_UNSPECIFIED, ".level"},
      {action.gate() != v1::GATE_UNSPECIFIED, ".gate"},
      {action.has_due_days(), ".due_days"},
  };
  for (const auto& [given, field] : raise_only) {
    if (given) {
      report.Error(path + field, "raise-only",
                   absl::StrCat("`", field + 1, "` has no effect without ACTION_RAISE"));
    }
  }
  if (action.action() == Action::ACTION_IGNORE && action.because().empty()) {
    report.Missing(path, "missing-text",
                   absl::StrCat("`", rule.id(), "` does not say why open answers are ignored"),
                   "give `because`");
  }
}

void CheckPoints(const v1::ClinicalCondition& condition, const std::string& path, Report& report) {
  int64_t reachable = 0;
  for (const v1::Finding& finding : condition.findings()) {
    if (finding.points() > 0) reachable += finding.points();
  }
  if (!condition.has_possible_at() && !condition.residual()) {
    report.Missing(path, "missing-value",
                   absl::StrCat("`", condition.id(), "` has no `possible_at`"));
  }
  const std::pair<bool, const char*> thresholds[] = {
      {condition.has_possible_at() && condition.possible_at() > reachable, ".possible_at"},
      {condition.has_likely_at() && condition.likely_at() > reachable, ".likely_at"},
  };
  for (const auto& [out_of_reach, field] : thresholds) {
    if (out_of_reach) {
      report.Error(path + field, "points-out-of-reach",
                   absl::StrCat("all findings together give ", reachable, " points"));
    }
  }
  if (condition.has_likely_at() && condition.possible_at() <= reachable &&
      condition.likely_at() < condition.possible_at()) {
    report.Error(path + ".likely_at", "inverted-range", "LIKELY takes fewer points than POSSIBLE");
  }
  if (!condition.has_likely_at() && !condition.likely_when().empty()) {
    report.Error(path + ".likely_when", "likely-without-points",
                 "without `likely_at` the condition is never LIKELY");
  }
}

}  // namespace

void CheckDispositions(const CheckContext& context) {
  const v1::Dispositions& dispositions = context.ruleset.dispositions();
  if (!context.ruleset.has_dispositions()) return;
  std::vector<int> levels;
  for (int i = 0; i < dispositions.levels_size(); ++i) {
    levels.push_back(dispositions.levels(i).level());
    CheckDueDays(dispositions.levels(i).has_due_days(), dispositions.levels(i).due_days(),
                 absl::StrCat("dispositions.levels[", i, "].due_days"), context.report);
  }
  std::vector<int> gates;
  for (const v1::GateText& gate : dispositions.gates()) gates.push_back(gate.gate());
  CheckCoverage(*v1::Level_descriptor(), levels, "dispositions.levels", "level-text",
                context.report);
  CheckCoverage(*v1::Gate_descriptor(), gates, "dispositions.gates", "gate-text", context.report);
  CheckReleases(dispositions, context.report);
  std::set<std::pair<int, int>> limits;
  for (int i = 0; i < dispositions.limits_size(); ++i) {
    const v1::ProgrammeLimit& limit = dispositions.limits(i);
    if (!limits.emplace(limit.level(), limit.gate()).second) {
      context.report.Error(absl::StrCat("dispositions.limits[", i, "]"), "duplicate-limit",
                           "this level and gate have a limit already");
    }
  }
}

void CheckRedFlags(const CheckContext& context) {
  for (int i = 0; i < context.ruleset.red_flags_size(); ++i) {
    const v1::TriageRule& rule = context.ruleset.red_flags(i);
    const std::string path = At("red_flags", i);
    CheckDueDays(rule.has_due_days(), rule.due_days(), path + ".due_days", context.report);
    if (rule.has_on_indeterminate()) {
      CheckOnIndeterminate(rule, path + ".on_indeterminate", context.report);
    }
  }
}

void CheckScreens(const CheckContext& context) {
  for (int i = 0; i < context.ruleset.safety_screens_size(); ++i) {
    const v1::SafetyScreen& screen = context.ruleset.safety_screens(i);
    std::set<std::string> groups;
    for (const v1::ScreenItem& item : screen.items()) groups.insert(item.group());
    for (int k = 0; k < screen.escalations_size(); ++k) {
      const std::string& group = screen.escalations(k).group();
      if (group.empty() || groups.count(group) > 0) continue;
      context.report.Error(
          absl::StrCat("safety_screens[", i, "].escalations[", k, "].group"),
          "unknown-screen-group",
          absl::StrCat("no item of `", screen.id(), "` is in the group `", group, "`"),
          DidYouMean(group, {groups.begin(), groups.end()}));
    }
  }
}

void CheckConditions(const CheckContext& context) {
  std::map<int, std::string> priorities;
  const int count = context.ruleset.conditions_size();
  for (int i = 0; i < count; ++i) {
    const v1::ClinicalCondition& condition = context.ruleset.conditions(i);
    const std::string path = At("conditions", i);
    CheckPoints(condition, path, context.report);
    if (condition.residual() && i == 0) {
      context.report.Error(path + ".residual", "residual-first",
                           "what remains when no condition before it fits cannot stand first");
    }
    if (!condition.has_priority()) continue;
    const auto [at, added] = priorities.emplace(condition.priority(), condition.id());
    if (!added) {
      context.report.Error(path + ".priority", "duplicate-priority",
                           absl::StrCat("`", at->second, "` has this priority already"));
    }
  }
}

void CheckStratifications(const CheckContext& context) {
  for (int t = 0; t < context.ruleset.stratifications_size(); ++t) {
    const v1::Stratification& tool = context.ruleset.stratifications(t);
    std::set<std::string> ids;
    for (int i = 0; i < tool.strata_size(); ++i) {
      if (tool.strata(i).id().empty() || ids.insert(tool.strata(i).id()).second) continue;
      context.report.Error(
          absl::StrCat(At("stratifications", t), ".strata[", i, "].id"), "duplicate-id",
          absl::StrCat("`", tool.id(), "` has a group `", tool.strata(i).id(), "` already"));
    }
  }
}

void CheckStages(const CheckContext& context) {
  std::map<int, std::string> ranks;
  const int count = context.ruleset.stages_size();
  for (int i = 0; i < count; ++i) {
    const v1::Stage& stage = context.ruleset.stages(i);
    const std::string path = At("stages", i);
    const bool last = i + 1 == count;
    if (stage.when().empty() && !last) {
      context.report.Missing(
          path, "stage-order",
          absl::StrCat("`", stage.id(), "` takes everyone: no later stage is reached"),
          "only the last stage has no `when`");
    } else if (!stage.when().empty() && last) {
      context.report.Error(path + ".when", "stage-order",
                           "the last stage is for everyone else: it has no `when`");
    } else if (!last && stage.on_indeterminate() == v1::Stage::ON_INDETERMINATE_UNSPECIFIED) {
      context.report.Missing(path, "missing-on-indeterminate",
                             absl::StrCat("`", stage.id(), "` has no `on_indeterminate`"),
                             "say what happens while answers are missing; there is no default");
    }
    if (!stage.has_rank()) continue;
    if (stage.rank() < 1) {
      context.report.Error(path + ".rank", "number-out-of-range", "ranks count from 1");
    }
    const auto [at, added] = ranks.emplace(stage.rank(), stage.id());
    if (!added) {
      context.report.Error(path + ".rank", "duplicate-rank",
                           absl::StrCat("`", at->second, "` has this rank already"));
    }
  }
}

}  // namespace plumbline::ruleset
