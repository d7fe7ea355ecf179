// Suggestions for misspelt names, for the hints of issues.

#ifndef PLUMBLINE_SERVER_RULESET_SUGGEST_H_
#define PLUMBLINE_SERVER_RULESET_SUGGEST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace plumbline::ruleset {

// "did you mean `hypertension`?" for the candidate that is closest to `name` (Levenshtein distance,
// case ignored; first of equals), or "" when none is close or `name` is empty.
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_SUGGEST_H_
