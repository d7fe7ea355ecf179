#include "server/base/note_key.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "server/base/base64.h"
#include "server/base/cosignature.h"
#include "server/base/secret.h"
#include "server/base/sha256.h"

namespace plumbline {
namespace {

constexpr absl::string_view kPrivatePrefix = "PRIVATE+KEY+";
constexpr size_t kKeyIdDigits = 8;

char AlgorithmByte(NoteAlgorithm algorithm) { return static_cast<char>(algorithm); }

// The three parts that vkeys and skeys share. `key` is wiped: it may be secret.
struct KeyParts {
  KeyParts() = default;
  KeyParts(const KeyParts&) = delete;
  KeyParts& operator=(const KeyParts&) = delete;
  ~KeyParts() { Zeroise(key); }

  std::string name;
  uint32_t key_id = 0;
  NoteAlgorithm algorithm = NoteAlgorithm::kEd25519;
  std::string key;  // algorithm byte and 32 bytes
};

absl::Status KeyError(absl::string_view kind, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("malformed ", kind, ": ", what));
}

// Eight hexadecimal digits, of either case as in Go.
bool ParseKeyId(absl::string_view text, uint32_t& id) {
  if (text.size() != kKeyIdDigits) return false;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return false;
  }
  return absl::SimpleHexAtoi(text, &id);
}

absl::Status SplitKey(absl::string_view kind, absl::string_view text, KeyParts& parts) {
  const size_t first = text.find('+');
  const size_t second = first == absl::string_view::npos ? first : text.find('+', first + 1);
  if (second == absl::string_view::npos) {
    return KeyError(kind, "not of the form name+id+key, with a key id of 8 hexadecimal digits");
  }
  parts.name = std::string(text.substr(0, first));
  if (absl::Status status = CheckNoteKeyName(parts.name); !status.ok()) {
    return KeyError(kind, status.message());
  }
  if (!ParseKeyId(text.substr(first + 1, second - first - 1), parts.key_id)) {
    return KeyError(kind, "the key id is not 8 hexadecimal digits");
  }
  absl::StatusOr<std::string> key = DecodeBase64(text.substr(second + 1));
  if (!key.ok()) return KeyError(kind, absl::StrCat("the key is ", key.status().message()));
  parts.key = *std::move(key);
  if (parts.key.empty()) return KeyError(kind, "the key is empty");
  const uint8_t algorithm = static_cast<uint8_t>(parts.key[0]);
  if (algorithm != static_cast<uint8_t>(NoteAlgorithm::kEd25519) &&
      algorithm != static_cast<uint8_t>(NoteAlgorithm::kCosignatureV1)) {
    return KeyError(kind, absl::StrFormat("unknown algorithm 0x%02x", algorithm));
  }
  parts.algorithm = static_cast<NoteAlgorithm>(algorithm);
  return absl::OkStatus();
}

absl::Status AlgorithmError(absl::string_view kind) {
  return KeyError(kind, "not a key of algorithm 0x01 (Ed25519)");
}

}  // namespace

uint32_t NoteKeyId(absl::string_view name, NoteAlgorithm algorithm, absl::string_view public_key) {
  const char separator[] = {'\n', AlgorithmByte(algorithm)};
  const Sha256Digest digest =
      Sha256OfPieces({name, absl::string_view(separator, sizeof separator), public_key});
  return uint32_t{digest[0]} << 24 | uint32_t{digest[1]} << 16 | uint32_t{digest[2]} << 8 |
         digest[3];
}

std::string NoteVerifierKey::ToString() const {
  const std::string key =
      absl::StrCat(std::string(1, AlgorithmByte(algorithm)), public_key.bytes());
  return absl::StrCat(NoteKeyLabel(name, key_id()), "+", EncodeBase64(key));
}

absl::StatusOr<NoteVerifierKey> NoteVerifierKey::Parse(absl::string_view vkey) {
  static constexpr absl::string_view kKind = "verifier key";
  if (absl::StartsWith(vkey, kPrivatePrefix)) {
    return KeyError(kKind, "this is a private key: keep it secret, and give its verifier key");
  }
  KeyParts parts;
  if (absl::Status status = SplitKey(kKind, vkey, parts); !status.ok()) return status;
  absl::StatusOr<Ed25519PublicKey> public_key =
      Ed25519PublicKey::FromBytes(absl::string_view(parts.key).substr(1));
  if (!public_key.ok()) return KeyError(kKind, public_key.status().message());
  NoteVerifierKey key{parts.name, parts.algorithm, *std::move(public_key)};
  if (key.key_id() != parts.key_id) {
    return KeyError(kKind, absl::StrFormat("the key id is %08x, that of name and key is %08x",
                                           parts.key_id, key.key_id()));
  }
  return key;
}

