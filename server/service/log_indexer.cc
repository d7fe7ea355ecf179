#include "server/service/log_indexer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "server/audit/erasure.h"
#include "server/base/steady_cond_var.h"
#include "server/service/background_thread.h"
#include "server/service/log_status.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

// Erasures whose traces in the index are looked for at the start: a crash can have kept the last
// one from being applied, a failing database a few more.
constexpr size_t kErasuresChecked = 16;
// Records that the index has as damaged, and that are tried again at the start.
constexpr size_t kDamagedChecked = 256;
constexpr absl::Duration kRetryInterval = absl::Seconds(1);
constexpr absl::Duration kReaderRetry = absl::Milliseconds(500);
constexpr absl::Duration kHelperInterval = absl::Seconds(1);
// Half of a core at most, also when the whole index is made anew.
constexpr double kHelperRestFactor = 1.0;

// How long something takes, whatever is done to the system's clock meanwhile.
class Stopwatch {
 public:
  absl::Duration Elapsed() const {
    return absl::FromChrono(std::chrono::steady_clock::now() - begun_);
  }

 private:
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// The last records that were offered, by index. Thread-safe.
class OfferedRecords {
 public:
  explicit OfferedRecords(size_t capacity) : slots_(capacity) {}

  // Never waits: answers wait for whoever offers, and a thread that stands behind all others may
  // hold the lock. A record that is not taken is read from the log.
  void Put(audit::Record record) {
    if (!mutex_.TryLock()) {
      return;
    }
    if (record.index >= first_) {
      std::optional<audit::Record>& slot = slots_[record.index % slots_.size()];
      // Those of a batch come in any order; an older one must not take the place of a newer one.
      if (!slot.has_value() || slot->index < record.index) {
        slot = std::move(record);
      }
    }
    mutex_.Unlock();
  }

  // Removes what is there of these records; nothing where it is not.
  std::vector<std::optional<audit::Record>> Take(uint64_t first, uint64_t count) {
    std::vector<std::optional<audit::Record>> taken(count);
    const absl::MutexLock lock(&mutex_);
    for (uint64_t i = 0; i < count; ++i) {
      std::optional<audit::Record>& slot = slots_[(first + i) % slots_.size()];
      if (slot.has_value() && slot->index == first + i) {
        taken[i] = std::exchange(slot, std::nullopt);
      }
    }
    return taken;
  }

  // Drops everything, and what is still to come of records before `first`.
  void Clear(uint64_t first) {
    const absl::MutexLock lock(&mutex_);
    first_ = std::max(first_, first);
    for (std::optional<audit::Record>& slot : slots_) {
      slot.reset();
    }
  }

 private:
  absl::Mutex mutex_;
  uint64_t first_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::optional<audit::Record>> slots_ ABSL_GUARDED_BY(mutex_);
};

class LogIndexerImpl final : public LogIndexer {
 public:
  LogIndexerImpl(const audit::DecisionLog* log, store::QueryIndex* index, IndexerOptions options)
      : log_(log),
        index_(index),
        options_(std::move(options)),
        offered_(std::max<size_t>(options_.offered_records, 1)) {}

  // Before the thread runs.
  absl::Status Compare();
  void Follow() {
    thread_ =
        std::make_unique<BackgroundThread>(options_.nice, [this](StopToken& token) { Run(token); });
    helper_ = std::make_unique<BackgroundThread>(0, [this](StopToken& token) { Help(token); });
  }

  absl::Status WaitUntilIndexed(uint64_t size, absl::Time deadline) override;
  void Offer(audit::Record record) override { offered_.Put(std::move(record)); }
  absl::Status Forget(absl::Span<const uint64_t> indices) override;
  IndexProgress progress() const override;
  const store::QueryIndex& index() const override { return *index_; }

