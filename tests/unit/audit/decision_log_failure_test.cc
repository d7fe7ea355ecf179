// Many threads, failing stores, full disks, clocks that go back.

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/decision_log.h"
#include "server/audit/log_error.h"
#include "server/audit/merkle.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/testing/audit/test_log.h"

namespace plumbline::audit {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Appends wait until the gate is opened: what comes meanwhile piles up.
class GatedStore final : public store::MemoryLogStore {
 public:
  absl::Status Append(uint64_t first_index, absl::Span<const store::NewEntry> entries) override {
    {
      absl::MutexLock lock(&mutex_);
      ++waiting_;
      changed_.SignalAll();
      while (!open_) changed_.Wait(&mutex_);
      batches_.push_back(entries.size());
    }
    return MemoryLogStore::Append(first_index, entries);
  }
  void SetOpen(bool open) {
    absl::MutexLock lock(&mutex_);
    open_ = open;
    changed_.SignalAll();
  }
  void AwaitFirstAppend() {
    absl::MutexLock lock(&mutex_);
    while (waiting_ == 0) changed_.Wait(&mutex_);
  }
  std::vector<size_t> batches() {
    absl::MutexLock lock(&mutex_);
    return batches_;
  }

 private:
  absl::Mutex mutex_;
  absl::CondVar changed_;
  bool open_ = true;
  int waiting_ = 0;
  std::vector<size_t> batches_;
};

// What `done` was called with, for each record; counts calls.
class Completions {
 public:
  DecisionLog::Done Expect(int key) {
    absl::MutexLock lock(&mutex_);
    ++expected_;
    return [this, key](absl::StatusOr<Appended> appended) {
      absl::MutexLock done_lock(&mutex_);
      results_.emplace(key, std::move(appended));
      changed_.SignalAll();
    };
  }
  std::multimap<int, absl::StatusOr<Appended>> Await() {
    absl::MutexLock lock(&mutex_);
    while (results_.size() < expected_) changed_.Wait(&mutex_);
    return results_;
  }

 private:
  absl::Mutex mutex_;
  absl::CondVar changed_;
  size_t expected_ = 0;
  std::multimap<int, absl::StatusOr<Appended>> results_;
};

class DecisionLogFailureTest : public testing::Test {
 protected:
  void AppendAsync(int key) {
    absl::StatusOr<DecisionLog::Admission> admission = log_->Admit();
    ASSERT_TRUE(admission.ok()) << admission.status();
    log_->Append(*std::move(admission), TestDraft(absl::StrCat("details ", key)),
                 completions_.Expect(key));
  }

