#include "server/base/failpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <string>

namespace plumbline {
namespace {

using ::testing::ExitedWithCode;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

Failpoint first("failpoint-test-first");
Failpoint second("failpoint-test-second");

class FailpointTest : public ::testing::Test {
 protected:
  ~FailpointTest() override { DisarmFailpoints(); }
};

TEST_F(FailpointTest, UnarmedPlaceIsPassed) {
  EXPECT_FALSE(first.armed());
  EXPECT_FALSE(first.Hit());
}

TEST_F(FailpointTest, ErrorStrikesAtTheFirstHitOnly) {
  ASSERT_TRUE(ArmFailpoints("failpoint-test-first=error").ok());
  EXPECT_TRUE(first.armed());
  EXPECT_FALSE(second.armed());
  EXPECT_TRUE(first.Hit());
  EXPECT_FALSE(first.Hit());
}

TEST_F(FailpointTest, HitCountsAndStarAndSeveralPlaces) {
  ASSERT_TRUE(ArmFailpoints("failpoint-test-first:3=error;failpoint-test-second:*=error").ok());
  EXPECT_FALSE(first.Hit());
  EXPECT_FALSE(first.Hit());
  EXPECT_TRUE(first.Hit());
  EXPECT_FALSE(first.Hit());
  EXPECT_TRUE(second.Hit());
  EXPECT_TRUE(second.Hit());
  ASSERT_TRUE(ArmFailpoints("").ok());
  EXPECT_FALSE(second.Hit());
}

TEST_F(FailpointTest, SleepWaitsAndGoesOn) {
  ASSERT_TRUE(ArmFailpoints("failpoint-test-first=sleep(20)").ok());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(first.Hit());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
}

TEST_F(FailpointTest, ExitAndAbortEndTheProcess) {
  ASSERT_TRUE(ArmFailpoints("failpoint-test-first=exit;failpoint-test-second=abort").ok());
  EXPECT_EXIT(first.Hit(), ExitedWithCode(kFailpointExitCode), "");
  EXPECT_DEATH(second.Hit(), "");
}

TEST_F(FailpointTest, WrongSpecIsRefusedAndArmsNothing) {
  for (const char* spec : {"failpoint-test-first", "failpoint-test-first=", "no-such-place=exit",
                           "failpoint-test-first:0=exit", "failpoint-test-first:x=exit",
                           "failpoint-test-first=sleep(-1)", "failpoint-test-first=sleep(70000)",
                           "failpoint-test-first=sleep(1", "failpoint-test-first=error;x=exit"}) {
    const absl::Status armed = ArmFailpoints(spec);
    EXPECT_TRUE(absl::IsInvalidArgument(armed)) << spec << ": " << armed;
    EXPECT_FALSE(first.armed()) << spec;
  }
  EXPECT_THAT(std::string(ArmFailpoints("no-such-place=exit").message()),
              HasSubstr("failpoint-test-first, failpoint-test-second"));
}

TEST_F(FailpointTest, EnvironmentArms) {
  ASSERT_TRUE(ArmFailpointsFromEnvironment().ok());
  EXPECT_FALSE(first.armed());
  setenv("PLUMBLINE_FAILPOINT", "failpoint-test-first:2=error", 1);
  EXPECT_TRUE(ArmFailpointsFromEnvironment().ok());
  setenv("PLUMBLINE_FAILPOINT", "wrong", 1);
  EXPECT_TRUE(absl::IsInvalidArgument(ArmFailpointsFromEnvironment()));
  unsetenv("PLUMBLINE_FAILPOINT");
  EXPECT_FALSE(first.Hit());
  EXPECT_TRUE(first.Hit());
}

TEST_F(FailpointTest, NamesAreListed) {
  EXPECT_THAT(FailpointNames(), IsSupersetOf({"failpoint-test-first", "failpoint-test-second"}));
}

}  // namespace
}  // namespace plumbline
