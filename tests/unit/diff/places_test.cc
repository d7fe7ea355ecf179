#include "server/diff/places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumbline::diff {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

bool Always(int, int) { return true; }

TEST(FindMovedTest, TheOneThatJumpedIsNamed) {
  EXPECT_THAT(FindMoved({0, 1, 2, 3}, Always), IsEmpty());
  EXPECT_THAT(FindMoved({3, 0, 1, 2}, Always), ElementsAre(0));
  EXPECT_THAT(FindMoved({1, 2, 3, 0}, Always), ElementsAre(3));
  EXPECT_EQ(FindMoved({1, 0}, Always).size(), 1u);
  EXPECT_EQ(FindMoved({3, 2, 1, 0}, Always).size(), 3u);
}

TEST(FindMovedTest, WhatIsGoneInBetweenMovesNothing) {
  EXPECT_THAT(FindMoved({0, 4, 9}, Always), IsEmpty());
}

TEST(FindMovedTest, OnlyPairsThatCountCount) {
  const auto around_two = [](int a, int b) { return a == 2 || b == 2; };
  EXPECT_THAT(FindMoved({1, 0, 2, 4, 3}, around_two), IsEmpty());
  EXPECT_THAT(FindMoved({0, 1, 3, 2, 4}, around_two).size(), 1u);
  EXPECT_THAT(FindMoved({2, 0, 1}, around_two), ElementsAre(0));
}

}  // namespace
}  // namespace plumbline::diff
