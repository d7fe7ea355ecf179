// Retention: what is erased when, what is left, and that it runs by itself.

#include "server/service/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "server/service/rpc_error.h"
#include "server/store/memory/memory_query_index.h"
#include "tests/testing/service/service_log.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RequestForAge;
using testing::ServiceLog;
using ::testing::SizeIs;

const Caller kOfficer{"privacy", true};

class RetentionTest : public ::testing::Test {
 protected:
  absl::Status Hold(const std::string& pseudonym, bool hold) {
    return house_.erasure().SetLegalHold(pseudonym, hold, "court order", kOfficer).status();
  }

  bool IsErased(uint64_t index) {
    const auto record = house_.log().Read(index, store::Parts::kAll);
    EXPECT_TRUE(record.ok()) << record.status();
    return record->erased;
  }

  std::vector<uint64_t> FindPatient(const std::string& pseudonym) {
    house_.WaitForIndex();
    store::IndexQuery query;
    query.patient_key = PatientKey(house_.log(), pseudonym);
    return *house_.index().Find(query, 100);
  }

  RetentionRun Run(bool dry_run = false) {
    const auto run = retention_.Run(dry_run);
    EXPECT_TRUE(run.ok()) << run.status();
    return *run;
  }
  static RetentionPolicy Policy() {
    RetentionPolicy policy;
    policy.batch_records = 2;
    return policy;
  }

  ServiceLog house_;
  Retention retention_{Policy(), &house_.erasure(), &house_.clock()};
};

constexpr absl::Duration kYear = absl::Hours(24 * 366);

TEST_F(RetentionTest, ErasesWhatIsOldEnoughAndNothingElse) {
  for (int i = 0; i < 5; ++i) house_.Decide(RequestForAge(30 + i, "", "p1"));
  house_.clock().Advance(3 * kYear);
  house_.Decide(RequestForAge(40, "", "p1"));
  EXPECT_EQ(Run().erased, 0u);
  house_.clock().Advance(4 * kYear);
  EXPECT_EQ(Run(true).erased, 5u);
  EXPECT_FALSE(IsErased(0));
  EXPECT_EQ(Run().erased, 5u);
  for (uint64_t i = 0; i < 5; ++i) EXPECT_TRUE(IsErased(i)) << i;
  EXPECT_FALSE(IsErased(5));
  const auto erasures = house_.Records(v1::RECORD_KIND_ERASURE);
  ASSERT_THAT(erasures, SizeIs(3));  // batches of two
  EXPECT_EQ(Run().erased, 0u);
  EXPECT_THAT(FindPatient("p1"), ElementsAre(5));
}

TEST_F(RetentionTest, LegalHoldWinsAndIsMadeUpForWhenLifted) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.Decide(RequestForAge(31, "", "p2"));
  house_.Decide(RequestForAge(32));
  ASSERT_TRUE(Hold("p1", true).ok());
  house_.clock().Advance(7 * kYear);
  const RetentionRun run = Run();
  EXPECT_EQ(run.erased, 2u);
  EXPECT_EQ(run.held, 1u);
  EXPECT_FALSE(IsErased(0));
  EXPECT_FALSE(IsErased(3));  // holds themselves are kept
  ASSERT_TRUE(Hold("p1", false).ok());
  EXPECT_EQ(Run().erased, 1u);
  EXPECT_TRUE(IsErased(0));
}

TEST_F(RetentionTest, HoldOnEverybodyHoldsRecordsWithoutAPseudonym) {
  house_.Decide(RequestForAge(30));
  ASSERT_TRUE(Hold("", true).ok());
  house_.clock().Advance(7 * kYear);
  EXPECT_EQ(Run().erased, 0u);
  EXPECT_FALSE(IsErased(0));
}

