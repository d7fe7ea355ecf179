// Bundle: a whole ruleset, with the ledgers that it names, as one immutable file.
//
// The exact source bytes are kept, so that a revision means the same in a folder and in a file:
// the revision is the digest of the sources (ruleset::ComputeRevision), never of the container. The
// container has one form only: the same sources always give the same bytes. Its format is in
// docs/reference/ruleset_file.md.
//
// Reading is strict. The number of files comes first and a digest of everything comes last, so that
// no beginning of a bundle is a bundle, and no bundle is the beginning of another one.

#ifndef PLUMBLINE_SERVER_REGISTRY_BUNDLE_H_
#define PLUMBLINE_SERVER_REGISTRY_BUNDLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/ruleset/document.h"

namespace plumbline::registry {

// The limits of ruleset::ReadRulesetFolder, and one for names.
inline constexpr size_t kMaxBundleFiles = 1'000;
inline constexpr size_t kMaxBundleFileBytes = size_t{4} << 20;
inline constexpr size_t kMaxBundleContentBytes = size_t{32} << 20;
inline constexpr size_t kMaxBundleNameBytes = 1'024;
// No bundle is larger: content, names, lengths.
inline constexpr size_t kMaxBundleBytes =
    kMaxBundleContentBytes + kMaxBundleFiles * (2 * kMaxBundleNameBytes + 8) + 64;

// What bundles begin with. A version that is not known is refused.
inline constexpr absl::string_view kBundleMagic = "plumbline-ruleset/v1\n";

// The usual ending of file names.
inline constexpr absl::string_view kBundleExtension = ".plumb";

// Immutable by convention; value type.
struct Bundle {
  // 64 lower-case hexadecimal digits.
  std::string revision;
  // Sorted by path, as ruleset::ReadRulesetFolder gives them.
  std::vector<ruleset::SourceFile> files;
};

// The bundle of `files`, in any order. InvalidArgument or ResourceExhausted, naming the file, for
// what ParseBundle would refuse.
absl::StatusOr<std::string> EncodeBundle(std::vector<ruleset::SourceFile> files);

// Reads `bytes`; `name` stands for them in errors, all of which say the offset in bytes:
//   DataLoss            truncated, followed by something else, or changed (wrong digest)
//   InvalidArgument     not a bundle, not this version, paths that are not clean, not sorted or
//                       twice, ledgers that are not named properly, no file
//   ResourceExhausted   above a limit
// Whether the rules in it are sound is not looked at.
absl::StatusOr<Bundle> ParseBundle(absl::string_view bytes, absl::string_view name);

// Reads the regular file at `path` (regular_file.h). Errors as for both.
absl::StatusOr<Bundle> ReadBundleFile(const std::string& path);

// What is wrong with `path` as path of a ruleset's file; empty if nothing is. Clean paths are
// relative, of parts that are neither empty nor "." nor "..", of UTF-8 without control characters
// and backslashes, and end in ".textproto".
std::string PathMistake(absl::string_view path);

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_BUNDLE_H_
