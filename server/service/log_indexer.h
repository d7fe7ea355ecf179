// LogIndexer: keeps the query index up with the log.
//
// A thread of low priority applies what is new in the log in batches: serving comes first. The
// index may lag, readers wait for it; when it lags by too much, a second thread of normal priority
// helps, so that a load that goes on cannot leave it behind for ever. What was offered from memory
// need not be read from the log.
//
// At the start the index is compared with the log: when it is ahead of it, or does not agree in the
// ids of a sample of records, or a record that it has as damaged can be read again, it is emptied
// and made anew.

#ifndef PLUMBLINE_SERVER_SERVICE_LOG_INDEXER_H_
#define PLUMBLINE_SERVER_SERVICE_LOG_INDEXER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/audit/decision_log.h"
#include "server/base/event_sink.h"
#include "server/store/store.h"

namespace plumbline::service {

struct IndexerOptions {
  // Most rows of one transaction: pages of the index that several of them change are written once.
  size_t batch_records = 2048;
  // How often the log's size is looked at; a reader that waits ends the rest.
  absl::Duration poll_interval = absl::Milliseconds(250);
  // Records by which the index may lag before the thread of normal priority helps.
  uint64_t max_lag = uint64_t{1} << 16;
  // Offered records that are kept; for those before them the log is read.
  size_t offered_records = 8192;
  // Rest after a batch, as a multiple of the time that it took: 1 leaves half of a core at most.
  // Nobody rests while a reader waits.
  double rest_factor = 1.0;
  // Records whose ids are compared at the start, apart from the first and last ones.
  size_t sample_records = 256;
  // Nice value of the thread.
  int nice = 19;
  // For the operator's log: "index-rebuilt" (why), "index-failed", "index-record-damaged"; no
  // patient data. Called on any thread. May be null.
  EventSink on_event;
};

struct IndexProgress {
  uint64_t indexed = 0;
  uint64_t log_size = 0;
  // It was emptied at the start, and has not caught up since.
  bool rebuilding = false;
  // OK, or why the index does not go on (it tries again).
  absl::Status health;
};

// Thread-safe. Log and index must outlive it. The destructor stops the thread.
class LogIndexer {
 public:
  // Compares, and begins to follow. Only fails if the log cannot be read.
  static absl::StatusOr<std::unique_ptr<LogIndexer>> Start(const audit::DecisionLog* log,
                                                           store::QueryIndex* index,
                                                           IndexerOptions options);
  virtual ~LogIndexer() = default;

  // OK when records 0 .. size - 1 are in the index. ResourceExhausted (OVERLOADED) with RetryInfo
  // at the deadline, which is as far from now as the system's clock says at the call: setting that
  // clock changes nothing any more.
  virtual absl::Status WaitUntilIndexed(uint64_t size, absl::Time deadline) = 0;
  // A record that was just appended, as the log would give it with kLeafAndDetails: saves reading
  // and opening it. Nothing depends on it.
  virtual void Offer(audit::Record record) = 0;
  // After the keys of these records were destroyed: drops from the index what must not be found any
  // more, also when a batch with them is being applied.
  virtual absl::Status Forget(absl::Span<const uint64_t> indices) = 0;
  virtual IndexProgress progress() const = 0;
  virtual const store::QueryIndex& index() const = 0;
};

// The row of a record, made from its leaf and details alone. DataLoss if the details are none.
absl::StatusOr<store::IndexRow> MakeIndexRow(const audit::DecisionLog& log,
                                             const audit::Record& record);

// What IndexRow::request_key and patient_key hold; empty for an empty text.
std::string RequestKey(const audit::DecisionLog& log, absl::string_view request_id);
std::string PatientKey(const audit::DecisionLog& log, absl::string_view pseudonym);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_LOG_INDEXER_H_
