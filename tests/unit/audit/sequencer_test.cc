#include "server/audit/sequencer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace plumbline::audit {
namespace {

using ::testing::ElementsAre;

// A sequencer whose writes wait until they are let through. A gap of an hour: what does not end
// gathering by itself hangs.
class SequencerTest : public ::testing::Test {
 protected:
  static Sequencer::Options Patient() {
    Sequencer::Options options;
    options.gather_gap = options.gather_limit = absl::Hours(1);
    return options;
  }

  void Start(const Sequencer::Options& options) {
    sequencer_ = std::make_unique<Sequencer>(
        options, [this](Batch& batch) { return Write(batch); }, [](const PendingRecord&) {});
  }

  absl::Status Write(const Batch& batch) {
    const absl::MutexLock lock(&mutex_);
    batches_.push_back(batch.size());
    const auto may_go_on = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return allowed_ > 0; };
    mutex_.Await(absl::Condition(&may_go_on));
    --allowed_;
    return absl::OkStatus();
  }

  void Allow(int writes) {
    const absl::MutexLock lock(&mutex_);
    allowed_ += writes;
  }

  void Push(int records) {
    for (int i = 0; i < records; ++i) {
      auto record = std::make_unique<PendingRecord>();
      record->done = [this](const absl::StatusOr<Appended>& appended) {
        const absl::MutexLock lock(&mutex_);
        done_ += appended.ok() ? 1 : 0;
      };
      sequencer_->Push(std::move(record));
    }
  }
  void Expect(int records) {
    for (int i = 0; i < records; ++i) sequencer_->Expect();
  }
  void ExpectAndPush(int records) {
    Expect(records);
    Push(records);
  }

  // Waits until so many writes have begun.
  void AwaitWrites(size_t writes) {
    const absl::MutexLock lock(&mutex_);
    const auto begun = [this, writes]()
                           ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return batches_.size() >= writes; };
    mutex_.Await(absl::Condition(&begun));
  }

  std::vector<size_t> batches() {
    const absl::MutexLock lock(&mutex_);
    return batches_;
  }

  absl::Mutex mutex_;
  int allowed_ ABSL_GUARDED_BY(mutex_) = 0;
  int done_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<size_t> batches_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Sequencer> sequencer_;  // last: its thread uses the rest
};

TEST_F(SequencerTest, LoneRecordIsWrittenAtOnce) {
  Start(Patient());
  Allow(2);
  ExpectAndPush(1);
  AwaitWrites(1);
  // Also beside one that is only expected.
  Expect(2);
  Push(1);
  AwaitWrites(2);
  EXPECT_THAT(batches(), ElementsAre(1, 1));
  sequencer_->Unexpect();
  sequencer_.reset();
  EXPECT_EQ(done_, 2);
}

TEST_F(SequencerTest, BatchEndsWhenAsManyAsUsualHaveComeAndNoneIsExpected) {
  Start(Patient());
  ExpectAndPush(1);
  AwaitWrites(1);
  ExpectAndPush(4);
  Allow(1);
  AwaitWrites(2);
  Allow(1);
  // The same four callers again, one by one.
  for (int i = 0; i < 4; ++i) ExpectAndPush(1);
  AwaitWrites(3);
  EXPECT_THAT(batches(), ElementsAre(1, 4, 4));
  Allow(1);
  sequencer_.reset();
  EXPECT_EQ(done_, 9);
}

TEST_F(SequencerTest, BatchGathersUntilTheLastExpectedRecordComes) {
  Start(Patient());
  Expect(1 + 2 + 1);
  Push(1);
  AwaitWrites(1);
  Push(2);
  Allow(1);
  Push(1);
  AwaitWrites(2);
  EXPECT_THAT(batches(), ElementsAre(1, 3));
  Allow(1);
  sequencer_.reset();
}

TEST_F(SequencerTest, BatchGathersUntilTheLastExpectedRecordIsGivenUp) {
  Start(Patient());
  Expect(1 + 2 + 1);
  Push(1);
  AwaitWrites(1);
  Push(2);
  Allow(1);
  sequencer_->Unexpect();
  AwaitWrites(2);
  EXPECT_THAT(batches(), ElementsAre(1, 2));
  Allow(1);
  sequencer_.reset();
}

TEST_F(SequencerTest, FewerThanUsualAreWrittenAfterTheGap) {
  Sequencer::Options options = Patient();
  options.gather_gap = absl::Milliseconds(1);
  Start(options);
  ExpectAndPush(1);
  AwaitWrites(1);
  ExpectAndPush(8);
  Allow(10);
  AwaitWrites(2);
  ExpectAndPush(2);
  AwaitWrites(3);
  sequencer_.reset();
  EXPECT_EQ(done_, 11);
}

TEST_F(SequencerTest, ClosingEndsGathering) {
  Start(Patient());
  Expect(5);
  Push(1);
  AwaitWrites(1);
  Push(3);
  Allow(5);
  sequencer_.reset();
  EXPECT_EQ(done_, 4);
}

}  // namespace
}  // namespace plumbline::audit
