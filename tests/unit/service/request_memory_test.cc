#include "server/service/request_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/base/counting_random.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Vectors of the reference implementation (key 00 01 .. 0f, message 00 01 .. n-1).
TEST(SipHashTest, AgreesWithTheReferenceVectors) {
  const std::array<uint64_t, 2> key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::string message;
  const std::vector<uint64_t> expected = {
      0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
      0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
      0x93f5f5799a932462, 0x9e0082df0ba9e4b0};
  for (const uint64_t hash : expected) {
    EXPECT_EQ(SipHash24(key, message), hash) << message.size();
    message.push_back(static_cast<char>(message.size()));
  }
  message.clear();
  for (int i = 0; i < 15; ++i) message.push_back(static_cast<char>(i));
  EXPECT_EQ(SipHash24(key, message), 0xa129ca6149be45e5);
}

TEST(RequestFingerprintTest, DependsOnKindCallerIdAndKey) {
  CountingRandom random;
  const RequestFingerprint fingerprint(random);
  const uint64_t base = fingerprint.Of(RequestKind::kDecision, "ab", "c");
  EXPECT_EQ(fingerprint.Of(RequestKind::kDecision, "ab", "c"), base);
  EXPECT_NE(fingerprint.Of(RequestKind::kFeedback, "ab", "c"), base);
  EXPECT_NE(fingerprint.Of(RequestKind::kDecision, "a", "bc"), base);
  EXPECT_NE(fingerprint.Of(RequestKind::kDecision, "", "abc"), base);
  EXPECT_NE(RequestFingerprint(random).Of(RequestKind::kDecision, "ab", "c"), base);
}

std::vector<uint64_t> Find(const RequestMemory& memory, uint64_t fingerprint) {
  std::vector<uint64_t> candidates;
  memory.Find(fingerprint, candidates);
  return candidates;
}

TEST(RequestMemoryTest, FindsAllRecordsOfAFingerprintOldestFirst) {
  RequestMemory memory(100);
  memory.Add(7, 12);
  memory.Add(8, 13);
  memory.Add(7, 14);
  memory.Add(7, 3);
  EXPECT_THAT(Find(memory, 7), ElementsAre(3, 12, 14));
  EXPECT_THAT(Find(memory, 8), ElementsAre(13));
  EXPECT_THAT(Find(memory, 9), IsEmpty());
}

TEST(RequestMemoryTest, TrimDropsTheOldestAndTellsHowFarItReaches) {
  RequestMemory memory(2);
  for (uint64_t i = 0; i < 5; ++i) memory.Add(100 + i, 10 * i);
  memory.Trim(1000);
  EXPECT_EQ(memory.size(), 2u);
  EXPECT_EQ(memory.reaches_back_to(), 21u);
  EXPECT_THAT(Find(memory, 102), IsEmpty());
  EXPECT_THAT(Find(memory, 103), ElementsAre(30));
}

TEST(RequestMemoryTest, WhatTheIndexDoesNotHaveIsKept) {
  RequestMemory memory(2);
  for (uint64_t i = 0; i < 5; ++i) memory.Add(100 + i, 10 * i);
  memory.Trim(11);
  EXPECT_EQ(memory.size(), 3u);
  EXPECT_EQ(memory.reaches_back_to(), 11u);
  EXPECT_THAT(Find(memory, 102), ElementsAre(20));
}

TEST(RequestMemoryTest, TrimTakesTheRightOneOfACollision) {
  RequestMemory memory(2);
  memory.Add(7, 1);
  memory.Add(7, 2);
  memory.Add(7, 3);
  memory.Add(8, 4);
  memory.Trim(1000);
  EXPECT_THAT(Find(memory, 7), ElementsAre(3));
  EXPECT_THAT(Find(memory, 8), ElementsAre(4));
  memory.Add(9, 5);
  memory.Trim(1000);
  EXPECT_THAT(Find(memory, 7), IsEmpty());
}

}  // namespace
}  // namespace plumbline::service
