// Sealing: how the details and payload of a record are encrypted and committed to.
//
// Every record has a random key K of its own. Its two parts are sealed with AES-256-GCM under K,
// each with a nonce of its own (a key seals each part once), with the record's id and the part's
// name as associated data. The leaf commits to each part: SHA-256(salt || part), where the salt is
// HMAC-SHA-256(K, part name): who does not have K cannot test a guess against the commitment, and
// when K is destroyed nobody can any more.
//
// Functions are thread-safe.

#ifndef PLUMBLINE_SERVER_AUDIT_SEALED_RECORD_H_
#define PLUMBLINE_SERVER_AUDIT_SEALED_RECORD_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/audit/keyring.h"
#include "server/base/sha256.h"
#include "server/base/uuid.h"

namespace plumbline::audit {

enum class SealedPart { kDetails, kPayload };

struct SealedRecord {
  // Ciphertext and tag; empty for an empty part.
  std::string details;
  std::string payload;
  Sha256Digest details_commitment{};
  Sha256Digest payload_commitment{};
};

// `key` must be new: it seals one record only.
SealedRecord SealRecord(const RecordKey& key, const Uuid& id, absl::string_view details,
                        absl::string_view payload);

// DataLoss if `sealed` is not what was sealed under this key and id, or is not what the leaf
// commits to.
absl::StatusOr<std::string> OpenSealedPart(const RecordKey& key, const Uuid& id, SealedPart part,
                                           absl::string_view sealed,
                                           const Sha256Digest& commitment);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_SEALED_RECORD_H_