absl::StatusOr<NoteSignerKey> NoteSignerKey::Parse(absl::string_view skey) {
  static constexpr absl::string_view kKind = "signer key";
  if (!absl::ConsumePrefix(&skey, kPrivatePrefix)) {
    return KeyError(kKind, absl::StrCat("it does not begin with ", kPrivatePrefix));
  }
  KeyParts parts;
  if (absl::Status status = SplitKey(kKind, skey, parts); !status.ok()) return status;
  const absl::StatusOr<std::unique_ptr<Ed25519Seed>> seed =
      Ed25519Seed::FromBytes(absl::string_view(parts.key).substr(1));
  if (!seed.ok()) return KeyError(kKind, seed.status().message());
  absl::StatusOr<Ed25519PrivateKey> private_key = Ed25519PrivateKey::FromSeed(**seed);
  if (!private_key.ok()) return private_key.status();
  NoteSignerKey key{parts.name, parts.algorithm, *std::move(private_key)};
  if (key.verifier_key().key_id() != parts.key_id) {
    return KeyError(kKind, "the key id is not that of name and key");
  }
  return key;
}

absl::StatusOr<GeneratedNoteKey> NoteKeyFromSeed(const Ed25519Seed& seed, absl::string_view name,
                                                 NoteAlgorithm algorithm) {
  if (absl::Status status = CheckNoteKeyName(name); !status.ok()) return status;
  const absl::StatusOr<Ed25519PrivateKey> key = Ed25519PrivateKey::FromSeed(seed);
  if (!key.ok()) return key.status();
  const NoteVerifierKey verifier{std::string(name), algorithm, key->public_key()};
  std::string secret = absl::StrCat(std::string(1, AlgorithmByte(algorithm)), seed.bytes());
  std::string encoded = EncodeBase64(secret);
  GeneratedNoteKey generated;
  generated.skey =
      absl::StrCat(kPrivatePrefix, NoteKeyLabel(name, verifier.key_id()), "+", encoded);
  generated.vkey = verifier.ToString();
  Zeroise(secret);
  Zeroise(encoded);
  return generated;
}

absl::StatusOr<GeneratedNoteKey> GenerateNoteKey(RandomSource& random, absl::string_view name,
                                                 NoteAlgorithm algorithm) {
  const Ed25519Seed seed(random);
  return NoteKeyFromSeed(seed, name, algorithm);
}

Ed25519NoteSigner::Ed25519NoteSigner(NoteSignerKey key)
    : key_(std::move(key)), key_id_(key_.verifier_key().key_id()) {}

absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> Ed25519NoteSigner::Create(
    absl::string_view skey) {
  absl::StatusOr<NoteSignerKey> key = NoteSignerKey::Parse(skey);
  if (!key.ok()) return key.status();
  return Create(*std::move(key));
}

absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> Ed25519NoteSigner::Create(NoteSignerKey key) {
  if (key.algorithm != NoteAlgorithm::kEd25519) return AlgorithmError("signer key");
  return std::unique_ptr<Ed25519NoteSigner>(new Ed25519NoteSigner(std::move(key)));
}

absl::StatusOr<std::string> Ed25519NoteSigner::Sign(absl::string_view text) const {
  const absl::StatusOr<Ed25519Signature> signature = key_.private_key.Sign(text);
  if (!signature.ok()) return signature.status();
  return std::string(signature->begin(), signature->end());
}

Ed25519NoteVerifier::Ed25519NoteVerifier(NoteVerifierKey key)
    : key_(std::move(key)), key_id_(key_.key_id()) {}

absl::StatusOr<std::unique_ptr<Ed25519NoteVerifier>> Ed25519NoteVerifier::Create(
    absl::string_view vkey) {
  absl::StatusOr<NoteVerifierKey> key = NoteVerifierKey::Parse(vkey);
  if (!key.ok()) return key.status();
  return Create(*std::move(key));
}

absl::StatusOr<std::unique_ptr<Ed25519NoteVerifier>> Ed25519NoteVerifier::Create(
    NoteVerifierKey key) {
  if (key.algorithm != NoteAlgorithm::kEd25519) return AlgorithmError("verifier key");
  return std::unique_ptr<Ed25519NoteVerifier>(new Ed25519NoteVerifier(std::move(key)));
}

bool Ed25519NoteVerifier::Verify(absl::string_view text, absl::string_view signature) const {
  return key_.public_key.Verify(text, signature);
}

absl::StatusOr<std::unique_ptr<NoteVerifier>> CreateNoteVerifier(absl::string_view vkey) {
  absl::StatusOr<NoteVerifierKey> key = NoteVerifierKey::Parse(vkey);
  if (!key.ok()) return key.status();
  if (key->algorithm == NoteAlgorithm::kCosignatureV1) {
    return CosignatureVerifier::Create(*std::move(key));
  }
  return Ed25519NoteVerifier::Create(*std::move(key));
}

}  // namespace plumbline
