#include "server/store/memory/memory_query_index.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/store/limits.h"

namespace plumbline::store {
namespace {

template <typename T>
bool Allows(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool Allows(const std::string& wanted, const std::string& value) {
  return wanted.empty() || wanted == value;
}

bool Matches(const IndexQuery& query, const IndexRow& row) {
  if (query.before_index.has_value() && row.index >= *query.before_index) return false;
  if (query.from_us.has_value() && row.time_us < *query.from_us) return false;
  if (query.until_us.has_value() && row.time_us >= *query.until_us) return false;
  const bool has_rule = query.rule_id.empty() || std::find(row.rule_ids.begin(), row.rule_ids.end(),
                                                           query.rule_id) != row.rule_ids.end();
  return has_rule && Allows(query.kinds, row.kind) && Allows(query.levels, row.level) &&
         absl::StartsWith(row.revision, query.revision_prefix) &&
         Allows(query.caller, row.caller) && Allows(query.patient_key, row.patient_key) &&
         Allows(query.request_key, row.request_key);
}

std::string DayOf(int64_t time_us) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

template <typename Key>
std::vector<std::pair<Key, uint64_t>> ByKey(const std::map<Key, uint64_t>& counts) {
  return {counts.begin(), counts.end()};
}

std::vector<std::pair<std::string, uint64_t>> MostFrequentFirst(
    const std::map<std::string, uint64_t>& counts) {
  std::vector<std::pair<std::string, uint64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

}  // namespace

absl::Status MemoryQueryIndex::BeforeWrite() {
  if (!failure_.ok()) return failure_;
  if (writes_until_failure_ == 0 || --writes_until_failure_ > 0) return absl::OkStatus();
  return next_failure_;
}

uint64_t MemoryQueryIndex::indexed_size() const {
  absl::ReaderMutexLock lock(&mutex_);
  return rows_.size();
}

absl::Status MemoryQueryIndex::Apply(absl::Span<const IndexRow> rows) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status checked = CheckRows(rows_.size(), rows); !checked.ok()) return checked;
  if (absl::Status failure = BeforeWrite(); !failure.ok()) return failure;
  rows_.insert(rows_.end(), rows.begin(), rows.end());
  return absl::OkStatus();
}

absl::Status MemoryQueryIndex::Forget(absl::Span<const uint64_t> indices) {
  absl::MutexLock lock(&mutex_);
  for (const uint64_t index : indices) {
    if (index >= rows_.size()) return NoSuchRow(index, rows_.size());
  }
  if (absl::Status failure = BeforeWrite(); !failure.ok()) return failure;
  for (const uint64_t index : indices) {
    const IndexRow& full = rows_[index];
    IndexRow left;
    left.index = full.index;
    left.kind = full.kind;
    left.id = full.id;
    left.time_us = full.time_us;
    left.revision = full.revision;
    left.erased = true;
    rows_[index] = std::move(left);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint64_t>> MemoryQueryIndex::Find(const IndexQuery& query,
                                                             size_t limit) const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<uint64_t> found;
  for (auto row = rows_.rbegin(); row != rows_.rend() && found.size() < limit; ++row) {
    if (Matches(query, *row)) found.push_back(row->index);
  }
  return found;
}

absl::StatusOr<uint64_t> MemoryQueryIndex::FindById(const std::array<uint8_t, 16>& id) const {
  absl::ReaderMutexLock lock(&mutex_);
  for (const IndexRow& row : rows_) {
    if (row.id == id) return row.index;
  }
  return absl::NotFoundError("no entry with this id");
}

absl::StatusOr<std::vector<uint64_t>> MemoryQueryIndex::FindLinked(
    const std::array<uint8_t, 16>& id) const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<uint64_t> found;
  for (const IndexRow& row : rows_) {
    if (std::find(row.linked_ids.begin(), row.linked_ids.end(), id) != row.linked_ids.end()) {
      found.push_back(row.index);
    }
  }
  return found;
}

absl::StatusOr<IndexCounts> MemoryQueryIndex::Count(const IndexQuery& query) const {
  absl::ReaderMutexLock lock(&mutex_);
  IndexCounts counts;
  std::map<int, uint64_t> by_kind, by_level;
  std::map<std::string, uint64_t> by_revision, by_rule, by_day;
  for (const IndexRow& row : rows_) {
    if (!Matches(query, row)) continue;
    ++by_kind[row.kind];
    if (row.level != 0) ++by_level[row.level];
    if (!row.revision.empty()) ++by_revision[row.revision];
    // A rule counts once for each entry, however often the entry names it.
    std::map<std::string, uint64_t> rules;
    for (const std::string& rule : row.rule_ids) rules[rule] = 1;
    for (const auto& [rule, one] : rules) by_rule[rule] += one;
    ++by_day[DayOf(row.time_us)];
    counts.first_us = std::min(counts.first_us.value_or(row.time_us), row.time_us);
    counts.last_us = std::max(counts.last_us.value_or(row.time_us), row.time_us);
    counts.erased += row.erased ? 1 : 0;
  }
  counts.by_kind = ByKey(by_kind);
  counts.by_level = ByKey(by_level);
  counts.by_revision = MostFrequentFirst(by_revision);
  counts.by_rule = MostFrequentFirst(by_rule);
  if (counts.by_rule.size() > kMaxCountedRules) counts.by_rule.resize(kMaxCountedRules);
  counts.by_day = ByKey(by_day);
  return counts;
}

absl::Status MemoryQueryIndex::Reset() {
  absl::MutexLock lock(&mutex_);
  if (absl::Status failure = BeforeWrite(); !failure.ok()) return failure;
  rows_.clear();
  return absl::OkStatus();
}

void MemoryQueryIndex::FailWrite(int n, absl::Status error) {
  absl::MutexLock lock(&mutex_);
  writes_until_failure_ = n;
  next_failure_ = std::move(error);
}

void MemoryQueryIndex::FailWrites(absl::Status error) {
  absl::MutexLock lock(&mutex_);
  failure_ = std::move(error);
}

}  // namespace plumbline::store
