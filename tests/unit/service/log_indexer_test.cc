#include "server/service/log_indexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/service/event_records.h"
#include "server/service/record_lookup.h"
#include "server/service/rpc_error.h"
#include "tests/testing/service/service_log.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RequestForAge;
using testing::ServiceLog;
using ::testing::SizeIs;

absl::Time Soon() { return absl::Now() + absl::Seconds(60); }

class LogIndexerTest : public ::testing::Test {
 protected:
  IndexerOptions Options() {
    IndexerOptions options;
    options.poll_interval = absl::Milliseconds(1);
    options.batch_records = 7;
    options.on_event = [this](absl::string_view event, absl::string_view detail) {
      const absl::MutexLock lock(&mutex_);
      events_.push_back(std::string(event) + ": " + std::string(detail));
    };
    return options;
  }

  std::unique_ptr<LogIndexer> Start(store::QueryIndex* index) {
    auto indexer = LogIndexer::Start(&house_.log(), index, Options());
    EXPECT_TRUE(indexer.ok()) << indexer.status();
    return *std::move(indexer);
  }

  std::vector<std::string> events() {
    const absl::MutexLock lock(&mutex_);
    return events_;
  }

  // All rows of the log, as a new index has them.
  void ExpectComplete(store::QueryIndex& index) {
    EXPECT_EQ(index.indexed_size(), house_.log().size());
    for (uint64_t i = 0; i < house_.log().size(); ++i) {
      const auto record = house_.log().Read(i, store::Parts::kLeaf);
      ASSERT_TRUE(record.ok());
      EXPECT_EQ(*index.FindById(record->id.bytes), i);
    }
  }

  absl::Mutex mutex_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mutex_);
  ServiceLog house_;
};

TEST_F(LogIndexerTest, FollowsTheLogAndReadersWaitForIt) {
  store::MemoryQueryIndex index;
  for (int i = 0; i < 20; ++i) house_.Decide(RequestForAge(30));
  const auto indexer = Start(&index);
  ASSERT_TRUE(indexer->WaitUntilIndexed(20, Soon()).ok());
  for (int i = 0; i < 20; ++i) house_.Decide(RequestForAge(30));
  ASSERT_TRUE(indexer->WaitUntilIndexed(40, Soon()).ok());
  ExpectComplete(index);
  EXPECT_EQ(indexer->progress().indexed, 40u);
  EXPECT_TRUE(indexer->progress().health.ok());
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(LogIndexerTest, RowHoldsWhatCanBeAskedFor) {
  house_.Decide(RequestForAge(80, "r1", "p1"));
  const auto record = house_.log().Read(0, store::Parts::kLeafAndDetails);
  ASSERT_TRUE(record.ok());
  const auto row = MakeIndexRow(house_.log(), *record);
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->index, 0u);
  EXPECT_EQ(row->kind, v1::RECORD_KIND_DECISION);
  EXPECT_EQ(row->id, record->id.bytes);
  EXPECT_EQ(row->time_us, absl::ToUnixMicros(record->time));
  EXPECT_EQ(row->revision, ServiceLog::Revision());
  EXPECT_EQ(row->caller, "clinic");
  EXPECT_EQ(row->level, v1::LEVEL_URGENT_2W);
  EXPECT_EQ(row->gate, v1::GATE_ALLOW);
  EXPECT_EQ(row->request_key, RequestKey(house_.log(), "r1"));
  EXPECT_EQ(row->patient_key, PatientKey(house_.log(), "p1"));
  EXPECT_NE(RequestKey(house_.log(), "p1"), row->patient_key);
  EXPECT_THAT(row->rule_ids, ElementsAre("N-1", "RF-1", "RF-OLD"));
  EXPECT_FALSE(row->erased);
  EXPECT_EQ(PatientKey(house_.log(), ""), "");
}

