// Checks of follow-up, notices and vignettes.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/ruleset/checks.h"
#include "server/ruleset/suggest.h"

namespace plumbline::ruleset {
namespace {

// Groups of the intake, by the names that `otherwise_negative` takes.
std::vector<std::string> GroupNames(const expr::Schema& schema) {
  std::vector<std::string> names;
  for (const expr::Slot& slot : schema.slots()) {
    if (slot.group != nullptr && (names.empty() || names.back() != slot.group->name())) {
      names.push_back(slot.group->name());
    }
  }
  return names;
}

void CheckGiven(const v1::Vignette& vignette, const std::string& path,
                const CheckContext& context) {
  const auto& confirmed = vignette.given().confirmed_conditions().values();
  for (int i = 0; i < confirmed.size(); ++i) {
    if (context.index.Knows(Kind::kCondition, confirmed.Get(i))) continue;
    context.report.Error(absl::StrCat(path, ".given.confirmed_conditions.values[", i, "]"),
                         "unknown-condition",
                         absl::StrCat("there is no condition `", confirmed.Get(i), "`"),
                         DidYouMean(confirmed.Get(i), context.index.Names(Kind::kCondition)));
  }
  const auto& responses = vignette.given().exercise_responses().values();
  for (int i = 0; i < responses.size(); ++i) {
    const std::string& id = responses.Get(i).exercise_id();
    if (context.index.Knows(Kind::kExercise, id)) continue;
    context.report.Error(
        absl::StrCat(path, ".given.exercise_responses.values[", i, "].exercise_id"),
        "unknown-exercise", absl::StrCat("there is no exercise `", id, "`"),
        DidYouMean(id, context.index.Names(Kind::kExercise)));
  }
}

void CheckExpectedStrata(const v1::Vignette& vignette, const std::string& path,
                         const CheckContext& context) {
  std::vector<std::string> known;
  for (const v1::Stratification& tool : context.ruleset.stratifications()) {
    for (const v1::Stratum& stratum : tool.strata()) {
      known.push_back(absl::StrCat(tool.id(), "/", stratum.id()));
    }
  }
  for (int i = 0; i < vignette.expect().strata_size(); ++i) {
    const std::string& wanted = vignette.expect().strata(i);
    if (std::find(known.begin(), known.end(), wanted) != known.end()) continue;
    context.report.Error(absl::StrCat(path, ".expect.strata[", i, "]"), "unknown-stratum",
                         absl::StrCat("there is no group `", wanted, "`; write tool/group"),
                         DidYouMean(wanted, known));
  }
}

}  // namespace

void CheckTexts(const CheckContext& context) {
  const v1::Ruleset& ruleset = context.ruleset;
  for (int i = 0; i < ruleset.follow_up_rules_size(); ++i) {
    if (ruleset.follow_up_rules(i).after_days() < 0) {
      context.report.Error(At("follow_up_rules", i) + ".after_days", "number-out-of-range",
                           "a follow-up cannot lie in the past");
    }
  }
  for (int i = 0; i < ruleset.notices_size(); ++i) {
    const v1::Notice& notice = ruleset.notices(i);
    const std::string path = At("notices", i);
    if (notice.trigger() == v1::Notice::TRIGGER_WHEN && notice.when().empty()) {
      context.report.Missing(path, "missing-expression",
                             absl::StrCat("`", notice.id(), "` has no `when`"));
    } else if (notice.trigger() != v1::Notice::TRIGGER_UNSPECIFIED &&
               notice.trigger() != v1::Notice::TRIGGER_WHEN && !notice.when().empty()) {
      context.report.Error(path + ".when", "unexpected-expression",
                           "`when` has no effect with this trigger");
    }
  }
}

void CheckVignettes(const CheckContext& context) {
  const std::vector<std::string> groups = GroupNames(context.schema);
  for (int i = 0; i < context.ruleset.vignettes_size(); ++i) {
    const v1::Vignette& vignette = context.ruleset.vignettes(i);
    const std::string path = At("vignettes", i);
    for (int k = 0; k < vignette.otherwise_negative_size(); ++k) {
      const std::string& group = vignette.otherwise_negative(k);
      bool known = false;
      for (const std::string& name : groups) known = known || name == group;
      if (known) continue;
      context.report.Error(
          absl::StrCat(path, ".otherwise_negative[", k, "]"), "unknown-intake-group",
          absl::StrCat("the intake has no group `", group, "`"), DidYouMean(group, groups));
    }
    CheckGiven(vignette, path, context);
    CheckExpectedStrata(vignette, path, context);
  }
}

}  // namespace plumbline::ruleset
