// SqliteQueryIndex: a QueryIndex in a SQLite file.
//
// Not the truth: with synchronous = NORMAL a power cut may take the last rows, which are applied
// again from the log. Names that repeat (revisions, callers, rules) stand once, in tables of their
// own. Every condition of a query leads to its rows (row_query.h).

#ifndef PLUMBLINE_SERVER_STORE_SQLITE_SQLITE_QUERY_INDEX_H_
#define PLUMBLINE_SERVER_STORE_SQLITE_SQLITE_QUERY_INDEX_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "server/store/sqlite/database.h"
#include "server/store/sqlite/row_query.h"
#include "server/store/store.h"

namespace plumbline::store {

// Thread-safe: one thread writes and one reads at the same time, others wait. A call that finds the
// file damaged returns DataLoss, and the next Open starts an empty index.
class SqliteQueryIndex : public QueryIndex {
 public:
  // Opens or makes the file. One that is damaged, of another program or of another version is moved
  // to `path` + ".aside" (in place of one that is there) and an empty index begun: see replaced().
  static absl::StatusOr<std::unique_ptr<SqliteQueryIndex>> Open(const std::string& path);

  // Why Open began an empty index in place of the file, if it did.
  const std::optional<Problem>& replaced() const { return replaced_; }

  uint64_t indexed_size() const override { return indexed_size_.load(std::memory_order_acquire); }
  absl::Status Apply(absl::Span<const IndexRow> rows) override;
  // Also overwrites what the file and its log held of these rows, and removes the file aside.
  // Unavailable, and worth another try, while another program reads the file. Where an index page
  // was split, a keyed hash of a forgotten row can stay in its slack until the page is written
  // again; Reset leaves nothing.
  absl::Status Forget(absl::Span<const uint64_t> indices) override;
  absl::StatusOr<std::vector<uint64_t>> Find(const IndexQuery& query, size_t limit) const override;
  absl::StatusOr<uint64_t> FindById(const std::array<uint8_t, 16>& id) const override;
  absl::StatusOr<std::vector<uint64_t>> FindLinked(
      const std::array<uint8_t, 16>& id) const override;
  // Looks at each matching row: about a second for a million.
  absl::StatusOr<IndexCounts> Count(const IndexQuery& query) const override;
  absl::Status Reset() override;

  // For tests: how SQLite goes about the statements of Find, one line a step.
  absl::StatusOr<std::vector<std::string>> ExplainFind(const IndexQuery& query) const;

 private:
  // Numbers of names, as in the tables; each grows with the first row that has the name.
  using Names = absl::flat_hash_map<std::string, int64_t>;

  explicit SqliteQueryIndex(std::string path) : path_(std::move(path)) {}

  absl::Status OpenFiles() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_, read_mutex_);
  void CloseFiles() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_, read_mutex_);
  // DataLoss or FailedPrecondition if the file is not one of ours, whole and of this version.
  absl::Status CheckFile() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status ReadState() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);

  absl::Status InsertRow(const IndexRow& row) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status AddToRuns(const IndexRow& row, const SqlValue& revision, const SqlValue& caller,
                         absl::Span<const int64_t> rules)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status AddToRun(RunField field, int64_t value, int64_t run)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  // Unless another row of the run has it.
  absl::Status RemoveFromRun(RunField field, int64_t value, int64_t run)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status InsertTimes(absl::Span<const IndexRow> rows)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status ForgetRow(uint64_t index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  // NULL for an empty name.
  absl::StatusOr<SqlValue> NumberOf(const std::string& table, const std::string& name, Names* names)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  // Remembers that the file is damaged, for the next Open.
  absl::Status Noted(absl::Status status) const;

  const std::string path_;
  std::optional<Problem> replaced_;
  std::atomic<uint64_t> indexed_size_{0};

  absl::Mutex write_mutex_;
  std::unique_ptr<Database> writer_ ABSL_GUARDED_BY(write_mutex_);
  Names revisions_ ABSL_GUARDED_BY(write_mutex_);
  Names callers_ ABSL_GUARDED_BY(write_mutex_);
  Names rules_ ABSL_GUARDED_BY(write_mutex_);
  // What entry_runs is known to have of the run that was written to last.
  int64_t last_run_ ABSL_GUARDED_BY(write_mutex_) = 0;
  absl::flat_hash_set<std::pair<RunField, int64_t>> in_last_run_ ABSL_GUARDED_BY(write_mutex_);

  mutable absl::Mutex read_mutex_ ABSL_ACQUIRED_AFTER(write_mutex_);
  std::unique_ptr<Database> reader_ ABSL_GUARDED_BY(read_mutex_);
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SQLITE_SQLITE_QUERY_INDEX_H_
