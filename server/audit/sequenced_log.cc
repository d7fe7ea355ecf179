#include "server/audit/sequenced_log.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "server/audit/erasure.h"
#include "server/audit/leaf.h"
#include "server/audit/log_error.h"
#include "server/audit/merkle.h"
#include "server/audit/sealed_record.h"
#include "server/base/failpoint.h"
#include "server/base/hmac.h"
#include "server/base/secret.h"

namespace plumbline::audit {
namespace {

Failpoint after_index_assigned("after-index-assigned");
Failpoint before_append("before-append");
Failpoint after_append_before_ack("after-append-before-ack");

// Sealing adds a tag.
constexpr size_t kMaxDetails = store::kMaxDetailsBytes - 64;
constexpr size_t kMaxPayload = store::kMaxPayloadBytes - 64;

absl::Status CheckDraft(const RecordDraft& draft) {
  if (draft.kind == v1::RECORD_KIND_UNSPECIFIED || !v1::RecordKind_IsValid(draft.kind)) {
    return absl::InvalidArgumentError("record: kind is missing or unknown");
  }
  if (!IsValidEngineBuild(draft.engine_build)) {
    return absl::InvalidArgumentError(absl::StrCat("record: engine_build must be at most ",
                                                   kMaxEngineBuildBytes,
                                                   " printable ASCII characters"));
  }
  if (draft.details.size() > kMaxDetails) {
    return absl::InvalidArgumentError(
        absl::StrCat("record: details of ", draft.details.size(), " bytes; at most ", kMaxDetails));
  }
  if (draft.payload.size() > kMaxPayload) {
    return absl::InvalidArgumentError(
        absl::StrCat("record: payload of ", draft.payload.size(), " bytes; at most ", kMaxPayload));
  }
  return absl::OkStatus();
}

}  // namespace

SequencedLog::SequencedLog(LogOptions options, LogIdentity identity, OpenedState state,
                           store::LogStore* store, const Keyring* keyring, Clock* clock,
                           RandomSource* random)
    : options_(std::move(options)),
      identity_(std::move(identity)),
      store_(store),
      keyring_(keyring),
      clock_(clock),
      random_(random),
      ids_(clock, &random_),
      index_key_(state.index_key),
      last_time_us_(state.last_time_us),
      tree_(std::move(state.tree)),
      gate_({options_.max_pending_records, options_.max_pending_bytes, options_.min_free_bytes},
            store, clock, options_.on_event) {
  Checkpointer::Options checkpoints;
  checkpoints.records = options_.checkpoint_records;
  checkpoints.interval = options_.checkpoint_interval;
  checkpoints.on_failed = [this](const absl::Status& why) { Fail(why); };
  checkpoints.on_event = options_.on_event;
  checkpointer_ = std::make_unique<Checkpointer>(std::move(checkpoints), &identity_, tree_.get(),
                                                 store_, std::move(state.checkpoints));
  sequencer_ = std::make_unique<Sequencer>(
      Sequencer::Options{options_.max_batch, options_.max_batch_delay},
      [this](Batch& batch) { return WriteBatch(batch); },
      [this](const PendingRecord& record) { gate_.Leave(record.bytes()); });
}

SequencedLog::~SequencedLog() {
  sequencer_.reset();
  checkpointer_.reset();
  Zeroise(absl::MakeSpan(index_key_));
}

absl::StatusOr<DecisionLog::Admission> SequencedLog::Admit() {
  if (has_failed_.load(std::memory_order_acquire)) return health();
  if (absl::Status entered = gate_.Enter(); !entered.ok()) return entered;
  sequencer_->Expect();
  return MakeAdmission();
}

void SequencedLog::Release() {
  sequencer_->Unexpect();
  gate_.Leave(0);
}

void SequencedLog::Append(Admission admission, const RecordDraft& draft, Done done) {
  AppendWithId(std::move(admission), draft, ids_.Next(), std::move(done));
}

void SequencedLog::AppendWithId(Admission admission, const RecordDraft& draft, const Uuid& id,
                                Done done) {
  if (!Use(admission)) {
    // Without a place of its own the record takes one now, over the limit if need be.
    gate_.EnterAnyway();
    sequencer_->Expect();
    auto refused = std::make_unique<PendingRecord>();
    refused->done = std::move(done);
    refused->error = absl::FailedPreconditionError("decision log: append without admission");
    sequencer_->Refuse(std::move(refused));
    return;
  }
  std::unique_ptr<PendingRecord> record = Seal(draft, id, std::move(done));
  gate_.AddBytes(record->bytes());
  if (record->error.ok()) {
    sequencer_->Push(std::move(record));
  } else {
    sequencer_->Refuse(std::move(record));
  }
}

std::unique_ptr<PendingRecord> SequencedLog::Seal(const RecordDraft& draft, const Uuid& id,
                                                  Done done) {
  auto record = std::make_unique<PendingRecord>();
  record->done = std::move(done);
  record->error = CheckDraft(draft);
  absl::StatusOr<Sha256Digest> revision = RevisionFromText(draft.revision);
  if (record->error.ok()) record->error = revision.status();
  if (!record->error.ok()) return record;

  RecordKey key;
  random_.Fill(absl::MakeSpan(key));
  record->wrapped_key = keyring_->Wrap(key, id, random_);
  SealedRecord sealed = SealRecord(key, id, draft.details, draft.payload);
  Zeroise(absl::MakeSpan(key));
  record->leaf.kind = draft.kind;
  record->leaf.id = id;
  record->leaf.time_us = absl::ToUnixMicros(clock_->Now());
  record->leaf.revision = *revision;
  record->leaf.manifest_serial = draft.manifest_serial;
  record->leaf.engine_build = std::string(draft.engine_build);
  record->leaf.details_commitment = sealed.details_commitment;
  record->leaf.payload_commitment = sealed.payload_commitment;
  record->details = std::move(sealed.details);
  record->payload = std::move(sealed.payload);
  return record;
}

absl::StatusOr<Appended> SequencedLog::AppendAndWait(const RecordDraft& draft) {
  return AppendWithIdAndWait(draft, ids_.Next());
}

absl::StatusOr<Appended> SequencedLog::AppendWithIdAndWait(const RecordDraft& draft,
                                                           const Uuid& id) {
  absl::StatusOr<Admission> admission = Admit();
  if (!admission.ok()) return admission.status();
  absl::Notification written;
  absl::StatusOr<Appended> result = absl::UnknownError("");
  AppendWithId(*std::move(admission), draft, id, [&](absl::StatusOr<Appended> appended) {
    result = std::move(appended);
    written.Notify();
  });
  written.WaitForNotification();
  return result;
}

void SequencedLog::GiveTime(PendingRecord& record) {
  const int64_t asked_us = record.leaf.time_us;
  const absl::Duration behind = absl::Microseconds(last_time_us_ - asked_us);
  // Threads that push at the same time may swap by microseconds; that is no clock that went back.
  if (behind > absl::Seconds(1) && !clock_is_behind_) {
    Event("clock-went-back", absl::StrCat("by ", absl::FormatDuration(behind)));
  }
  clock_is_behind_ = behind > absl::Seconds(1);
  last_time_us_ = std::max(last_time_us_, asked_us);
  record.leaf.time_us = last_time_us_;
}

absl::Status SequencedLog::WriteBatch(Batch& batch) {
  if (has_failed_.load(std::memory_order_acquire)) return health();
  const uint64_t first = tree_->size();
  const int64_t time_before_us = last_time_us_;
  std::vector<Sha256Digest> hashes;
  hashes.reserve(batch.size());
  for (size_t i = 0; i < batch.size(); ++i) {
    PendingRecord& record = *batch[i];
    GiveTime(record);
    record.index = first + i;
    record.leaf_bytes = EncodeLeaf(record.leaf);
    hashes.push_back(HashLeaf(record.leaf_bytes));
  }
  after_index_assigned.Hit();
  const absl::Status appended = AppendToStore(first, batch);
  if (absl::IsResourceExhausted(appended)) {
    last_time_us_ = time_before_us;
    gate_.ReportFull();
    return LogDiskFullError(
        absl::StrCat("decision log: nothing was stored: ", std::string(appended.message())),
        absl::Seconds(10));
  }
  if (!appended.ok()) {
    Fail(appended);
    return health();
  }
  after_append_before_ack.Hit();
  tree_->Append(hashes);
  checkpointer_->Grown(first + batch.size());
  return absl::OkStatus();
}

absl::Status SequencedLog::AppendToStore(uint64_t first, const Batch& batch) {
  std::vector<store::NewEntry> entries;
  entries.reserve(batch.size());
  for (const std::unique_ptr<PendingRecord>& record : batch) {
    store::NewEntry entry;
    entry.leaf = record->leaf_bytes;
    entry.wrapped_key = record->wrapped_key;
    entry.details = record->details;
    entry.payload = record->payload;
    entries.push_back(entry);
  }
  absl::MutexLock lock(&store_mutex_);
  if (before_append.Hit()) return absl::UnavailableError("failpoint before-append");
  return store_->Append(first, entries);
}

void SequencedLog::Fail(const absl::Status& why) {
  {
    absl::MutexLock lock(&failure_mutex_);
    if (!failure_.ok()) return;
    failure_ =
        LogFailedError(absl::StrCat("decision log: it has failed, nothing is recorded any "
                                    "more until it is opened anew: ",
                                    std::string(why.message())));
    has_failed_.store(true, std::memory_order_release);
  }
  Event("log-failed", std::string(why.message()));
}

absl::Status SequencedLog::health() const {
  absl::MutexLock lock(&failure_mutex_);
  return failure_;
}

void SequencedLog::Event(absl::string_view event, absl::string_view detail) const {
  if (options_.on_event) options_.on_event(event, detail);
}

absl::StatusOr<std::string> SequencedLog::Checkpoint(uint64_t at_least) {
  return checkpointer_->Latest(at_least);
}

absl::StatusOr<std::vector<Sha256Digest>> SequencedLog::InclusionProof(uint64_t index,
                                                                       uint64_t tree_size) const {
  return tree_->InclusionProof(index, tree_size);
}

absl::StatusOr<std::vector<Sha256Digest>> SequencedLog::ConsistencyProof(uint64_t old_size,
                                                                         uint64_t new_size) const {
  return tree_->ConsistencyProof(old_size, new_size);
}

absl::StatusOr<Sha256Digest> SequencedLog::RootAt(uint64_t tree_size) const {
  return tree_->RootAt(tree_size);
}

absl::StatusOr<std::vector<Sha256Digest>> SequencedLog::ReadHashes(
    absl::Span<const NodeId> nodes) const {
  return tree_->ReadHashes(nodes);
}

absl::Status SequencedLog::AddCosignature(absl::string_view checkpoint, absl::string_view line) {
  return checkpointer_->AddCosignature(checkpoint, line);
}

std::string SequencedLog::CosignedCheckpoint() const { return checkpointer_->Cosigned(); }

std::string SequencedLog::IndexHash(absl::string_view domain, absl::string_view text) const {
  // A length keeps ("ab", "c") and ("a", "bc") apart.
  const std::string message =
      absl::StrCat("plumbline-index/v1/", domain.size(), "/", domain, "/", text);
  const Sha256Digest hash = HmacSha256(
      absl::string_view(reinterpret_cast<const char*>(index_key_.data()), index_key_.size()),
      message);
  return std::string(reinterpret_cast<const char*>(hash.data()), hash.size());
}

}  // namespace plumbline::audit
