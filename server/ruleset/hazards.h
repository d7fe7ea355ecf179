// The risk of a hazard, from how severe and how likely it is.

#ifndef PLUMBLINE_SERVER_RULESET_HAZARDS_H_
#define PLUMBLINE_SERVER_RULESET_HAZARDS_H_

#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset.pb.h"

namespace plumbline::ruleset {

// From this risk on somebody has to say why what is left may be accepted.
inline constexpr int kRiskToJustify = 3;

// 1 (acceptable) to 5 (unacceptable), by the matrix of docs/reference/hazards.md; 0 if one of the
// two is not given.
int RiskOf(v1::HazardSeverity severity, v1::HazardLikelihood likelihood);

int RiskBefore(const v1::Hazard& hazard);
int RiskAfter(const v1::Hazard& hazard);

// "acceptable", ... "unacceptable".
absl::string_view RiskName(int risk);

// "catastrophic"; "very low".
absl::string_view SeverityName(v1::HazardSeverity severity);
absl::string_view LikelihoodName(v1::HazardLikelihood likelihood);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_HAZARDS_H_
