#include "server/store/sqlite/sqlite_query_index.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/store/limits.h"
#include "server/store/sqlite/row_query.h"

namespace plumbline::store {
namespace {

// Raise it with every change of the tables: the index is made anew then.
constexpr int64_t kSchemaVersion = 2;
// "PLBI": tells our files from others'.
constexpr int64_t kApplicationId = 0x504C4249;
constexpr uintmax_t kLargestCheckedFile = uintmax_t{1} << 30;
constexpr int64_t kMicrosPerDay = 86'400'000'000;

// SQLite's log is brought home when it has 64 MiB: the leaves of random keys change again and
// again, and are written and synced once for many rows.
constexpr char kSettings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;"
    "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 16384;";

// Lists in a row: rules as RuleBytes, ids as 16 bytes each. entry_runs: see row_query.h.
constexpr char kSchema[] = R"sql(
CREATE TABLE revisions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE callers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE rules (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE entries (
  idx INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id BLOB NOT NULL, time_us INTEGER NOT NULL,
  revision INTEGER, caller INTEGER, level INTEGER NOT NULL, gate INTEGER NOT NULL,
  request_key BLOB, patient_key BLOB, rules BLOB, links BLOB, erased INTEGER NOT NULL);
CREATE INDEX entries_by_id ON entries (id);
CREATE INDEX entries_by_request_key ON entries (request_key) WHERE request_key IS NOT NULL;
CREATE INDEX entries_by_patient_key ON entries (patient_key) WHERE patient_key IS NOT NULL;
CREATE TABLE entry_runs (field INTEGER NOT NULL, value INTEGER NOT NULL, run INTEGER NOT NULL,
  PRIMARY KEY (field, value, run)) WITHOUT ROWID;
CREATE TABLE entry_links (id BLOB NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (id, idx))
  WITHOUT ROWID;
CREATE TABLE time_blocks (block INTEGER PRIMARY KEY, first_us INTEGER NOT NULL,
  last_us INTEGER NOT NULL);
)sql";

std::string AsidePath(const std::string& path) { return path + ".aside"; }
// Exists: the file was found damaged while it was in use.
std::string DamagedPath(const std::string& path) { return path + ".damaged"; }

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

void RemoveWithLog(const std::string& path) {
  std::error_code error;
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end, error);
}

std::string IdBytes(const std::array<uint8_t, 16>& id) {
  return std::string(reinterpret_cast<const char*>(id.data()), id.size());
}

SqlValue BlobOrNull(const std::string& bytes) {
  if (bytes.empty()) return std::monostate();
  return Blob{bytes};
}

int64_t DayOf(int64_t time_us) {
  const int64_t day = time_us / kMicrosPerDay;
  return time_us % kMicrosPerDay < 0 ? day - 1 : day;
}

using NamedCounts = std::vector<std::pair<std::string, uint64_t>>;

// Counts by number as counts by name, most frequent first, then by name.
absl::StatusOr<NamedCounts> Named(Database& database, const std::string& table,
                                  const std::map<int64_t, uint64_t>& counts) {
  NamedCounts named;
  absl::Status queried =
      database.Query(absl::StrCat("SELECT id, name FROM ", table), {}, [&](const SqlRow& row) {
        const auto found = counts.find(row.Integer(0));
        if (found != counts.end()) named.emplace_back(row.Bytes(1), found->second);
        return true;
      });
  if (!queried.ok()) return queried;
  std::sort(named.begin(), named.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return named;
}

// What Count adds up, row by row.
class RowCounts {
 public:
  static constexpr char kColumns[] =
      "entries.kind, entries.level, entries.revision, entries.time_us, entries.erased, "
      "entries.rules";

  void Add(const SqlRow& row) {
    ++by_kind_[static_cast<int>(row.Integer(0))];
    if (row.Integer(1) != 0) ++by_level_[static_cast<int>(row.Integer(1))];
    if (!row.IsNull(2)) ++by_revision_[row.Integer(2)];
    const int64_t time_us = row.Integer(3);
    ++by_day_[DayOf(time_us)];
    counts_.first_us = std::min(counts_.first_us.value_or(time_us), time_us);
    counts_.last_us = std::max(counts_.last_us.value_or(time_us), time_us);
    counts_.erased += row.Integer(4) != 0 ? 1 : 0;
    for (const int64_t rule : RuleNumbers(row.Bytes(5))) ++by_rule_[rule];
  }

  absl::StatusOr<IndexCounts> Finish(Database& database) && {
    counts_.by_kind.assign(by_kind_.begin(), by_kind_.end());
    counts_.by_level.assign(by_level_.begin(), by_level_.end());
    absl::StatusOr<NamedCounts> revisions = Named(database, "revisions", by_revision_);
    if (!revisions.ok()) return revisions.status();
    counts_.by_revision = *std::move(revisions);
    absl::StatusOr<NamedCounts> rules = Named(database, "rules", by_rule_);
    if (!rules.ok()) return rules.status();
    if (rules->size() > kMaxCountedRules) rules->resize(kMaxCountedRules);
    counts_.by_rule = *std::move(rules);
    for (const auto& [day, count] : by_day_) {
      counts_.by_day.emplace_back(
          absl::FormatTime("%Y-%m-%d", absl::FromUnixMicros(day * kMicrosPerDay),
                           absl::UTCTimeZone()),
          count);
    }
    return std::move(counts_);
  }

 private:
  IndexCounts counts_;
  std::map<int, uint64_t> by_kind_, by_level_;
  std::map<int64_t, uint64_t> by_revision_, by_rule_, by_day_;
};

}  // namespace

// ---- Opening.

absl::StatusOr<std::unique_ptr<SqliteQueryIndex>> SqliteQueryIndex::Open(const std::string& path) {
  std::unique_ptr<SqliteQueryIndex> index(new SqliteQueryIndex(path));
  absl::MutexLock write_lock(&index->write_mutex_);
  absl::MutexLock read_lock(&index->read_mutex_);
  absl::Status opened = Exists(DamagedPath(path))
                            ? absl::DataLossError("damage was found while it was in use")
                            : index->OpenFiles();
  if (opened.ok()) return index;
  if (!absl::IsDataLoss(opened) && !absl::IsFailedPrecondition(opened)) return opened;
  index->CloseFiles();
  std::error_code error;
  RemoveWithLog(AsidePath(path));
  std::filesystem::rename(path, AsidePath(path), error);
  RemoveWithLog(path);
  std::filesystem::remove(DamagedPath(path), error);
  index->replaced_ = Problem{
      absl::StrCat(path, " at 0"),
      absl::StrCat("moved to ", AsidePath(path), ", an empty index begun: ", opened.message()),
      std::nullopt};
  if (absl::Status again = index->OpenFiles(); !again.ok()) return again;
  return index;
}

void SqliteQueryIndex::CloseFiles() {
  reader_.reset();
  writer_.reset();
}

absl::Status SqliteQueryIndex::OpenFiles() {
  absl::StatusOr<std::unique_ptr<Database>> writer = Database::Open(path_);
  if (!writer.ok()) return writer.status();
  writer_ = *std::move(writer);
  if (absl::Status set = writer_->Execute(kSettings); !set.ok()) return set;
  if (absl::Status checked = CheckFile(); !checked.ok()) return checked;
  absl::StatusOr<std::unique_ptr<Database>> reader = Database::Open(path_);
  if (!reader.ok()) return reader.status();
  reader_ = *std::move(reader);
  if (absl::Status set = reader_->Execute(kSettings); !set.ok()) return set;
  return ReadState();
}

absl::Status SqliteQueryIndex::CheckFile() {
  const absl::StatusOr<int64_t> tables =
      writer_->QueryInteger("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  if (*tables == 0) {
    return writer_->InTransaction([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_) {
      return writer_->Execute(absl::StrCat(kSchema, "PRAGMA user_version = ", kSchemaVersion,
                                           "; PRAGMA application_id = ", kApplicationId));
    });
  }
  const absl::StatusOr<int64_t> version = writer_->QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  const absl::StatusOr<int64_t> application = writer_->QueryInteger("PRAGMA application_id");
  if (!application.ok()) return application.status();
  if (*application != kApplicationId) {
    return absl::FailedPreconditionError("the file is not a query index");
  }
  if (*version != kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the file has version ", *version, "; this program uses version ", kSchemaVersion));
  }
  std::error_code error;
  // Longer ones would delay the start by minutes; damage in them is found when it is met.
  if (std::filesystem::file_size(path_, error) > kLargestCheckedFile) return absl::OkStatus();
  std::string result;
  absl::Status checked = writer_->Query("PRAGMA quick_check(1)", {}, [&result](const SqlRow& row) {
    result = row.Bytes(0);
    return false;
  });
  if (!checked.ok() || result == "ok") return checked;
  return absl::DataLossError(result);
}

absl::Status SqliteQueryIndex::ReadState() {
  in_last_run_.clear();
  const struct {
    const char* sql;
    Names* names;
  } tables[] = {{"SELECT id, name FROM revisions", &revisions_},
                {"SELECT id, name FROM callers", &callers_},
                {"SELECT id, name FROM rules", &rules_}};
  for (const auto& [sql, names] : tables) {
    Names& target = *names;
    target.clear();
    absl::Status queried = writer_->Query(sql, {}, [&target](const SqlRow& row) {
      target[row.Bytes(1)] = row.Integer(0);
      return true;
    });
    if (!queried.ok()) return queried;
  }
  const absl::StatusOr<int64_t> size = writer_->QueryInteger("SELECT max(idx) + 1 FROM entries");
  if (!size.ok()) return size.status();
  indexed_size_.store(static_cast<uint64_t>(*size), std::memory_order_release);
  return absl::OkStatus();
}

absl::Status SqliteQueryIndex::Noted(absl::Status status) const {
  if (!absl::IsDataLoss(status)) return status;
  if (std::FILE* file = std::fopen(DamagedPath(path_).c_str(), "w")) std::fclose(file);
  return status;
}

// ---- Writing.

absl::StatusOr<SqlValue> SqliteQueryIndex::NumberOf(const std::string& table,
                                                    const std::string& name, Names* names) {
  if (name.empty()) return SqlValue(std::monostate());
  const auto found = names->find(name);
  if (found != names->end()) return SqlValue(found->second);
  const SqlValue value = name;
  absl::Status inserted =
      writer_->Run(absl::StrCat("INSERT INTO ", table, " (name) VALUES (?)"), {&value, 1});
  if (!inserted.ok()) return inserted;
  const int64_t number = writer_->last_row_id();
  names->emplace(name, number);
  return SqlValue(number);
}

absl::Status SqliteQueryIndex::InsertRow(const IndexRow& row) {
  const auto index = static_cast<int64_t>(row.index);
  const absl::StatusOr<SqlValue> revision = NumberOf("revisions", row.revision, &revisions_);
  if (!revision.ok()) return revision.status();
  const absl::StatusOr<SqlValue> caller = NumberOf("callers", row.caller, &callers_);
  if (!caller.ok()) return caller.status();
  std::string rules, links;
  std::vector<int64_t> numbers;
  for (const std::string& rule_id : row.rule_ids) {
    const absl::StatusOr<SqlValue> rule = NumberOf("rules", rule_id, &rules_);
    if (!rule.ok()) return rule.status();
    if (const auto* number = std::get_if<int64_t>(&*rule)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  for (const int64_t number : numbers) rules += RuleBytes(number);
  if (absl::Status added = AddToRuns(row, *revision, *caller, numbers); !added.ok()) return added;
  for (const std::array<uint8_t, 16>& id : row.linked_ids) {
    links += IdBytes(id);
    const SqlValue values[] = {Blob{IdBytes(id)}, index};
    absl::Status inserted = writer_->Run("INSERT OR IGNORE INTO entry_links VALUES (?, ?)", values);
    if (!inserted.ok()) return inserted;
  }
  const SqlValue values[] = {index,
                             int64_t{row.kind},
                             Blob{IdBytes(row.id)},
                             row.time_us,
                             *revision,
                             *caller,
                             int64_t{row.level},
                             int64_t{row.gate},
                             BlobOrNull(row.request_key),
                             BlobOrNull(row.patient_key),
                             BlobOrNull(rules),
                             BlobOrNull(links),
                             int64_t{row.erased ? 1 : 0}};
  static const std::string* const kInsert =
      new std::string("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  return writer_->Run(*kInsert, values);
}

absl::Status SqliteQueryIndex::AddToRun(RunField field, int64_t value, int64_t run) {
  if (run != last_run_) in_last_run_.clear();
  last_run_ = run;
  if (!in_last_run_.emplace(field, value).second) return absl::OkStatus();
  const SqlValue values[] = {static_cast<int64_t>(field), value, run};
  return writer_->Run("INSERT OR IGNORE INTO entry_runs VALUES (?, ?, ?)", values);
}

absl::Status SqliteQueryIndex::AddToRuns(const IndexRow& row, const SqlValue& revision,
                                         const SqlValue& caller, absl::Span<const int64_t> rules) {
  const int64_t run = static_cast<int64_t>(row.index) / kRowsPerRun;
  absl::Status added = AddToRun(RunField::kKind, row.kind, run);
  added.Update(AddToRun(RunField::kLevel, row.level, run));
  if (const auto* number = std::get_if<int64_t>(&revision)) {
    added.Update(AddToRun(RunField::kRevision, *number, run));
  }
  if (const auto* number = std::get_if<int64_t>(&caller)) {
    added.Update(AddToRun(RunField::kCaller, *number, run));
  }
  for (const int64_t rule : rules) added.Update(AddToRun(RunField::kRule, rule, run));
  return added;
}

absl::Status SqliteQueryIndex::RemoveFromRun(RunField field, int64_t value, int64_t run) {
  const SqlValue values[] = {
      static_cast<int64_t>(field), value, run, run * kRowsPerRun, (run + 1) * kRowsPerRun - 1,
      RowValue(field, value)};
  return writer_->Run(
      absl::StrCat(
          "DELETE FROM entry_runs WHERE field = ? AND value = ? AND run = ? AND NOT EXISTS "
          "(SELECT 1 FROM entries NOT INDEXED WHERE idx BETWEEN ? AND ? AND ",
          RowCondition(field), ")"),
      values);
}

absl::Status SqliteQueryIndex::InsertTimes(absl::Span<const IndexRow> rows) {
  std::map<int64_t, std::pair<int64_t, int64_t>> blocks;
  for (const IndexRow& row : rows) {
    const int64_t block = static_cast<int64_t>(row.index) / kRowsPerBlock;
    auto& [first_us, last_us] = blocks.try_emplace(block, row.time_us, row.time_us).first->second;
    first_us = std::min(first_us, row.time_us);
    last_us = std::max(last_us, row.time_us);
  }
  for (const auto& [block, times] : blocks) {
    const SqlValue values[] = {block, times.first, times.second};
    absl::Status inserted = writer_->Run(
        "INSERT INTO time_blocks VALUES (?, ?, ?) ON CONFLICT (block) DO UPDATE SET "
        "first_us = min(first_us, excluded.first_us), last_us = max(last_us, excluded.last_us)",
        values);
    if (!inserted.ok()) return inserted;
  }
  return absl::OkStatus();
}

absl::Status SqliteQueryIndex::Apply(absl::Span<const IndexRow> rows) {
  absl::MutexLock lock(&write_mutex_);
  if (absl::Status checked = CheckRows(indexed_size(), rows); !checked.ok()) return checked;
  if (rows.empty()) return absl::OkStatus();
  absl::Status applied =
      writer_->InTransaction([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_) -> absl::Status {
        for (const IndexRow& row : rows) {
          if (absl::Status inserted = InsertRow(row); !inserted.ok()) return inserted;
        }
        return InsertTimes(rows);
      });
  if (!applied.ok()) {
    // Names that were given numbers in this transaction have none now.
    ReadState().IgnoreError();
    return Noted(applied);
  }
  indexed_size_.fetch_add(rows.size(), std::memory_order_release);
  return absl::OkStatus();
}

absl::Status SqliteQueryIndex::ForgetRow(uint64_t index) {
  const SqlValue number = static_cast<int64_t>(index);
  const int64_t run = static_cast<int64_t>(index) / kRowsPerRun;
  std::vector<std::pair<RunField, int64_t>> left;
  std::string links;
  absl::Status done =
      writer_->Query("SELECT rules, links, level, caller FROM entries WHERE idx = ?", {&number, 1},
                     [&](const SqlRow& row) {
                       for (const int64_t rule : RuleNumbers(row.Bytes(0))) {
                         left.emplace_back(RunField::kRule, rule);
                       }
                       links = row.Bytes(1);
                       left.emplace_back(RunField::kLevel, row.Integer(2));
                       if (!row.IsNull(3)) left.emplace_back(RunField::kCaller, row.Integer(3));
                       return false;
                     });
  if (!done.ok()) return done;
  for (size_t i = 0; i + 16 <= links.size(); i += 16) {
    const SqlValue values[] = {Blob{links.substr(i, 16)}, number};
    done.Update(writer_->Run("DELETE FROM entry_links WHERE id = ? AND idx = ?", values));
  }
  done.Update(
      writer_->Run("UPDATE entries SET caller = NULL, level = 0, gate = 0, request_key = NULL, "
                   "patient_key = NULL, rules = NULL, links = NULL, erased = 1 WHERE idx = ?",
                   {&number, 1}));
  // Runs must not tell what only this row had.
  in_last_run_.clear();
  for (const auto& [field, value] : left) done.Update(RemoveFromRun(field, value, run));
  done.Update(AddToRun(RunField::kLevel, 0, run));
  in_last_run_.clear();
  return done;
}

absl::Status SqliteQueryIndex::Forget(absl::Span<const uint64_t> indices) {
  absl::MutexLock write_lock(&write_mutex_);
  for (const uint64_t index : indices) {
    if (index >= indexed_size()) return NoSuchRow(index, indexed_size());
  }
  if (indices.empty()) return absl::OkStatus();
  absl::Status forgotten =
      writer_->InTransaction([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_) -> absl::Status {
        for (const uint64_t index : indices) {
          if (absl::Status done = ForgetRow(index); !done.ok()) return done;
        }
        return absl::OkStatus();
      });
  if (!forgotten.ok()) return Noted(forgotten);
  RemoveWithLog(AsidePath(path_));
  // SQLite's own log still holds the rows as they were, and is not durable yet: bring it home. Most
  // of it while others read.
  if (absl::Status begun = writer_->Run("PRAGMA wal_checkpoint(PASSIVE)"); !begun.ok()) {
    return Noted(begun);
  }
  absl::MutexLock read_lock(&read_mutex_);
  const absl::StatusOr<int64_t> hindered = writer_->QueryInteger("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!hindered.ok()) return Noted(hindered.status());
  if (*hindered != 0) {
    return absl::UnavailableError(absl::StrCat(
        path_,
        ": another program reads the index, so that it still holds what is to be forgotten"));
  }
  return absl::OkStatus();
}

absl::Status SqliteQueryIndex::Reset() {
  absl::MutexLock write_lock(&write_mutex_);
  absl::MutexLock read_lock(&read_mutex_);
  CloseFiles();
  RemoveWithLog(path_);
  std::error_code error;
  std::filesystem::remove(DamagedPath(path_), error);
  return OpenFiles();
}

// ---- Reading.

absl::StatusOr<std::vector<uint64_t>> SqliteQueryIndex::Find(const IndexQuery& query,
                                                             size_t limit) const {
  absl::MutexLock lock(&read_mutex_);
  std::vector<uint64_t> found;
  const auto sql_limit = static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX));
  // Of one state: a page must not have rows that are newer than some it leaves out.
  absl::Status read = reader_->InSnapshot([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(read_mutex_) {
    const absl::StatusOr<RowQuery> rows = RowQuery::Make(*reader_, query);
    if (!rows.ok()) return rows.status();
    for (const SqlStatement& statement : rows->Select("entries.idx", sql_limit)) {
      absl::Status queried =
          reader_->Query(statement.sql, statement.values, [&found](const SqlRow& row) {
            found.push_back(static_cast<uint64_t>(row.Integer(0)));
            return true;
          });
      if (!queried.ok()) return queried;
    }
    return absl::OkStatus();
  });
  if (!read.ok()) return Noted(read);
  // Several statements find the newest of their values each.
  std::sort(found.rbegin(), found.rend());
  if (found.size() > limit) found.resize(limit);
  return found;
}

absl::StatusOr<uint64_t> SqliteQueryIndex::FindById(const std::array<uint8_t, 16>& id) const {
  absl::MutexLock lock(&read_mutex_);
  const SqlValue value = Blob{IdBytes(id)};
  std::optional<uint64_t> found;
  absl::Status queried = reader_->Query("SELECT idx FROM entries WHERE id = ? ORDER BY idx LIMIT 1",
                                        {&value, 1}, [&found](const SqlRow& row) {
                                          found = static_cast<uint64_t>(row.Integer(0));
                                          return false;
                                        });
  if (!queried.ok()) return Noted(queried);
  if (!found.has_value()) return absl::NotFoundError("no entry with this id");
  return *found;
}

absl::StatusOr<std::vector<uint64_t>> SqliteQueryIndex::FindLinked(
    const std::array<uint8_t, 16>& id) const {
  absl::MutexLock lock(&read_mutex_);
  const SqlValue value = Blob{IdBytes(id)};
  std::vector<uint64_t> found;
  absl::Status queried = reader_->Query("SELECT idx FROM entry_links WHERE id = ? ORDER BY idx",
                                        {&value, 1}, [&found](const SqlRow& row) {
                                          found.push_back(static_cast<uint64_t>(row.Integer(0)));
                                          return true;
                                        });
  if (!queried.ok()) return Noted(queried);
  return found;
}

absl::StatusOr<IndexCounts> SqliteQueryIndex::Count(const IndexQuery& query) const {
  absl::MutexLock lock(&read_mutex_);
  RowCounts counts;
  absl::StatusOr<IndexCounts> counted;
  absl::Status read = reader_->InSnapshot([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(read_mutex_) {
    const absl::StatusOr<RowQuery> rows = RowQuery::Make(*reader_, query);
    if (!rows.ok()) return rows.status();
    for (const SqlStatement& statement : rows->Select(RowCounts::kColumns, -1)) {
      absl::Status queried =
          reader_->Query(statement.sql, statement.values, [&counts](const SqlRow& row) {
            counts.Add(row);
            return true;
          });
      if (!queried.ok()) return queried;
    }
    counted = std::move(counts).Finish(*reader_);
    return counted.status();
  });
  if (!read.ok()) return Noted(read);
  return counted;
}

absl::StatusOr<std::vector<std::string>> SqliteQueryIndex::ExplainFind(
    const IndexQuery& query) const {
  absl::MutexLock lock(&read_mutex_);
  const absl::StatusOr<RowQuery> rows = RowQuery::Make(*reader_, query);
  if (!rows.ok()) return rows.status();
  std::vector<std::string> steps;
  for (const SqlStatement& statement : rows->Select("entries.idx", 10)) {
    absl::Status queried = reader_->Query("EXPLAIN QUERY PLAN " + statement.sql, statement.values,
                                          [&steps](const SqlRow& row) {
                                            steps.push_back(row.Bytes(3));
                                            return true;
                                          });
    if (!queried.ok()) return queried;
  }
  return steps;
}

}  // namespace plumbline::store
