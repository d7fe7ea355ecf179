// One suite for every QueryIndex.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/store/memory/memory_query_index.h"
#include "server/store/sqlite/sqlite_query_index.h"
#include "tests/testing/store/query_builder.h"
#include "tests/testing/store/scratch_folder.h"

namespace plumbline::store {
namespace {

using ::plumbline::testing::QueryOf;
using ::plumbline::testing::ScratchFolder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr int64_t kMorning = 1'790'000'000'000'000;  // 2026-09-21T14:13:20Z
constexpr int64_t kDay = 86'400'000'000;

std::array<uint8_t, 16> Id(uint64_t n) {
  std::array<uint8_t, 16> id{};
  for (size_t i = 0; i < 8; ++i) id[15 - i] = static_cast<uint8_t>(n >> (8 * i));
  return id;
}

std::string Revision(char digit) { return std::string(64, digit); }

IndexRow Row(uint64_t index) {
  IndexRow row;
  row.index = index;
  row.kind = 1;
  row.id = Id(index);
  row.time_us = kMorning + static_cast<int64_t>(index) * 1'000'000;
  row.revision = Revision('a');
  row.caller = "clinic";
  row.level = 1;
  row.gate = 1;
  return row;
}

struct Implementation {
  const char* name;
  std::function<std::unique_ptr<QueryIndex>(const std::string& folder)> make;
};

void PrintTo(const Implementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

class QueryIndexTest : public ::testing::TestWithParam<Implementation> {
 protected:
  QueryIndexTest() : index_(GetParam().make(folder_.path())) {}

  void Apply(const std::vector<IndexRow>& rows) {
    const absl::Status applied = index_->Apply(rows);
    ASSERT_TRUE(applied.ok()) << applied;
  }
  std::vector<uint64_t> Find(const IndexQuery& query, size_t limit = 1'000) {
    const absl::StatusOr<std::vector<uint64_t>> found = index_->Find(query, limit);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : std::vector<uint64_t>();
  }

  ScratchFolder folder_;
  std::unique_ptr<QueryIndex> index_;
};

TEST_P(QueryIndexTest, NewIndexIsEmpty) {
  EXPECT_EQ(index_->indexed_size(), 0u);
  EXPECT_THAT(Find({}), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(index_->FindById(Id(1)).status()));
  const absl::StatusOr<IndexCounts> counts = index_->Count({});
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_THAT(counts->by_kind, IsEmpty());
  EXPECT_FALSE(counts->first_us.has_value());
}

TEST_P(QueryIndexTest, RowsThatDoNotFollowAreRefusedAndNothingIsApplied) {
  Apply({Row(0)});
  EXPECT_TRUE(absl::IsFailedPrecondition(index_->Apply({Row(2)})));
  EXPECT_TRUE(absl::IsFailedPrecondition(index_->Apply({Row(0)})));
  EXPECT_TRUE(absl::IsFailedPrecondition(index_->Apply({Row(1), Row(3)})));
  EXPECT_EQ(index_->indexed_size(), 1u);
  EXPECT_THAT(Find({}), ElementsAre(0));
}

TEST_P(QueryIndexTest, PagesAreNewestFirstAndContinueWhereTheLastEnded) {
  Apply({Row(0), Row(1), Row(2), Row(3), Row(4)});
  EXPECT_THAT(Find({}, 2), ElementsAre(4, 3));
  IndexQuery next;
  next.before_index = 3;
  EXPECT_THAT(Find(next, 2), ElementsAre(2, 1));
  next.before_index = 1;
  EXPECT_THAT(Find(next, 2), ElementsAre(0));
  next.before_index = 0;
  EXPECT_THAT(Find(next, 2), IsEmpty());
  EXPECT_THAT(Find({}, 0), IsEmpty());
}

TEST_P(QueryIndexTest, TimeRangeIncludesItsBeginAndExcludesItsEnd) {
  Apply({Row(0), Row(1), Row(2), Row(3)});
  IndexQuery query;
  query.from_us = kMorning + 1'000'000;
  query.until_us = kMorning + 3'000'000;
  EXPECT_THAT(Find(query), ElementsAre(2, 1));
  query.until_us = query.from_us;
  EXPECT_THAT(Find(query), IsEmpty());
}

TEST_P(QueryIndexTest, ClockThatWentBackwardsHidesNothing) {
  std::vector<IndexRow> rows = {Row(0), Row(1), Row(2)};
  rows[0].time_us = kMorning + 50;
  rows[1].time_us = kMorning - 10 * kDay;
  rows[2].time_us = kMorning + 20;
  Apply(rows);
  IndexQuery query;
  query.until_us = kMorning;
  EXPECT_THAT(Find(query), ElementsAre(1));
  query = {};
  query.from_us = kMorning + 50;
  EXPECT_THAT(Find(query), ElementsAre(0));
}

TEST_P(QueryIndexTest, EachConditionRestricts) {
  std::vector<IndexRow> rows = {Row(0), Row(1), Row(2), Row(3)};
  rows[1].kind = 2;
  rows[1].caller = "hospital";
  rows[1].revision = Revision('b');
  rows[2].level = 3;
  rows[2].patient_key = std::string("p\0q", 3);
  rows[2].rule_ids = {"RF-1", "RF-2", "RF-2"};
  rows[3].request_key = "r";
  rows[3].rule_ids = {"RF-2"};
  Apply(rows);
  EXPECT_THAT(Find(QueryOf().Kinds({2})), ElementsAre(1));
  EXPECT_THAT(Find(QueryOf().Kinds({2, 1, 2})), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(Find(QueryOf().Kinds({7})), IsEmpty());
  EXPECT_THAT(Find(QueryOf().Revision("bb")), ElementsAre(1));
  EXPECT_THAT(Find(QueryOf().Revision(Revision('a'))), ElementsAre(3, 2, 0));
  EXPECT_THAT(Find(QueryOf().Revision("c")), IsEmpty());
  EXPECT_THAT(Find(QueryOf().Rule("RF-2")), ElementsAre(3, 2));
  EXPECT_THAT(Find(QueryOf().Rule("RF-9")), IsEmpty());
  EXPECT_THAT(Find(QueryOf().Levels({3, 4})), ElementsAre(2));
  EXPECT_THAT(Find(QueryOf().Caller("hospital")), ElementsAre(1));
  EXPECT_THAT(Find(QueryOf().Patient(std::string("p\0q", 3))), ElementsAre(2));
  EXPECT_THAT(Find(QueryOf().Patient("p")), IsEmpty());
  EXPECT_THAT(Find(QueryOf().Request("r")), ElementsAre(3));
  EXPECT_THAT(Find(QueryOf().Kinds({1}).Rule("RF-2").Levels({1}).Caller("clinic")), ElementsAre(3));
}

TEST_P(QueryIndexTest, IdAndLinksLeadToEntries) {
  std::vector<IndexRow> rows = {Row(0), Row(1), Row(2)};
  rows[1].linked_ids = {Id(0)};
  rows[2].linked_ids = {Id(0), Id(1), Id(0)};
  Apply(rows);
  EXPECT_EQ(index_->FindById(Id(1)).value_or(99), 1u);
  EXPECT_THAT(*index_->FindLinked(Id(0)), ElementsAre(1, 2));
  EXPECT_THAT(*index_->FindLinked(Id(1)), ElementsAre(2));
  EXPECT_THAT(*index_->FindLinked(Id(2)), IsEmpty());
}

TEST_P(QueryIndexTest, CountsAreOfTheMatchingRows) {
  std::vector<IndexRow> rows = {Row(0), Row(1), Row(2), Row(3)};
  rows[0].rule_ids = {"B", "A"};
  rows[1].rule_ids = {"B", "B"};
  rows[1].level = 0;
  rows[2].kind = 2;
  rows[2].revision = "";
  rows[2].time_us = kMorning + kDay;
  rows[3].caller = "other";
  rows[3].erased = true;
  Apply(rows);
  absl::StatusOr<IndexCounts> counts = index_->Count({});
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_THAT(counts->by_kind, ElementsAre(Pair(1, 3), Pair(2, 1)));
  EXPECT_THAT(counts->by_level, ElementsAre(Pair(1, 3)));
  EXPECT_THAT(counts->by_revision, ElementsAre(Pair(Revision('a'), 3)));
  EXPECT_THAT(counts->by_rule, ElementsAre(Pair("B", 2), Pair("A", 1)));
  EXPECT_THAT(counts->by_day, ElementsAre(Pair("2026-09-21", 3), Pair("2026-09-22", 1)));
  EXPECT_EQ(counts->first_us, kMorning);
  EXPECT_EQ(counts->last_us, kMorning + kDay);
  EXPECT_EQ(counts->erased, 1u);
  counts = index_->Count(QueryOf().Caller("other"));
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_THAT(counts->by_kind, ElementsAre(Pair(1, 1)));
  EXPECT_THAT(counts->by_rule, IsEmpty());
}

TEST_P(QueryIndexTest, AtMostAThousandRulesAreCounted) {
  IndexRow many = Row(0);
  for (int i = 0; i < 1'001; ++i) many.rule_ids.push_back(absl::StrCat("R", i));
  IndexRow one = Row(1);
  one.rule_ids = {"R1000"};
  Apply({many, one});
  const absl::StatusOr<IndexCounts> counts = index_->Count({});
  ASSERT_TRUE(counts.ok()) << counts.status();
  ASSERT_EQ(counts->by_rule.size(), 1'000u);
  EXPECT_THAT(counts->by_rule.front(), Pair("R1000", 2));
}

TEST_P(QueryIndexTest, ForgottenRowShowsOnlyWhatAnErasedRecordShows) {
  std::vector<IndexRow> rows = {Row(0), Row(1)};
  rows[0].rule_ids = {"RF-1"};
  rows[0].patient_key = "p";
  rows[0].request_key = "r";
  rows[0].linked_ids = {Id(77)};
  Apply(rows);
  const uint64_t forgotten[] = {0};
  ASSERT_TRUE(index_->Forget(forgotten).ok());
  ASSERT_TRUE(index_->Forget(forgotten).ok());
  EXPECT_THAT(Find(QueryOf().Rule("RF-1")), IsEmpty());
  EXPECT_THAT(Find(QueryOf().Patient("p")), IsEmpty());
  EXPECT_THAT(Find(QueryOf().Request("r")), IsEmpty());
  EXPECT_THAT(Find(QueryOf().Caller("clinic")), ElementsAre(1));
  EXPECT_THAT(Find(QueryOf().Levels({1})), ElementsAre(1));
  EXPECT_THAT(*index_->FindLinked(Id(77)), IsEmpty());
  EXPECT_THAT(Find(QueryOf().Kinds({1}).Revision("a")), ElementsAre(1, 0));
  EXPECT_EQ(index_->FindById(Id(0)).value_or(99), 0u);
  EXPECT_EQ(index_->Count({})->erased, 1u);
  const uint64_t missing[] = {2};
  EXPECT_TRUE(absl::IsNotFound(index_->Forget(missing)));
}

TEST_P(QueryIndexTest, ResetEmptiesAndTakesRowsFromTheBeginningAgain) {
  Apply({Row(0), Row(1)});
  ASSERT_TRUE(index_->Reset().ok());
  EXPECT_EQ(index_->indexed_size(), 0u);
  EXPECT_THAT(Find({}), IsEmpty());
  Apply({Row(0)});
  EXPECT_THAT(Find(QueryOf().Caller("clinic")), ElementsAre(0));
}

// ---- Every implementation finds what the simplest one finds.

template <typename T>
const T& Pick(std::mt19937_64& random, const std::vector<T>& from) {
  return from[random() % from.size()];
}

IndexRow RandomRow(std::mt19937_64& random, uint64_t index) {
  static const std::vector<std::string> kCallers = {"", "a", "b", "c"};
  static const std::vector<std::string> kKeys = {"", "", "k1", "k2", std::string("\0k", 2)};
  IndexRow row = Row(index);
  row.kind = static_cast<int>(random() % 4);
  row.time_us += static_cast<int64_t>(random() % 40'000'000) - 20'000'000;
  row.revision = Pick(random, std::vector<std::string>{"", Revision('a'), Revision('b'),
                                                       Revision('a').replace(1, 1, "9")});
  row.caller = Pick(random, kCallers);
  row.level = static_cast<int>(random() % 5);
  row.request_key = Pick(random, kKeys);
  row.patient_key = Pick(random, kKeys);
  for (uint64_t n = random() % 4; n > 0; --n) {
    row.rule_ids.push_back(absl::StrCat("R", random() % 6));
    row.linked_ids.push_back(Id(random() % 50));
  }
  row.erased = random() % 10 == 0;
  return row;
}

IndexQuery RandomQuery(std::mt19937_64& random, uint64_t size) {
  IndexQuery query;
  const auto sometimes = [&random] { return random() % 4 == 0; };
  const auto time = [&] { return Row(random() % size).time_us; };
  if (sometimes()) query.from_us = time();
  if (sometimes()) query.until_us = time();
  if (sometimes()) query.kinds = {static_cast<int>(random() % 4), static_cast<int>(random() % 5)};
  if (sometimes()) query.revision_prefix = Pick(random, std::vector<std::string>{"a", "a9", "b"});
  if (sometimes()) query.rule_id = absl::StrCat("R", random() % 7);
  if (sometimes()) query.levels = {static_cast<int>(random() % 5), 2};
  if (sometimes()) query.caller = Pick(random, std::vector<std::string>{"a", "b", "x"});
  if (sometimes()) query.patient_key = "k1";
  if (sometimes()) query.request_key = std::string("\0k", 2);
  if (sometimes()) query.before_index = random() % (size + 2);
  return query;
}

TEST_P(QueryIndexTest, RandomQueriesFindWhatLookingAtEveryRowFinds) {
  constexpr uint64_t kSeed = 20'261'121;
  SCOPED_TRACE(absl::StrCat("seed ", kSeed));
  std::mt19937_64 random(kSeed);
  // More than one block of times.
  constexpr uint64_t kRows = 9'000;
  MemoryQueryIndex reference;
  std::vector<IndexRow> rows;
  for (uint64_t i = 0; i < kRows; ++i) rows.push_back(RandomRow(random, i));
  for (size_t begin = 0; begin < rows.size(); begin += 500) {
    const absl::Span<const IndexRow> some = absl::MakeConstSpan(rows).subspan(begin, 500);
    ASSERT_TRUE(reference.Apply(some).ok());
    ASSERT_TRUE(index_->Apply(some).ok());
  }
  std::vector<uint64_t> forgotten;
  for (int i = 0; i < 50; ++i) forgotten.push_back(random() % kRows);
  ASSERT_TRUE(reference.Forget(forgotten).ok());
  ASSERT_TRUE(index_->Forget(forgotten).ok());
  int with_results = 0;
  for (int i = 0; i < 600; ++i) {
    const IndexQuery query = RandomQuery(random, kRows);
    const size_t limit = random() % 2 == 0 ? 7 : kRows;
    const std::vector<uint64_t> expected = *reference.Find(query, limit);
    with_results += expected.empty() ? 0 : 1;
    ASSERT_EQ(Find(query, limit), expected) << "query " << i;
    if (i % 10 != 0) continue;
    const IndexCounts counted = *reference.Count(query);
    const absl::StatusOr<IndexCounts> counts = index_->Count(query);
    ASSERT_TRUE(counts.ok()) << counts.status();
    ASSERT_EQ(counts->by_kind, counted.by_kind) << "query " << i;
    ASSERT_EQ(counts->by_level, counted.by_level) << "query " << i;
    ASSERT_EQ(counts->by_revision, counted.by_revision) << "query " << i;
    ASSERT_EQ(counts->by_rule, counted.by_rule) << "query " << i;
    ASSERT_EQ(counts->by_day, counted.by_day) << "query " << i;
    ASSERT_EQ(counts->first_us, counted.first_us) << "query " << i;
    ASSERT_EQ(counts->last_us, counted.last_us) << "query " << i;
    ASSERT_EQ(counts->erased, counted.erased) << "query " << i;
  }
  EXPECT_GT(with_results, 200);
  for (uint64_t id = 0; id < 50; ++id) {
    ASSERT_EQ(*index_->FindLinked(Id(id)), *reference.FindLinked(Id(id)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, QueryIndexTest,
    ::testing::Values(Implementation{"Memory",
                                     [](const std::string&) {
                                       return std::make_unique<MemoryQueryIndex>();
                                     }},
                      Implementation{"Sqlite",
                                     [](const std::string& folder) {
                                       return *SqliteQueryIndex::Open(folder + "/index.sqlite");
                                     }}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace plumbline::store
