#include "server/audit/sealed_record.h"

#include "absl/strings/str_cat.h"
#include "server/audit/aead.h"
#include "server/base/hmac.h"

namespace plumbline::audit {
namespace {

// Names, nonces and salts: docs/reference/decision_log.md.
absl::string_view PartName(SealedPart part) {
  return part == SealedPart::kDetails ? "details" : "payload";
}

AeadNonce PartNonce(SealedPart part) {
  AeadNonce nonce{};
  nonce.back() = part == SealedPart::kDetails ? 1 : 2;
  return nonce;
}

// The record's id, then the part's name.
std::string AssociatedData(const Uuid& id, SealedPart part) {
  std::string data(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  const absl::string_view name = PartName(part);
  data.append(name.data(), name.size());
  return data;
}

Sha256Digest Commitment(const RecordKey& key, SealedPart part, absl::string_view plaintext) {
  const Sha256Digest salt = HmacSha256(
      absl::string_view(reinterpret_cast<const char*>(key.data()), key.size()),
      part == SealedPart::kDetails ? "plumbline-salt/v1/details" : "plumbline-salt/v1/payload");
  return Sha256OfPieces(
      {absl::string_view(reinterpret_cast<const char*>(salt.data()), salt.size()), plaintext});
}

std::string SealPart(const RecordKey& key, const Uuid& id, SealedPart part,
                     absl::string_view plaintext) {
  if (plaintext.empty()) return "";
  return AeadSeal(key, PartNonce(part), AssociatedData(id, part), plaintext);
}

}  // namespace

SealedRecord SealRecord(const RecordKey& key, const Uuid& id, absl::string_view details,
                        absl::string_view payload) {
  SealedRecord sealed;
  sealed.details = SealPart(key, id, SealedPart::kDetails, details);
  sealed.payload = SealPart(key, id, SealedPart::kPayload, payload);
  sealed.details_commitment = Commitment(key, SealedPart::kDetails, details);
  sealed.payload_commitment = Commitment(key, SealedPart::kPayload, payload);
  return sealed;
}

absl::StatusOr<std::string> OpenSealedPart(const RecordKey& key, const Uuid& id, SealedPart part,
                                           absl::string_view sealed,
                                           const Sha256Digest& commitment) {
  const absl::string_view name = PartName(part);
  std::string plaintext;
  if (!sealed.empty() &&
      !AeadOpen(key, PartNonce(part), AssociatedData(id, part), sealed, plaintext)) {
    return absl::DataLossError(
        absl::StrCat("the sealed ", name, " was changed, or is another record's"));
  }
  if (Commitment(key, part, plaintext) != commitment) {
    return absl::DataLossError(absl::StrCat("the ", name, " is not what the leaf commits to"));
  }
  return plaintext;
}

}  // namespace plumbline::audit
