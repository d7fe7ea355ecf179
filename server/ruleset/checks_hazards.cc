// Checks of the hazard log.

#include "absl/strings/str_cat.h"
#include "server/ruleset/checks.h"
#include "server/ruleset/hazards.h"

namespace plumbline::ruleset {
namespace {

void CheckRisk(const v1::Hazard& hazard, const std::string& path, Report& report) {
  if (hazard.severity_after() > hazard.severity_before()) {
    report.Error(path + ".severity_after", "risk-raised",
                 absl::StrCat("`", hazard.id(), "` is more severe with its controls (",
                              SeverityName(hazard.severity_after()), ") than without (",
                              SeverityName(hazard.severity_before()), ")"));
  }
  if (hazard.likelihood_after() > hazard.likelihood_before()) {
    report.Error(path + ".likelihood_after", "risk-raised",
                 absl::StrCat("`", hazard.id(), "` is likelier with its controls (",
                              LikelihoodName(hazard.likelihood_after()), ") than without (",
                              LikelihoodName(hazard.likelihood_before()), ")"));
  }
  const int left = RiskAfter(hazard);
  if (left >= kRiskToJustify && hazard.residual_acceptability().empty()) {
    report.Missing(path, "unjustified-risk",
                   absl::StrCat("the risk that is left of `", hazard.id(), "` is ", left, " (",
                                RiskName(left), "), and nothing says why"),
                   "control it further, or give `residual_acceptability`");
  }
}

}  // namespace

void CheckHazards(const CheckContext& context) {
  for (int i = 0; i < context.ruleset.hazards_size(); ++i) {
    const v1::Hazard& hazard = context.ruleset.hazards(i);
    const std::string path = At("hazards", i);
    CheckRisk(hazard, path, context.report);
    for (int k = 0; k < hazard.controls_size(); ++k) {
      const v1::HazardControl& control = hazard.controls(k);
      if (control.rule_ids_size() + control.test_ids_size() + control.evidence_size() > 0) continue;
      context.report.Missing(
          absl::StrCat(path, ".", At("controls", k)), "control-without-reference",
          absl::StrCat("nothing shows that this control of `", hazard.id(), "` is there"),
          "name rules, vignettes, or files of the repository");
    }
  }
}

}  // namespace plumbline::ruleset
