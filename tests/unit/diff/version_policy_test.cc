#include "server/diff/version_policy.h"

#include "gtest/gtest.h"

namespace plumbline::diff {
namespace {

v1::RulesetDiff Judged(const char* from, const char* to, v1::VersionBump bump) {
  v1::RulesetDiff diff;
  diff.set_old_version(from);
  diff.set_new_version(to);
  v1::ElementChange& small = *diff.add_changes();
  small.set_bump(v1::VERSION_BUMP_PATCH);
  small.set_summary("small");
  v1::ElementChange& change = *diff.add_changes();
  change.set_bump(bump);
  change.set_summary("the one");
  JudgeVersion(diff);
  return diff;
}

TEST(VersionPolicyTest, VersionsAreThreeNumbers) {
  EXPECT_EQ(ParseVersion("1.20.3")->minor, 20u);
  for (const char* wrong : {"", "1", "1.2", "1.2.3.4", "1.2.x", "1.2.-3", "1..3", "1.2.3-rc1",
                            "99999999999999999999999.0.0"}) {
    EXPECT_FALSE(ParseVersion(wrong).has_value()) << wrong;
  }
}

TEST(VersionPolicyTest, TheStepBetweenVersionsIsTheDeclaredBump) {
  EXPECT_EQ(DeclaredBump("1.2.3", "1.2.3"), v1::VERSION_BUMP_NONE);
  EXPECT_EQ(DeclaredBump("1.2.3", "1.2.4"), v1::VERSION_BUMP_PATCH);
  EXPECT_EQ(DeclaredBump("1.2.3", "1.3.0"), v1::VERSION_BUMP_MINOR);
  EXPECT_EQ(DeclaredBump("1.2.3", "2.0.0"), v1::VERSION_BUMP_MAJOR);
  EXPECT_EQ(DeclaredBump("0.9.0", "1.0.0"), v1::VERSION_BUMP_MAJOR);
  EXPECT_EQ(DeclaredBump("1.10.0", "1.9.0"), v1::VERSION_BUMP_UNSPECIFIED);
  EXPECT_EQ(DeclaredBump("2.0.0", "1.9.9"), v1::VERSION_BUMP_UNSPECIFIED);
}

TEST(VersionPolicyTest, EachLevelIsDemandedAndTooSmallIsRefused) {
  const v1::VersionBump major = v1::VERSION_BUMP_MAJOR;
  const v1::VersionBump minor = v1::VERSION_BUMP_MINOR;
  const v1::VersionBump patch = v1::VERSION_BUMP_PATCH;
  EXPECT_TRUE(Judged("1.2.3", "2.0.0", major).version_sufficient());
  EXPECT_FALSE(Judged("1.2.3", "1.3.0", major).version_sufficient());
  EXPECT_EQ(Judged("1.2.3", "1.3.0", major).bump_because(), "the one");
  EXPECT_TRUE(Judged("1.2.3", "1.3.0", minor).version_sufficient());
  EXPECT_TRUE(Judged("1.2.3", "2.0.0", minor).version_sufficient());
  EXPECT_FALSE(Judged("1.2.3", "1.2.4", minor).version_sufficient());
  EXPECT_TRUE(Judged("1.2.3", "1.2.4", patch).version_sufficient());
  EXPECT_FALSE(Judged("1.2.3", "1.2.3", patch).version_sufficient());
  EXPECT_EQ(Judged("1.2.3", "1.2.3", patch).bump_because(), "small");
}

TEST(VersionPolicyTest, BelowOneMinorIsEnoughForWhoGetsWhat) {
  const v1::RulesetDiff diff = Judged("0.2.0", "0.3.0", v1::VERSION_BUMP_MAJOR);
  EXPECT_EQ(diff.required_bump(), v1::VERSION_BUMP_MINOR);
  EXPECT_TRUE(diff.version_sufficient());
  EXPECT_FALSE(Judged("0.2.0", "0.2.1", v1::VERSION_BUMP_MAJOR).version_sufficient());
  EXPECT_FALSE(Judged("0.2.0", "0.2.1", v1::VERSION_BUMP_MINOR).version_sufficient());
  EXPECT_TRUE(Judged("0.2.0", "0.2.1", v1::VERSION_BUMP_PATCH).version_sufficient());
}

TEST(VersionPolicyTest, BackwardsNeverSuffices) {
  v1::RulesetDiff diff;
  diff.set_old_version("0.3.0");
  diff.set_new_version("0.2.0");
  JudgeVersion(diff);
  EXPECT_FALSE(diff.version_sufficient());
  EXPECT_EQ(diff.required_bump(), v1::VERSION_BUMP_NONE);
}

TEST(VersionPolicyTest, TheLowestVersionThatWillDo) {
  EXPECT_EQ(LowestVersion("1.2.3", v1::VERSION_BUMP_MAJOR), "2.0.0");
  EXPECT_EQ(LowestVersion("1.2.3", v1::VERSION_BUMP_MINOR), "1.3.0");
  EXPECT_EQ(LowestVersion("1.2.3", v1::VERSION_BUMP_PATCH), "1.2.4");
  EXPECT_EQ(LowestVersion("1.2.3", v1::VERSION_BUMP_NONE), "1.2.3");
  EXPECT_EQ(LowestVersion("x", v1::VERSION_BUMP_MAJOR), "");
}

}  // namespace
}  // namespace plumbline::diff
