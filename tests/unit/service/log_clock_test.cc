#include "server/service/log_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/base/fake_clock.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::Duration kDay = absl::Hours(24);

class LogClockTest : public ::testing::Test {
 protected:
  LogClock::Options Options() {
    LogClock::Options options;
    options.uptime = [this] { return uptime_; };
    options.on_event = [this](absl::string_view event, absl::string_view) {
      events_.push_back(std::string(event));
    };
    return options;
  }
  void Pass(absl::Duration time) {
    wall_.Advance(time);
    uptime_ += time;
  }

  FakeClock wall_;
  absl::Duration uptime_ = absl::Hours(5);
  std::vector<std::string> events_;
};

TEST_F(LogClockTest, ClockThatGoesOnIsBelievedHoweverLong) {
  const LogClock clock(&wall_, Options());
  for (int day = 0; day < 1000; ++day) {
    Pass(kDay);
    EXPECT_EQ(clock.Now(), wall_.Now());
  }
  EXPECT_TRUE(clock.believes());
}

TEST_F(LogClockTest, JumpOfYearsIsNotBelievedAndTimeGoesOnByTheUptime) {
  const LogClock clock(&wall_, Options());
  Pass(absl::Hours(1));
  const absl::Time before = wall_.Now();
  wall_.Advance(3000 * kDay);
  EXPECT_EQ(clock.Now(), before);
  Pass(absl::Minutes(7));
  EXPECT_EQ(clock.Now(), before + absl::Minutes(7));
  EXPECT_FALSE(clock.believes());
  wall_.Advance(-3000 * kDay);
  EXPECT_EQ(clock.Now(), wall_.Now());
  EXPECT_TRUE(clock.believes());
  EXPECT_THAT(events_, ElementsAre("clock-not-believed", "clock-believed-again"));
}

TEST_F(LogClockTest, CorrectionWithinTheToleranceAndGoingBackAreBelieved) {
  const LogClock clock(&wall_, Options());
  wall_.Advance(kDay);
  EXPECT_EQ(clock.Now(), wall_.Now());
  wall_.Advance(absl::Microseconds(1));
  EXPECT_LT(clock.Now(), wall_.Now());
  wall_.Advance(-400 * kDay);  // the log's own matter
  EXPECT_EQ(clock.Now(), wall_.Now());
}

class CheckClockTest : public ::testing::Test {
 protected:
  CheckClockTest() { EXPECT_TRUE(log_.Open().ok()); }

  void Append() { ASSERT_TRUE(log_->AppendAndWait(audit::TestDraft("details")).ok()); }
  absl::Status Check(const std::string& confirmed = "") {
    ClockLimits limits;
    limits.confirmed_date = confirmed;
    return CheckClock(*log_, store_, log_.clock().Now(), limits);
  }

  store::MemoryLogStore store_;
  audit::TestLog log_{&store_};
};

TEST_F(CheckClockTest, LogWithoutRecordsCannotTell) { EXPECT_TRUE(Check().ok()); }

TEST_F(CheckClockTest, ClockFarAheadOfTheLastRecordMustBeConfirmed) {
  Append();  // 2023-03-20T12:25:47Z
  log_.clock().Advance(31 * kDay);
  EXPECT_TRUE(Check().ok());
  log_.clock().Advance(334 * kDay);
  const absl::Status refused = Check();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              StartsWith("the clock says 2024-03-19T12:25:47Z, but the last sign of life of this "
                         "log is of 2023-03-20T12:25:47Z, 365 days before."));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--log-confirm-date 2024-03-19"));
  EXPECT_THAT(std::string(Check("2024-03-18").message()),
              HasSubstr("what was confirmed is 2024-03-18"));
  EXPECT_TRUE(Check("2024-03-19").ok());
}

TEST_F(CheckClockTest, ServerThatWasIdleWasNotOff) {
  Append();
  log_.clock().Advance(365 * kDay);
  ASSERT_TRUE(NoteClock(&store_, log_.clock().Now()).ok());
  log_.clock().Advance(kDay);
  EXPECT_TRUE(Check().ok());
  ASSERT_TRUE(store_.PutDocument("clock.seen", "yesterday").ok());  // damaged: the records count
  EXPECT_FALSE(Check().ok());
  Append();
  EXPECT_TRUE(Check().ok());
}

}  // namespace
}  // namespace plumbline::service
