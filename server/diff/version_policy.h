// Which version a revision deserves: semantic versioning 2.0, with who gets what as the interface
// (docs/reference/versioning.md).

#ifndef PLUMBLINE_SERVER_DIFF_VERSION_POLICY_H_
#define PLUMBLINE_SERVER_DIFF_VERSION_POLICY_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset_diff.pb.h"

namespace plumbline::diff {

struct Version {
  uint64_t major = 0;
  uint64_t minor = 0;
  uint64_t patch = 0;
};

// "MAJOR.MINOR.PATCH", digits alone; nullopt for anything else.
std::optional<Version> ParseVersion(absl::string_view text);

// What the step from one version to the other announces. NONE: the same version; UNSPECIFIED: it
// goes back, or is no version.
v1::VersionBump DeclaredBump(absl::string_view from, absl::string_view to);

// What changes that deserve `bump` demand of the version that follows `from`: below 1.0.0 nothing
// is stable yet, and MINOR is enough for MAJOR.
v1::VersionBump DemandedBump(v1::VersionBump bump, absl::string_view from);

// Fills required_bump, declared_bump, version_sufficient and bump_because from the versions and the
// bumps of the changes.
void JudgeVersion(v1::RulesetDiff& diff);

// "MAJOR"; "none".
std::string BumpName(v1::VersionBump bump);

// The lowest version that would do: "0.3.0"; empty if `from` is no version.
std::string LowestVersion(absl::string_view from, v1::VersionBump bump);

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_VERSION_POLICY_H_