// A record as the log would give it, but of another caller, which tells where a row came from.
audit::Record OfferedAs(const std::string& caller, uint64_t index) {
  storage::v1::RecordDetails details;
  details.set_caller(caller);
  details.mutable_decision()->set_level(v1::LEVEL_URGENT_2W);
  audit::Record record;
  record.index = index;
  record.kind = v1::RECORD_KIND_DECISION;
  record.id.bytes[0] = static_cast<uint8_t>(index + 1);
  record.details = details.SerializeAsString();
  return record;
}

TEST_F(LogIndexerTest, RowsOfOfferedRecordsAreMadeWithoutReadingThem) {
  store::MemoryQueryIndex index;
  const auto indexer = Start(&index);
  // Before they are appended, so that the thread cannot come first; not in order, not all of them.
  for (const uint64_t i : {3, 1, 8}) indexer->Offer(OfferedAs("memory", i));
  for (int i = 0; i < 10; ++i) house_.Decide(RequestForAge(30));
  ASSERT_TRUE(indexer->WaitUntilIndexed(10, Soon()).ok());
  store::IndexQuery query;
  query.caller = "memory";
  EXPECT_THAT(*index.Find(query, 100), ElementsAre(8, 3, 1));
  query.caller = "clinic";
  EXPECT_THAT(*index.Find(query, 100), ElementsAre(9, 7, 6, 5, 4, 2, 0));
}

TEST_F(LogIndexerTest, OnlyTheNewestOfferedRecordsAreKept) {
  store::MemoryQueryIndex index;
  IndexerOptions options = Options();
  options.offered_records = 2;
  const auto indexer = *LogIndexer::Start(&house_.log(), &index, options);
  for (const uint64_t i : {0, 4, 3, 1, 2}) indexer->Offer(OfferedAs("memory", i));
  for (int i = 0; i < 5; ++i) house_.Decide(RequestForAge(30));
  ASSERT_TRUE(indexer->WaitUntilIndexed(5, Soon()).ok());
  store::IndexQuery query;
  query.caller = "memory";
  EXPECT_THAT(*index.Find(query, 100), ElementsAre(4, 3));
}

TEST_F(LogIndexerTest, ErasureDropsWhatWasOfferedAndWhatIsOfferedLate) {
  store::MemoryQueryIndex index;
  const auto indexer = Start(&index);
  indexer->Offer(OfferedAs("memory", 1));
  house_.Decide(RequestForAge(30));
  const std::vector<uint64_t> indices = {0};
  ASSERT_TRUE(indexer->Forget(indices).ok());
  indexer->Offer(OfferedAs("memory", 0));
  indexer->Offer(OfferedAs("memory", 2));
  for (int i = 0; i < 3; ++i) house_.Decide(RequestForAge(30));
  ASSERT_TRUE(indexer->WaitUntilIndexed(4, Soon()).ok());
  store::IndexQuery query;
  query.caller = "memory";
  EXPECT_THAT(*index.Find(query, 100), ElementsAre(2));
}

TEST_F(LogIndexerTest, OfferedRecordThatMakesNoRowIsRead) {
  store::MemoryQueryIndex index;
  const auto indexer = Start(&index);
  audit::Record record = OfferedAs("memory", 0);
  record.details = "\xff";
  indexer->Offer(record);
  house_.Decide(RequestForAge(30));
  ASSERT_TRUE(indexer->WaitUntilIndexed(1, Soon()).ok());
  ExpectComplete(index);
  EXPECT_THAT(events(), IsEmpty());
}

// The first thread rests for as long as the test takes.
TEST_F(LogIndexerTest, IndexThatLagsTooMuchIsHelped) {
  store::MemoryQueryIndex index;
  IndexerOptions options = Options();
  options.poll_interval = absl::Hours(1);
  options.rest_factor = 1e12;
  options.max_lag = 3;
  const auto indexer = *LogIndexer::Start(&house_.log(), &index, options);
  for (int i = 0; i < 20; ++i) house_.Decide(RequestForAge(30));
  while (index.indexed_size() + 3 < 20) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_GE(index.indexed_size(), 17u);
}

