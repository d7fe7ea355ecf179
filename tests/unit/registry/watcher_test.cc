#include "server/registry/watcher.h"

#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/ruleset/minimal_ruleset.h"
#include "tests/unit/registry/activation_bench.h"

namespace plumbline::registry {
namespace {

using plumbline::testing::BundleOf;
using plumbline::testing::RevisionOf;
using plumbline::testing::RulesOfVersion;
using plumbline::testing::WriteFile;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class WatcherTest : public ::testing::Test {
 protected:
  std::string folder() const { return bench_.releases_path(); }
  void PutManifest(uint64_t serial, const std::string& stable) const {
    bench_.clinic.PutManifest(folder(),
                              bench_.clinic.Sign(bench_.clinic.ManifestOf(serial, stable)));
  }
  // Two looks: one sees the change, the next one that it lasts.
  bool Settle() {
    const bool first = watcher_.Look();
    return watcher_.Look() || first;
  }
  std::string Stable() const {
    const auto stable = bench_.registry->Lookup("stable");
    return stable == nullptr ? "none" : stable->revision;
  }
  std::string LastFailure() const {
    const auto failure = bench_.activation->status().last_failure;
    return failure.empty() ? "none" : failure[0].message;
  }
  uint64_t Failures() const { return bench_.activation->status().failures; }

  ActivationBench bench_;
  FolderWatcher watcher_{folder(), bench_.activation.get()};
  const std::string first_ = bench_.ReleaseOfVersion("1.2.3");
};

TEST_F(WatcherTest, StartTakesWhatIsThere) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  EXPECT_EQ(Stable(), first_);
  EXPECT_FALSE(Settle()) << "nothing has changed since";
}

TEST_F(WatcherTest, ChangeIsTakenOnceItLasts) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  const std::string second = bench_.ReleaseOfVersion("1.3.0");
  PutManifest(2, second);
  EXPECT_FALSE(watcher_.Look()) << "seen for the first time";
  EXPECT_EQ(Stable(), first_);
  EXPECT_TRUE(watcher_.Look());
  EXPECT_EQ(Stable(), second);
  EXPECT_FALSE(watcher_.Look());
  EXPECT_EQ(bench_.observer.events.back().origin, ActivationOrigin::kWatch);
}

TEST_F(WatcherTest, BundlesMayHaveAnyName) {
  fs::rename(absl::StrCat(folder(), "/", first_, ".plumb"), folder() + "/minimal-1.2.3.plumb");
  fs::rename(absl::StrCat(folder(), "/", first_, ".plumb.approvals"),
             folder() + "/minimal-1.2.3.plumb.approvals");
  WriteFile(folder() + "/broken.plumb", "nothing to do with it");
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  EXPECT_EQ(Stable(), first_);
}

TEST_F(WatcherTest, BundleThatIsStillBeingCopiedIsTakenWhenItIsWhole) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  const std::string bundle = BundleOf(RulesOfVersion("1.3.0"));
  const std::string second = RevisionOf(bundle);
  const std::string file = absl::StrCat(folder(), "/", second, ".plumb");
  WriteFile(file + ".approvals", bench_.clinic.ApproveFully(bundle));
  PutManifest(2, second);
  uint64_t failures = 0;
  for (size_t size = 0; size < bundle.size(); size += bundle.size() / 20) {
    WriteFile(file, bundle.substr(0, size));
    EXPECT_TRUE(Settle()) << size;
    EXPECT_EQ(Failures(), ++failures);
    EXPECT_THAT(LastFailure(), HasSubstr(size == 0 ? "is empty" : "truncated"));
    EXPECT_EQ(Stable(), first_);
    EXPECT_FALSE(Settle()) << "no second try of the same half";
  }
  WriteFile(file, bundle);
  EXPECT_TRUE(Settle());
  EXPECT_EQ(Stable(), second);
  EXPECT_EQ(Failures(), failures);
}

TEST_F(WatcherTest, HalfAManifestIsNeverActive) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  const std::string second = bench_.ReleaseOfVersion("1.3.0");
  const std::string note = bench_.clinic.Sign(bench_.clinic.ManifestOf(2, second));
  for (size_t size = 0; size < note.size(); size += 7) {
    WriteFile(folder() + "/manifest.note", note.substr(0, size));
    EXPECT_TRUE(Settle()) << size;
    EXPECT_EQ(Stable(), first_);
  }
  WriteFile(folder() + "/manifest.note", note);
  EXPECT_TRUE(Settle());
  EXPECT_EQ(Stable(), second);
}

TEST_F(WatcherTest, ApprovalThatComesLaterIsEnough) {
  const std::string bundle = BundleOf(RulesOfVersion("1.3.0"));
  const std::string second = RevisionOf(bundle);
  bench_.clinic.PutBundle(folder(), bundle);
  PutManifest(1, second);
  EXPECT_TRUE(Settle());
  EXPECT_THAT(LastFailure(), HasSubstr("approvals: "));
  WriteFile(absl::StrCat(folder(), "/", second, ".plumb.approvals"),
            bench_.clinic.ApproveFully(bundle));
  EXPECT_TRUE(Settle());
  EXPECT_EQ(Stable(), second);
}

