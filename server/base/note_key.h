// Ed25519 keys of signed notes, and their text forms (C2SP signed-note, Go's sumdb/note):
//
//   verifier key (vkey)   name+0123abcd+base64(algorithm ‖ public key)
//   signer key (skey)     PRIVATE+KEY+name+0123abcd+base64(algorithm ‖ seed)

#ifndef PLUMBLINE_SERVER_BASE_NOTE_KEY_H_
#define PLUMBLINE_SERVER_BASE_NOTE_KEY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/ed25519.h"
#include "server/base/random.h"
#include "server/base/signed_note.h"

namespace plumbline {

// The byte that says how a key signs.
enum class NoteAlgorithm : uint8_t {
  kEd25519 = 0x01,        // over the text
  kCosignatureV1 = 0x04,  // over a time and the text: cosignature.h
};

// First four bytes of SHA-256(name ‖ "\n" ‖ algorithm ‖ public key), big-endian.
uint32_t NoteKeyId(absl::string_view name, NoteAlgorithm algorithm, absl::string_view public_key);

// A vkey in its parts.
struct NoteVerifierKey {
  std::string name;
  NoteAlgorithm algorithm = NoteAlgorithm::kEd25519;
  Ed25519PublicKey public_key;

  uint32_t key_id() const { return NoteKeyId(name, algorithm, public_key.bytes()); }
  std::string ToString() const;
  // kInvalidArgument says what is wrong: parts, name, algorithm, size, or an id that does not fit.
  static absl::StatusOr<NoteVerifierKey> Parse(absl::string_view vkey);
};

// An skey in its parts. Keep the text form in files that only the service may read (mode 0600).
struct NoteSignerKey {
  std::string name;
  NoteAlgorithm algorithm = NoteAlgorithm::kEd25519;
  Ed25519PrivateKey private_key;

  NoteVerifierKey verifier_key() const { return {name, algorithm, private_key.public_key()}; }
  // As NoteVerifierKey::Parse. Errors never repeat any of the text.
  static absl::StatusOr<NoteSignerKey> Parse(absl::string_view skey);
};

// A new key pair as text. Zeroise `skey` (base/secret.h) once it is stored.
struct GeneratedNoteKey {
  std::string skey;
  std::string vkey;
};
// kInvalidArgument when CheckNoteKeyName refuses the name.
absl::StatusOr<GeneratedNoteKey> GenerateNoteKey(RandomSource& random, absl::string_view name,
                                                 NoteAlgorithm algorithm = NoteAlgorithm::kEd25519);

// The skey of a seed that is held elsewhere.
absl::StatusOr<GeneratedNoteKey> NoteKeyFromSeed(const Ed25519Seed& seed, absl::string_view name,
                                                 NoteAlgorithm algorithm = NoteAlgorithm::kEd25519);

// Signs texts with algorithm 0x01. Immutable, thread-safe, owns its key.
class Ed25519NoteSigner final : public NoteSigner {
 public:
  // kInvalidArgument also for a key of another algorithm.
  static absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> Create(absl::string_view skey);
  static absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> Create(NoteSignerKey key);

  const std::string& name() const override { return key_.name; }
  uint32_t key_id() const override { return key_id_; }
  absl::StatusOr<std::string> Sign(absl::string_view text) const override;

  // The key that verifies, to be given to others.
  std::string vkey() const { return key_.verifier_key().ToString(); }

 private:
  explicit Ed25519NoteSigner(NoteSignerKey key);

  const NoteSignerKey key_;
  const uint32_t key_id_;
};

// Verifies signatures of algorithm 0x01. Immutable, thread-safe, owns its key.
class Ed25519NoteVerifier final : public NoteVerifier {
 public:
  // kInvalidArgument also for a key of another algorithm.
  static absl::StatusOr<std::unique_ptr<Ed25519NoteVerifier>> Create(absl::string_view vkey);
  static absl::StatusOr<std::unique_ptr<Ed25519NoteVerifier>> Create(NoteVerifierKey key);

  const std::string& name() const override { return key_.name; }
  uint32_t key_id() const override { return key_id_; }
  bool Verify(absl::string_view text, absl::string_view signature) const override;

 private:
  explicit Ed25519NoteVerifier(NoteVerifierKey key);

  const NoteVerifierKey key_;
  const uint32_t key_id_;
};

// The verifier for whatever algorithm the vkey names.
absl::StatusOr<std::unique_ptr<NoteVerifier>> CreateNoteVerifier(absl::string_view vkey);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_NOTE_KEY_H_
