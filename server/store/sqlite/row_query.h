// RowQuery: an IndexQuery as SQL that reads little: one condition leads to the rows, in order of
// their number, and the others look at each row that it leads to.

#ifndef PLUMBLINE_SERVER_STORE_SQLITE_ROW_QUERY_H_
#define PLUMBLINE_SERVER_STORE_SQLITE_ROW_QUERY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/sqlite/database.h"
#include "server/store/store.h"

namespace plumbline::store {

// Rows of one block have numbers that are equal up to the last this many; for each block the table
// time_blocks knows the earliest and latest time, which turns times into numbers of rows. (An index
// over times would have to be sorted by number for each page.)
inline constexpr int64_t kRowsPerBlock = 4'096;

// Rows whose numbers are equal up to the last this many make a run. For what repeats in many rows
// (see RunField) the table entry_runs knows in which runs it occurs, instead of an index with an
// entry for each row: writing those would cost several times as much as all the rest of a row, and
// looking at the rows of a run costs little.
inline constexpr int64_t kRowsPerRun = 64;

// What entry_runs knows about, as in its column `field`.
enum class RunField { kKind = 1, kLevel = 2, kRevision = 3, kCaller = 4, kRule = 5 };

// A rule's number, below 2^28, as it stands in a row's list of rules: 4 bytes of which only the
// first has its highest bit, so that instr() finds no number that begins in the middle of another.
std::string RuleBytes(int64_t number);
// The numbers of such a list.
std::vector<int64_t> RuleNumbers(absl::string_view list);

// Condition on a row of the table entries, for one value: see RowValue.
std::string RowCondition(RunField field);
SqlValue RowValue(RunField field, int64_t value);

// One statement and its values.
struct SqlStatement {
  std::string sql;
  std::vector<SqlValue> values;
};

// Thread-compatible. Made for one query, of one state of the database.
class RowQuery {
 public:
  static absl::StatusOr<RowQuery> Make(Database& database, const IndexQuery& query);

  // Statements that together find all rows, each in order of number, newest first, at most `limit`
  // (-1: all); no row twice. `columns` are of the table entries.
  std::vector<SqlStatement> Select(const std::string& columns, int64_t limit) const;

 private:
  // A condition that can lead: one of `numbers` in `field`, or `key` in `column`, which has an
  // index.
  struct Condition {
    std::optional<RunField> field;
    std::vector<int64_t> numbers;
    std::string column;
    std::string key;
    uint64_t rows = 0;  // to look at, counted up to a limit
  };

  RowQuery() = default;

  // False: there can be no such rows.
  absl::StatusOr<bool> AddBounds(Database& database, const IndexQuery& query);
  absl::StatusOr<bool> AddNames(Database& database, const IndexQuery& query);
  void AddNumbers(RunField field, std::vector<int64_t> numbers);
  void AddKey(const std::string& column, const std::string& key);
  absl::Status ChooseLead(Database& database);
  absl::StatusOr<uint64_t> CountRows(Database& database, const Condition& condition) const;
  SqlStatement SelectAll(const std::string& columns, int64_t limit) const;
  SqlStatement SelectByKey(const std::string& columns, int64_t limit, const Condition& lead) const;
  SqlStatement SelectByRun(const std::string& columns, int64_t limit, const Condition& lead,
                           int64_t number) const;
  // The conditions that `lead` leaves.
  void AddRest(const Condition* lead, SqlStatement* statement) const;

  bool empty_ = false;
  int64_t first_row_ = 0;
  int64_t last_row_ = 0;  // included
  std::optional<int64_t> from_us_, until_us_;
  std::vector<Condition> conditions_;
  // Index into conditions_; the number of conditions: none.
  size_t lead_ = 0;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SQLITE_ROW_QUERY_H_
