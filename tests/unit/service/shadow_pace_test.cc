#include "server/service/shadow_pace.h"

#include "gtest/gtest.h"

namespace plumbline::service {
namespace {

constexpr absl::Duration kSlice = absl::Milliseconds(1);

TEST(ShadowPaceTest, WorksAQuarterOfTheTimeWhenNobodyIsInTheWay) {
  ShadowPace pace;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pace.RestAfter(kSlice, kSlice), 3 * kSlice);
}

TEST(ShadowPaceTest, BacksOffFastWhenItHadToWaitAndNeverStops) {
  ShadowPace pace;
  EXPECT_EQ(pace.RestAfter(kSlice, kSlice / 2), 7 * kSlice);
  EXPECT_EQ(pace.RestAfter(kSlice, kSlice / 2), 15 * kSlice);
  for (int i = 0; i < 20; ++i) pace.RestAfter(kSlice, kSlice / 2);
  EXPECT_EQ(pace.share(), ShadowPace::kLeastShare);
  EXPECT_EQ(pace.RestAfter(kSlice, kSlice / 2), ShadowPace::LongestRest());
}

TEST(ShadowPaceTest, ComesBackStepByStepWhenTheProcessorIsFree) {
  ShadowPace pace;
  for (int i = 0; i < 20; ++i) pace.RestAfter(kSlice, absl::ZeroDuration());
  int slices = 0;
  while (pace.share() < ShadowPace::kMostShare && slices < 1000) {
    pace.RestAfter(kSlice, kSlice);
    ++slices;
  }
  EXPECT_GT(slices, 20);
  EXPECT_LT(slices, 100);
}

TEST(ShadowPaceTest, AnInterruptIsNoCrowd) {
  ShadowPace pace;
  pace.RestAfter(kSlice, 0.9 * kSlice);
  EXPECT_EQ(pace.share(), ShadowPace::kMostShare);
}

}  // namespace
}  // namespace plumbline::service
