#include "server/base/cosignature.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/ed25519.h"

namespace plumbline {
namespace {

constexpr size_t kTimestampSize = 8;
constexpr size_t kCosignatureSize = kTimestampSize + kEd25519SignatureSize;

std::string CosignedMessage(uint64_t seconds, absl::string_view text) {
  return absl::StrCat("cosignature/v1\ntime ", seconds, "\n", text);
}

// The seconds since 1970 that the signature begins with.
absl::StatusOr<uint64_t> CosignatureSeconds(absl::string_view signature) {
  if (signature.size() != kCosignatureSize) {
    return absl::InvalidArgumentError(absl::StrCat("a cosignature has ", kCosignatureSize,
                                                   " bytes, this has ", signature.size()));
  }
  uint64_t seconds = 0;
  for (size_t i = 0; i < kTimestampSize; ++i) {
    seconds = seconds << 8 | static_cast<uint8_t>(signature[i]);
  }
  if (seconds >> 63 != 0) {
    return absl::InvalidArgumentError("the time of a cosignature is beyond 2^63 - 1");
  }
  return seconds;
}

absl::Status AlgorithmError() {
  return absl::InvalidArgumentError("not a key of algorithm 0x04 (cosignature/v1)");
}

}  // namespace

absl::StatusOr<absl::Time> CosignatureTime(absl::string_view signature) {
  const absl::StatusOr<uint64_t> seconds = CosignatureSeconds(signature);
  if (!seconds.ok()) return seconds.status();
  return absl::FromUnixSeconds(static_cast<int64_t>(*seconds));
}

CosignatureSigner::CosignatureSigner(NoteSignerKey key, const Clock* clock)
    : key_(std::move(key)), key_id_(key_.verifier_key().key_id()), clock_(clock) {}

absl::StatusOr<std::unique_ptr<CosignatureSigner>> CosignatureSigner::Create(absl::string_view skey,
                                                                             const Clock* clock) {
  absl::StatusOr<NoteSignerKey> key = NoteSignerKey::Parse(skey);
  if (!key.ok()) return key.status();
  return Create(*std::move(key), clock);
}

absl::StatusOr<std::unique_ptr<CosignatureSigner>> CosignatureSigner::Create(NoteSignerKey key,
                                                                             const Clock* clock) {
  if (key.algorithm != NoteAlgorithm::kCosignatureV1) return AlgorithmError();
  return std::unique_ptr<CosignatureSigner>(new CosignatureSigner(std::move(key), clock));
}

absl::StatusOr<std::string> CosignatureSigner::Sign(absl::string_view text) const {
  const int64_t seconds = absl::ToUnixSeconds(clock_->Now());
  if (seconds <= 0) {
    return absl::FailedPreconditionError("the clock stands before 1970: no time to cosign with");
  }
  const absl::StatusOr<Ed25519Signature> signature =
      key_.private_key.Sign(CosignedMessage(static_cast<uint64_t>(seconds), text));
  if (!signature.ok()) return signature.status();
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<uint64_t>(seconds) >> shift & 0xff);
  }
  bytes.append(signature->begin(), signature->end());
  return bytes;
}

CosignatureVerifier::CosignatureVerifier(NoteVerifierKey key)
    : key_(std::move(key)), key_id_(key_.key_id()) {}

absl::StatusOr<std::unique_ptr<CosignatureVerifier>> CosignatureVerifier::Create(
    absl::string_view vkey) {
  absl::StatusOr<NoteVerifierKey> key = NoteVerifierKey::Parse(vkey);
  if (!key.ok()) return key.status();
  return Create(*std::move(key));
}

absl::StatusOr<std::unique_ptr<CosignatureVerifier>> CosignatureVerifier::Create(
    NoteVerifierKey key) {
  if (key.algorithm != NoteAlgorithm::kCosignatureV1) return AlgorithmError();
  return std::unique_ptr<CosignatureVerifier>(new CosignatureVerifier(std::move(key)));
}

bool CosignatureVerifier::Verify(absl::string_view text, absl::string_view signature) const {
  const absl::StatusOr<uint64_t> seconds = CosignatureSeconds(signature);
  return seconds.ok() &&
         key_.public_key.Verify(CosignedMessage(*seconds, text), signature.substr(kTimestampSize));
}

}  // namespace plumbline
