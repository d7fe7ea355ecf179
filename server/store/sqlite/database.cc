#include "server/store/sqlite/database.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::store {
namespace {

constexpr int kBusyTimeoutMs = 5'000;
// Queries come in a few dozen shapes; lists of different lengths make more.
constexpr size_t kMaxStatements = 128;

}  // namespace

bool SqlRow::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int64_t SqlRow::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string SqlRow::Bytes(int column) const {
  const void* const bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr) return "";
  return std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

void Database::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  sqlite3* handle = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &handle, kFlags, nullptr);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return database->Error(code);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

Database::~Database() {
  statements_.clear();
  sqlite3_close(handle_);
}

absl::Status Database::Error(int code) const {
  const std::string message = absl::StrCat(
      path_, ": ", handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
  switch (code & 0xff) {  // the rest is detail
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::StatusOr<sqlite3_stmt*> Database::Prepare(const std::string& sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second.get();
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return Error(code);
  if (statements_.size() >= kMaxStatements) statements_.clear();
  statements_[sql] = Statement(statement);
  return statement;
}

absl::Status Database::Bind(sqlite3_stmt* statement, absl::Span<const SqlValue> values) const {
  // Bound without a copy: the values live until the statement has run.
  const auto size = [](const std::string& text) { return static_cast<int>(text.size()); };
  int position = 0;
  for (const SqlValue& value : values) {
    ++position;
    int code = SQLITE_OK;
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      code = sqlite3_bind_int64(statement, position, *integer);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      code = sqlite3_bind_text(statement, position, text->data(), size(*text), SQLITE_STATIC);
    } else if (const auto* blob = std::get_if<Blob>(&value)) {
      code = sqlite3_bind_blob(statement, position, blob->bytes.data(), size(blob->bytes),
                               SQLITE_STATIC);
    } else {
      code = sqlite3_bind_null(statement, position);
    }
    if (code != SQLITE_OK) return Error(code);
  }
  return absl::OkStatus();
}

absl::Status Database::Query(const std::string& sql, absl::Span<const SqlValue> values,
                             absl::FunctionRef<bool(const SqlRow&)> visit) {
  const absl::StatusOr<sqlite3_stmt*> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  absl::Status result = Bind(*statement, values);
  int code = SQLITE_ROW;
  while (result.ok() && code == SQLITE_ROW) {
    code = sqlite3_step(*statement);
    if (code == SQLITE_ROW && !visit(SqlRow(*statement))) break;
  }
  if (result.ok() && code != SQLITE_ROW && code != SQLITE_DONE) result = Error(code);
  sqlite3_reset(*statement);
  sqlite3_clear_bindings(*statement);
  return result;
}

absl::Status Database::Run(const std::string& sql, absl::Span<const SqlValue> values) {
  return Query(sql, values, [](const SqlRow&) { return true; });
}

absl::StatusOr<int64_t> Database::QueryInteger(const std::string& sql,
                                               absl::Span<const SqlValue> values) {
  int64_t result = 0;
  absl::Status queried = Query(sql, values, [&result](const SqlRow& row) {
    result = row.Integer(0);
    return false;
  });
  if (!queried.ok()) return queried;
  return result;
}

int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(handle_); }

absl::Status Database::InTransaction(absl::FunctionRef<absl::Status()> body) {
  return Between("BEGIN IMMEDIATE", body);
}

absl::Status Database::InSnapshot(absl::FunctionRef<absl::Status()> body) {
  return Between("BEGIN", body);
}

absl::Status Database::Between(const std::string& begin, absl::FunctionRef<absl::Status()> body) {
  if (absl::Status begun = Run(begin); !begun.ok()) return begun;
  absl::Status result = body();
  if (result.ok()) result = Run("COMMIT");
  // Some errors have rolled back already; then this one says so, and is right.
  if (!result.ok()) Execute("ROLLBACK").IgnoreError();
  return result;
}

}  // namespace plumbline::store
