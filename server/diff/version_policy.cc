#include "server/diff/version_policy.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace plumbline::diff {
namespace {

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

auto Key(const Version& version) { return std::tuple(version.major, version.minor, version.patch); }

}  // namespace

std::optional<Version> ParseVersion(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  Version version;
  if (parts.size() != 3 || !std::all_of(parts.begin(), parts.end(), IsNumber) ||
      !absl::SimpleAtoi(parts[0], &version.major) || !absl::SimpleAtoi(parts[1], &version.minor) ||
      !absl::SimpleAtoi(parts[2], &version.patch)) {
    return std::nullopt;
  }
  return version;
}

v1::VersionBump DeclaredBump(absl::string_view from, absl::string_view to) {
  const std::optional<Version> before = ParseVersion(from);
  const std::optional<Version> after = ParseVersion(to);
  if (!before.has_value() || !after.has_value() || Key(*after) < Key(*before)) {
    return v1::VERSION_BUMP_UNSPECIFIED;
  }
  if (after->major > before->major) return v1::VERSION_BUMP_MAJOR;
  if (after->minor > before->minor) return v1::VERSION_BUMP_MINOR;
  if (after->patch > before->patch) return v1::VERSION_BUMP_PATCH;
  return v1::VERSION_BUMP_NONE;
}

v1::VersionBump DemandedBump(v1::VersionBump bump, absl::string_view from) {
  const std::optional<Version> before = ParseVersion(from);
  if (bump == v1::VERSION_BUMP_MAJOR && before.has_value() && before->major == 0) {
    return v1::VERSION_BUMP_MINOR;
  }
  return bump;
}

void JudgeVersion(v1::RulesetDiff& diff) {
  v1::VersionBump most = v1::VERSION_BUMP_NONE;
  diff.clear_bump_because();
  for (const v1::ElementChange& change : diff.changes()) {
    if (change.bump() <= most) continue;
    most = change.bump();
    diff.set_bump_because(change.summary());
  }
  diff.set_required_bump(DemandedBump(most, diff.old_version()));
  diff.set_declared_bump(DeclaredBump(diff.old_version(), diff.new_version()));
  diff.set_version_sufficient(diff.declared_bump() != v1::VERSION_BUMP_UNSPECIFIED &&
                              diff.declared_bump() >= diff.required_bump());
}

std::string BumpName(v1::VersionBump bump) {
  switch (bump) {
    case v1::VERSION_BUMP_NONE:
      return "none";
    case v1::VERSION_BUMP_PATCH:
      return "PATCH";
    case v1::VERSION_BUMP_MINOR:
      return "MINOR";
    case v1::VERSION_BUMP_MAJOR:
      return "MAJOR";
    default:
      return "backwards";
  }
}

std::string LowestVersion(absl::string_view from, v1::VersionBump bump) {
  const std::optional<Version> before = ParseVersion(from);
  if (!before.has_value()) return "";
  switch (bump) {
    case v1::VERSION_BUMP_MAJOR:
      return absl::StrCat(before->major + 1, ".0.0");
    case v1::VERSION_BUMP_MINOR:
      return absl::StrCat(before->major, ".", before->minor + 1, ".0");
    case v1::VERSION_BUMP_PATCH:
      return absl::StrCat(before->major, ".", before->minor, ".", before->patch + 1);
    default:
      return std::string(from);
  }
}

}  // namespace plumbline::diff
