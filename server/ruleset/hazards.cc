#include "server/ruleset/hazards.h"

namespace plumbline::ruleset {
namespace {

// Rows: very low to very high likelihood; columns: minor to catastrophic.
constexpr int kMatrix[5][5] = {
    {1, 1, 2, 2, 3},  //
    {1, 2, 2, 3, 4},  //
    {2, 2, 3, 3, 4},  //
    {2, 3, 3, 4, 5},  //
    {3, 4, 4, 5, 5},
};

}  // namespace

int RiskOf(v1::HazardSeverity severity, v1::HazardLikelihood likelihood) {
  if (severity < 1 || severity > 5 || likelihood < 1 || likelihood > 5) return 0;
  return kMatrix[likelihood - 1][severity - 1];
}

int RiskBefore(const v1::Hazard& hazard) {
  return RiskOf(hazard.severity_before(), hazard.likelihood_before());
}

int RiskAfter(const v1::Hazard& hazard) {
  return RiskOf(hazard.severity_after(), hazard.likelihood_after());
}

absl::string_view RiskName(int risk) {
  constexpr absl::string_view kNames[] = {"not rated",   "acceptable", "tolerable",
                                          "undesirable", "serious",    "unacceptable"};
  return risk < 0 || risk > 5 ? kNames[0] : kNames[risk];
}

absl::string_view SeverityName(v1::HazardSeverity severity) {
  constexpr absl::string_view kNames[] = {"not rated",    "minor", "significant",
                                          "considerable", "major", "catastrophic"};
  return severity < 0 || severity > 5 ? kNames[0] : kNames[severity];
}

absl::string_view LikelihoodName(v1::HazardLikelihood likelihood) {
  constexpr absl::string_view kNames[] = {"not rated", "very low", "low",
                                          "medium",    "high",     "very high"};
  return likelihood < 0 || likelihood > 5 ? kNames[0] : kNames[likelihood];
}

}  // namespace plumbline::ruleset
