// Reading, erasing and rotating of SequencedLog.

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/audit/erasure.h"
#include "server/audit/leaf.h"
#include "server/audit/log_error.h"
#include "server/audit/open_record.h"
#include "server/audit/sequenced_log.h"
#include "server/base/failpoint.h"
#include "server/base/secret.h"

namespace plumbline::audit {
namespace {

Failpoint erasure_noted("erasure-noted");
Failpoint erase_recorded_keys_not_destroyed("erase-recorded-keys-not-destroyed");
Failpoint keys_destroyed("keys-destroyed");
Failpoint rotation_batch("rotation-batch");

// Keys that are replaced with one sync.
constexpr size_t kRotationBatch = 256;

absl::Status WithReason(const absl::Status& status) {
  if (absl::IsDataLoss(status)) return LogCorruptError(std::string(status.message()));
  return status;
}

}  // namespace

absl::StatusOr<Record> SequencedLog::Read(uint64_t index, store::Parts parts) const {
  if (index >= size()) {
    return UnknownRecordError(
        absl::StrCat("no record with index ", index, ": the log has ", size(), " records"));
  }
  absl::StatusOr<store::StoredEntry> entry = store_->Read(index, parts);
  if (!entry.ok()) return WithReason(entry.status());
  return OpenRecord(*std::move(entry), parts, *keyring_);
}

absl::Status SequencedLog::Scan(uint64_t first, uint64_t count, store::Parts parts,
                                absl::FunctionRef<bool(absl::StatusOr<Record>)> visit) const {
  const uint64_t end = size();
  if (first > end) {
    return UnknownRecordError(
        absl::StrCat("no record with index ", first, ": the log has ", end, " records"));
  }
  return WithReason(
      store_->Scan(first, std::min(count, end - first), parts, [&](store::StoredEntry entry) {
        return visit(OpenRecord(std::move(entry), parts, *keyring_));
      }));
}

absl::Status SequencedLog::CheckErasable(absl::Span<const uint64_t> indices) const {
  if (indices.empty()) return absl::InvalidArgumentError("erasure: no records");
  const uint64_t end = size();
  for (const uint64_t index : indices) {
    if (index >= end) {
      return absl::InvalidArgumentError(
          absl::StrCat("erasure: no record ", index, ": the log has ", end, " records"));
    }
    absl::StatusOr<Record> record = Read(index, store::Parts::kLeaf);
    if (!record.ok()) return record.status();
    if (record->kind == v1::RECORD_KIND_ERASURE) {
      return absl::InvalidArgumentError(absl::StrCat(
          "erasure: record ", index, " is the record of an erasure, which must stay readable"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Appended> SequencedLog::Erase(absl::Span<const uint64_t> indices,
                                             const RecordDraft& draft) {
  std::vector<uint64_t> sorted(indices.begin(), indices.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  if (draft.kind != v1::RECORD_KIND_ERASURE || !draft.payload.empty()) {
    return absl::InvalidArgumentError(
        "erasure: the draft must be of kind erasure, with an empty payload");
  }
  absl::MutexLock lock(&keys_mutex_);
  if (absl::Status status = CheckErasable(sorted); !status.ok()) return status;
  if (absl::Status status = FinishErasureLocked(); !status.ok()) return status;

  // First a note of what is to come, then the record, then the keys, then the note goes: whatever
  // the moment of a crash, Open can tell what is left to do.
  const PendingErasure pending{ids_.Next(), size()};
  absl::Status noted = store_->PutDocument(kPendingErasureDocument, EncodePendingErasure(pending));
  if (!noted.ok()) return noted;
  erasure_noted.Hit();
  RecordDraft recorded = draft;
  const std::string list = EncodeErasedIndices(sorted);
  recorded.payload = list;
  absl::StatusOr<Appended> appended = AppendWithIdAndWait(recorded, pending.record_id);
  if (!appended.ok()) return appended;
  erase_recorded_keys_not_destroyed.Hit();
  if (absl::Status erased = EraseKeys(sorted); !erased.ok()) return erased;
  return appended;
}

absl::Status SequencedLog::EraseKeys(absl::Span<const uint64_t> indices) {
  {
    absl::MutexLock lock(&store_mutex_);
    absl::Status destroyed = store_->DestroyKeys(indices);
    if (!destroyed.ok()) {
      // The record says that they are gone: nobody may go on as if they were.
      if (!absl::IsResourceExhausted(destroyed)) Fail(destroyed);
      return destroyed;
    }
  }
  keys_destroyed.Hit();
  return store_->PutDocument(kPendingErasureDocument, "");
}

absl::Status SequencedLog::FinishErasure() {
  absl::MutexLock lock(&keys_mutex_);
  return FinishErasureLocked();
}

absl::Status SequencedLog::FinishErasureLocked() {
  absl::StatusOr<std::string> note = store_->GetDocument(kPendingErasureDocument);
  if (absl::IsNotFound(note.status()) || (note.ok() && note->empty())) return absl::OkStatus();
  if (!note.ok()) return note.status();
  absl::StatusOr<std::vector<uint64_t>> indices = RecordedErasure(*note);
  if (!indices.ok()) return indices.status();
  if (absl::Status erased = EraseKeys(*indices); !erased.ok()) return erased;
  if (!indices->empty()) Event("erasure-completed", absl::StrCat(indices->size(), " records"));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint64_t>> SequencedLog::RecordedErasure(absl::string_view note) const {
  absl::StatusOr<PendingErasure> pending = DecodePendingErasure(note);
  if (!pending.ok()) return pending.status();
  absl::StatusOr<std::vector<uint64_t>> indices{std::vector<uint64_t>()};
  const uint64_t end = size();
  const uint64_t first = std::min(pending->from_index, end);
  const auto visit = [&](const absl::StatusOr<Record>& leaf) {
    if (leaf.ok() && leaf->id != pending->record_id) return true;
    absl::StatusOr<Record> record =
        leaf.ok() ? Read(leaf->index, store::Parts::kAll) : absl::StatusOr<Record>(leaf.status());
    indices = record.ok() ? DecodeErasedIndices(record->payload)
                          : absl::StatusOr<std::vector<uint64_t>>(record.status());
    return false;
  };
  const absl::Status scanned = Scan(first, end - first, store::Parts::kLeaf, visit);
  if (!scanned.ok()) return scanned;
  return indices;
}

absl::StatusOr<SequencedLog::Rewrapped> SequencedLog::NextToRewrap(uint64_t& next, uint64_t end) {
  Rewrapped rewrapped;
  absl::Status failure;
  const auto rewrap = [&](const store::StoredEntry& entry) -> absl::Status {
    if (!entry.wrapped_key.has_value()) return absl::OkStatus();
    absl::StatusOr<MasterKeyId> by = Keyring::WrappedBy(*entry.wrapped_key);
    if (!by.ok()) return by.status();
    if (*by == keyring_->current_id()) return absl::OkStatus();
    absl::StatusOr<Leaf> leaf = DecodeLeaf(entry.leaf);
    if (!leaf.ok()) return leaf.status();
    absl::StatusOr<RecordKey> key = keyring_->Unwrap(*entry.wrapped_key, leaf->id);
    if (!key.ok()) return key.status();
    rewrapped.emplace_back(entry.index, keyring_->Wrap(*key, leaf->id, random_));
    Zeroise(absl::MakeSpan(*key));
    return absl::OkStatus();
  };
  const absl::Status scanned = store_->Scan(
      next, end - next, store::Parts::kLeafAndDetails, [&](const store::StoredEntry& entry) {
        const absl::Status status = rewrap(entry);
        if (!status.ok()) {
          failure = absl::Status(status.code(), absl::StrCat("record ", entry.index, ": ",
                                                             std::string(status.message())));
          return false;
        }
        next = entry.index + 1;
        return rewrapped.size() < kRotationBatch;
      });
  if (!scanned.ok()) return scanned;
  if (!failure.ok()) return failure;
  return rewrapped;
}

absl::Status SequencedLog::RotateRecords(uint64_t& done, uint64_t& at) {
  const uint64_t end = size();
  while (at < end) {
    absl::StatusOr<Rewrapped> rewrapped = NextToRewrap(at, end);
    if (!rewrapped.ok()) return rewrapped.status();
    if (rewrapped->empty()) continue;
    {
      absl::MutexLock lock(&store_mutex_);
      if (absl::Status replaced = store_->ReplaceKeys(*rewrapped); !replaced.ok()) {
        if (absl::IsUnavailable(replaced)) Fail(replaced);
        return replaced;
      }
    }
    rotation_batch.Hit();
    done += rewrapped->size();
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> SequencedLog::RotateKeys() {
  absl::MutexLock lock(&keys_mutex_);
  uint64_t done = 0;
  uint64_t at = 0;
  if (absl::Status rotated = RotateRecords(done, at); !rotated.ok()) {
    return absl::Status(
        rotated.code(),
        absl::StrCat("key rotation: ", done, " record keys are wrapped anew, ", size() - at,
                     " records are left (keep the old master key; repeat): ",
                     std::string(rotated.message())));
  }
  // The index key comes last: a keyring without the old key, taken too early, does not open the
  // log.
  absl::Status index_key = WriteIndexKey(index_key_, store_, *keyring_, random_);
  if (!index_key.ok()) return index_key;

  storage::v1::RecordDetails details;
  storage::v1::EventDetails& event = *details.mutable_event();
  event.set_summary(absl::StrCat("Record keys wrapped with master key ", keyring_->current_id()));
  storage::v1::EventAttribute& key = *event.add_attributes();
  key.set_name("master_key");
  key.set_value(keyring_->current_id());
  storage::v1::EventAttribute& count = *event.add_attributes();
  count.set_name("wrapped_records");
  count.set_value(absl::StrCat(done));
  RecordDraft draft;
  draft.kind = v1::RECORD_KIND_KEY_ROTATION;
  const std::string bytes = details.SerializeAsString();
  draft.details = bytes;
  if (absl::StatusOr<Appended> appended = AppendAndWait(draft); !appended.ok()) {
    return appended.status();
  }
  return done;
}

absl::StatusOr<std::vector<KeyUse>> SequencedLog::KeyUses() const {
  std::map<MasterKeyId, uint64_t> uses;
  absl::Status failure;
  const absl::Status scanned =
      store_->Scan(0, size(), store::Parts::kLeafAndDetails, [&](const store::StoredEntry& entry) {
        if (!entry.wrapped_key.has_value()) return true;
        absl::StatusOr<MasterKeyId> by = Keyring::WrappedBy(*entry.wrapped_key);
        if (!by.ok()) {
          failure = LogCorruptError(
              absl::StrCat("record ", entry.index, ": ", std::string(by.status().message())));
          return false;
        }
        ++uses[*by];
        return true;
      });
  if (!scanned.ok()) return WithReason(scanned);
  if (!failure.ok()) return failure;
  std::vector<KeyUse> result;
  for (const auto& [key, records] : uses) result.push_back({key, records});
  return result;
}

}  // namespace plumbline::audit
