#include "server/service/erasure.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/audit/log_error.h"
#include "server/service/earlier_request.h"
#include "server/service/log_status.h"
#include "server/service/record_lookup.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

constexpr size_t kPage = 1000;
// Of one erasure record: its links must fit its details.
constexpr size_t kMaxBatch = 10'000;

absl::Status HoldError() {
  return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_LEGAL_HOLD,
                   "a legal hold forbids to erase this patient's records");
}

void Add(const Erasure::Erased& batch, Erasure::Erased& total) {
  total.records += batch.records;
  if (batch.erasure_id) {
    total.erasure_id = batch.erasure_id;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Erasure>> Erasure::Open(audit::DecisionLog* log, LogIndexer* indexer,
                                                       std::string engine_build,
                                                       absl::Duration index_wait) {
  return std::unique_ptr<Erasure>(new Erasure(log, indexer, std::move(engine_build), index_wait));
}

Erasure::Erasure(audit::DecisionLog* log, LogIndexer* indexer, std::string engine_build,
                 absl::Duration index_wait)
    : log_(log),
      indexer_(indexer),
      engine_build_(std::move(engine_build)),
      index_wait_(index_wait),
      events_(log, engine_build_) {}

absl::StatusOr<std::vector<uint64_t>> Erasure::FindAll(const store::IndexQuery& query) const {
  store::IndexQuery page = query;
  std::vector<uint64_t> all;
  while (true) {
    const absl::StatusOr<std::vector<uint64_t>> found = indexer_->index().Find(page, kPage);
    if (!found.ok()) {
      return ToApiStatus(found.status());
    }
    all.insert(all.end(), found->begin(), found->end());
    if (found->size() < kPage) {
      std::reverse(all.begin(), all.end());  // the index answers newest first
      return all;
    }
    page.before_index = found->back();
  }
}

// The index knows nothing of records that could not be read when it was made: one of them may be a
// legal hold.
absl::Status Erasure::CheckUnreadable() {
  store::IndexQuery query;
  query.kinds = {v1::RECORD_KIND_UNSPECIFIED};
  const absl::StatusOr<std::vector<uint64_t>> unreadable = FindAll(query);
  if (!unreadable.ok()) {
    return unreadable.status();
  }
  for (const uint64_t index : *unreadable) {
    const absl::StatusOr<audit::Record> record = ReadRecord(*log_, index, store::Parts::kLeaf);
    if (!record.ok() || record->kind == v1::RECORD_KIND_LEGAL_HOLD) {
      return ToApiStatus(audit::LogCorruptError(absl::StrCat(
          "record ", index, " cannot be read and may be a legal hold: nothing is erased")));
    }
  }
  return absl::OkStatus();
}

absl::Status Erasure::LoadHolds() {
  if (holds_loaded_) {
    return absl::OkStatus();
  }
  if (absl::Status waited = indexer_->WaitUntilIndexed(log_->size(), absl::Now() + index_wait_);
      !waited.ok()) {
    return waited;
  }
  if (absl::Status checked = CheckUnreadable(); !checked.ok()) {
    return checked;
  }
  store::IndexQuery query;
  query.kinds = {v1::RECORD_KIND_LEGAL_HOLD};
  const absl::StatusOr<std::vector<uint64_t>> records = FindAll(query);
  if (!records.ok()) {
    return records.status();
  }
  LegalHolds holds;
  for (const uint64_t index : *records) {
    const absl::StatusOr<audit::Record> record =
        ReadRecord(*log_, index, store::Parts::kLeafAndDetails);
    if (!record.ok()) {
      return record.status();
    }
    if (absl::Status applied = holds.Apply(*record); !applied.ok()) {
      return applied;
    }
  }
  holds_ = std::move(holds);
  holds_loaded_ = true;
  return absl::OkStatus();
}

absl::StatusOr<Erasure::Erased> Erasure::ErasePatient(absl::string_view pseudonym,
                                                      absl::string_view reason, bool dry_run,
                                                      const Caller& caller) {
  const absl::MutexLock lock(&mutex_);
  if (absl::Status loaded = LoadHolds(); !loaded.ok()) {
    return loaded;
  }
  if (holds_.Holds(pseudonym)) {
    return HoldError();
  }
  if (absl::Status waited = indexer_->WaitUntilIndexed(log_->size(), absl::Now() + index_wait_);
      !waited.ok()) {
    return waited;
  }
  store::IndexQuery query;
  query.patient_key = PatientKey(*log_, pseudonym);
  const absl::StatusOr<std::vector<uint64_t>> indices = FindAll(query);
  if (!indices.ok()) {
    return indices.status();
  }
  if (dry_run) {
    return Erased{indices->size(), std::nullopt};
  }
  Event event;
  event.kind = v1::RECORD_KIND_ERASURE;
  event.summary = "the records of a patient were erased";
  event.attributes = {{"cause", "request"}, {"reason", std::string(reason)}};
  event.caller = caller;
  return Destroy(*indices, event);
}

absl::StatusOr<Uuid> Erasure::SetLegalHold(absl::string_view pseudonym, bool hold,
                                           absl::string_view reason, const Caller& caller) {
  Event event;
  event.kind = v1::RECORD_KIND_LEGAL_HOLD;
  event.summary = absl::StrCat("a legal hold on ", pseudonym.empty() ? "everybody" : "a patient",
                               hold ? " was set" : " was lifted");
  event.attributes = {{kHoldAttribute, hold ? kHoldSet : kHoldLifted},
                      {"reason", std::string(reason)}};
  event.caller = caller;
  event.patient_pseudonym = std::string(pseudonym);
  const absl::MutexLock lock(&mutex_);
  if (absl::Status loaded = LoadHolds(); !loaded.ok()) {
    return loaded;
  }
  const absl::StatusOr<audit::Appended> appended = events_.Append(std::move(event));
  if (!appended.ok()) {
    return appended.status();
  }
  holds_.Set(pseudonym, hold);
  return appended->id;
}

absl::StatusOr<Erasure::Due> Erasure::EraseBefore(absl::Time before, uint64_t first, size_t limit,
                                                  absl::string_view policy, bool dry_run) {
  const absl::MutexLock lock(&mutex_);
  if (absl::Status loaded = LoadHolds(); !loaded.ok()) {
    return loaded;
  }
  Due due;
  due.next = first;
  std::vector<uint64_t> indices;
  absl::Status problem;
  const auto visit =
      [&](const absl::StatusOr<audit::Record>& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        problem = record.ok() ? Judge(*record, before, due, indices) : ToApiStatus(record.status());
        return problem.ok() && !due.finished && indices.size() < limit;
      };
  const uint64_t size = log_->size();
  if (first < size) {
    absl::Status scanned = log_->Scan(first, size - first, store::Parts::kLeafAndDetails, visit);
    if (!scanned.ok() || !problem.ok()) {
      return problem.ok() ? ToApiStatus(scanned) : problem;
    }
  }
  due.finished = due.finished || due.next >= size;
  if (dry_run) {
    due.erased.records = indices.size();
    return due;
  }
  Event event;
  event.kind = v1::RECORD_KIND_ERASURE;
  event.summary = "records were erased that had been kept long enough";
  event.attributes = {{"cause", "retention"}, {"policy", std::string(policy)}};
  absl::StatusOr<Erased> erased = Destroy(indices, event);
  if (!erased.ok()) {
    return erased.status();
  }
  due.erased = *std::move(erased);
  return due;
}

absl::Status Erasure::Judge(const audit::Record& record, absl::Time before, Due& due,
                            std::vector<uint64_t>& indices) {
  if (record.time >= before) {  // times never go back in a log
    due.finished = true;
    return absl::OkStatus();
  }
  due.next = record.index + 1;
  const bool expires = record.kind == v1::RECORD_KIND_DECISION ||
                       record.kind == v1::RECORD_KIND_FEEDBACK ||
                       record.kind == v1::RECORD_KIND_SHADOW_DISAGREEMENT;
  if (!expires || record.erased) {
    return absl::OkStatus();
  }
  const absl::StatusOr<storage::v1::RecordDetails> details = ParseDetails(record);
  if (!details.ok()) {
    return details.status();
  }
  if (holds_.Holds(details->patient_pseudonym())) {
    ++due.held;
    due.first_held = std::min(due.first_held.value_or(record.index), record.index);
  } else {
    indices.push_back(record.index);
  }
  return absl::OkStatus();
}

absl::StatusOr<Erasure::Erased> Erasure::Destroy(absl::Span<const uint64_t> indices,
                                                 const Event& event) {
  Erased total;
  for (; !indices.empty(); indices.remove_prefix(std::min(indices.size(), kMaxBatch))) {
    const absl::StatusOr<Erased> batch = DestroyBatch(indices.subspan(0, kMaxBatch), event);
    if (!batch.ok()) {
      return batch.status();
    }
    Add(*batch, total);
  }
  return total;
}

absl::StatusOr<Erasure::Erased> Erasure::DestroyBatch(absl::Span<const uint64_t> indices,
                                                      Event event) {
  for (const uint64_t index : indices) {
    const absl::StatusOr<audit::Record> record = ReadRecord(*log_, index, store::Parts::kLeaf);
    if (!record.ok()) {
      return record.status();
    }
    event.linked_ids.push_back(record->id);
  }
  event.attributes.emplace_back("records", absl::StrCat(indices.size()));
  const std::string details = EventDetailsBytes(event);
  audit::RecordDraft draft;
  draft.kind = event.kind;
  draft.engine_build = engine_build_;
  draft.details = details;
  const absl::StatusOr<audit::Appended> erased = log_->Erase(indices, draft);
  if (!erased.ok()) {
    return ToApiStatus(erased.status());
  }
  if (absl::Status forgotten = indexer_->Forget(indices); !forgotten.ok()) {
    return forgotten;
  }
  return Erased{indices.size(), erased->id};
}

}  // namespace plumbline::service
