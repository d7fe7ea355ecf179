#include "server/audit/admission_gate.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/audit/log_error.h"

namespace plumbline::audit {
namespace {

// How often to look at the disk: by time, and by records in case the clock stands still or goes
// back.
constexpr int64_t kLookEveryUs = 250'000;
constexpr uint64_t kLookEveryRecords = 1024;

// What waits is gone within a few syncs.
constexpr absl::Duration kOverloadedRetry = absl::Milliseconds(50);
// Space does not come back by itself.
constexpr absl::Duration kFullRetry = absl::Seconds(10);

}  // namespace

AdmissionGate::AdmissionGate(Limits limits, const store::LogStore* store, Clock* clock,
                             EventSink on_event)
    : limits_(limits), store_(store), clock_(clock), on_event_(std::move(on_event)) {}

absl::Status AdmissionGate::Enter() {
  const uint64_t entered = entered_.fetch_add(1, std::memory_order_relaxed);
  const int64_t now_us = absl::ToUnixMicros(clock_->Now());
  int64_t looked_at = looked_at_us_.load(std::memory_order_relaxed);
  const bool due = looked_at == INT64_MIN || now_us - looked_at >= kLookEveryUs ||
                   now_us < looked_at || entered % kLookEveryRecords == 0;
  if (due && looked_at_us_.compare_exchange_strong(looked_at, now_us)) LookAtSpace();
  if (full_.load(std::memory_order_relaxed)) return FullError();

  if (records_.fetch_add(1, std::memory_order_relaxed) >= limits_.max_records) {
    records_.fetch_sub(1, std::memory_order_relaxed);
    return LogOverloadedError(
        absl::StrCat("decision log: ", limits_.max_records, " records wait to be written"),
        kOverloadedRetry);
  }
  if (bytes_.load(std::memory_order_relaxed) >= limits_.max_bytes) {
    records_.fetch_sub(1, std::memory_order_relaxed);
    return LogOverloadedError(
        absl::StrCat("decision log: ", limits_.max_bytes, " bytes wait to be written"),
        kOverloadedRetry);
  }
  return absl::OkStatus();
}

void AdmissionGate::Leave(size_t bytes) {
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  records_.fetch_sub(1, std::memory_order_relaxed);
}

void AdmissionGate::ReportFull() {
  if (!full_.exchange(true) && on_event_) on_event_("disk-nearly-full", "the store has no space");
}

absl::Status AdmissionGate::FullError() const {
  return LogDiskFullError(
      absl::StrCat("decision log: the disk is nearly full (fewer than ", limits_.min_free_bytes,
                   " bytes free, or the store could not write); records are taken again once there "
                   "is space"),
      kFullRetry);
}

void AdmissionGate::LookAtSpace() {
  const absl::StatusOr<uint64_t> free_bytes = store_->GetFreeBytes();
  // A disk that cannot be asked will tell at the next write.
  if (!free_bytes.ok()) return;
  const bool full = *free_bytes < limits_.min_free_bytes;
  const bool was_full = full_.exchange(full);
  if (full == was_full || !on_event_) return;
  on_event_(full ? "disk-nearly-full" : "disk-has-space", absl::StrCat(*free_bytes, " bytes free"));
}

}  // namespace plumbline::audit
