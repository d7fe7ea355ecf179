// Whose signatures a checkpoint needs (C2SP tlog-policy): known logs, known witnesses, and the
// quorum of witnesses that must have cosigned.
//
//   log <vkey> [<url>]
//   witness <name> <vkey> [<url>]
//   group <name> all|any|<k> <name>...
//   quorum <name>|none

#ifndef PLUMBLINE_SERVER_AUDIT_TRUST_POLICY_H_
#define PLUMBLINE_SERVER_AUDIT_TRUST_POLICY_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/audit/checkpoint.h"
#include "server/base/signed_note.h"

namespace plumbline::audit {

// A policy, read from a file that the verifier trusts. Immutable, thread-safe, owns its keys.
class TrustPolicy {
 public:
  // kInvalidArgument names the line and what is wrong with it. Log keys must be of algorithm 0x01,
  // those of witnesses of 0x04. At most a megabyte.
  static absl::StatusOr<TrustPolicy> Parse(absl::string_view text);

  // A log and no witnesses.
  static absl::StatusOr<TrustPolicy> ForLog(absl::string_view vkey);

  // Reads a checkpoint and verifies it: signed by one of the logs, cosigned by the quorum. Errors
  // as OpenCheckpoint; kUnauthenticated also when the quorum is not reached, and says who is
  // missing.
  absl::StatusOr<OpenedCheckpoint> Open(absl::string_view checkpoint) const;

 private:
  friend class TrustPolicyParser;

  // A witness or a group; members come before their groups.
  struct Party {
    std::string name;
    const NoteVerifier* witness = nullptr;  // null: a group
    size_t threshold = 0;
    std::vector<size_t> members;
  };

  bool HasCosigned(const Party& party, absl::Span<const NoteSignature> verified) const;

  std::vector<std::unique_ptr<NoteVerifier>> logs_;
  std::vector<std::unique_ptr<NoteVerifier>> witnesses_;
  std::vector<Party> parties_;
  bool needs_quorum_ = false;
  size_t quorum_ = 0;  // in parties_
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_TRUST_POLICY_H_