 private:
  // Why the index cannot be that of this log; empty: it can.
  absl::StatusOr<std::string> FindDisagreement() const;
  // A record of which the index knows no more than that it was damaged, but that can be read: it
  // came back from a backup.
  absl::StatusOr<std::string> FindRestored() const;
  absl::Status ForgetLatestErasures();
  void Run(StopToken& token);
  void Help(StopToken& token);
  // What was done, and for how long, without waiting for another thread.
  struct Progress {
    size_t rows = 0;
    absl::Duration worked;
  };

  // Records that the index does not have yet.
  uint64_t Lag() const {
    const uint64_t indexed = index_->indexed_size();  // first: it never gets ahead of the log
    return log_->size() - indexed;
  }
  // Applies what is new, at most a batch.
  absl::StatusOr<Progress> ApplyBatch() ABSL_LOCKS_EXCLUDED(apply_mutex_, mutex_);
  // From what was offered, and from the log.
  absl::StatusOr<std::vector<store::IndexRow>> MakeRows(uint64_t first, uint64_t count);
  // Appends the rows of `count` records, read from the log.
  absl::Status ReadRows(uint64_t first, uint64_t count, std::vector<store::IndexRow>& rows) const;
  absl::Status ReadError(uint64_t index) const;
  // Indices that an erasure record names.
  absl::StatusOr<std::vector<uint64_t>> ErasedBy(uint64_t erasure) const;
  // Indices that the erasures among these records name.
  absl::StatusOr<std::vector<uint64_t>> ErasedByAny(const std::vector<store::IndexRow>& rows) const;
  absl::Status ForgetPending() ABSL_EXCLUSIVE_LOCKS_REQUIRED(apply_mutex_);
  void Fail(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasReaders() const {
    const absl::MutexLock lock(&mutex_);
    return readers_ > 0;
  }
  void Tell(absl::string_view event, absl::string_view detail) const {
    if (options_.on_event) {
      options_.on_event(event, detail);
    }
  }

  const audit::DecisionLog* const log_;
  store::QueryIndex* const index_;
  const IndexerOptions options_;

  // Held from reading a batch until it is applied, so that an erasure cannot fall between.
  absl::Mutex apply_mutex_;
  std::vector<uint64_t> to_forget_ ABSL_GUARDED_BY(apply_mutex_);

  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(apply_mutex_);
  uint64_t indexed_ ABSL_GUARDED_BY(mutex_) = 0;
  SteadyCondVar advanced_;  // indexed_ did
  int readers_ ABSL_GUARDED_BY(mutex_) = 0;
  bool rebuilding_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status health_ ABSL_GUARDED_BY(mutex_);

  OfferedRecords offered_;

  std::unique_ptr<BackgroundThread> thread_, helper_;  // last: they stop before the rest goes
};

// A record that cannot be read must not keep the rest from being found: its row says only that it
// is there.
store::IndexRow DamagedRow(uint64_t index) {
  store::IndexRow row;
  row.index = index;
  row.id.fill(0xff);  // no UUID of version 7
  for (size_t i = 0; i < sizeof(index); ++i) {
    row.id[row.id.size() - 1 - i] = static_cast<uint8_t>(index >> (8 * i));
  }
  return row;
}

absl::StatusOr<std::string> LogIndexerImpl::FindDisagreement() const {
  const uint64_t indexed = index_->indexed_size();
  const uint64_t size = log_->size();
  if (indexed > size) {
    return absl::StrCat("it has ", indexed, " records, the log ", size);
  }
  const uint64_t samples = std::min<uint64_t>(indexed, options_.sample_records + 2);
  for (uint64_t i = 0; i < samples; ++i) {
    const uint64_t index = samples == 1 ? 0 : i * (indexed - 1) / (samples - 1);
    const absl::StatusOr<audit::Record> record = log_->Read(index, store::Parts::kLeaf);
    if (!record.ok()) {
      continue;  // the log's own checks report it
    }
    absl::StatusOr<uint64_t> found = index_->FindById(record->id.bytes);
    if (absl::IsNotFound(found.status())) {  // it was damaged when the index was made
      found = index_->FindById(DamagedRow(index).id);
    }
    if (!found.ok() || *found != index) {
      return absl::StrCat("it does not have record ", index, " where the log has it");
    }
  }
  return FindRestored();
}

absl::StatusOr<std::string> LogIndexerImpl::FindRestored() const {
  store::IndexQuery query;
  query.kinds = {v1::RECORD_KIND_UNSPECIFIED};
  const absl::StatusOr<std::vector<uint64_t>> damaged = index_->Find(query, kDamagedChecked);
  if (!damaged.ok()) {
    return damaged.status();
  }
  for (const uint64_t index : *damaged) {
    const absl::StatusOr<audit::Record> record = log_->Read(index, store::Parts::kLeafAndDetails);
    if (record.ok() && !record->erased && record->kind != v1::RECORD_KIND_UNSPECIFIED &&
        MakeIndexRow(*log_, *record).ok()) {
      return absl::StrCat("record ", index, " was damaged when it was made, and can be read now");
    }
  }
  return "";
}

absl::Status LogIndexerImpl::Compare() {
  const absl::StatusOr<std::string> disagreement = FindDisagreement();
  if (!disagreement.ok()) {
    return disagreement.status();
  }
  if (!disagreement->empty()) {
    Tell("index-rebuilt", *disagreement);
    if (absl::Status reset = index_->Reset(); !reset.ok()) {
      return reset;
    }
  } else if (absl::Status forgotten = ForgetLatestErasures(); !forgotten.ok()) {
    return forgotten;
  }
  const absl::MutexLock lock(&mutex_);
  indexed_ = index_->indexed_size();
  rebuilding_ = !disagreement->empty();
  return absl::OkStatus();
}

absl::Status LogIndexerImpl::ForgetLatestErasures() {
  store::IndexQuery query;
  query.kinds = {v1::RECORD_KIND_ERASURE};
  const absl::StatusOr<std::vector<uint64_t>> erasures = index_->Find(query, kErasuresChecked);
  if (!erasures.ok()) {
    return erasures.status();
  }
  const absl::MutexLock lock(&apply_mutex_);
  for (const uint64_t erasure : *erasures) {
    const auto erased = ErasedBy(erasure);
    if (!erased.ok()) {
      Tell("index-record-damaged", erased.status().message());
      continue;
    }
    to_forget_.insert(to_forget_.end(), erased->begin(), erased->end());
  }
  return absl::OkStatus();  // the thread forgets them first of all
}

absl::StatusOr<std::vector<uint64_t>> LogIndexerImpl::ErasedBy(uint64_t erasure) const {
  const absl::StatusOr<audit::Record> record = log_->Read(erasure, store::Parts::kAll);
  if (!record.ok()) {
    return record.status();
  }
  return audit::DecodeErasedIndices(record->payload);
}

absl::Status LogIndexerImpl::Forget(absl::Span<const uint64_t> indices) {
  const absl::MutexLock lock(&apply_mutex_);
  // What was offered is from before the erasure, also what is offered late.
  offered_.Clear(log_->size());
  to_forget_.insert(to_forget_.end(), indices.begin(), indices.end());
  return ToApiStatus(ForgetPending());
}

absl::Status LogIndexerImpl::ForgetPending() {
  // What is not in the index yet will be read as erased.
  const uint64_t indexed = index_->indexed_size();
  to_forget_.erase(std::remove_if(to_forget_.begin(), to_forget_.end(),
                                  [&](uint64_t index) { return index >= indexed; }),
                   to_forget_.end());
  if (to_forget_.empty()) {
    return absl::OkStatus();
  }
  absl::Status forgotten = index_->Forget(to_forget_);
  if (forgotten.ok()) {
    to_forget_.clear();
  }
  return forgotten;
}

absl::StatusOr<std::vector<store::IndexRow>> LogIndexerImpl::MakeRows(uint64_t first,
                                                                      uint64_t count) {
  const std::vector<std::optional<audit::Record>> offered = offered_.Take(first, count);
  std::vector<store::IndexRow> rows;
  rows.reserve(count);
  while (rows.size() < count) {
    if (const auto& record = offered[rows.size()]; record.has_value()) {
      if (absl::StatusOr<store::IndexRow> row = MakeIndexRow(*log_, *record); row.ok()) {
        rows.push_back(*std::move(row));
        continue;
      }
    }
    uint64_t missing = 1;
    while (rows.size() + missing < count && !offered[rows.size() + missing].has_value()) {
      ++missing;
    }
    if (absl::Status read = ReadRows(first + rows.size(), missing, rows); !read.ok()) {
      return read;
    }
  }
  return rows;
}

absl::Status LogIndexerImpl::ReadRows(uint64_t first, uint64_t count,
                                      std::vector<store::IndexRow>& rows) const {
  const size_t begin = rows.size();
  const auto done = [&] { return rows.size() - begin; };
  const auto add_damaged = [&](const absl::Status& damage) {
    Tell("index-record-damaged", damage.message());
    store::IndexRow row = DamagedRow(first + done());
    // With its own id, if that is known: who asks for it must learn that it is damaged.
    if (const auto leaf = log_->Read(row.index, store::Parts::kLeaf); leaf.ok()) {
      row.id = leaf->id.bytes;
    }
    rows.push_back(std::move(row));
  };
  const auto visit = [&](const absl::StatusOr<audit::Record>& record) {
    absl::StatusOr<store::IndexRow> row =
        record.ok() ? MakeIndexRow(*log_, *record) : record.status();
    if (row.ok()) {
      rows.push_back(*std::move(row));
    } else if (absl::IsDataLoss(row.status())) {
      add_damaged(row.status());
    } else {
      return false;
    }
    return true;
  };
  while (done() < count) {
    const size_t before = done();
    absl::Status scanned =
        log_->Scan(first + before, count - before, store::Parts::kLeafAndDetails, visit);
    if (absl::IsDataLoss(scanned)) {
      add_damaged(scanned);
    } else if (!scanned.ok()) {
      return scanned;
    } else if (done() == before) {
      return ReadError(first + before);
    }
  }
  return absl::OkStatus();
}

// A key that is missing, or a disk that does not answer: not the record's fault, and worth another
// try.
absl::Status LogIndexerImpl::ReadError(uint64_t index) const {
  const absl::Status read = log_->Read(index, store::Parts::kLeafAndDetails).status();
  return read.ok() ? absl::UnavailableError("the log could not be read; trying again") : read;
}

absl::StatusOr<std::vector<uint64_t>> LogIndexerImpl::ErasedByAny(
    const std::vector<store::IndexRow>& rows) const {
  std::vector<uint64_t> all;
  for (const store::IndexRow& row : rows) {
    if (row.kind != v1::RECORD_KIND_ERASURE) {
      continue;
    }
    const auto erased = ErasedBy(row.index);
    if (absl::IsDataLoss(erased.status())) {
      // It will not get better; the rest of the index must not wait for it.
      Tell("index-record-damaged", erased.status().message());
      continue;
    }
    if (!erased.ok()) {
      return erased.status();
    }
    all.insert(all.end(), erased->begin(), erased->end());
  }
  return all;
}

absl::StatusOr<LogIndexerImpl::Progress> LogIndexerImpl::ApplyBatch() {
  const absl::MutexLock apply_lock(&apply_mutex_);
  const Stopwatch stopwatch;
  if (absl::Status forgotten = ForgetPending(); !forgotten.ok()) {
    return forgotten;
  }
  const uint64_t first = index_->indexed_size();
  const uint64_t count =
      std::min<uint64_t>(log_->size() - first, std::max<size_t>(options_.batch_records, 1));
  if (count > 0) {
    const absl::StatusOr<std::vector<store::IndexRow>> rows = MakeRows(first, count);
    if (!rows.ok()) {
      return rows.status();
    }
    // Read before the rows are in: what fails is then tried again, and no erasure is passed over.
    const absl::StatusOr<std::vector<uint64_t>> erased = ErasedByAny(*rows);
    if (!erased.ok()) {
      return erased.status();
    }
    if (absl::Status applied = index_->Apply(*rows); !applied.ok()) {
      return applied;
    }
    // Their rows may be from before their erasure.
    to_forget_.insert(to_forget_.end(), erased->begin(), erased->end());
    if (absl::Status forgotten = ForgetPending(); !forgotten.ok()) {
      return forgotten;
    }
  }
  const absl::MutexLock lock(&mutex_);
  indexed_ = first + count;
  advanced_.SignalAll();
  rebuilding_ = rebuilding_ && indexed_ < log_->size();
  health_ = absl::OkStatus();
  return Progress{static_cast<size_t>(count), stopwatch.Elapsed()};
}

void LogIndexerImpl::Fail(const absl::Status& why) {
  {
    const absl::MutexLock lock(&mutex_);
    if (health_ == why) {
      return;  // told already
    }
    health_ = why;
  }
  Tell("index-failed", why.message());
}

void LogIndexerImpl::Run(StopToken& token) {
  absl::Duration rest = absl::ZeroDuration();
  while (token.Rest(rest)) {
    if (Lag() > options_.max_lag) {
      // The helper's work: this thread would hold it up, whenever others take the processor away.
      rest = options_.poll_interval;
      continue;
    }
    const absl::StatusOr<Progress> applied = ApplyBatch();
    if (!applied.ok()) {
      Fail(applied.status());
      rest = kRetryInterval;
    } else if (applied->rows == 0) {
      rest = options_.poll_interval;
    } else {
      rest = HasReaders() ? absl::ZeroDuration() : applied->worked * options_.rest_factor;
    }
  }
}

void LogIndexerImpl::Help(StopToken& token) {
  absl::Duration rest = kHelperInterval;
  while (token.Rest(rest)) {
    rest = kHelperInterval;
    if (Lag() <= options_.max_lag) {
      continue;
    }
    const absl::StatusOr<Progress> applied = ApplyBatch();
    if (applied.ok()) {
      rest = HasReaders() ? absl::ZeroDuration() : applied->worked * kHelperRestFactor;
    } else {
      Fail(applied.status());
    }
  }
}

absl::Status LogIndexerImpl::WaitUntilIndexed(uint64_t size, absl::Time deadline) {
  const absl::Duration at_most = deadline - absl::Now();
  const Stopwatch stopwatch;
  uint64_t indexed = 0;
  {
    const absl::MutexLock lock(&mutex_);
    if (indexed_ >= size) {
      return absl::OkStatus();
    }
    ++readers_;
  }
  thread_->token().Wake();
  {
    const absl::MutexLock lock(&mutex_);
    while (indexed_ < size) {
      const absl::Duration left = at_most - stopwatch.Elapsed();
      if (left <= absl::ZeroDuration()) {
        break;
      }
      advanced_.WaitWithTimeout(&mutex_, left);
    }
    --readers_;
    indexed = indexed_;
  }
  if (indexed >= size) {
    return absl::OkStatus();
  }
  return MakeOverloadedError(
      absl::StrCat("the index of the log is still ", size - indexed, " records behind"),
      kReaderRetry);
}

IndexProgress LogIndexerImpl::progress() const {
  const absl::MutexLock lock(&mutex_);
  return {indexed_, log_->size(), rebuilding_, health_};
}

}  // namespace

absl::StatusOr<std::unique_ptr<LogIndexer>> LogIndexer::Start(const audit::DecisionLog* log,
                                                              store::QueryIndex* index,
                                                              IndexerOptions options) {
  auto indexer = std::make_unique<LogIndexerImpl>(log, index, std::move(options));
  if (absl::Status compared = indexer->Compare(); !compared.ok()) {
    return compared;
  }
  indexer->Follow();
  return indexer;
}

}  // namespace plumbline::service
