// RowQuery: an IndexQuery as SQL that reads little: one index leads to the rows, in order of their
// number, and the other conditions look at each row that it leads to.

#ifndef PLUMBLINE_SERVER_STORE_SQLITE_ROW_QUERY_H_
#define PLUMBLINE_SERVER_STORE_SQLITE_ROW_QUERY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/sqlite/database.h"
#include "server/store/store.h"

namespace plumbline::store {

// Rows of one block have numbers that are equal up to the last this many; for each block the table
// time_blocks knows the earliest and latest time, which turns times into numbers of rows. (An index
// over times would have to be sorted by number for each page.)
inline constexpr int64_t kRowsPerBlock = 4'096;

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
  // A condition that an index can lead by: one of `values` in `column`.
  struct Condition {
    std::string column;
    std::vector<SqlValue> values;
    uint64_t rows = 0;  // that have it, counted up to a limit
  };

  RowQuery() = default;

  // False: there can be no such rows.
  absl::StatusOr<bool> AddBounds(Database& database, const IndexQuery& query);
  absl::StatusOr<bool> AddNames(Database& database, const IndexQuery& query);
  void AddCondition(const std::string& column, std::vector<SqlValue> values);
  absl::Status ChooseLead(Database& database);
  SqlStatement SelectBy(const std::string& columns, int64_t limit, const Condition* lead,
                        const SqlValue* value) const;

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
