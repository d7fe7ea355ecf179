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

std::vector<int64_t> Integers(const std::vector<int>& integers) {
  std::vector<int64_t> sorted(integers.begin(), integers.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

absl::StatusOr<std::vector<int64_t>> FindNames(Database& database, const std::string& sql,
                                               const std::vector<SqlValue>& bounds) {
  std::vector<int64_t> ids;
  absl::Status queried = database.Query(sql, bounds, [&ids](const SqlRow& row) {
    ids.push_back(row.Integer(0));
    return true;
  });
  if (!queried.ok()) return queried;
  return ids;
}

}  // namespace

std::string RuleBytes(int64_t number) {
  std::string bytes(4, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[bytes.size() - 1 - i] = static_cast<char>((number >> (7 * i)) & 0x7f);
  }
  bytes[0] = static_cast<char>(bytes[0] | 0x80);
  return bytes;
}

std::vector<int64_t> RuleNumbers(absl::string_view list) {
  std::vector<int64_t> numbers;
  for (size_t at = 0; at + 4 <= list.size(); at += 4) {
    int64_t number = 0;
    for (size_t i = 0; i < 4; ++i) number = (number << 7) | (list[at + i] & 0x7f);
    numbers.push_back(number);
  }
  return numbers;
}

std::string RowCondition(RunField field) {
  switch (field) {
    case RunField::kKind:
      return "+entries.kind = ?";
    case RunField::kLevel:
      return "+entries.level = ?";
    case RunField::kRevision:
      return "+entries.revision = ?";
    case RunField::kCaller:
      return "+entries.caller = ?";
    case RunField::kRule:
      return "instr(entries.rules, ?) > 0";
  }
  return "0";
}

SqlValue RowValue(RunField field, int64_t value) {
  if (field == RunField::kRule) return Blob{RuleBytes(value)};
  return value;
}

absl::StatusOr<RowQuery> RowQuery::Make(Database& database, const IndexQuery& query) {
  RowQuery made;
  const absl::StatusOr<bool> bounded = made.AddBounds(database, query);
  if (!bounded.ok()) return bounded.status();
  const absl::StatusOr<bool> named = made.AddNames(database, query);
  if (!named.ok()) return named.status();
  made.empty_ = !*bounded || !*named;
  if (made.empty_) return made;
  made.AddNumbers(RunField::kKind, Integers(query.kinds));
  made.AddNumbers(RunField::kLevel, Integers(query.levels));
  made.AddKey("patient_key", query.patient_key);
  made.AddKey("request_key", query.request_key);
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
    RunField field;
    const char* sql;
    const std::string& name;
    std::string end;
  } names[] = {
      {RunField::kRule, "SELECT id FROM rules WHERE name = ?", query.rule_id, ""},
      {RunField::kCaller, "SELECT id FROM callers WHERE name = ?", query.caller, ""},
      // A revision is hexadecimal: "g" is behind every one that begins with the prefix.
      {RunField::kRevision, "SELECT id FROM revisions WHERE name >= ? AND name < ?",
       query.revision_prefix, query.revision_prefix + "g"},
  };
  for (const auto& [field, sql, name, end] : names) {
    if (name.empty()) continue;
    std::vector<SqlValue> bounds = {name};
    if (!end.empty()) bounds.emplace_back(end);
    absl::StatusOr<std::vector<int64_t>> ids = FindNames(database, sql, bounds);
    if (!ids.ok()) return ids.status();
    if (ids->empty()) return false;
    AddNumbers(field, *std::move(ids));
  }
  return true;
}

void RowQuery::AddNumbers(RunField field, std::vector<int64_t> numbers) {
  if (!numbers.empty()) conditions_.push_back({field, std::move(numbers), "", "", 0});
}

void RowQuery::AddKey(const std::string& column, const std::string& key) {
  if (!key.empty()) conditions_.push_back({std::nullopt, {}, column, key, 0});
}

absl::StatusOr<uint64_t> RowQuery::CountRows(Database& database, const Condition& condition) const {
  if (!condition.field.has_value()) {
    const SqlValue values[] = {Blob{condition.key}, first_row_, last_row_};
    const absl::StatusOr<int64_t> rows = database.QueryInteger(
        absl::StrCat("SELECT count(*) FROM (SELECT 1 FROM entries INDEXED BY entries_by_",
                     condition.column, " WHERE ", condition.column,
                     " = ? AND idx BETWEEN ? AND ? LIMIT ", kCountLimit, ")"),
        values);
    if (!rows.ok()) return rows.status();
    return static_cast<uint64_t>(*rows);
  }
  uint64_t sum = 0;
  for (const int64_t number : condition.numbers) {
    const SqlValue values[] = {static_cast<int64_t>(*condition.field), number,
                               first_row_ / kRowsPerRun, last_row_ / kRowsPerRun};
    const absl::StatusOr<int64_t> runs = database.QueryInteger(
        absl::StrCat("SELECT count(*) FROM (SELECT 1 FROM entry_runs WHERE field = ? AND value = ? "
                     "AND run BETWEEN ? AND ? LIMIT ",
                     kCountLimit / kRowsPerRun + 1, ")"),
        values);
    if (!runs.ok()) return runs.status();
    sum += static_cast<uint64_t>(*runs * kRowsPerRun);
  }
  return sum;
}

