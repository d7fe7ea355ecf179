// TrustPolicy: whose signatures count for what on one deployment. A file of the health system's
// own:
//
//   plumbline-trust-policy/v1
//   deployment clinic.example/plumbline
//   manifest-signer release.clinic.example+1c2d3e4f+AbCd...
//   approver anna.clinic.example+5a6b7c8d+AbCd... person "Anna Alm" roles "clinical lead" author
//   approver bo.clinic.example+99aabbcc+AbCd... person "Bo Berg" roles physiotherapist
//   require 1 reviewed
//   require 2 approved
//   require 1 approved role "clinical lead"
//   distinct-from-author yes
//
// Format and an example: docs/reference/activation.md. Immutable; thread-safe.

#ifndef PLUMBLINE_SERVER_REGISTRY_TRUST_POLICY_H_
#define PLUMBLINE_SERVER_REGISTRY_TRUST_POLICY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/registry/approval.h"

namespace plumbline::registry {

inline constexpr size_t kMaxTrustPolicyBytes = size_t{256} << 10;

// One approval, and what this deployment makes of it.
struct JudgedApproval {
  Approval approval;
  std::string key_name;
  // Signed with a key that the policy knows, for this revision, in a role that the key has.
  bool trusted = false;
  // Why it is not trusted, or does not count although it is; empty if it counts.
  std::string reason;
};

struct Judgement {
  // Those of the revision, in the order in which they came.
  std::vector<JudgedApproval> approvals;
  // OK, or FailedPrecondition: what is missing, and what did not count and why.
  absl::Status verdict;
};

// What is judged.
struct ApprovedSubject {
  std::string revision;
  std::string ruleset_id;
  std::string version;
};

class TrustPolicy {
 public:
  // InvalidArgument with `name` and line: unknown words, keys that cannot be read or come twice,
  // thresholds that the policy's own keys cannot reach, no manifest signer, no deployment.
  static absl::StatusOr<TrustPolicy> Parse(absl::string_view text, const std::string& name);
  static absl::StatusOr<TrustPolicy> Read(const std::string& path);

  // The deployment whose manifests are taken.
  const std::string& deployment() const;

  // The text of a signed manifest. PermissionDenied if too few manifest signers signed it, if a
  // signature of one of them is wrong, or if it is no signed note.
  absl::StatusOr<std::string> OpenManifest(absl::string_view note) const;

  // Counts the approvals of `subject` among `notes` (others are for other revisions and are left
  // out of the judgement).
  //
  // A person counts once for each meaning, however many keys they have. With distinct-from-author
  // (the default), at least one `authored` is needed, and whoever authored counts neither as
  // reviewer nor as approver.
  Judgement Judge(const ApprovedSubject& subject, const std::vector<ApprovalNote>& notes) const;

 private:
  struct Rep;
  explicit TrustPolicy(std::shared_ptr<const Rep> rep);
  friend class TrustPolicyReader;

  std::shared_ptr<const Rep> rep_;
};

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_TRUST_POLICY_H_
