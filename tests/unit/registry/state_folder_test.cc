#include "server/registry/state_folder.h"

#include <filesystem>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/failpoint.h"
#include "tests/testing/registry/test_deployment.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::registry {
namespace {

using plumbline::testing::WriteFile;
using ::testing::HasSubstr;

class StateFolderTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<StateFolder>> Open() const {
    return StateFolder::Open(folder_ / "state");
  }
  absl::Status Save(StateFolder& state, uint64_t serial, const std::string& manifest) const {
    return state.Save(
        serial, manifest,
        {{revision_, std::make_shared<const std::string>(bundle_), clinic_.ApproveFully(bundle_)}});
  }

  const plumbline::testing::RegistryFolder folder_;
  const plumbline::testing::TestDeployment clinic_;
  const std::string bundle_ =
      plumbline::testing::BundleOf(plumbline::testing::MinimalRulesetText());
  const std::string revision_ = plumbline::testing::RevisionOf(bundle_);
};

TEST_F(StateFolderTest, WhatWasSavedIsThereAfterARestart) {
  {
    const auto state = Open();
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ((*state)->highest().serial, 0u);
    EXPECT_EQ((*state)->Manifest().status().code(), absl::StatusCode::kNotFound);
    ASSERT_TRUE(Save(**state, 7, "seven\n").ok());
    ASSERT_TRUE(Save(**state, 8, "eight\n").ok());
  }
  const auto state = Open();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ((*state)->highest().serial, 8u);
  EXPECT_EQ((*state)->Manifest().value_or(""), "eight\n");
  const auto release = (*state)->releases().Find(revision_);
  ASSERT_TRUE(release.ok()) << release.status();
  EXPECT_EQ(*release->bytes, bundle_);
  EXPECT_EQ(release->approvals.size(), 4u);
}

TEST_F(StateFolderTest, OnlyOneHasIt) {
  const auto state = Open();
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Open().status().message()), HasSubstr("another process uses"));
}

TEST_F(StateFolderTest, DamagedStateIsNeverTakenForNone) {
  {
    const auto state = Open();
    ASSERT_TRUE(state.ok());
    ASSERT_TRUE(Save(**state, 7, "seven\n").ok());
  }
  const std::string file = folder_ / "state/activation.state";
  const std::string good = plumbline::testing::ReadFile(file);
  for (size_t size = 0; size < good.size(); ++size) {
    WriteFile(file, good.substr(0, size));
    EXPECT_EQ(Open().status().code(), absl::StatusCode::kDataLoss) << size;
  }
  for (const char* serial : {"serial 0", "serial -1", "serial 07", "serial x", "serial 7 "}) {
    std::string bad = good;
    bad.replace(bad.find("serial 7"), 8, serial);
    WriteFile(file, bad);
    EXPECT_EQ(Open().status().code(), absl::StatusCode::kDataLoss) << serial;
  }
  WriteFile(file, good);
  EXPECT_TRUE(Open().ok());
}

TEST_F(StateFolderTest, AManifestThatWasChangedIsNotResumed) {
  const auto state = Open();
  ASSERT_TRUE(state.ok());
  ASSERT_TRUE(Save(**state, 7, "seven\n").ok());
  WriteFile(folder_ / "state/manifest-7.note", "other\n");
  EXPECT_EQ((*state)->Manifest().status().code(), absl::StatusCode::kDataLoss);
}

// The process ended between the manifest and the serial: the old one is what was active.
TEST_F(StateFolderTest, HalfASaveIsTheOldState) {
  {
    const auto state = Open();
    ASSERT_TRUE(state.ok());
    ASSERT_TRUE(Save(**state, 7, "seven\n").ok());
  }
  WriteFile(folder_ / "state/manifest-8.note", "eight\n");
  const auto state = Open();
  ASSERT_TRUE(state.ok());
  EXPECT_EQ((*state)->Manifest().value_or(""), "seven\n");
}

// The new state is in its place, and fsync of the folder failed: a restart may find it.
TEST_F(StateFolderTest, StateThatIsNotSyncedCountsAsThereAndIsWrittenAgain) {
  auto state = Open();
  ASSERT_TRUE(state.ok());
  ASSERT_TRUE(Save(**state, 7, "seven\n").ok());
  const HighestSerial seven = (*state)->highest();
  ASSERT_TRUE(ArmFailpoints("activation-state-not-synced:*=error").ok());
  EXPECT_FALSE(Save(**state, 8, "eight\n").ok());
  EXPECT_EQ((*state)->highest().serial, 8u);
  EXPECT_FALSE(Save(**state, 8, "eight\n").ok()) << "equal files are not durable for that";
  EXPECT_FALSE((*state)->SetBack(seven).ok());
  EXPECT_EQ((*state)->highest().serial, 8u) << "there is something to set back still";
  DisarmFailpoints();
  EXPECT_TRUE((*state)->SetBack(seven).ok());
  state->reset();
  state = Open();
  ASSERT_TRUE(state.ok());
  EXPECT_EQ((*state)->Manifest().value_or(""), "seven\n");
}

TEST_F(StateFolderTest, SaveThatFailsBeforeTheStateChangesNothing) {
  const auto state = Open();
  ASSERT_TRUE(state.ok());
  ASSERT_TRUE(Save(**state, 7, "seven\n").ok());
  // A folder in the place of the manifest: rename fails, whoever runs this.
  std::filesystem::create_directory(folder_ / "state/manifest-8.note");
  EXPECT_FALSE(Save(**state, 8, "eight\n").ok());
  EXPECT_EQ((*state)->highest().serial, 7u);
}

TEST_F(StateFolderTest, SymbolicLinkIsRefused) {
  std::filesystem::create_directory(folder_ / "real");
  std::filesystem::create_directory_symlink(folder_ / "real", folder_ / "state");
  EXPECT_THAT(std::string(Open().status().message()), HasSubstr("is a symbolic link"));
}

}  // namespace
}  // namespace plumbline::registry
