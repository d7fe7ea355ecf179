// JSON -> plumbline.v1.Intake, forgiving in form and strict in content.
//
// Takes proto JSON ({"person": {"age_years": 44}}), the flat form that people type by hand
// ({"age_years": 44, "leg_pain": "below_knee", "ces_saddle": "no"}), and mixtures:
//   * a field by its bare name, in snake_case or lowerCamelCase, inside its group or at the top;
//   * enum values in any case, with or without prefix; yes/no questions also as true and false;
//   * lists as arrays ([] means "asked, there is none"), as a status ("none", "declined"), or in
//   full
//     ({"status": "LISTED", "values": [...]});
//   * null as absent.
// Everything else is a problem that names the field and, where possible, says what was meant.

#ifndef PLUMBLINE_SERVER_CLI_JSON_INTAKE_H_
#define PLUMBLINE_SERVER_CLI_JSON_INTAKE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plumbline/v1/intake.pb.h"

namespace plumbline::cli {

// One thing that is wrong with an intake file. `place` is a field name, "line:column", or empty.
struct IntakeProblem {
  std::string place;
  std::string message;
};

// Fills `intake` and returns every problem found, in the order of the fields' names. With problems
// the contents of `intake` are not to be used.
std::vector<IntakeProblem> IntakeFromJson(absl::string_view json, v1::Intake& intake);

// The name among `candidates` that is nearest to `name` and near enough to be meant; else empty.
std::string NearestName(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_JSON_INTAKE_H_
