#include "server/service/erasure.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "server/service/earlier_request.h"
#include "server/service/log_status.h"
#include "server/service/record_lookup.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

constexpr size_t kPage = 1000;
// Of one erasure record: its links must fit its details.
constexpr size_t kMaxBatch = 10'000;
// Damaged records that a text names; all are counted.
constexpr size_t kMaxNamed = 100;

absl::Status HoldError() {
  return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_LEGAL_HOLD,
                   "a legal hold forbids to erase this patient's records");
}

// "17, 44 and 3 more".
std::string Names(const std::vector<uint64_t>& indices) {
  const size_t named = std::min(indices.size(), kMaxNamed);
  std::string text =
      absl::StrJoin(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(named), ", ");
  if (indices.size() > named) {
    absl::StrAppend(&text, " and ", indices.size() - named, " more");
  }
  return text;
}

void SortUnique(std::vector<uint64_t>& indices) {
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
}

// Of reads, those that hold something of a patient's do: see IsOfAPatient.
bool MayExpire(v1::RecordKind kind) {
  return kind == v1::RECORD_KIND_DECISION || kind == v1::RECORD_KIND_FEEDBACK ||
         kind == v1::RECORD_KIND_SHADOW_DISAGREEMENT || kind == v1::RECORD_KIND_ACCESS;
}