TEST_F(LogIndexerTest, WaitEndsAtItsDeadlineAndSaysWhenToTryAgain) {
  store::MemoryQueryIndex index;
  const auto indexer = Start(&index);
  const absl::Time now = absl::Now();
  for (const absl::Time deadline : {absl::InfinitePast(), now, now + absl::Milliseconds(20)}) {
    const absl::Status status = indexer->WaitUntilIndexed(5, deadline);
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_OVERLOADED);
    EXPECT_THAT(std::string(status.message()), HasSubstr("5 records behind"));
  }
}

TEST_F(LogIndexerTest, IndexOfAnotherLogIsMadeAnew) {
  for (int i = 0; i < 10; ++i) house_.Decide(RequestForAge(30));
  store::MemoryQueryIndex index;
  {
    ServiceLog other;
    for (int i = 0; i < 5; ++i) other.Decide(RequestForAge(30));
    auto indexer = LogIndexer::Start(&other.log(), &index, Options());
    ASSERT_TRUE((*indexer)->WaitUntilIndexed(5, Soon()).ok());
  }
  const auto indexer = Start(&index);
  EXPECT_THAT(events(), ElementsAre(HasSubstr("index-rebuilt")));
  ASSERT_TRUE(indexer->WaitUntilIndexed(10, Soon()).ok());
  ExpectComplete(index);
  EXPECT_FALSE(indexer->progress().rebuilding);
}

TEST_F(LogIndexerTest, IndexAheadOfTheLogIsMadeAnew) {
  house_.Decide(RequestForAge(30));
  store::MemoryQueryIndex index;
  std::vector<store::IndexRow> rows(3);
  for (uint64_t i = 0; i < rows.size(); ++i) {
    rows[i].index = i;
    rows[i].id[0] = static_cast<uint8_t>(i);
  }
  ASSERT_TRUE(index.Apply(rows).ok());
  const auto indexer = Start(&index);
  EXPECT_THAT(events(), ElementsAre(HasSubstr("it has 3 records, the log 1")));
  ASSERT_TRUE(indexer->WaitUntilIndexed(1, Soon()).ok());
  ExpectComplete(index);
}

TEST_F(LogIndexerTest, FailingIndexIsTriedAgain) {
  store::MemoryQueryIndex index;
  index.FailWrite(1, absl::UnavailableError("database is locked"));
  house_.Decide(RequestForAge(30));
  const auto indexer = Start(&index);
  ASSERT_TRUE(indexer->WaitUntilIndexed(1, Soon()).ok());
  EXPECT_THAT(events(), ElementsAre("index-failed: database is locked"));
  EXPECT_TRUE(indexer->progress().health.ok());
}

TEST_F(LogIndexerTest, DamagedRecordDoesNotHideTheOthers) {
  const std::string first = house_.Decide(RequestForAge(30));
  house_.Decide(RequestForAge(31));
  const std::string last = house_.Decide(RequestForAge(32));
  house_.store().DamageEntry(1);
  store::MemoryQueryIndex index;
  const auto indexer = Start(&index);
  ASSERT_TRUE(indexer->WaitUntilIndexed(3, Soon()).ok());
  EXPECT_EQ(*index.FindById(Uuid::Parse(first)->bytes), 0u);
  EXPECT_EQ(*index.FindById(Uuid::Parse(last)->bytes), 2u);
  EXPECT_THAT(events(), ElementsAre(HasSubstr("index-record-damaged")));
}