TEST_F(RetentionTest, ForEverMeansForEver) {
  RetentionPolicy policy;
  policy.years = 0;
  Retention retention(policy, &house_.erasure(), &house_.clock());
  EXPECT_EQ(retention.Run().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RetentionTest, DamagedRecordIsLeftOutAndCountedAndDoesNotStopTheRun) {
  for (int i = 0; i < 6; ++i) house_.Decide(RequestForAge(30 + i, "", "p1"));
  house_.clock().Advance(7 * kYear);
  house_.WaitForIndex();
  house_.store().DamageEntry(1);
  const RetentionRun run = Run();
  EXPECT_EQ(run.erased, 5u);
  EXPECT_EQ(run.damaged, 1u);
  for (const uint64_t index : {0u, 2u, 3u, 4u, 5u}) EXPECT_TRUE(IsErased(index)) << index;
  EXPECT_EQ(house_.erasure().damaged_met(), 1u);
  const uint64_t size = house_.log().size();
  const RetentionRun again = Run();  // it may have been restored meanwhile
  EXPECT_EQ(again.erased, 0u);
  EXPECT_EQ(again.damaged, 1u);
  EXPECT_EQ(house_.log().size(), size);
}

// Whose record it is matters for holds alone.
TEST_F(RetentionTest, RecordWithDamagedDetailsIsErasedOnceWhileNothingIsHeld) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.Decide(RequestForAge(31, "", "p2"));
  house_.clock().Advance(7 * kYear);
  house_.WaitForIndex();
  house_.store().DamageDetails(0);
  ASSERT_TRUE(Hold("p2", true).ok());
  const RetentionRun held = Run();
  EXPECT_EQ(held.erased, 0u);
  EXPECT_EQ(held.damaged, 1u);
  EXPECT_EQ(held.held, 1u);
  ASSERT_TRUE(Hold("p2", false).ok());
  EXPECT_EQ(Run().erased, 2u);
  const uint64_t size = house_.log().size();
  EXPECT_EQ(Run().erased, 0u);
  EXPECT_EQ(house_.log().size(), size);
  house_.store().DamageDetails(0);
  EXPECT_TRUE(IsErased(0));
}

TEST_F(RetentionTest, DamagedRecordThatIsNotDueIsNoMatter) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.clock().Advance(7 * kYear);
  house_.Decide(RequestForAge(31, "", "p1"));
  house_.WaitForIndex();
  house_.store().DamageDetails(1);
  const RetentionRun run = Run();
  EXPECT_EQ(run.erased, 1u);
  EXPECT_EQ(run.damaged, 0u);
}

// They hold the pseudonym of who was looked for.
TEST_F(RetentionTest, ReadsThatNameAPatientExpire) {
  v1::ListRecordsRequest request;
  request.mutable_filter()->set_patient_pseudonym("p1");
  ASSERT_TRUE(house_.audit().ListRecords(request, kOfficer).ok());
  EXPECT_THAT(FindPatient("p1"), ElementsAre(0));
  house_.clock().Advance(7 * kYear);
  EXPECT_EQ(Run().erased, 1u);
  EXPECT_THAT(FindPatient("p1"), SizeIs(0));
}

// Nobody's records have this id, so that the look for it is no patient's either.
TEST_F(RetentionTest, LookForAnUnknownRequestIdExpiresAndReadOfARecordStays) {
  v1::ListRecordsRequest list;
  list.mutable_filter()->set_request_id("r-unknown");
  ASSERT_TRUE(house_.audit().ListRecords(list, kOfficer).ok());
  v1::GetRecordRequest get;
  get.mutable_name()->set_index(0);
  get.set_purpose("audit");
  ASSERT_TRUE(house_.audit().GetRecord(get, kOfficer).ok());
  ASSERT_THAT(house_.Records(v1::RECORD_KIND_ACCESS), SizeIs(2));
  house_.clock().Advance(7 * kYear);
  EXPECT_EQ(Run().erased, 1u);
  EXPECT_TRUE(IsErased(0));
  EXPECT_FALSE(IsErased(1));
}

// Nobody can tell any more whom it names.
TEST_F(RetentionTest, DamagedReadExpiresOrIsCountedWhileSomebodyIsHeld) {
  v1::ListRecordsRequest request;
  request.mutable_filter()->set_patient_pseudonym("p1");
  ASSERT_TRUE(house_.audit().ListRecords(request, kOfficer).ok());
  ASSERT_TRUE(Hold("p2", true).ok());
  house_.clock().Advance(7 * kYear);
  house_.WaitForIndex();
  house_.store().DamageDetails(0);
  const RetentionRun held = Run();
  EXPECT_EQ(held.erased, 0u);
  EXPECT_EQ(held.damaged, 1u);
  ASSERT_TRUE(Hold("p2", false).ok());
  EXPECT_EQ(Run().erased, 1u);
  EXPECT_TRUE(IsErased(0));
}

TEST_F(RetentionTest, StepLooksAtABoundedNumberOfRecords) {
  for (int i = 0; i < 7; ++i) house_.Decide(RequestForAge(30));
  house_.clock().Advance(7 * kYear);
  house_.WaitForIndex();
  Erasure::Step step;
  step.before = house_.clock().Now() - 6 * kYear;
  step.max_looked_at = 3;
  step.policy = "test";
  const auto first = house_.erasure().EraseBefore(step);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->next, 3u);
  EXPECT_EQ(first->erased.records, 3u);
  EXPECT_FALSE(first->finished);
  step.max_looked_at = 100;
  step.max_erased = 2;
  step.first = first->next;
  EXPECT_EQ(house_.erasure().EraseBefore(step)->next, 5u);
}