// Whom or what a read looked for is on record with it; a request id is a patient's, also when it
// was not found.
bool IsOfAPatient(v1::RecordKind kind, const storage::v1::RecordDetails& details) {
  return kind != v1::RECORD_KIND_ACCESS || !details.patient_pseudonym().empty() ||
         !details.request_id().empty();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Erasure>> Erasure::Open(audit::DecisionLog* log, LogIndexer* indexer,
                                                       ErasureOptions options) {
  return std::unique_ptr<Erasure>(new Erasure(log, indexer, std::move(options)));
}

Erasure::Erasure(audit::DecisionLog* log, LogIndexer* indexer, ErasureOptions options)
    : log_(log),
      indexer_(indexer),
      options_(std::move(options)),
      events_(log, options_.engine_build),
      holds_below_(log->size()) {}

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

absl::Status Erasure::AddUnreadable(absl::string_view pseudonym, std::vector<uint64_t>& indices,
                                    std::vector<uint64_t>& damaged) {
  store::IndexQuery query;
  query.kinds = {v1::RECORD_KIND_UNSPECIFIED};
  const absl::StatusOr<std::vector<uint64_t>> unreadable = FindAll(query);
  if (!unreadable.ok()) {
    return unreadable.status();
  }
  for (const uint64_t index : *unreadable) {
    const absl::StatusOr<audit::Record> record =
        ReadRecord(*log_, index, store::Parts::kLeafAndDetails);
    if (record.ok() && record->erased) {
      continue;
    }
    const absl::StatusOr<storage::v1::RecordDetails> details =
        record.ok() ? ParseDetails(*record) : record.status();
    if (details.ok()) {  // it was restored
      if (details->patient_pseudonym() == pseudonym) {
        indices.push_back(index);
      }
    } else if (!absl::IsDataLoss(details.status())) {
      return details.status();
    } else {
      damaged.push_back(index);
    }
  }
  SortUnique(indices);
  return absl::OkStatus();
}

absl::StatusOr<Erasure::Erased> Erasure::ErasePatient(absl::string_view pseudonym,
                                                      absl::string_view reason, bool dry_run,
                                                      const Caller& caller) {
  // Waiting is done before the lock is taken: a hold must not have to wait behind it.
  if (absl::Status waited = WaitForHolds(options_.index_wait); !waited.ok()) {
    return waited;
  }
  if (absl::Status waited =
          indexer_->WaitUntilIndexed(log_->size(), absl::Now() + options_.index_wait);
      !waited.ok()) {
    return waited;
  }
  const absl::MutexLock lock(&mutex_);
  if (absl::Status loaded = LoadHolds(); !loaded.ok()) {
    return loaded;
  }
  if (holds_.Holds(pseudonym)) {
    return HoldError();
  }
  store::IndexQuery query;
  query.patient_key = PatientKey(*log_, pseudonym);
  absl::StatusOr<std::vector<uint64_t>> indices = FindAll(query);
  if (!indices.ok()) {
    return indices.status();
  }
  std::vector<uint64_t> damaged;
  if (absl::Status added = AddUnreadable(pseudonym, *indices, damaged); !added.ok()) {
    return added;
  }
  if (dry_run) {
    return Erased{indices->size(), std::nullopt, std::move(damaged)};
  }
  Event event;
  event.kind = v1::RECORD_KIND_ERASURE;
  event.summary = "the records of a patient were erased";
  event.attributes = {{"cause", "request"}, {"reason", std::string(reason)}};
  event.caller = caller;
  return Destroy(*indices, event, std::move(damaged));
}

absl::StatusOr<Erasure::Due> Erasure::EraseBefore(const Step& step) {
  if (absl::Status waited = WaitForHolds(step.index_wait); !waited.ok()) {
    return waited;
  }
  const absl::MutexLock lock(&mutex_);
  if (absl::Status loaded = LoadHolds(); !loaded.ok()) {
    return loaded;
  }
  Due due;
  due.next = step.first;
  std::vector<uint64_t> found;
  if (absl::Status looked = Look(step, due, found); !looked.ok()) {
    return looked;
  }
  if (step.dry_run) {
    due.erased.records = found.size();
    return due;
  }
  Event event;
  event.kind = v1::RECORD_KIND_ERASURE;
  event.summary = "records were erased that had been kept long enough";
  event.attributes = {{"cause", "retention"}, {"policy", std::string(step.policy)}};
  absl::StatusOr<Erased> erased = Destroy(found, event, std::move(due.erased.damaged));
  if (!erased.ok()) {
    return erased.status();
  }
  due.erased = *std::move(erased);
  if (!due.erased.damaged.empty()) {
    const uint64_t first = due.erased.damaged.front();
    due.first_left = std::min(due.first_left.value_or(first), first);
  }
  return due;
}

absl::Status Erasure::Look(const Step& step, Due& due, std::vector<uint64_t>& found) {
  const uint64_t size = log_->size();
  const uint64_t end = std::min(size, step.first + std::max<size_t>(step.max_looked_at, 1));
  const auto goes_on = [&] { return !due.finished && found.size() < step.max_erased; };
  while (due.next < end && goes_on()) {
    const uint64_t from = due.next;
    absl::Status problem;
    const auto visit =
        [&](const absl::StatusOr<audit::Record>& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
          problem = record.ok() ? Judge(*record, step.before, due, found) : record.status();
          return problem.ok() && goes_on();
        };
    const absl::Status scanned = log_->Scan(from, end - from, store::Parts::kLeafAndDetails, visit);
    const absl::Status& failure = problem.ok() ? scanned : problem;
    if (absl::IsDataLoss(failure)) {
      JudgeDamaged(step.before, due, found);
    } else if (!failure.ok()) {
      return ToApiStatus(failure);
    } else if (due.next == from && goes_on()) {
      return absl::InternalError(absl::StrCat("the log skipped record ", from));
    }
  }
  due.finished = due.finished || due.next >= size;
  return absl::OkStatus();
}

absl::Status Erasure::Judge(const audit::Record& record, absl::Time before, Due& due,
                            std::vector<uint64_t>& found) {
  if (record.time >= before) {  // times never go back in a log
    due.finished = true;
    return absl::OkStatus();
  }
  if (!MayExpire(record.kind) || record.erased) {
    due.next = record.index + 1;
    return absl::OkStatus();
  }
  const absl::StatusOr<storage::v1::RecordDetails> details = ParseDetails(record);
  if (!details.ok()) {
    return details.status();
  }
  due.next = record.index + 1;
  if (!IsOfAPatient(record.kind, *details)) {
    return absl::OkStatus();
  }
  if (holds_.Holds(details->patient_pseudonym())) {
    ++due.held;
    due.first_left = std::min(due.first_left.value_or(record.index), record.index);
  } else {
    found.push_back(record.index);
  }
  return absl::OkStatus();
}

void Erasure::JudgeDamaged(absl::Time before, Due& due, std::vector<uint64_t>& found) {
  const uint64_t index = due.next;
  const absl::StatusOr<audit::Record> leaf = log_->Read(index, store::Parts::kLeaf);
  if (leaf.ok() && leaf->time >= before) {
    due.finished = true;
    return;
  }
  due.next = index + 1;
  if (leaf.ok() && !MayExpire(leaf->kind)) {
    return;
  }
  // Whose it is only matters while something is held.
  if (leaf.ok() && holds_.empty()) {
    found.push_back(index);
    return;
  }
  due.erased.damaged.push_back(index);
}

absl::StatusOr<Erasure::Erased> Erasure::Destroy(absl::Span<const uint64_t> indices,
                                                 const Event& event,
                                                 std::vector<uint64_t> damaged) {
  Erased total;
  total.damaged = std::move(damaged);
  for (; !indices.empty(); indices.remove_prefix(std::min(indices.size(), kMaxBatch))) {
    if (absl::Status erased = DestroyBatch(indices.subspan(0, kMaxBatch), event, total);
        !erased.ok()) {
      return erased;
    }
  }
  Report(total.damaged);
  return total;
}

absl::Status Erasure::DestroyBatch(absl::Span<const uint64_t> indices, Event event, Erased& total) {
  std::vector<uint64_t> readable;
  for (const uint64_t index : indices) {
    const absl::StatusOr<audit::Record> record = ReadRecord(*log_, index, store::Parts::kLeaf);
    if (record.ok()) {
      event.linked_ids.push_back(record->id);
      readable.push_back(index);
    } else if (absl::IsDataLoss(record.status())) {
      total.damaged.push_back(index);
    } else {
      return record.status();
    }
  }
  SortUnique(total.damaged);
  if (readable.empty()) {
    return absl::OkStatus();
  }
  event.attributes.emplace_back("records", absl::StrCat(readable.size()));
  if (!total.damaged.empty()) {
    event.attributes.emplace_back("damaged", absl::StrCat(total.damaged.size()));
    event.attributes.emplace_back("damaged_records", Names(total.damaged));
  }
  event.engine_build = options_.engine_build;
  const std::string details = EventDetailsBytes(event);
  audit::RecordDraft draft;
  draft.kind = event.kind;
  draft.engine_build = event.engine_build;
  draft.details = details;
  const absl::StatusOr<audit::Appended> erased = log_->Erase(readable, draft);
  if (!erased.ok()) {
    return ToApiStatus(erased.status());
  }
  if (absl::Status forgotten = indexer_->Forget(readable); !forgotten.ok()) {
    return forgotten;
  }
  total.records += readable.size();
  total.erasure_id = erased->id;
  return absl::OkStatus();
}

void Erasure::Report(const std::vector<uint64_t>& damaged) {
  if (damaged.empty()) {
    return;
  }
  damaged_met_.insert(damaged.begin(), damaged.end());
  damaged_met_count_.store(damaged_met_.size(), std::memory_order_relaxed);
  if (options_.on_event) {
    options_.on_event(
        "erasure-damaged",
        absl::StrCat(damaged.size(), " damaged records could not be erased: ", Names(damaged)));
  }
}

}  // namespace plumbline::service