absl::Status RowQuery::ChooseLead(Database& database) {
  for (Condition& condition : conditions_) {
    const absl::StatusOr<uint64_t> rows = CountRows(database, condition);
    if (!rows.ok()) return rows.status();
    condition.rows = *rows;
  }
  const auto fewest =
      std::min_element(conditions_.begin(), conditions_.end(),
                       [](const Condition& a, const Condition& b) { return a.rows < b.rows; });
  lead_ = static_cast<size_t>(fewest - conditions_.begin());
  return absl::OkStatus();
}

void RowQuery::AddRest(const Condition* lead, SqlStatement* statement) const {
  if (from_us_.has_value()) {
    statement->sql += " AND +time_us >= ?";
    statement->values.emplace_back(*from_us_);
  }
  if (until_us_.has_value()) {
    statement->sql += " AND +time_us < ?";
    statement->values.emplace_back(*until_us_);
  }
  for (const Condition& condition : conditions_) {
    if (&condition == lead) continue;
    if (!condition.field.has_value()) {
      absl::StrAppend(&statement->sql, " AND +", condition.column, " = ?");
      statement->values.emplace_back(Blob{condition.key});
      continue;
    }
    const std::vector<std::string> either(condition.numbers.size(), RowCondition(*condition.field));
    absl::StrAppend(&statement->sql, " AND (", absl::StrJoin(either, " OR "), ")");
    for (const int64_t number : condition.numbers) {
      statement->values.push_back(RowValue(*condition.field, number));
    }
  }
}

SqlStatement RowQuery::SelectAll(const std::string& columns, int64_t limit) const {
  SqlStatement statement{
      absl::StrCat("SELECT ", columns, " FROM entries NOT INDEXED WHERE idx BETWEEN ? AND ?"),
      {first_row_, last_row_}};
  AddRest(nullptr, &statement);
  statement.sql += " ORDER BY idx DESC LIMIT ?";
  statement.values.emplace_back(limit);
  return statement;
}

SqlStatement RowQuery::SelectByKey(const std::string& columns, int64_t limit,
                                   const Condition& lead) const {
  SqlStatement statement{
      absl::StrCat("SELECT ", columns, " FROM entries INDEXED BY entries_by_", lead.column,
                   " WHERE idx BETWEEN ? AND ? AND ", lead.column, " = ?"),
      {first_row_, last_row_, Blob{lead.key}}};
  AddRest(&lead, &statement);
  statement.sql += " ORDER BY idx DESC LIMIT ?";
  statement.values.emplace_back(limit);
  return statement;
}

SqlStatement RowQuery::SelectByRun(const std::string& columns, int64_t limit, const Condition& lead,
                                   int64_t number) const {
  // The run bounds the rows; what bounds all of them must not be taken in its place.
  SqlStatement statement{
      absl::StrCat(
          "SELECT ", columns,
          " FROM entry_runs AS lead CROSS JOIN entries NOT INDEXED ON entries.idx BETWEEN ",
          "lead.run * ", kRowsPerRun, " AND lead.run * ", kRowsPerRun, " + ", kRowsPerRun - 1,
          " WHERE lead.field = ? AND lead.value = ? AND lead.run BETWEEN ? AND ?"
          " AND +entries.idx BETWEEN ? AND ? AND ",
          RowCondition(*lead.field)),
      {static_cast<int64_t>(*lead.field), number, first_row_ / kRowsPerRun, last_row_ / kRowsPerRun,
       first_row_, last_row_, RowValue(*lead.field, number)}};
  AddRest(&lead, &statement);
  statement.sql += " ORDER BY lead.run DESC, entries.idx DESC LIMIT ?";
  statement.values.emplace_back(limit);
  return statement;
}

std::vector<SqlStatement> RowQuery::Select(const std::string& columns, int64_t limit) const {
  if (empty_) return {};
  if (lead_ == conditions_.size()) return {SelectAll(columns, limit)};
  const Condition& lead = conditions_[lead_];
  if (!lead.field.has_value()) return {SelectByKey(columns, limit, lead)};
  std::vector<SqlStatement> statements;
  for (const int64_t number : lead.numbers) {
    statements.push_back(SelectByRun(columns, limit, lead, number));
  }
  return statements;
}

}  // namespace plumbline::store
