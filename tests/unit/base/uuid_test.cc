#include "server/base/uuid.h"

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/base/counting_random.h"
#include "tests/testing/base/fake_clock.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;

// All bits set: each step within a millisecond is the largest one.
class OnesRandom final : public RandomSource {
 public:
  void Fill(absl::Span<uint8_t> bytes) override {
    for (uint8_t& byte : bytes) byte = 0xff;
  }
};

// RFC 9562 appendix A.6.
TEST(UuidTest, ExampleOfTheRfcIsReadAndWritten) {
  const Uuid uuid = Uuid::Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F").value();
  EXPECT_EQ(uuid.ToString(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_EQ(uuid.Version(), 7);
  EXPECT_EQ(absl::FormatTime(uuid.Time(), absl::UTCTimeZone()), "2022-02-22T19:22:22+00:00");
}

TEST(UuidTest, WrongTextSaysWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "this has 0"},
      {"017f22e2-79b0-7cc3-98c4-dc0c0c07398", "this has 35"},
      {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "this has 37"},
      {"017f22e2x79b0-7cc3-98c4-dc0c0c07398f", "a dash at character 9"},
      {"017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "hexadecimal digits"},
      {"017f22e2-79b0-7cc3-98c4--c0c0c07398f", "hexadecimal digits"},
  };
  for (const auto& [text, reason] : cases) {
    EXPECT_THAT(std::string(Uuid::Parse(text).status().message()), HasSubstr(reason)) << text;
  }
}

TEST(UuidV7GeneratorTest, VersionVariantAndTimeAreInTheirPlaces) {
  const FakeClock clock(absl::FromUnixMillis(0x017f22e279b0));
  OnesRandom random;
  UuidV7Generator generator(&clock, &random);
  EXPECT_EQ(generator.Next().ToString(), "017f22e2-79b0-7fff-bfff-ffffffffffff");
}

TEST(UuidV7GeneratorTest, IdsGrowWithinAMillisecond) {
  const FakeClock clock;
  OpenSslRandomSource random;
  UuidV7Generator generator(&clock, &random);
  Uuid last;
  for (int i = 0; i < 100'000; ++i) {
    const Uuid next = generator.Next();
    ASSERT_LT(last, next);
    ASSERT_EQ(next.Version(), 7);
    ASSERT_EQ(next.bytes[8] >> 6, 2);
    last = next;
  }
}

TEST(UuidV7GeneratorTest, IdsGrowWhenTheClockGoesBack) {
  FakeClock clock;
  CountingRandom random;
  UuidV7Generator generator(&clock, &random);
  const Uuid first = generator.Next();
  clock.Advance(-absl::Hours(1));
  const Uuid second = generator.Next();
  EXPECT_LT(first, second);
  EXPECT_EQ(first.Time(), second.Time());
  clock.Advance(absl::Hours(2));
  const Uuid third = generator.Next();
  EXPECT_LT(second, third);
  EXPECT_EQ(third.Time(), absl::FromUnixMillis(absl::ToUnixMillis(clock.Now())));
}

TEST(UuidV7GeneratorTest, OverflowOfTheRandomBitsGoesToTheNextMillisecond) {
  const FakeClock clock(absl::FromUnixMillis(1000));
  OnesRandom random;
  UuidV7Generator generator(&clock, &random);
  const Uuid first = generator.Next();
  const Uuid second = generator.Next();
  EXPECT_LT(first, second);
  EXPECT_EQ(second.Time(), absl::FromUnixMillis(1001));
  EXPECT_EQ(second.ToString(), "00000000-03e9-7000-8000-0000ffffffff");
}

TEST(UuidV7GeneratorTest, TimesOutsideOfTheFieldAreItsEnds) {
  FakeClock clock(absl::FromUnixMillis(-1));
  CountingRandom random;
  UuidV7Generator generator(&clock, &random);
  EXPECT_EQ(generator.Next().Time(), absl::UnixEpoch());
  clock.Set(absl::InfiniteFuture());
  EXPECT_EQ(generator.Next().Time(), absl::FromUnixMillis((int64_t{1} << 48) - 1));
}

TEST(UuidV7GeneratorTest, ThreadsNeverGetTheSameId) {
  const FakeClock clock;
  OpenSslRandomSource random;
  UuidV7Generator generator(&clock, &random);
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  for (std::vector<Uuid>& mine : made) {
    threads.emplace_back([&generator, &mine] {
      for (int i = 0; i < 5'000; ++i) mine.push_back(generator.Next());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Uuid> all;
  for (const std::vector<Uuid>& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 20'000u);
}

}  // namespace
}  // namespace plumbline