TEST_F(RetentionTest, StepDoesNotWaitForAnIndexThatIsBehind) {
  house_.Decide(RequestForAge(30));
  store::MemoryQueryIndex index;
  index.FailWrites(absl::UnavailableError("database is locked"));
  auto indexer = LogIndexer::Start(&house_.log(), &index, {});
  ASSERT_TRUE(indexer.ok()) << indexer.status();
  auto erasure = Erasure::Open(&house_.log(), indexer->get());
  ASSERT_TRUE(erasure.ok());
  Erasure::Step step;
  step.before = house_.clock().Now() + kYear;
  EXPECT_EQ(ReasonOf((*erasure)->EraseBefore(step).status()), v1::ERROR_REASON_OVERLOADED);
}

// Counts how often it was looked at.
class WatchedClock : public Clock {
 public:
  explicit WatchedClock(const Clock* clock) : clock_(clock) {}
  absl::Time Now() const override {
    looks_.fetch_add(1);
    return clock_->Now();
  }
  void WaitForLooks(int more) const {
    const int until = looks_.load() + more;
    while (looks_.load() < until) absl::SleepFor(absl::Milliseconds(1));
  }

 private:
  const Clock* const clock_;
  mutable std::atomic<int> looks_{0};
};

class RetentionThreadTest : public RetentionTest {
 protected:
  RetentionPolicy ThreadPolicy() {
    RetentionPolicy policy = Policy();
    policy.look_every = absl::Milliseconds(1);
    policy.on_event = [this](absl::string_view event, absl::string_view detail) {
      const absl::MutexLock lock(&mutex_);
      events_.push_back(absl::StrCat(event, ": ", detail));
    };
    return policy;
  }
  void WaitForEvents(size_t count) {
    const absl::MutexLock lock(&mutex_);
    const auto enough = [&]()
                            ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return events_.size() >= count; };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(60)));
  }
  std::vector<std::string> events() {
    const absl::MutexLock lock(&mutex_);
    return events_;
  }

  absl::Mutex mutex_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(RetentionThreadTest, RunsAtTheStartAndThenOncePerIntervalOfTheClock) {
  for (int i = 0; i < 5; ++i) house_.Decide(RequestForAge(30));
  const WatchedClock clock(&house_.clock());
  Retention retention(ThreadPolicy(), &house_.erasure(), &clock);
  retention.Start();
  WaitForEvents(1);
  EXPECT_THAT(events()[0], HasSubstr("retention-run: 0 records erased"));
  house_.clock().Advance(absl::Hours(23));
  clock.WaitForLooks(5);
  EXPECT_THAT(events(), SizeIs(1));
  house_.clock().Advance(7 * kYear);
  WaitForEvents(2);
  EXPECT_THAT(events()[1], HasSubstr("retention-run: 5 records erased"));
  for (uint64_t i = 0; i < 5; ++i) EXPECT_TRUE(IsErased(i)) << i;
  clock.WaitForLooks(5);
  EXPECT_THAT(events(), SizeIs(2));
}

TEST_F(RetentionThreadTest, FailureIsToldOnceAndTriedAgain) {
  house_.Decide(RequestForAge(30));
  ASSERT_TRUE(Hold("p1", true).ok());
  house_.WaitForIndex();
  house_.store().DamageDetails(1);
  house_.clock().Advance(7 * kYear);
  const WatchedClock clock(&house_.clock());
  // Its own, which has not read the holds.
  auto erasure = Erasure::Open(&house_.log(), &house_.indexer());
  ASSERT_TRUE(erasure.ok());
  Retention retention(ThreadPolicy(), erasure->get(), &clock);
  retention.Start();
  clock.WaitForLooks(5);
  ASSERT_THAT(events(), SizeIs(1));
  EXPECT_THAT(events()[0], HasSubstr("retention-failed: record 1 cannot be read"));
  house_.store().DamageDetails(1);
  WaitForEvents(2);
  EXPECT_THAT(events()[1], HasSubstr("retention-run: 1 records erased"));
}

TEST(YearsBeforeTest, LeapDaysAndTheTimeOfDay) {
  const auto at = [](int year, int month, int day) {
    return absl::FromCivil(absl::CivilSecond(year, month, day, 13, 14, 15), absl::UTCTimeZone());
  };
  EXPECT_EQ(YearsBefore(at(2026, 11, 21), 6), at(2020, 11, 21));
  EXPECT_EQ(YearsBefore(at(2024, 2, 29), 6), at(2018, 2, 28));
  EXPECT_EQ(YearsBefore(at(2024, 2, 29), 4), at(2020, 2, 29));
  EXPECT_EQ(YearsBefore(at(2026, 3, 1), 6), at(2020, 3, 1));
  EXPECT_EQ(YearsBefore(at(2026, 1, 1) + absl::Microseconds(5), 1),
            at(2025, 1, 1) + absl::Microseconds(5));
}

}  // namespace
}  // namespace plumbline::service