TEST_F(WatcherTest, SymbolicLinksAreRefused) {
  PutManifest(1, first_);
  fs::rename(folder() + "/manifest.note", bench_.folder / "elsewhere.note");
  fs::create_symlink(bench_.folder / "elsewhere.note", folder() + "/manifest.note");
  EXPECT_TRUE(Settle());
  EXPECT_THAT(LastFailure(), HasSubstr("manifest.note is a symbolic link"));
  fs::rename(folder(), bench_.folder / "elsewhere");
  fs::create_directory_symlink(bench_.folder / "elsewhere", folder());
  EXPECT_TRUE(Settle());
  EXPECT_THAT(LastFailure(), HasSubstr("releases is a symbolic link"));
  EXPECT_EQ(Stable(), "none");
}

TEST_F(WatcherTest, FolderThatGoesAwayChangesNothing) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  fs::remove_all(folder());
  EXPECT_TRUE(Settle());
  EXPECT_THAT(LastFailure(), HasSubstr("read: no folder"));
  EXPECT_EQ(Stable(), first_);
  EXPECT_FALSE(Settle()) << "reported once";
}

TEST_F(WatcherTest, StartResumesWhenTheFolderIsOlderOrEmpty) {
  PutManifest(1, first_);
  const std::string second = bench_.ReleaseOfVersion("1.3.0");
  ASSERT_TRUE(bench_.Activate(bench_.clinic.Sign(bench_.clinic.ManifestOf(2, second))).status.ok());
  bench_.Restart();
  {
    FolderWatcher restarted(folder(), bench_.activation.get());
    EXPECT_TRUE(restarted.ActivateAtStart().ok());
    EXPECT_EQ(Stable(), second);
    EXPECT_EQ(LastFailure(), "none") << "a newer one came by RPC, which is no fault of the folder";
  }
  fs::remove(folder() + "/manifest.note");
  bench_.Restart();
  {
    FolderWatcher restarted(folder(), bench_.activation.get());
    EXPECT_TRUE(restarted.ActivateAtStart().ok());
    EXPECT_EQ(Stable(), second);
    EXPECT_EQ(LastFailure(), "none") << "nothing ever came from the folder";
  }
  fs::remove_all(folder());
  bench_.Restart();
  FolderWatcher restarted(folder(), bench_.activation.get());
  EXPECT_TRUE(restarted.ActivateAtStart().ok());
  EXPECT_EQ(Stable(), second);
  EXPECT_THAT(LastFailure(), HasSubstr("no folder"));
}

TEST_F(WatcherTest, StartWithWhatWasActiveIsNoRefusalAndWithAnotherOfItsSerialIs) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  bench_.Restart();
  {
    FolderWatcher restarted(folder(), bench_.activation.get());
    EXPECT_TRUE(restarted.ActivateAtStart().ok());
    EXPECT_EQ(LastFailure(), "none");
    EXPECT_EQ(Stable(), first_);
  }
  PutManifest(1, bench_.ReleaseOfVersion("1.3.0"));
  bench_.Restart();
  FolderWatcher restarted(folder(), bench_.activation.get());
  EXPECT_TRUE(restarted.ActivateAtStart().ok());
  EXPECT_EQ(Stable(), first_);
  EXPECT_THAT(LastFailure(), HasSubstr("serial 1 was active here with another manifest"));
}

TEST_F(WatcherTest, OlderManifestIsARefusalOnlyForWhoeverPutsItThere) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  const std::string second = bench_.ReleaseOfVersion("1.3.0");
  ASSERT_TRUE(bench_.Activate(bench_.clinic.Sign(bench_.clinic.ManifestOf(3, second))).status.ok());
  EXPECT_TRUE(Settle()) << "the folder has another file";
  EXPECT_EQ(LastFailure(), "none") << "its manifest is what it was";
  // Somebody tries to go back with an old manifest.
  PutManifest(2, first_);
  EXPECT_TRUE(Settle());
  EXPECT_THAT(LastFailure(), HasSubstr("serial 2 is lower than 3"));
  EXPECT_EQ(Failures(), 1u);
  WriteFile(folder() + "/note.txt", "for the next shift");
  EXPECT_TRUE(Settle());
  EXPECT_EQ(Failures(), 1u);
  EXPECT_EQ(Stable(), second);
}

// The evening before the first day, nobody wants to get up at midnight.
TEST_F(WatcherTest, RulesOfTomorrowAreTakenWhenItIsTomorrowAndReportedOnce) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  const std::string tomorrow = bench_.Release(plumbline::testing::Edited(
      RulesOfVersion("1.3.0"), "year: 2026 month: 1 day: 31", "year: 2026 month: 11 day: 23"));
  PutManifest(2, tomorrow);
  EXPECT_TRUE(Settle());
  EXPECT_THAT(LastFailure(), HasSubstr("valid from 2026-11-23"));
  for (int look = 0; look < 100; ++look) watcher_.Look();
  EXPECT_EQ(Failures(), 1u);
  EXPECT_EQ(bench_.observer.events.size(), 2u);
  EXPECT_EQ(Stable(), first_);
  bench_.clock.now += absl::Hours(36);
  int tries = 0;
  for (int look = 0; look < 15; ++look) tries += watcher_.Look() ? 1 : 0;
  EXPECT_EQ(tries, 1);
  EXPECT_EQ(Stable(), tomorrow);
}

