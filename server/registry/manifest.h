// Manifest: which revisions are active on a deployment, and in what part. Signed, with a serial
// that only grows, so that an old manifest cannot be played back.
//
//   plumbline-manifest/v1
//   deployment clinic.example/plumbline
//   serial 7
//   time 2026-11-21T08:00:00Z
//   alias stable 5f0c...
//   alias canary 91ab... 500
//   alias shadow 91ab...
//   pin 03de...
//
// Lines come in this order; canary, shadow and pin may be missing. Format, and what the aliases
// mean: docs/reference/activation.md.

#ifndef PLUMBLINE_SERVER_REGISTRY_MANIFEST_H_
#define PLUMBLINE_SERVER_REGISTRY_MANIFEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace plumbline::registry {

inline constexpr size_t kMaxManifestBytes = size_t{64} << 10;
inline constexpr size_t kMaxPinnedRevisions = 16;
inline constexpr uint32_t kAllBasisPoints = 10'000;

struct Manifest {
  // Name of the deployment that it is for: a server takes only its own.
  std::string deployment;
  // From 1 to 2^63 - 1.
  uint64_t serial = 0;
  absl::Time time;
  // Revisions, 64 lower-case hexadecimal digits; those that are not named are empty.
  std::string stable;
  std::string canary;
  // Share of the requests that the canary answers, in hundredths of a percent: 1 to 10,000.
  uint32_t canary_basis_points = 0;
  std::string shadow;
  // Further revisions that requests may pin, sorted.
  std::vector<std::string> pinned;
};

// Every revision that `manifest` names, each once, sorted.
std::vector<std::string> RevisionsOf(const Manifest& manifest);

// The text to be signed. InvalidArgument if ParseManifest would refuse it.
absl::StatusOr<std::string> FormatManifest(const Manifest& manifest);

// Reads the text of a manifest, without signatures. `name` stands for it in errors. InvalidArgument
// with the number of the line: wrong, missing, double or unknown lines, shares outside 1 to 10,000,
// a canary or shadow that is the stable revision itself.
absl::StatusOr<Manifest> ParseManifest(absl::string_view text, const std::string& name);

// "5%", "0.25 %", "500bp" as hundredths of a percent. InvalidArgument outside 0.01 % to 100 %.
absl::StatusOr<uint32_t> ParseShare(absl::string_view text);

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_MANIFEST_H_
