#include "server/audit/open_record.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/audit/leaf.h"
#include "server/audit/log_error.h"
#include "server/audit/sealed_record.h"
#include "server/base/secret.h"

namespace plumbline::audit {
namespace {

absl::Status AtRecord(uint64_t index, const absl::Status& status) {
  const std::string message = absl::StrCat("record ", index, ": ", std::string(status.message()));
  if (absl::IsDataLoss(status)) return LogCorruptError(message);
  return absl::Status(status.code(), message);
}

absl::Status OpenParts(const store::StoredEntry& entry, store::Parts parts, const Leaf& leaf,
                       const Keyring& keyring, Record& record) {
  absl::StatusOr<RecordKey> key = keyring.Unwrap(*entry.wrapped_key, leaf.id);
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> details =
      OpenSealedPart(*key, leaf.id, SealedPart::kDetails, entry.details, leaf.details_commitment);
  absl::StatusOr<std::string> payload{std::string()};
  if (parts == store::Parts::kAll) {
    payload =
        OpenSealedPart(*key, leaf.id, SealedPart::kPayload, entry.payload, leaf.payload_commitment);
  }
  Zeroise(absl::MakeSpan(*key));
  if (!details.ok()) return details.status();
  if (!payload.ok()) return payload.status();
  record.details = *std::move(details);
  record.payload = *std::move(payload);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Record> OpenRecord(store::StoredEntry entry, store::Parts parts,
                                  const Keyring& keyring) {
  absl::StatusOr<Leaf> leaf = DecodeLeaf(entry.leaf);
  if (!leaf.ok()) return AtRecord(entry.index, leaf.status());
  Record record;
  record.index = entry.index;
  record.kind = leaf->kind;
  record.id = leaf->id;
  record.time = absl::FromUnixMicros(leaf->time_us);
  record.revision = RevisionToText(leaf->revision);
  record.manifest_serial = leaf->manifest_serial;
  record.engine_build = leaf->engine_build;
  record.erased = parts != store::Parts::kLeaf && !entry.wrapped_key.has_value();
  if (!record.erased && parts != store::Parts::kLeaf) {
    const absl::Status opened = OpenParts(entry, parts, *leaf, keyring, record);
    if (!opened.ok()) return AtRecord(entry.index, opened);
  }
  record.leaf = std::move(entry.leaf);
  return record;
}

}  // namespace plumbline::audit