TEST_F(WatcherTest, FullDiskIsTriedAgainAndReportedOnce) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  bench_.observer.refusal = absl::UnavailableError("no space left on device");
  PutManifest(2, bench_.ReleaseOfVersion("1.3.0"));
  EXPECT_TRUE(Settle());
  for (int look = 0; look < 100; ++look) watcher_.Look();
  EXPECT_EQ(Failures(), 1u);
  bench_.observer.refusal = absl::UnavailableError("the log has failed");
  for (int look = 0; look < 30; ++look) watcher_.Look();
  EXPECT_EQ(Failures(), 2u) << "another reason is news";
  bench_.observer.refusal = absl::OkStatus();
  for (int look = 0; look < 15; ++look) watcher_.Look();
  EXPECT_NE(Stable(), first_);
}

TEST_F(WatcherTest, WhatFollowsFromTheFilesIsTriedOnceOnly) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  bench_.preparation.failed_tests = {"V-1: level"};
  PutManifest(2, bench_.ReleaseOfVersion("1.3.0"));
  EXPECT_TRUE(Settle());
  const int prepared = bench_.preparation.prepared;
  for (int look = 0; look < 100; ++look) EXPECT_FALSE(watcher_.Look());
  EXPECT_EQ(bench_.preparation.prepared, prepared);
}

// A disk that is full at the start: the process had better end and be started again than wait for
// somebody to notice that it serves nothing.
TEST_F(WatcherTest, StartThatCannotBePutOnRecordIsUnavailable) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  bench_.Restart();
  bench_.observer.refusal = absl::UnavailableError("no space left on device");
  FolderWatcher restarted(folder(), bench_.activation.get());
  const absl::Status status = restarted.ActivateAtStart();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no space left"));
}

// What the log must know of a revision is written while it is prepared.
TEST_F(WatcherTest, StartThatCannotBePreparedForWantOfSpaceIsUnavailable) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  const auto restarted = [this](const absl::Status& why) {
    bench_.Restart();
    bench_.preparation.status = why;
    FolderWatcher watcher(folder(), bench_.activation.get());
    return watcher.ActivateAtStart();
  };
  const absl::Status full = restarted(absl::ResourceExhaustedError("no space left on device"));
  EXPECT_EQ(full.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(full.message()), HasSubstr("warm-up: no space left"));
  // Rules that the engine does not take are no better after another start.
  EXPECT_EQ(restarted(absl::InternalError("no answer")).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(WatcherTest, FolderThatComesBackIsTakenUpWithoutAWord) {
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  fs::rename(folder(), bench_.folder / "unmounted");
  EXPECT_TRUE(Settle());
  EXPECT_EQ(Failures(), 1u);
  fs::rename(bench_.folder / "unmounted", folder());
  EXPECT_TRUE(Settle());
  EXPECT_EQ(Failures(), 1u);
  PutManifest(2, bench_.ReleaseOfVersion("1.3.0"));
  EXPECT_TRUE(Settle());
  EXPECT_NE(Stable(), first_);
}

TEST_F(WatcherTest, FileThatMayNotBeReadIsNamedAndTakenOnceItMay) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  PutManifest(1, first_);
  ASSERT_TRUE(watcher_.ActivateAtStart().ok());
  const std::string second = bench_.ReleaseOfVersion("1.3.0");
  const std::string file = absl::StrCat(folder(), "/", second, ".plumb");
  fs::permissions(file, fs::perms::none);
  PutManifest(2, second);
  EXPECT_TRUE(Settle());
  EXPECT_THAT(LastFailure(), HasSubstr(absl::StrCat("cannot open ", file, ": Permission denied")));
  fs::permissions(file, fs::perms::owner_read);
  EXPECT_TRUE(Settle());
  EXPECT_EQ(Stable(), second);
}

TEST_F(WatcherTest, StartWithNothingAtAllSaysWhy) {
  const absl::Status status = watcher_.ActivateAtStart();
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing can be activated"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no file"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing was ever active"));
}

TEST_F(WatcherTest, ThreadLooksUntilItIsStopped) {
  PutManifest(1, first_);
  watcher_.Start(absl::Milliseconds(1));
  while (bench_.registry->snapshot() == nullptr) std::this_thread::yield();
  watcher_.Stop();
  EXPECT_EQ(Stable(), first_);
  PutManifest(2, bench_.ReleaseOfVersion("1.3.0"));
  watcher_.Stop();
  EXPECT_EQ(Stable(), first_);
}

}  // namespace
}  // namespace plumbline::registry