TEST_F(LogIndexerTest, RecordWithDamagedDetailsIsFoundByItsIdAndKeepsTheIndexAtTheNextStart) {
  const std::string damaged = house_.Decide(RequestForAge(30));
  house_.Decide(RequestForAge(31));
  house_.store().DamageDetails(0);
  store::MemoryQueryIndex index;
  {
    const auto indexer = Start(&index);
    ASSERT_TRUE(indexer->WaitUntilIndexed(2, Soon()).ok());
  }
  ExpectComplete(index);
  const auto indexer = Start(&index);
  EXPECT_THAT(events(), ElementsAre(HasSubstr("index-record-damaged")));
  EXPECT_EQ(index.indexed_size(), 2u);
  const auto found =
      FindRecord(house_.log(), *indexer, *Uuid::Parse(damaged), absl::ZeroDuration());
  ASSERT_TRUE(found.ok()) << found.status();
  const auto record = ReadRecord(house_.log(), *found, store::Parts::kLeafAndDetails);
  EXPECT_EQ(ReasonOf(record.status()), v1::ERROR_REASON_LOG_CORRUPT);
}

// As an index has it whose log had a damaged leaf.
TEST_F(LogIndexerTest, RecordThatIsIndexedWithoutItsIdKeepsTheIndexWhileItIsDamaged) {
  house_.Decide(RequestForAge(30));
  house_.store().DamageDetails(0);
  store::MemoryQueryIndex index;
  std::vector<store::IndexRow> rows(1);
  rows[0].id.fill(0xff);
  std::fill(rows[0].id.end() - 8, rows[0].id.end(), uint8_t{0});
  ASSERT_TRUE(index.Apply(rows).ok());
  Start(&index);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(index.indexed_size(), 1u);
}

TEST_F(LogIndexerTest, IndexIsMadeAnewOnceADamagedRecordIsRestored) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.store().DamageDetails(0);
  store::MemoryQueryIndex index;
  {
    const auto indexer = Start(&index);
    ASSERT_TRUE(indexer->WaitUntilIndexed(1, Soon()).ok());
  }
  house_.store().DamageDetails(0);  // as from a backup
  for (int i = 0; i < 2; ++i) {
    const auto indexer = Start(&index);
    ASSERT_TRUE(indexer->WaitUntilIndexed(1, Soon()).ok());
  }
  EXPECT_THAT(events(), ElementsAre(HasSubstr("index-record-damaged"), HasSubstr("index-rebuilt")));
  store::IndexQuery query;
  query.patient_key = PatientKey(house_.log(), "p1");
  EXPECT_THAT(*index.Find(query, 100), ElementsAre(0));
}

TEST_F(LogIndexerTest, ErasedRecordsAreForgottenWhereverTheIndexIs) {
  for (int i = 0; i < 10; ++i) house_.Decide(RequestForAge(30, "", "p1"));
  store::MemoryQueryIndex index;
  const auto indexer = Start(&index);
  audit::RecordDraft erasure;
  erasure.kind = v1::RECORD_KIND_ERASURE;
  const std::vector<uint64_t> indices = {0, 3, 9};
  ASSERT_TRUE(house_.log().Erase(indices, erasure).ok());
  ASSERT_TRUE(indexer->Forget(indices).ok());
  ASSERT_TRUE(indexer->WaitUntilIndexed(11, Soon()).ok());
  store::IndexQuery query;
  query.patient_key = PatientKey(house_.log(), "p1");
  EXPECT_THAT(*index.Find(query, 100), SizeIs(7));
}

// Fails when rows are to be forgotten, until it is told not to.
class StubbornIndex : public store::MemoryQueryIndex {
 public:
  absl::Status Forget(absl::Span<const uint64_t> indices) override {
    return stubborn ? absl::UnavailableError("database is locked")
                    : MemoryQueryIndex::Forget(indices);
  }
  std::atomic<bool> stubborn{false};
};

