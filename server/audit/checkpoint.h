// Checkpoints of a log (C2SP tlog-checkpoint v1.0.0): a signed note whose text is origin, size and
// root of the tree, a line each.

#ifndef PLUMBLINE_SERVER_AUDIT_CHECKPOINT_H_
#define PLUMBLINE_SERVER_AUDIT_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/base/sha256.h"
#include "server/base/signed_note.h"

namespace plumbline::audit {

struct Checkpoint {
  std::string origin;  // the name of the log
  uint64_t size = 0;   // leaves, at most kMaxTreeSize
  Sha256Digest root{};
  // Lines that a log may add, without newlines. We never write any (C2SP: NOT RECOMMENDED, nobody
  // can audit them), but keep those of others: signatures cover them.
  std::vector<std::string> extensions{};

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// A checkpoint that the log signed.
struct OpenedCheckpoint {
  Checkpoint checkpoint;
  // Signatures of the log and of witnesses whose verifiers were given; and all others.
  std::vector<NoteSignature> verified;
  std::vector<NoteSignature> unverified;
};

// kInvalidArgument, with the reason, unless `origin` is one line, not empty, and without the
// characters that notes and key names refuse. The key of a log has its origin as name.
absl::Status CheckOrigin(absl::string_view origin);

// The text of the note, without signatures.
std::string FormatCheckpoint(const Checkpoint& checkpoint);

// Reads the text of a note. kInvalidArgument names the line that is wrong.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text);

// Origin, size and root as a signed note. kInvalidArgument for an origin that CheckOrigin refuses,
// a size above the limit, wrong extension lines, or when no signer has the origin as its name.
absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint,
                                           absl::Span<const NoteSigner* const> signers);

// Reads and verifies a checkpoint of a log: at least one of `log_keys` with the origin as its name
// must have signed it. `others` (witnesses) are verified as well, but not required.
//   kInvalidArgument: not a note, or not a checkpoint.
//   kUnauthenticated: a known key's signature is wrong, or no key of this log signed.
absl::StatusOr<OpenedCheckpoint> OpenCheckpoint(absl::string_view note,
                                                absl::Span<const NoteVerifier* const> log_keys,
                                                absl::Span<const NoteVerifier* const> others = {});

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_CHECKPOINT_H_
