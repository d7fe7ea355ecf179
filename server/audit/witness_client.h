// The log's side of C2SP tlog-witness: asking a witness to cosign a checkpoint, so that the log
// cannot show one history to some and another to others.

#ifndef PLUMBLINE_SERVER_AUDIT_WITNESS_CLIENT_H_
#define PLUMBLINE_SERVER_AUDIT_WITNESS_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "server/base/cosignature.h"
#include "server/base/sha256.h"
#include "server/base/signed_note.h"

namespace plumbline::audit {

// The body of "POST <submission prefix>/add-checkpoint".
struct AddCheckpointRequest {
  uint64_t old_size = 0;  // that the witness has
  std::vector<Sha256Digest> consistency_proof;
  std::string checkpoint;  // signed note
};

std::string FormatAddCheckpointRequest(const AddCheckpointRequest& request);
// kInvalidArgument names the line that is wrong.
absl::StatusOr<AddCheckpointRequest> ParseAddCheckpointRequest(absl::string_view body);

inline constexpr absl::string_view kTreeSizeContentType = "text/x.tlog.size";

struct HttpAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
};

// What a witness answered: cosignatures, or the size that it has (409).
struct AddCheckpointAnswer {
  std::vector<NoteSignature> cosignatures;
  std::optional<uint64_t> witness_size;
};

// Reads an answer. Cosignatures by known witnesses are verified against the checkpoint; those of
// unknown keys are left out.
//   kUnauthenticated: a known witness's cosignature is wrong, or there is none.
//   kInvalidArgument (400), kPermissionDenied (403), kNotFound (404), kFailedPrecondition (422),
//   kResourceExhausted (429), kUnavailable (other 5xx), kUnknown (anything else, or an answer that
//   breaks the protocol).
absl::StatusOr<AddCheckpointAnswer> ParseAddCheckpointAnswer(
    const HttpAnswer& answer, absl::string_view checkpoint,
    absl::Span<const CosignatureVerifier* const> witnesses);

// Sends a body to add-checkpoint of one witness and returns what it answered, or a status when
// there was no answer. Thread-safe.
class WitnessTransport {
 public:
  virtual ~WitnessTransport() = default;
  virtual absl::StatusOr<HttpAnswer> AddCheckpoint(absl::string_view body) = 0;
  // Ends the question under way, if it can, and all later ones: kCancelled.
  virtual void Cancel() {}
};

// Asks one witness. Thread-safe: one question at a time. Owns the key, borrows the transport.
class WitnessClient {
 public:
  // Consistency proof between two sizes of the log.
  using ProofSource = std::function<absl::StatusOr<std::vector<Sha256Digest>>(uint64_t old_size,
                                                                              uint64_t new_size)>;

  // `cosigned_size`: of the largest checkpoint that it is known to have cosigned.
  WitnessClient(std::unique_ptr<CosignatureVerifier> witness, WitnessTransport* transport,
                uint64_t cosigned_size = 0);

  // The witness's cosignature of a checkpoint that the log signed. Asks a second time when the
  // witness has another size than this object thought.
  //   kDataLoss: the witness has seen a longer log than the checkpoint covers: this log lost
  //   entries (an old backup?) or somebody else signs with its key.
  //   kFailedPrecondition: the witness has seen another history, of the same size (409) or a
  //   smaller one (422). kAborted: the witness says that it has seen less than it has cosigned: it
  //   lost its state, and could cosign another history now. Said once; it is asked again after
  //   that. Otherwise as ParseAddCheckpointAnswer, ParseCheckpoint, `proofs` and the transport.
  absl::StatusOr<NoteSignature> Cosign(absl::string_view checkpoint, const ProofSource& proofs);

 private:
  const std::unique_ptr<CosignatureVerifier> witness_;
  WitnessTransport* const transport_;
  absl::Mutex mutex_;
  // What the witness has, as far as is known. Zero makes it say so.
  uint64_t witness_size_ ABSL_GUARDED_BY(mutex_);
  uint64_t cosigned_size_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_WITNESS_CLIENT_H_