  GatedStore store_;
  TestLog log_{&store_};
  Completions completions_;
};

TEST_F(DecisionLogFailureTest, RecordsOfManyThreadsAreEachThereOnceWithTheirIndexAndId) {
  constexpr int kThreads = 8;
  constexpr int kEach = 500;
  ASSERT_TRUE(log_.Open().ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) AppendAsync(t * kEach + i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto results = completions_.Await();
  ASSERT_EQ(results.size(), static_cast<size_t>(kThreads * kEach));
  std::set<uint64_t> indices;
  for (const auto& [key, appended] : results) {
    ASSERT_TRUE(appended.ok()) << appended.status();
    EXPECT_TRUE(indices.insert(appended->index).second);
    const absl::StatusOr<Record> record = log_->Read(appended->index, store::Parts::kAll);
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_EQ(record->id, appended->id);
    EXPECT_EQ(record->details, absl::StrCat("details ", key));
  }
  EXPECT_EQ(*indices.rbegin(), static_cast<uint64_t>(kThreads * kEach - 1));
  MerkleFrontier frontier;
  for (uint64_t i = 0; i < log_->size(); ++i) {
    frontier.Append(HashLeaf(log_->Read(i, store::Parts::kLeaf)->leaf));
  }
  EXPECT_EQ(*log_->RootAt(log_->size()), frontier.Root());
}

TEST_F(DecisionLogFailureTest, WhatComesDuringASyncIsOneBatch) {
  ASSERT_TRUE(log_.Open().ok());
  store_.SetOpen(false);
  AppendAsync(0);
  store_.AwaitFirstAppend();
  for (int i = 1; i <= 20; ++i) AppendAsync(i);
  store_.SetOpen(true);
  completions_.Await();
  EXPECT_THAT(store_.batches(), ElementsAre(1, 20));
}

TEST_F(DecisionLogFailureTest, BatchesAreNoLargerThanTheOptionsSay) {
  LogOptions options = log_.options();
  options.max_batch = 8;
  ASSERT_TRUE(log_.Open(options).ok());
  store_.SetOpen(false);
  AppendAsync(0);
  store_.AwaitFirstAppend();
  for (int i = 1; i <= 20; ++i) AppendAsync(i);
  store_.SetOpen(true);
  completions_.Await();
  EXPECT_THAT(store_.batches(), ElementsAre(1, 8, 8, 4));
}

TEST_F(DecisionLogFailureTest, FirstRecordWaitsForThoseThatAreAdmitted) {
  LogOptions options = log_.options();
  options.max_batch_delay = absl::Hours(1);
  ASSERT_TRUE(log_.Open(options).ok());
  std::vector<DecisionLog::Admission> admissions;
  for (int i = 0; i < 4; ++i) admissions.push_back(*log_->Admit());
  for (int i = 0; i < 3; ++i) {
    log_->Append(std::move(admissions[static_cast<size_t>(i)]), TestDraft("details"),
                 completions_.Expect(i));
  }
  EXPECT_THAT(store_.batches(), IsEmpty());
  // The last one gives up, and nobody is waited for any more.
  admissions.clear();
  completions_.Await();
  EXPECT_THAT(store_.batches(), ElementsAre(3));
}

TEST_F(DecisionLogFailureTest, CloseWritesWhatWasAppended) {
  ASSERT_TRUE(log_.Open().ok());
  store_.SetOpen(false);
  for (int i = 0; i < 50; ++i) AppendAsync(i);
  std::thread opener([this] {
    store_.AwaitFirstAppend();
    store_.SetOpen(true);
  });
  log_.Close();
  opener.join();
  const auto results = completions_.Await();
  EXPECT_EQ(results.size(), 50u);
  for (const auto& [key, appended] : results) EXPECT_TRUE(appended.ok()) << appended.status();
  EXPECT_EQ(store_.size(), 50u);
  // And the last checkpoint covers it.
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_THAT(*log_->Checkpoint(0), HasSubstr("\n50\n"));
}

// The n-th write fails, for every n that a few appends and a checkpoint need.
class FailingWriteTest : public testing::TestWithParam<int> {};

TEST_P(FailingWriteTest, NothingAcknowledgedIsMissingAndEverybodyHearsTheReason) {
  store::MemoryLogStore store;
  TestLog log(&store);
  ASSERT_TRUE(log.Open().ok());
  store.FailWrite(GetParam(), absl::UnavailableError("fsync: Input/output error"));
  std::map<uint64_t, std::string> acknowledged;
  std::vector<absl::Status> failures;
  for (int i = 0; i < 8; ++i) {
    const std::string details = absl::StrCat("details ", i);
    const absl::StatusOr<Appended> appended = log->AppendAndWait(TestDraft(details));
    if (appended.ok()) {
      acknowledged[appended->index] = details;
    } else {
      failures.push_back(appended.status());
    }
    if (i == 3) log->Checkpoint(log->size()).IgnoreError();
  }
  // 8 appends and a checkpoint are 9 writes.
  EXPECT_FALSE(log->health().ok());
  EXPECT_FALSE(log->Admit().ok());
  EXPECT_THAT(std::string(log->health().message()), HasSubstr("fsync: Input/output error"));
  for (const absl::Status& failure : failures) {
    EXPECT_TRUE(IsLogFailed(failure)) << failure;
    EXPECT_EQ(failure.code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_THAT(log.events(), Contains(HasSubstr("log-failed")));
  log.Close();

  store.Recover();
  ASSERT_TRUE(log.Open().ok());
  EXPECT_EQ(log->size(), acknowledged.size());
  for (const auto& [index, details] : acknowledged) {
    EXPECT_EQ(log->Read(index, store::Parts::kAll)->details, details);
  }
  EXPECT_TRUE(log->AppendAndWait(TestDraft("after")).ok());
}

INSTANTIATE_TEST_SUITE_P(EachWrite, FailingWriteTest, testing::Range(1, 10));

TEST_F(DecisionLogFailureTest, RecordsThatWaitWhenTheLogFailsAreEachRefusedOnce) {
  ASSERT_TRUE(log_.Open().ok());
  store_.SetOpen(false);
  AppendAsync(0);
  store_.AwaitFirstAppend();
  for (int i = 1; i <= 20; ++i) AppendAsync(i);
  store_.FailWrite(2, absl::UnavailableError("no disk"));
  store_.SetOpen(true);
  const auto results = completions_.Await();
  EXPECT_EQ(results.size(), 21u);
  for (const auto& [key, appended] : results) {
    EXPECT_EQ(appended.ok(), key == 0) << key;
    if (key != 0) {
      EXPECT_TRUE(IsLogFailed(appended.status())) << appended.status();
    }
  }
}

TEST_F(DecisionLogFailureTest, MoreThanMayWaitIsRefusedBeforeAnyWork) {
  LogOptions options = log_.options();
  options.max_pending_records = 4;
  ASSERT_TRUE(log_.Open(options).ok());
  store_.SetOpen(false);
  for (int i = 0; i < 4; ++i) AppendAsync(i);
  const absl::Status status = log_->Admit().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(IsLogOverloaded(status));
  EXPECT_GT(RetryAfterOf(status), absl::ZeroDuration());
  store_.SetOpen(true);
  completions_.Await();
  EXPECT_TRUE(log_->Admit().ok());
}

TEST_F(DecisionLogFailureTest, MoreBytesThanMayWaitAreRefused) {
  LogOptions options = log_.options();
  options.max_pending_bytes = 1000;
  ASSERT_TRUE(log_.Open(options).ok());
  store_.SetOpen(false);
  const std::string large(2000, 'x');
  log_->Append(*log_->Admit(), TestDraft(large), completions_.Expect(0));
  EXPECT_TRUE(IsLogOverloaded(log_->Admit().status()));
  store_.SetOpen(true);
  completions_.Await();
  EXPECT_TRUE(log_->Admit().ok());
}

TEST_F(DecisionLogFailureTest, AdmissionThatIsNotUsedGivesItsRoomBack) {
  LogOptions options = log_.options();
  options.max_pending_records = 1;
  ASSERT_TRUE(log_.Open(options).ok());
  {
    const absl::StatusOr<DecisionLog::Admission> admission = log_->Admit();
    ASSERT_TRUE(admission.ok());
    EXPECT_TRUE(IsLogOverloaded(log_->Admit().status()));
  }
  absl::StatusOr<DecisionLog::Admission> admission = log_->Admit();
  ASSERT_TRUE(admission.ok());
  DecisionLog::Admission moved = *std::move(admission);
  moved = DecisionLog::Admission();
  EXPECT_TRUE(log_->Admit().ok());
}

TEST_F(DecisionLogFailureTest, AppendWithoutAdmissionIsRefused) {
  ASSERT_TRUE(log_.Open().ok());
  log_->Append(DecisionLog::Admission(), TestDraft("details"), completions_.Expect(0));
  const auto results = completions_.Await();
  EXPECT_EQ(results.begin()->second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(log_->size(), 0u);
}

TEST_F(DecisionLogFailureTest, DraftsThatCannotBeStoredAreRefused) {
  ASSERT_TRUE(log_.Open().ok());
  RecordDraft kind = TestDraft("details");
  kind.kind = v1::RECORD_KIND_UNSPECIFIED;
  RecordDraft revision = TestDraft("details");
  revision.revision = "abc";
  RecordDraft build = TestDraft("details");
  build.engine_build = "\n";
  const std::string huge(store::kMaxDetailsBytes, 'x');
  for (const RecordDraft& draft : {kind, revision, build, TestDraft(huge)}) {
    EXPECT_EQ(log_->AppendAndWait(draft).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(log_->health().ok());
  EXPECT_EQ(log_->size(), 0u);
  EXPECT_TRUE(log_->AppendAndWait(TestDraft("details")).ok());
}

TEST_F(DecisionLogFailureTest, FullDiskRefusesUntilThereIsSpaceAgain) {
  LogOptions options = log_.options();
  options.min_free_bytes = 1000;
  ASSERT_TRUE(log_.Open(options).ok());
  ASSERT_TRUE(log_->AppendAndWait(TestDraft("details")).ok());
  store_.SetFreeBytes(999);
  log_.clock().Advance(absl::Seconds(1));
  const absl::Status full = log_->Admit().status();
  EXPECT_EQ(full.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(IsLogDiskFull(full));
  EXPECT_GT(RetryAfterOf(full), absl::ZeroDuration());
  EXPECT_TRUE(log_->health().ok());
  store_.SetFreeBytes(2000);
  log_.clock().Advance(absl::Seconds(1));
  EXPECT_TRUE(log_->AppendAndWait(TestDraft("details")).ok());
  EXPECT_THAT(log_.events(),
              ElementsAre(HasSubstr("disk-nearly-full"), HasSubstr("disk-has-space")));
}

TEST_F(DecisionLogFailureTest, WriteWithoutSpaceLosesNothingButItsOwnRecords) {
  ASSERT_TRUE(log_.Open().ok());
  ASSERT_TRUE(log_->AppendAndWait(TestDraft("details 0")).ok());
  store_.FailWrite(1, absl::ResourceExhaustedError("No space left on device"));
  const absl::Status full = log_->AppendAndWait(TestDraft("details 1")).status();
  EXPECT_TRUE(IsLogDiskFull(full)) << full;
  EXPECT_THAT(std::string(full.message()), HasSubstr("No space left on device"));
  EXPECT_TRUE(IsLogDiskFull(log_->Admit().status()));
  // The next look at the disk finds space.
  log_.clock().Advance(absl::Seconds(1));
  const absl::StatusOr<Appended> appended = log_->AppendAndWait(TestDraft("details 2"));
  ASSERT_TRUE(appended.ok()) << appended.status();
  EXPECT_EQ(appended->index, 1u);
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_EQ(log_->Read(1, store::Parts::kAll)->details, "details 2");
}

TEST_F(DecisionLogFailureTest, CheckpointThatFindsNoSpaceIsMadeLater) {
  ASSERT_TRUE(log_.Open().ok());
  ASSERT_TRUE(log_->AppendAndWait(TestDraft("details")).ok());
  store_.FailWrite(1, absl::ResourceExhaustedError("No space left on device"));
  EXPECT_FALSE(log_->Checkpoint(1).ok());
  EXPECT_TRUE(log_->health().ok());
  EXPECT_THAT(log_.events(), Contains(HasSubstr("checkpoint-failed")));
  EXPECT_TRUE(log_->Checkpoint(1).ok());
}

TEST_F(DecisionLogFailureTest, TimesNeverGoBack) {
  ASSERT_TRUE(log_.Open().ok());
  const absl::Time start = log_.clock().Now();
  ASSERT_TRUE(log_->AppendAndWait(TestDraft("details")).ok());
  log_.clock().Advance(-absl::Minutes(10));
  EXPECT_EQ(log_->AppendAndWait(TestDraft("details"))->time, start);
  EXPECT_EQ(log_->AppendAndWait(TestDraft("details"))->time, start);
  EXPECT_THAT(log_.events(), ElementsAre(HasSubstr("clock-went-back: by 10m")));
  log_.clock().Set(start + absl::Seconds(1));
  EXPECT_EQ(log_->AppendAndWait(TestDraft("details"))->time, start + absl::Seconds(1));
}

TEST_F(DecisionLogFailureTest, DoneMayBeCalledWhileOthersAppend) {
  // Each completion appends the next record: nobody is locked out by a completion.
  ASSERT_TRUE(log_.Open().ok());
  std::atomic<int> left{200};
  absl::BlockingCounter chains(4);
  std::function<void()> next = [&] {
    if (left.fetch_sub(1) <= 0) {
      chains.DecrementCount();
      return;
    }
    log_->Append(*log_->Admit(), TestDraft("details"), [&](absl::StatusOr<Appended> appended) {
      EXPECT_TRUE(appended.ok()) << appended.status();
      next();
    });
  };
  for (int i = 0; i < 4; ++i) next();
  chains.Wait();
  EXPECT_EQ(log_->size(), 200u);
}

}  // namespace
}  // namespace plumbline::audit
