#include "server/base/signed_note.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "server/base/base64.h"
#include "server/base/utf8_text.h"

namespace plumbline {
namespace {

constexpr absl::string_view kSignaturePrefix = "\xe2\x80\x94 ";  // em dash, space
constexpr size_t kKeyIdSize = 4;

bool SameKey(const NoteSignature& a, const NoteSignature& b) {
  return a.key_id == b.key_id && a.key_name == b.key_name;
}

absl::Status NoteError(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("malformed note: ", what));
}

// What is wrong with the characters, or OK.
absl::Status CheckCharacters(absl::string_view text) {
  Utf8Reader reader(text);
  int line = 1;
  while (!reader.AtEnd()) {
    const absl::optional<char32_t> c = reader.Next();
    if (!c.has_value()) return NoteError(absl::StrCat("line ", line, " is not valid UTF-8"));
    if (*c == '\n') {
      ++line;
    } else if (*c < 0x20) {
      return NoteError(absl::StrFormat("line %d has the control character U+%04X", line,
                                       static_cast<uint32_t>(*c)));
    }
  }
  return absl::OkStatus();
}

// The verifier of the key that made the signature, null if it is not known.
absl::StatusOr<const NoteVerifier*> FindVerifier(const NoteSignature& signature,
                                                 absl::Span<const NoteVerifier* const> verifiers) {
  const NoteVerifier* found = nullptr;
  for (const NoteVerifier* verifier : verifiers) {
    if (verifier->key_id() != signature.key_id || verifier->name() != signature.key_name) continue;
    if (found != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "two verifiers for the key ", NoteKeyLabel(signature.key_name, signature.key_id)));
    }
    found = verifier;
  }
  return found;
}

bool Contains(const std::vector<NoteSignature>& signatures, const NoteSignature& signature) {
  return std::find(signatures.begin(), signatures.end(), signature) != signatures.end();
}

}  // namespace

std::string NoteKeyLabel(absl::string_view name, uint32_t key_id) {
  return absl::StrFormat("%s+%08x", name, key_id);
}

absl::Status CheckNoteKeyName(absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("the name of a key is empty");
  Utf8Reader reader(name);
  while (!reader.AtEnd()) {
    const absl::optional<char32_t> c = reader.Next();
    if (!c.has_value()) return absl::InvalidArgumentError("the name of a key is not valid UTF-8");
    if (IsUnicodeSpace(*c)) return absl::InvalidArgumentError("the name of a key has a space");
    if (*c < 0x20) return absl::InvalidArgumentError("the name of a key has a control character");
    if (*c == '+') return absl::InvalidArgumentError("the name of a key has a plus sign");
  }
  return absl::OkStatus();
}

absl::Status CheckNoteText(absl::string_view text) {
  if (text.empty() || text.back() != '\n') return NoteError("the text does not end in a newline");
  if (text.size() > kMaxNoteSize) {
    return NoteError(
        absl::StrCat("the text has ", text.size(), " bytes, the limit is ", kMaxNoteSize));
  }
  return CheckCharacters(text);
}

absl::StatusOr<NoteSignature> ParseNoteSignature(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, kSignaturePrefix)) {
    return NoteError("a signature does not begin with an em dash and a space");
  }
  const size_t space = line.find(' ');
  if (space == absl::string_view::npos)
    return NoteError("a signature has no space behind its name");
  const absl::string_view name = line.substr(0, space);
  if (absl::Status status = CheckNoteKeyName(name); !status.ok()) {
    return NoteError(status.message());
  }
  absl::StatusOr<std::string> bytes = DecodeBase64(line.substr(space + 1));
  if (!bytes.ok()) return NoteError(absl::StrCat("a signature is ", bytes.status().message()));
  if (bytes->size() <= kKeyIdSize) {
    return NoteError(absl::StrCat("a signature has only ", bytes->size(), " bytes"));
  }
  NoteSignature signature;
  signature.key_name = std::string(name);
  for (size_t i = 0; i < kKeyIdSize; ++i) {
    signature.key_id = signature.key_id << 8 | static_cast<uint8_t>((*bytes)[i]);
  }
  signature.signature = bytes->substr(kKeyIdSize);
  return signature;
}

std::string FormatNoteSignature(const NoteSignature& signature) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(signature.key_id >> shift & 0xff);
  }
  bytes += signature.signature;
  return absl::StrCat(kSignaturePrefix, signature.key_name, " ", EncodeBase64(bytes), "\n");
}

std::string FormatNote(const SignedNote& note) {
  std::string text = absl::StrCat(note.text, "\n");
  for (const NoteSignature& signature : note.signatures) text += FormatNoteSignature(signature);
  return text;
}

