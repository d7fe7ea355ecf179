// What only the index in SQLite has: a file, and plans.

#include "server/store/sqlite/sqlite_query_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "server/store/memory/memory_query_index.h"
#include "server/store/sqlite/database.h"
#include "tests/testing/store/query_builder.h"
#include "tests/testing/store/scratch_folder.h"

namespace plumbline::store {
namespace {

using ::plumbline::testing::QueryOf;
using ::plumbline::testing::ScratchFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<IndexRow> Rows(uint64_t first, uint64_t count) {
  std::vector<IndexRow> rows;
  for (uint64_t i = first; i < first + count; ++i) {
    IndexRow row;
    row.index = i;
    row.kind = static_cast<int>(i % 3);
    row.id[15] = static_cast<uint8_t>(i);
    row.time_us = static_cast<int64_t>(i) * 1'000;
    row.revision = std::string(64, i % 2 == 0 ? 'a' : 'b');
    row.caller = i % 5 == 0 ? "clinic" : "hospital";
    row.level = static_cast<int>(i % 4);
    row.patient_key = "patient-key-" + std::to_string(i);
    row.request_key = "request-key-" + std::to_string(i);
    row.rule_ids = {"RF-1", "RF-" + std::to_string(i % 7)};
    rows.push_back(row);
  }
  return rows;
}

class SqliteQueryIndexTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_.path() + "/index.sqlite"; }
  std::unique_ptr<SqliteQueryIndex> Open() const {
    absl::StatusOr<std::unique_ptr<SqliteQueryIndex>> index = SqliteQueryIndex::Open(path());
    EXPECT_TRUE(index.ok()) << index.status();
    return index.ok() ? *std::move(index) : nullptr;
  }
  void MakeIndexOf(uint64_t count) const { ASSERT_TRUE(Open()->Apply(Rows(0, count)).ok()); }

  ScratchFolder folder_;
};

TEST_F(SqliteQueryIndexTest, RowsAreThereAfterOpeningAgain) {
  MakeIndexOf(10);
  const std::unique_ptr<SqliteQueryIndex> index = Open();
  EXPECT_FALSE(index->replaced().has_value());
  EXPECT_EQ(index->indexed_size(), 10u);
  EXPECT_THAT(*index->Find(QueryOf().Caller("clinic"), 10), ElementsAre(5, 0));
  ASSERT_TRUE(index->Apply(Rows(10, 5)).ok());
  EXPECT_THAT(*index->Find(QueryOf().Caller("clinic"), 10), ElementsAre(10, 5, 0));
}