// Nobody tells the index of the erasure, as if the process had ended before: its record does.
TEST_F(LogIndexerTest, ErasureIsLearnedFromItsRecordAndMadeGoodAtTheNextStart) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.Decide(RequestForAge(31, "", "p1"));
  StubbornIndex index;
  store::IndexQuery query;
  query.patient_key = PatientKey(house_.log(), "p1");
  audit::RecordDraft erasure;
  erasure.kind = v1::RECORD_KIND_ERASURE;
  const std::vector<uint64_t> first = {0};
  const std::vector<uint64_t> second = {1};
  {
    const auto indexer = Start(&index);
    ASSERT_TRUE(indexer->WaitUntilIndexed(2, Soon()).ok());
    ASSERT_TRUE(house_.log().Erase(first, erasure).ok());
    ASSERT_TRUE(indexer->WaitUntilIndexed(3, Soon()).ok());
    EXPECT_THAT(*index.Find(query, 100), ElementsAre(1));
    index.stubborn = true;
    ASSERT_TRUE(house_.log().Erase(second, erasure).ok());
    EXPECT_FALSE(indexer->Forget(second).ok());
  }
  index.stubborn = false;
  EXPECT_THAT(*index.Find(query, 100), ElementsAre(1));
  const auto indexer = Start(&index);
  house_.Decide(RequestForAge(32));
  ASSERT_TRUE(indexer->WaitUntilIndexed(5, Soon()).ok());
  EXPECT_THAT(*index.Find(query, 100), IsEmpty());
}

class EventRecordsTest : public ::testing::Test {
 protected:
  ServiceLog house_;
  EventRecords events_{&house_.log(), "0.1.0 (test)"};
};

TEST_F(EventRecordsTest, ActivationsSayWhatWentLiveOrWhyNot) {
  const std::string revision(64, 'b');
  ASSERT_TRUE(events_.RecordActivation(revision, 7, "", {{"alias", "stable"}}, {"ops", true}).ok());
  ASSERT_TRUE(events_.RecordActivation(revision, 8, "too few approvals", {}, {}).ok());
  const auto records = house_.Records(v1::RECORD_KIND_ACTIVATION);
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].summary(), "manifest 7 went live");
  EXPECT_EQ(records[0].revision(), revision);
  EXPECT_EQ(records[0].manifest_serial(), 7u);
  EXPECT_EQ(records[0].caller(), "ops");
  EXPECT_EQ(records[0].engine_build(), "0.1.0 (test)");
  EXPECT_EQ(records[1].summary(), "manifest 8 was refused: too few approvals");
}

TEST_F(EventRecordsTest, SettingsAreRecordedAtTheStartAndWhenTheyChange) {
  const auto record = [&](const EventAttributes& settings) {
    return *events_.RecordConfiguration(settings);
  };
  EXPECT_TRUE(record({{"listen", "a"}, {"years", "6"}}));
  EXPECT_FALSE(record({{"listen", "a"}, {"years", "6"}}));
  EXPECT_TRUE(record({{"listen", "a"}, {"years", "7"}}));
  EXPECT_TRUE(record({{"listen", "a\nyears=7"}}));
  EXPECT_TRUE(*EventRecords(&house_.log()).RecordConfiguration({{"listen", "a\nyears=7"}}));
  EXPECT_THAT(house_.Records(v1::RECORD_KIND_CONFIGURATION), SizeIs(4));
}

TEST_F(EventRecordsTest, WithoutALogNothingHappens) {
  EventRecords none(nullptr);
  EXPECT_TRUE(none.Append({}).ok());
  EXPECT_TRUE(none.AppendLater({}));
}

TEST_F(EventRecordsTest, LaterMeansNotNow) {
  Event event;
  event.kind = v1::RECORD_KIND_SHADOW_DISAGREEMENT;
  event.summary = "the shadow answered otherwise";
  EXPECT_TRUE(events_.AppendLater(event));
  ASSERT_TRUE(events_.Append(event).ok());  // the log keeps the order
  EXPECT_THAT(house_.Records(v1::RECORD_KIND_SHADOW_DISAGREEMENT), SizeIs(2));
}

TEST_F(EventRecordsTest, FailedLogIsAnError) {
  house_.store().FailWrite(1, absl::UnavailableError("fsync failed"));
  EXPECT_EQ(ReasonOf(events_.RecordAccess({}, "record", "audit", {}).status()),
            v1::ERROR_REASON_LOG_FAILED);
  EXPECT_FALSE(events_.AppendLater({}));
}

}  // namespace
}  // namespace plumbline::service
