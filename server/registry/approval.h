// Approvals: who stands for a revision, in which role and in what sense, each signed (C2SP signed
// note) with that person's key.
//
//   plumbline-ruleset-approval/v1
//   revision 5f0c...
//   ruleset low_back_pain
//   version 0.2.0
//   name Anna Alm
//   role clinical lead
//   meaning approved
//   time 2026-11-21T08:00:00Z
//
// One note is one approval. Those of a bundle stand one after the other in the file
// "<bundle>.approvals" beside it. Format: docs/reference/ruleset_file.md.

#ifndef PLUMBLINE_SERVER_REGISTRY_APPROVAL_H_
#define PLUMBLINE_SERVER_REGISTRY_APPROVAL_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace plumbline::registry {

inline constexpr absl::string_view kApprovalsExtension = ".approvals";
inline constexpr size_t kMaxApprovalsBytes = size_t{256} << 10;
inline constexpr size_t kMaxApprovals = 200;

enum class Meaning { kAuthored, kReviewed, kApproved };

// "authored", "reviewed", "approved".
absl::string_view MeaningName(Meaning meaning);
// InvalidArgument for every other name.
absl::StatusOr<Meaning> ParseMeaning(absl::string_view name);

// What a person signs. Value type.
struct Approval {
  // 64 lower-case hexadecimal digits.
  std::string revision;
  std::string ruleset_id;
  std::string version;
  std::string name;
  std::string role;
  Meaning meaning = Meaning::kApproved;
  absl::Time time;
};

// The text to be signed. InvalidArgument if ParseApproval would refuse it.
absl::StatusOr<std::string> FormatApproval(const Approval& approval);

// Reads the text of an approval, without signature. `name` and `first_line` place errors.
absl::StatusOr<Approval> ParseApproval(absl::string_view text, const std::string& name,
                                       int first_line = 1);

// One approval as it stands in a file; its signature has not been looked at.
struct ApprovalNote {
  // The whole note, and what is signed of it.
  std::string note;
  Approval approval;
  // Of the one signature.
  std::string key_name;
  int first_line = 1;
};

// Takes the contents of a file of approvals apart. An empty text holds none. InvalidArgument with
// `name` and line for anything that is not an approval with exactly one signature;
// ResourceExhausted for more than kMaxApprovals.
absl::StatusOr<std::vector<ApprovalNote>> ParseApprovals(absl::string_view text,
                                                         const std::string& name);

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_APPROVAL_H_
