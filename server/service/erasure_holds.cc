// Legal holds of Erasure: found in the log, set, lifted, settled.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "server/audit/log_error.h"
#include "server/service/erasure.h"
#include "server/service/log_status.h"
#include "server/service/record_lookup.h"
#include "server/service/request_checks.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

absl::Status DoubtfulHoldError(uint64_t index) {
  return ToApiStatus(audit::LogCorruptError(absl::StrCat(
      "record ", index,
      " cannot be read, or does not say what it does, and may be a legal hold: nothing is erased. "
      "Restore it from a backup, or, when it is certain that it need not be heeded, settle it "
      "(plumbline audit hold --settle ",
      index, ")")));
}

}  // namespace

absl::Status Erasure::WaitForHolds(absl::Duration wait) {
  uint64_t below = 0;
  {
    const absl::MutexLock lock(&mutex_);
    if (holds_loaded_) {
      return absl::OkStatus();
    }
    below = holds_below_;
  }
  return indexer_->WaitUntilIndexed(below, absl::Now() + wait);
}

absl::Status Erasure::ApplyHold(uint64_t index, LegalHolds& holds) const {
  const absl::StatusOr<audit::Record> leaf = ReadRecord(*log_, index, store::Parts::kLeaf);
  if (!leaf.ok()) {
    return leaf.status();
  }
  if (leaf->kind != v1::RECORD_KIND_LEGAL_HOLD) {
    return absl::OkStatus();
  }
  const absl::StatusOr<audit::Record> record =
      ReadRecord(*log_, index, store::Parts::kLeafAndDetails);
  return record.ok() ? holds.Apply(*record) : record.status();
}

absl::Status Erasure::LoadHolds() {
  if (holds_loaded_) {
    return absl::OkStatus();
  }
  if (absl::Status ready = indexer_->WaitUntilIndexed(holds_below_, absl::InfinitePast());
      !ready.ok()) {
    return ready;
  }
  store::IndexQuery query;
  // Also what could not be read when the index was made: it may be a hold.
  query.kinds = {v1::RECORD_KIND_LEGAL_HOLD, v1::RECORD_KIND_UNSPECIFIED};
  const absl::StatusOr<std::vector<uint64_t>> records = FindAll(query);
  if (!records.ok()) {
    return records.status();
  }
  LegalHolds holds;
  std::vector<uint64_t> doubtful;
  for (const uint64_t index : *records) {
    absl::Status applied = ApplyHold(index, holds);
    if (absl::IsDataLoss(applied)) {
      doubtful.push_back(index);
    } else if (!applied.ok()) {
      return applied;
    }
  }
  // Only now: what settles a record comes after it.
  for (const uint64_t index : doubtful) {
    if (!holds.IsSettled(index)) {
      return DoubtfulHoldError(index);
    }
  }
  holds_ = std::move(holds);
  holds_loaded_ = true;
  return absl::OkStatus();
}

absl::StatusOr<Uuid> Erasure::AppendHold(Event event) {
  const absl::StatusOr<audit::Appended> appended = events_.Append(std::move(event));
  if (!appended.ok()) {
    return appended.status();
  }
  holds_below_ = appended->index + 1;
  return appended->id;
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
  if (absl::Status waited = WaitForHolds(options_.index_wait); !waited.ok()) {
    return waited;
  }
  const absl::MutexLock lock(&mutex_);
  // One more hold does no harm while others are in doubt; it is loaded with them.
  if (absl::Status loaded = LoadHolds(); !loaded.ok() && !(hold && absl::IsDataLoss(loaded))) {
    return loaded;
  }
  absl::StatusOr<Uuid> id = AppendHold(std::move(event));
  if (id.ok()) {
    holds_.Set(pseudonym, hold);
  }
  return id;
}

absl::StatusOr<Uuid> Erasure::SettleDamaged(absl::Span<const uint64_t> indices,
                                            absl::string_view reason, const Caller& caller) {
  const absl::MutexLock lock(&mutex_);
  for (const uint64_t index : indices) {
    absl::Status clear = ReadRecord(*log_, index, store::Parts::kLeafAndDetails).status();
    if (clear.ok()) {
      // Also a hold that can be read, but does not say what it does, stops every erasure.
      LegalHolds said;
      clear = ApplyHold(index, said);
    }
    if (clear.ok()) {
      return RequestStatus({{"settled_records", absl::StrCat("record ", index, " is readable")}});
    }
    if (!absl::IsDataLoss(clear)) {
      return clear;
    }
  }
  Event event;
  event.kind = v1::RECORD_KIND_LEGAL_HOLD;
  event.summary = "damaged records that may have been legal holds were settled";
  event.attributes = {{kHoldAttribute, kHoldSettled},
                      {kSettledAttribute, absl::StrJoin(indices, ",")},
                      {"reason", std::string(reason)}};
  event.caller = caller;
  absl::StatusOr<Uuid> id = AppendHold(std::move(event));
  if (id.ok()) {
    for (const uint64_t index : indices) {
      holds_.Settle(index);
    }
  }
  return id;
}

}  // namespace plumbline::service
