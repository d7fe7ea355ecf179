#include "server/service/record_lookup.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/audit/log_error.h"
#include "server/service/log_status.h"

namespace plumbline::service {
namespace {

// Leaves that are read to save a wait for the index.
constexpr uint64_t kMaxScanned = 100'000;

// Looks for the id in the leaves of records first .. end - 1.
absl::StatusOr<std::optional<uint64_t>> ScanForId(const audit::DecisionLog& log, const Uuid& id,
                                                  uint64_t first, uint64_t end) {
  std::optional<uint64_t> found;
  absl::Status problem;
  absl::Status scanned =
      log.Scan(first, end - first, store::Parts::kLeaf, [&](absl::StatusOr<audit::Record> record) {
        if (!record.ok()) {
          problem = record.status();
        } else if (record->id == id) {
          found = record->index;
        }
        return problem.ok() && !found;
      });
  if (!scanned.ok() || !problem.ok()) {
    return ToApiStatus(problem.ok() ? scanned : problem);
  }
  return found;
}

}  // namespace

absl::StatusOr<uint64_t> FindRecord(const audit::DecisionLog& log, LogIndexer& indexer,
                                    const Uuid& id, absl::Duration max_wait) {
  const store::QueryIndex& index = indexer.index();
  const uint64_t size = log.size();  // before asking the index: a record may come between
  uint64_t indexed = index.indexed_size();
  if (indexed + kMaxScanned < size) {
    const absl::Status waited =
        indexer.WaitUntilIndexed(size - kMaxScanned, absl::Now() + max_wait);
    if (!waited.ok()) {
      return waited;
    }
    indexed = index.indexed_size();
  }
  absl::StatusOr<uint64_t> found = index.FindById(id.bytes);
  if (found.ok()) {
    return found;
  }
  if (!absl::IsNotFound(found.status())) {
    return ToApiStatus(found.status());
  }
  if (indexed < size) {
    const auto scanned = ScanForId(log, id, indexed, size);
    if (!scanned.ok()) {
      return scanned.status();
    }
    if (*scanned) {
      return **scanned;
    }
  }
  return ToApiStatus(
      audit::UnknownRecordError(absl::StrCat("there is no record with id ", id.ToString())));
}

absl::StatusOr<audit::Record> ReadRecord(const audit::DecisionLog& log, uint64_t index,
                                         store::Parts parts) {
  if (index >= log.size()) {
    return ToApiStatus(
        audit::UnknownRecordError(absl::StrCat("there is no record with index ", index)));
  }
  absl::StatusOr<audit::Record> record = log.Read(index, parts);
  return record.ok() ? std::move(record) : ToApiStatus(record.status());
}

}  // namespace plumbline::service
