#include "server/store/sqlite/row_query.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plumbline::store {
namespace {

// Up to here the rows of a condition are counted, to lead by the one with the fewest.
constexpr int64_t kCountLimit = 2'000;
constexpr absl::string_view kRule = "rule";

// The table and index by which a condition on `column` leads, and its name for a row's number.
std::string LeadTable(const std::string& column) {
  if (column == kRule) return "entry_rules AS lead CROSS JOIN entries ON entries.idx = lead.idx";
  return absl::StrCat("entries INDEXED BY entries_by_", column);
}

std::string LeadCondition(const std::string& column) {
  return absl::StrCat(column == kRule ? "lead.rule" : column, " = ?");
}

std::string RowNumber(const std::string& column) {
  return column == kRule ? "lead.idx" : "entries.idx";
}

std::string CountSql(const std::string& column) {
  const std::string table =
      column == kRule ? "entry_rules" : absl::StrCat("entries INDEXED BY entries_by_", column);
  return absl::StrCat("SELECT count(*) FROM (SELECT 1 FROM ", table, " WHERE ", column,
                      " = ? AND idx BETWEEN ? AND ? LIMIT ", kCountLimit, ")");
}

std::vector<SqlValue> Integers(const std::vector<int>& integers) {
  std::vector<int> sorted = integers;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<SqlValue> values;
  for (const int integer : sorted) values.emplace_back(int64_t{integer});
  return values;
}

absl::StatusOr<std::vector<SqlValue>> FindNames(Database& database, const std::string& sql,
                                                std::vector<SqlValue> bounds) {
  std::vector<SqlValue> ids;
  absl::Status queried = database.Query(sql, bounds, [&ids](const SqlRow& row) {
    ids.emplace_back(row.Integer(0));
    return true;
  });
  if (!queried.ok()) return queried;
  return ids;
}

}  // namespace

absl::StatusOr<RowQuery> RowQuery::Make(Database& database, const IndexQuery& query) {
  RowQuery made;
  const absl::StatusOr<bool> bounded = made.AddBounds(database, query);
  if (!bounded.ok()) return bounded.status();
  const absl::StatusOr<bool> named = made.AddNames(database, query);
  if (!named.ok()) return named.status();
  made.empty_ = !*bounded || !*named;
  if (made.empty_) return made;
  made.AddCondition("kind", Integers(query.kinds));
  made.AddCondition("level", Integers(query.levels));
  if (!query.patient_key.empty()) made.AddCondition("patient_key", {Blob{query.patient_key}});
  if (!query.request_key.empty()) made.AddCondition("request_key", {Blob{query.request_key}});
  if (absl::Status chosen = made.ChooseLead(database); !chosen.ok()) return chosen;
  return made;
}

absl::StatusOr<bool> RowQuery::AddBounds(Database& database, const IndexQuery& query) {
  from_us_ = query.from_us;
  until_us_ = query.until_us;
  last_row_ = std::numeric_limits<int64_t>::max();
  if (query.before_index.has_value()) {
    if (*query.before_index == 0) return false;
    last_row_ = static_cast<int64_t>(
        std::min<uint64_t>(*query.before_index - 1, std::numeric_limits<int64_t>::max()));
  }
  bool found = false;
  const auto take = [&found](int64_t* block) {
    return [&found, block](const SqlRow& row) {
      found = true;
      *block = row.Integer(0);
      return false;
    };
  };
  int64_t block = 0;
  if (from_us_.has_value()) {
    const SqlValue value = *from_us_;
    absl::Status queried =
        database.Query("SELECT block FROM time_blocks WHERE last_us >= ? ORDER BY block LIMIT 1",
                       {&value, 1}, take(&block));
    if (!queried.ok()) return queried;
    if (!found) return false;
    first_row_ = block * kRowsPerBlock;
  }
  if (until_us_.has_value()) {
    found = false;
    const SqlValue value = *until_us_;
    absl::Status queried = database.Query(
        "SELECT block FROM time_blocks WHERE first_us < ? ORDER BY block DESC LIMIT 1", {&value, 1},
        take(&block));
    if (!queried.ok()) return queried;
    if (!found) return false;
    last_row_ = std::min(last_row_, (block + 1) * kRowsPerBlock - 1);
  }
  return first_row_ <= last_row_;
}