TEST_F(SqliteQueryIndexTest, EveryConditionLeadsToItsRowsInOrder) {
  constexpr char kRuns[] =
      "SEARCH lead USING PRIMARY KEY (field=? AND value=? AND run>? AND run<?)\n"
      "SEARCH entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";
  MakeIndexOf(200);
  const std::unique_ptr<SqliteQueryIndex> index = Open();
  const struct {
    const char* name;
    IndexQuery query;
    const char* step;
  } cases[] = {
      {"none", {}, "SEARCH entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
      {"time", QueryOf().From(5).Until(90'000), "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
      {"kind", QueryOf().Kinds({1, 2}), kRuns},
      {"revision", QueryOf().Revision("a"), kRuns},
      {"rule", QueryOf().Rule("RF-1"), kRuns},
      {"level", QueryOf().Levels({2}), kRuns},
      {"caller", QueryOf().Caller("clinic"), kRuns},
      {"patient", QueryOf().Patient("p"),
       "USING COVERING INDEX entries_by_patient_key (patient_key=?"},
      {"request", QueryOf().Request("r"),
       "USING COVERING INDEX entries_by_request_key (request_key=?"},
      {"rule among others", QueryOf().Kinds({1}).Rule("RF-1").Patient("patient-key-4"),
       "USING INDEX entries_by_patient_key (patient_key=?"},
      {"page", QueryOf().Caller("clinic").Before(100), kRuns},
  };
  for (const auto& [name, query, step] : cases) {
    const absl::StatusOr<std::vector<std::string>> steps = index->ExplainFind(query);
    ASSERT_TRUE(steps.ok()) << steps.status();
    const std::string plan = absl::StrJoin(*steps, "\n");
    EXPECT_THAT(plan, HasSubstr(step)) << name;
    EXPECT_THAT(plan, Not(HasSubstr("SCAN"))) << name;
    EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE"))) << name << ": pages would be sorted";
  }
}

// Against a plain list of rows: rows of many runs, some rare in them, some forgotten.
TEST_F(SqliteQueryIndexTest, FindsWhatAListOfTheRowsHasWhateverIsAsked) {
  std::mt19937 random(1);
  std::vector<IndexRow> rows = Rows(0, 1'500);
  for (IndexRow& row : rows) {
    row.id[14] = static_cast<uint8_t>(row.index >> 8);
    row.kind = random() % 100 == 0 ? 7 : 1;
    row.level = static_cast<int>(random() % 40);
    row.caller = random() % 300 == 0 ? "rare" : "clinic";
    row.patient_key = "patient-key-" + std::to_string(random() % 50);
    for (int i = 0; i < 6; ++i) row.rule_ids.push_back("R-" + std::to_string(random() % 300));
  }
  MemoryQueryIndex list;
  std::unique_ptr<SqliteQueryIndex> index = Open();
  for (size_t begin = 0; begin < rows.size();) {
    const auto some = absl::MakeSpan(rows).subspan(begin, 1 + random() % 200);
    ASSERT_TRUE(list.Apply(some).ok());
    ASSERT_TRUE(index->Apply(some).ok());
    begin += some.size();
    const uint64_t forgotten[] = {random() % begin, begin - 1};
    ASSERT_TRUE(list.Forget(forgotten).ok());
    ASSERT_TRUE(index->Forget(forgotten).ok());
    if (random() % 3 == 0) index = Open();
  }
  for (int i = 0; i < 300; ++i) {
    IndexQuery query;
    if (random() % 3 == 0) query.kinds = {7};
    if (random() % 3 == 0) query.levels = {static_cast<int>(random() % 40), 3, 0};
    if (random() % 3 == 0) query.caller = random() % 2 == 0 ? "rare" : "clinic";
    if (random() % 3 == 0) query.rule_id = "R-" + std::to_string(random() % 300);
    if (random() % 5 == 0) query.patient_key = "patient-key-" + std::to_string(random() % 50);
    if (random() % 4 == 0) query.revision_prefix = random() % 2 == 0 ? "a" : "bb";
    if (random() % 4 == 0) query.before_index = random() % 1'600;
    if (random() % 4 == 0) query.from_us = static_cast<int64_t>(random() % 1'500'000);
    if (random() % 4 == 0) query.until_us = static_cast<int64_t>(random() % 1'500'000);
    const size_t limit = 1 + random() % 100;
    ASSERT_EQ(*index->Find(query, limit), *list.Find(query, limit)) << "query " << i;
    ASSERT_EQ(index->Count(query)->by_rule, list.Count(query)->by_rule) << "query " << i;
  }
}

TEST_F(SqliteQueryIndexTest, WhatOnlyAForgottenRowHadStandsInNoRun) {
  std::vector<IndexRow> rows = Rows(0, 130);
  rows[70].rule_ids.push_back("RF-ALONE");
  rows[70].level = 9;
  ASSERT_TRUE(Open()->Apply(rows).ok());
  const auto runs = [this] {
    return *(*Database::Open(path()))
                ->QueryInteger(
                    "SELECT count(*) FROM entry_runs WHERE (field = 2 AND value = 9) OR "
                    "(field = 5 AND value = (SELECT id FROM rules WHERE name = "
                    "'RF-ALONE')) OR (field = 5 AND run = 1)");
  };
  EXPECT_EQ(runs(), 1 + 1 + 7);
  ASSERT_TRUE(Open()->Forget({70}).ok());
  EXPECT_EQ(runs(), 7);
}

TEST_F(SqliteQueryIndexTest, TheRarestConditionLeads) {
  MakeIndexOf(200);
  const absl::StatusOr<std::vector<std::string>> steps =
      Open()->ExplainFind(QueryOf().Kinds({1}).Caller("clinic").Patient("patient-key-4"));
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_THAT(*steps, ElementsAre(HasSubstr("entries_by_patient_key")));
}

TEST_F(SqliteQueryIndexTest, FileOfAnotherVersionIsMovedAsideAndReported) {
  MakeIndexOf(3);
  ASSERT_TRUE((*Database::Open(path()))->Execute("PRAGMA user_version = 999").ok());
  const std::unique_ptr<SqliteQueryIndex> index = Open();
  ASSERT_TRUE(index->replaced().has_value());
  EXPECT_THAT(index->replaced()->message, HasSubstr("version 999"));
  EXPECT_THAT(index->replaced()->place, HasSubstr("index.sqlite"));
  EXPECT_TRUE(std::filesystem::exists(path() + ".aside"));
  EXPECT_EQ(index->indexed_size(), 0u);
  EXPECT_TRUE(index->Apply(Rows(0, 3)).ok());
}

TEST_F(SqliteQueryIndexTest, FileOfAnotherProgramIsMovedAside) {
  ASSERT_TRUE((*Database::Open(path()))->Execute("CREATE TABLE notes (a)").ok());
  EXPECT_THAT(Open()->replaced().value_or(Problem()).message, HasSubstr("not a query index"));
}

TEST_F(SqliteQueryIndexTest, FileThatIsNoDatabaseIsMovedAside) {
  std::ofstream(path()) << std::string(8'192, 'x');
  const std::unique_ptr<SqliteQueryIndex> index = Open();
  ASSERT_TRUE(index->replaced().has_value());
  EXPECT_TRUE(index->Apply(Rows(0, 3)).ok());
}

TEST_F(SqliteQueryIndexTest, DamagedPagesAreFoundOnOpening) {
  MakeIndexOf(2'000);
  const uintmax_t size = std::filesystem::file_size(path());
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  for (uintmax_t page = 4'096 * 4; page + 512 < size; page += 8'192) {
    file.seekp(static_cast<std::streamoff>(page));
    file << std::string(512, '\x5a');
  }
  file.close();
  const std::unique_ptr<SqliteQueryIndex> index = Open();
  ASSERT_TRUE(index->replaced().has_value());
  EXPECT_EQ(index->indexed_size(), 0u);
}

TEST_F(SqliteQueryIndexTest, DamageFoundInUseLeadsToAnEmptyIndexOnTheNextOpening) {
  MakeIndexOf(2'000);
  {
    const std::unique_ptr<SqliteQueryIndex> index = Open();
    const uintmax_t size = std::filesystem::file_size(path());
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4'096);
    file << std::string(size - 4'096, '\x5a');
    file.close();
    EXPECT_TRUE(absl::IsDataLoss(index->Count({}).status()));
  }
  const std::unique_ptr<SqliteQueryIndex> index = Open();
  ASSERT_TRUE(index->replaced().has_value());
  EXPECT_EQ(index->indexed_size(), 0u);
  EXPECT_FALSE(Open()->replaced().has_value());
}

TEST_F(SqliteQueryIndexTest, ForgottenKeysLeaveNoTraceInTheFiles) {
  MakeIndexOf(50);
  const std::unique_ptr<SqliteQueryIndex> index = Open();
  std::ofstream(path() + ".aside") << "old rows";
  const uint64_t forgotten[] = {7};
  ASSERT_TRUE(index->Forget(forgotten).ok());
  const auto read = [](const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_FALSE(std::filesystem::exists(path() + ".aside"));
  const std::string bytes = read(path()) + read(path() + "-wal");
  EXPECT_THAT(bytes, Not(HasSubstr("patient-key-7")));
  EXPECT_THAT(bytes, HasSubstr("patient-key-8"));
}

TEST_F(SqliteQueryIndexTest, MissingFolderIsAnErrorThatNamesTheFile) {
  const absl::Status status =
      SqliteQueryIndex::Open(folder_.path() + "/none/index.sqlite").status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("/none/index.sqlite"));
}

}  // namespace
}  // namespace plumbline::store
