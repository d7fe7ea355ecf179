// Signed notes (C2SP signed-note v1.0.0): a text, a blank line, and one line for each signature.
//
// The form of golang.org/x/mod/sumdb/note, byte for byte, so that other programs verify what we
// sign. Knows nothing of what the text says: checkpoints of logs, approvals and manifests of
// rulesets are all notes. The text must be ignored until OpenNote returned it.
// Keys as text, and the signers and verifiers themselves: note_key.h, cosignature.h.

#ifndef PLUMBLINE_SERVER_BASE_SIGNED_NOTE_H_
#define PLUMBLINE_SERVER_BASE_SIGNED_NOTE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace plumbline {

inline constexpr size_t kMaxNoteSize = 1'000'000;  // bytes, with signatures
inline constexpr int kMaxNoteSignatures = 100;     // lines, repeated ones too

// One signature: who made it, and the bytes that follow the key id.
struct NoteSignature {
  std::string key_name;
  uint32_t key_id = 0;
  std::string signature;

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

// Makes signatures of one key. An HSM or another algorithm is another implementation. Thread-safe.
class NoteSigner {
 public:
  virtual ~NoteSigner() = default;
  virtual const std::string& name() const = 0;
  virtual uint32_t key_id() const = 0;
  // The signature of `text` (without key id), or why there is none.
  virtual absl::StatusOr<std::string> Sign(absl::string_view text) const = 0;
};

// Judges signatures of one key. Immutable, thread-safe.
class NoteVerifier {
 public:
  virtual ~NoteVerifier() = default;
  virtual const std::string& name() const = 0;
  virtual uint32_t key_id() const = 0;
  // True if `signature` (without key id) is this key's signature of `text`.
  virtual bool Verify(absl::string_view text, absl::string_view signature) const = 0;
};

// A note as it was read; nothing is verified.
struct SignedNote {
  std::string text;  // ends in a newline
  std::vector<NoteSignature> signatures;
};

// A note that at least one known key signed. A verified signature appears once for each key;
// unverified ones (of unknown keys) are kept, so that a note can be passed on whole.
struct OpenedNote {
  std::string text;
  std::vector<NoteSignature> verified;
  std::vector<NoteSignature> unverified;
};

// "name+0123abcd", as errors and Go name a key.
std::string NoteKeyLabel(absl::string_view name, uint32_t key_id);

// kInvalidArgument, with the reason, unless the name is UTF-8, not empty, and without Unicode
// spaces, control characters and '+'.
absl::Status CheckNoteKeyName(absl::string_view name);

// kInvalidArgument unless the text can be signed: ends in a newline, UTF-8, no control characters
// but newlines, and short enough.
absl::Status CheckNoteText(absl::string_view text);

// Reads a note. kInvalidArgument says what breaks the form, and in which signature line.
absl::StatusOr<SignedNote> ParseNote(absl::string_view note);

// Reads a note and verifies what known keys signed. Verifiers are borrowed for the call.
//   kInvalidArgument: not a note, or two verifiers have the same name and id.
//   kUnauthenticated: a signature of a known key is wrong, or no known key signed.
absl::StatusOr<OpenedNote> OpenNote(absl::string_view note,
                                    absl::Span<const NoteVerifier* const> verifiers);

// The text with a signature of each signer, in their order. kInvalidArgument: CheckNoteText refuses
// the text, or there is no signer, or two have the same key.
absl::StatusOr<std::string> SignNote(absl::string_view text,
                                     absl::Span<const NoteSigner* const> signers);

// The note with more signatures behind those it has; an older one of the same key is replaced.
// Verifies nothing.
absl::StatusOr<std::string> AddNoteSignatures(absl::string_view note,
                                              absl::Span<const NoteSignature> signatures);

// The signature of `signer` over a text. Errors as in SignNote.
absl::StatusOr<NoteSignature> MakeNoteSignature(absl::string_view text, const NoteSigner& signer);

// "— name base64" with a newline, and back (without one). kInvalidArgument says what is wrong.
std::string FormatNoteSignature(const NoteSignature& signature);
absl::StatusOr<NoteSignature> ParseNoteSignature(absl::string_view line);

// Text and signatures as one note. The caller vouches for CheckNoteText and CheckNoteKeyName.
std::string FormatNote(const SignedNote& note);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_SIGNED_NOTE_H_