absl::StatusOr<bool> RowQuery::AddNames(Database& database, const IndexQuery& query) {
  const struct {
    const char* column;
    const char* sql;
    const std::string& name;
    std::string end;
  } names[] = {
      {"rule", "SELECT id FROM rules WHERE name = ?", query.rule_id, ""},
      {"caller", "SELECT id FROM callers WHERE name = ?", query.caller, ""},
      // A revision is hexadecimal: "g" is behind every one that begins with the prefix.
      {"revision", "SELECT id FROM revisions WHERE name >= ? AND name < ?", query.revision_prefix,
       query.revision_prefix + "g"},
  };
  for (const auto& [column, sql, name, end] : names) {
    if (name.empty()) continue;
    std::vector<SqlValue> bounds = {name};
    if (!end.empty()) bounds.emplace_back(end);
    absl::StatusOr<std::vector<SqlValue>> ids = FindNames(database, sql, std::move(bounds));
    if (!ids.ok()) return ids.status();
    if (ids->empty()) return false;
    AddCondition(column, *std::move(ids));
  }
  return true;
}

void RowQuery::AddCondition(const std::string& column, std::vector<SqlValue> values) {
  if (!values.empty()) conditions_.push_back({column, std::move(values), 0});
}

absl::Status RowQuery::ChooseLead(Database& database) {
  for (Condition& condition : conditions_) {
    for (const SqlValue& value : condition.values) {
      const SqlValue values[] = {value, first_row_, last_row_};
      const absl::StatusOr<int64_t> rows =
          database.QueryInteger(CountSql(condition.column), values);
      if (!rows.ok()) return rows.status();
      condition.rows += static_cast<uint64_t>(*rows);
    }
  }
  const auto fewest =
      std::min_element(conditions_.begin(), conditions_.end(),
                       [](const Condition& a, const Condition& b) { return a.rows < b.rows; });
  lead_ = static_cast<size_t>(fewest - conditions_.begin());
  return absl::OkStatus();
}

SqlStatement RowQuery::SelectBy(const std::string& columns, int64_t limit, const Condition* lead,
                                const SqlValue* value) const {
  SqlStatement statement;
  const std::string number = lead == nullptr ? "entries.idx" : RowNumber(lead->column);
  statement.sql = absl::StrCat("SELECT ", columns, " FROM ",
                               lead == nullptr ? "entries NOT INDEXED" : LeadTable(lead->column),
                               " WHERE ", number, " BETWEEN ? AND ?");
  statement.values = {first_row_, last_row_};
  if (lead != nullptr) {
    absl::StrAppend(&statement.sql, " AND ", LeadCondition(lead->column));
    statement.values.push_back(*value);
  }
  if (from_us_.has_value()) {
    statement.sql += " AND +time_us >= ?";
    statement.values.emplace_back(*from_us_);
  }
  if (until_us_.has_value()) {
    statement.sql += " AND +time_us < ?";
    statement.values.emplace_back(*until_us_);
  }
  for (const Condition& condition : conditions_) {
    if (&condition == lead) continue;
    const std::string list =
        absl::StrJoin(std::vector<absl::string_view>(condition.values.size(), "?"), ", ");
    absl::StrAppend(&statement.sql, " AND ",
                    condition.column == kRule
                        ? absl::StrCat("EXISTS (SELECT 1 FROM entry_rules AS also WHERE also.rule "
                                       "IN (",
                                       list, ") AND also.idx = entries.idx)")
                        : absl::StrCat("+", condition.column, " IN (", list, ")"));
    statement.values.insert(statement.values.end(), condition.values.begin(),
                            condition.values.end());
  }
  absl::StrAppend(&statement.sql, " ORDER BY ", number, " DESC LIMIT ?");
  statement.values.emplace_back(limit);
  return statement;
}

std::vector<SqlStatement> RowQuery::Select(const std::string& columns, int64_t limit) const {
  if (empty_) return {};
  if (lead_ == conditions_.size()) return {SelectBy(columns, limit, nullptr, nullptr)};
  std::vector<SqlStatement> statements;
  for (const SqlValue& value : conditions_[lead_].values) {
    statements.push_back(SelectBy(columns, limit, &conditions_[lead_], &value));
  }
  return statements;
}

}  // namespace plumbline::store
