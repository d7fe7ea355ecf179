// SQLite behind a face of this house: owned handles, absl::Status, no exceptions.

#ifndef PLUMBLINE_SERVER_STORE_SQLITE_DATABASE_H_
#define PLUMBLINE_SERVER_STORE_SQLITE_DATABASE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

struct sqlite3;
struct sqlite3_stmt;

namespace plumbline::store {

// Bytes, as against text.
struct Blob {
  std::string bytes;
};

// NULL, integer, text, bytes.
using SqlValue = std::variant<std::monostate, int64_t, std::string, Blob>;

// The current row of a running statement. Valid during the visit only.
class SqlRow {
 public:
  explicit SqlRow(sqlite3_stmt* statement) : statement_(statement) {}

  bool IsNull(int column) const;
  int64_t Integer(int column) const;
  // Text or bytes; empty for NULL.
  std::string Bytes(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// A connection with its prepared statements. Thread-compatible. Errors: DataLoss for a damaged
// file, ResourceExhausted for a full disk, Unavailable otherwise; the messages name the file, never
// a value.
class Database {
 public:
  // Makes the file if it is missing.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs statements without values, separated by semicolons.
  absl::Status Execute(const std::string& sql);
  // Runs one statement, prepared once and kept.
  absl::Status Run(const std::string& sql, absl::Span<const SqlValue> values = {});
  // Calls `visit` for each row until it returns false.
  absl::Status Query(const std::string& sql, absl::Span<const SqlValue> values,
                     absl::FunctionRef<bool(const SqlRow&)> visit);
  // First column of the first row; 0 if there is none or it is NULL.
  absl::StatusOr<int64_t> QueryInteger(const std::string& sql,
                                       absl::Span<const SqlValue> values = {});
  int64_t last_row_id() const;

  // Runs `body` in a transaction: all of it, or nothing.
  absl::Status InTransaction(absl::FunctionRef<absl::Status()> body);
  // Runs `body`, whose queries all see the same state of the database.
  absl::Status InSnapshot(absl::FunctionRef<absl::Status()> body);

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalizer>;

  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  absl::Status Error(int code) const;
  absl::Status Between(const std::string& begin, absl::FunctionRef<absl::Status()> body);
  absl::StatusOr<sqlite3_stmt*> Prepare(const std::string& sql);
  absl::Status Bind(sqlite3_stmt* statement, absl::Span<const SqlValue> values) const;

  sqlite3* const handle_;
  const std::string path_;
  std::map<std::string, Statement> statements_;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SQLITE_DATABASE_H_