absl::StatusOr<SignedNote> ParseNote(absl::string_view note) {
  if (note.size() > kMaxNoteSize) {
    return NoteError(absl::StrCat(note.size(), " bytes, the limit is ", kMaxNoteSize));
  }
  if (absl::Status status = CheckCharacters(note); !status.ok()) return status;
  // The text may have empty lines of its own: the last one separates.
  const size_t split = note.rfind("\n\n");
  if (split == absl::string_view::npos) return NoteError("no blank line before the signatures");
  absl::string_view lines = note.substr(split + 2);
  if (lines.empty()) return NoteError("no signatures");
  if (lines.back() != '\n') return NoteError("the last line does not end in a newline");
  SignedNote parsed;
  parsed.text = std::string(note.substr(0, split + 1));
  while (!lines.empty()) {
    if (parsed.signatures.size() == kMaxNoteSignatures) {
      return NoteError(absl::StrCat("more than ", kMaxNoteSignatures, " signatures"));
    }
    const size_t end = lines.find('\n');
    absl::StatusOr<NoteSignature> signature = ParseNoteSignature(lines.substr(0, end));
    if (!signature.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(signature.status().message(), " (signature ",
                                                     parsed.signatures.size() + 1, ")"));
    }
    parsed.signatures.push_back(*std::move(signature));
    lines.remove_prefix(end + 1);
  }
  return parsed;
}

absl::StatusOr<OpenedNote> OpenNote(absl::string_view note,
                                    absl::Span<const NoteVerifier* const> verifiers) {
  absl::StatusOr<SignedNote> parsed = ParseNote(note);
  if (!parsed.ok()) return parsed.status();
  OpenedNote opened;
  opened.text = std::move(parsed->text);
  for (NoteSignature& signature : parsed->signatures) {
    const absl::StatusOr<const NoteVerifier*> verifier = FindVerifier(signature, verifiers);
    if (!verifier.ok()) return verifier.status();
    if (*verifier == nullptr) {
      if (!Contains(opened.unverified, signature)) {
        opened.unverified.push_back(std::move(signature));
      }
      continue;
    }
    // Every one is verified, repeated ones too: nothing wrong passes in the shadow of a good one.
    if (!(*verifier)->Verify(opened.text, signature.signature)) {
      return absl::UnauthenticatedError(
          absl::StrCat("the signature of ", NoteKeyLabel(signature.key_name, signature.key_id),
                       " does not fit the text"));
    }
    const auto same = [&signature](const NoteSignature& s) { return SameKey(s, signature); };
    if (std::none_of(opened.verified.begin(), opened.verified.end(), same)) {
      opened.verified.push_back(std::move(signature));
    }
  }
  if (opened.verified.empty()) {
    return absl::UnauthenticatedError("no key that is known here signed the note");
  }
  return opened;
}

absl::StatusOr<NoteSignature> MakeNoteSignature(absl::string_view text, const NoteSigner& signer) {
  if (absl::Status status = CheckNoteText(text); !status.ok()) return status;
  if (absl::Status status = CheckNoteKeyName(signer.name()); !status.ok()) return status;
  absl::StatusOr<std::string> bytes = signer.Sign(text);
  if (!bytes.ok()) return bytes.status();
  return NoteSignature{signer.name(), signer.key_id(), *std::move(bytes)};
}

absl::StatusOr<std::string> SignNote(absl::string_view text,
                                     absl::Span<const NoteSigner* const> signers) {
  SignedNote note;
  note.text = std::string(text);
  if (signers.empty()) return absl::InvalidArgumentError("a note needs a signer");
  for (const NoteSigner* signer : signers) {
    absl::StatusOr<NoteSignature> signature = MakeNoteSignature(text, *signer);
    if (!signature.ok()) return signature.status();
    for (const NoteSignature& earlier : note.signatures) {
      if (SameKey(earlier, *signature)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "two signers with the key ", NoteKeyLabel(signer->name(), signer->key_id())));
      }
    }
    note.signatures.push_back(*std::move(signature));
  }
  std::string signed_text = FormatNote(note);
  if (signed_text.size() > kMaxNoteSize || note.signatures.size() > kMaxNoteSignatures) {
    return NoteError("too large with its signatures");
  }
  return signed_text;
}

absl::StatusOr<std::string> AddNoteSignatures(absl::string_view note,
                                              absl::Span<const NoteSignature> signatures) {
  absl::StatusOr<SignedNote> parsed = ParseNote(note);
  if (!parsed.ok()) return parsed.status();
  std::vector<NoteSignature>& all = parsed->signatures;
  for (const NoteSignature& signature : signatures) {
    if (absl::Status status = CheckNoteKeyName(signature.key_name); !status.ok()) return status;
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const NoteSignature& s) { return SameKey(s, signature); }),
              all.end());
    all.push_back(signature);
  }
  std::string text = FormatNote(*parsed);
  if (text.size() > kMaxNoteSize || all.size() > kMaxNoteSignatures) {
    return NoteError("too large with its signatures");
  }
  return text;
}

}  // namespace plumbline
