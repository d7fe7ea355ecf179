// Cosignatures with a time (C2SP tlog-cosignature v1, Ed25519, algorithm 0x04): the signature of a
// witness over "cosignature/v1", the time and the text of a note.

#ifndef PLUMBLINE_SERVER_BASE_COSIGNATURE_H_
#define PLUMBLINE_SERVER_BASE_COSIGNATURE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/note_key.h"
#include "server/base/signed_note.h"

namespace plumbline {

// Signs texts, each with the time of its signing. Immutable, thread-safe, owns its key and borrows
// the clock.
class CosignatureSigner final : public NoteSigner {
 public:
  // kInvalidArgument also for a key of another algorithm.
  static absl::StatusOr<std::unique_ptr<CosignatureSigner>> Create(absl::string_view skey,
                                                                   const Clock* clock);
  static absl::StatusOr<std::unique_ptr<CosignatureSigner>> Create(NoteSignerKey key,
                                                                   const Clock* clock);

  const std::string& name() const override { return key_.name; }
  uint32_t key_id() const override { return key_id_; }
  // kFailedPrecondition when the clock stands before 1970-01-01T00:00:01Z: a witness must not leave
  // the time out, and 0 means that.
  absl::StatusOr<std::string> Sign(absl::string_view text) const override;

  std::string vkey() const { return key_.verifier_key().ToString(); }

 private:
  CosignatureSigner(NoteSignerKey key, const Clock* clock);

  const NoteSignerKey key_;
  const uint32_t key_id_;
  const Clock* const clock_;
};

// Verifies cosignatures; takes any time that the signature covers, see CosignatureTime.
// Immutable, thread-safe, owns its key.
class CosignatureVerifier final : public NoteVerifier {
 public:
  // kInvalidArgument also for a key of another algorithm.
  static absl::StatusOr<std::unique_ptr<CosignatureVerifier>> Create(absl::string_view vkey);
  static absl::StatusOr<std::unique_ptr<CosignatureVerifier>> Create(NoteVerifierKey key);

  const std::string& name() const override { return key_.name; }
  uint32_t key_id() const override { return key_id_; }
  bool Verify(absl::string_view text, absl::string_view signature) const override;

 private:
  explicit CosignatureVerifier(NoteVerifierKey key);

  const NoteVerifierKey key_;
  const uint32_t key_id_;
};

// The time, to the second, that a cosignature (without key id) carries: trustworthy once it is
// verified. kInvalidArgument unless there are 72 bytes and a time up to 2^63 - 1.
absl::StatusOr<absl::Time> CosignatureTime(absl::string_view signature);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_COSIGNATURE_H_
