#include "server/audit/checkpoint.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/merkle.h"
#include "server/audit/proof_text.h"

namespace plumbline::audit {
namespace {

absl::Status CheckpointError(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("malformed checkpoint: ", what));
}

absl::Status CheckWritable(const Checkpoint& checkpoint) {
  if (absl::Status status = CheckOrigin(checkpoint.origin); !status.ok()) return status;
  if (checkpoint.size > kMaxTreeSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("a checkpoint of ", checkpoint.size, " leaves is larger than 2^62"));
  }
  for (const std::string& line : checkpoint.extensions) {
    if (line.empty() || line.find('\n') != std::string::npos) {
      return absl::InvalidArgumentError("an extension of a checkpoint is one line, not empty");
    }
  }
  return absl::OkStatus();
}

bool IsNamed(absl::Span<const NoteVerifier* const> verifiers, const NoteSignature& signature,
             absl::string_view name) {
  return signature.key_name == name &&
         std::any_of(verifiers.begin(), verifiers.end(), [&](const NoteVerifier* verifier) {
           return verifier->name() == signature.key_name && verifier->key_id() == signature.key_id;
         });
}

}  // namespace

absl::Status CheckOrigin(absl::string_view origin) {
  if (absl::Status status = CheckNoteKeyName(origin); !status.ok()) {
    // The name of the log's key is its origin.
    return absl::InvalidArgumentError(
        absl::StrCat("the origin of a log is the name of its key, and ", status.message()));
  }
  return absl::OkStatus();
}

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  std::string text = absl::StrCat(checkpoint.origin, "\n", checkpoint.size, "\n",
                                  EncodeHash(checkpoint.root), "\n");
  for (const std::string& line : checkpoint.extensions) absl::StrAppend(&text, line, "\n");
  return text;
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text) {
  Checkpoint checkpoint;
  absl::string_view line;
  if (!TakeLine(text, line) || line.empty()) {
    return CheckpointError("line 1, the origin of the log, is missing");
  }
  checkpoint.origin = std::string(line);
  if (!TakeLine(text, line) || !ParseDecimal(line, checkpoint.size)) {
    return CheckpointError("line 2 is not the size of a tree (a decimal without leading zeroes)");
  }
  if (checkpoint.size > kMaxTreeSize) {
    return CheckpointError("line 2: a tree of more than 2^62 leaves");
  }
  if (!TakeLine(text, line) || !DecodeHash(line, checkpoint.root)) {
    return CheckpointError("line 3 is not a root hash (32 bytes in base64)");
  }
  while (!text.empty()) {
    const size_t number = 4 + checkpoint.extensions.size();
    if (!TakeLine(text, line)) {
      return CheckpointError(absl::StrCat("line ", number, " does not end in a newline"));
    }
    if (line.empty()) return CheckpointError(absl::StrCat("line ", number, " is empty"));
    checkpoint.extensions.emplace_back(line);
  }
  return checkpoint;
}

absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint,
                                           absl::Span<const NoteSigner* const> signers) {
  if (absl::Status status = CheckWritable(checkpoint); !status.ok()) return status;
  const bool named = std::any_of(signers.begin(), signers.end(), [&](const NoteSigner* signer) {
    return signer->name() == checkpoint.origin;
  });
  if (!named) {
    return absl::InvalidArgumentError(
        absl::StrCat("no signer has the name of the log, \"", checkpoint.origin, "\""));
  }
  return SignNote(FormatCheckpoint(checkpoint), signers);
}

absl::StatusOr<OpenedCheckpoint> OpenCheckpoint(absl::string_view note,
                                                absl::Span<const NoteVerifier* const> log_keys,
                                                absl::Span<const NoteVerifier* const> others) {
  std::vector<const NoteVerifier*> all(log_keys.begin(), log_keys.end());
  all.insert(all.end(), others.begin(), others.end());
  absl::StatusOr<OpenedNote> opened = OpenNote(note, all);
  if (!opened.ok()) return opened.status();
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(opened->text);
  if (!checkpoint.ok()) return checkpoint.status();
  const bool by_log = std::any_of(opened->verified.begin(), opened->verified.end(),
                                  [&](const NoteSignature& signature) {
                                    return IsNamed(log_keys, signature, checkpoint->origin);
                                  });
  if (!by_log) {
    return absl::UnauthenticatedError(absl::StrCat("no key that is known for the log \"",
                                                   checkpoint->origin, "\" signed its checkpoint"));
  }
  return OpenedCheckpoint{*std::move(checkpoint), std::move(opened->verified),
                          std::move(opened->unverified)};
}

}  // namespace plumbline::audit
