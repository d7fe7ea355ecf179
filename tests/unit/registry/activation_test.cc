#include "server/registry/activation.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/service/registry_source.h"
#include "tests/testing/ruleset/minimal_ruleset.h"
#include "tests/unit/registry/activation_bench.h"

namespace plumbline::registry {
namespace {

using plumbline::testing::BundleOf;
using plumbline::testing::Edited;
using plumbline::testing::RevisionOf;
using plumbline::testing::RulesOfVersion;
using ::testing::HasSubstr;

class ActivationTest : public ::testing::Test {
 protected:
  std::string Signed(uint64_t serial, const std::string& stable) const {
    return bench_.clinic.Sign(bench_.clinic.ManifestOf(serial, stable));
  }
  std::string Stable() const { return bench_.registry->Lookup("stable")->revision; }

  ActivationBench bench_;
  const std::string first_ = bench_.ReleaseOfVersion("1.2.3");
  const std::string second_ = bench_.ReleaseOfVersion("1.3.0");
};

TEST_F(ActivationTest, WholeManifestBecomesActive) {
  const std::string third = bench_.ReleaseOfVersion("1.4.0");
  Manifest manifest = bench_.clinic.ManifestOf(7, first_);
  manifest.canary = second_;
  manifest.canary_basis_points = 500;
  manifest.shadow = third;
  manifest.pinned = {second_};
  const std::string note = bench_.clinic.Sign(manifest);
  const ActivationResult result = bench_.Activate(note);
  ASSERT_TRUE(result.status.ok()) << result.status;
  const auto snapshot = bench_.registry->snapshot();
  EXPECT_EQ(result.snapshot, snapshot);
  EXPECT_EQ(snapshot->manifest.serial, 7u);
  EXPECT_EQ(snapshot->manifest_note, note);
  EXPECT_EQ(snapshot->activated_at, bench_.clock.now);
  EXPECT_EQ(snapshot->stable->revision, first_);
  EXPECT_EQ(snapshot->canary->revision, second_);
  EXPECT_EQ(snapshot->shadow->revision, third);
  EXPECT_EQ(snapshot->revisions.size(), 3u);
  EXPECT_EQ(snapshot->stable->approvals.size(), 4u);
  EXPECT_EQ(*snapshot->stable->bundle, BundleOf(RulesOfVersion("1.2.3")));
  EXPECT_EQ(snapshot->stable->ruleset->revision, first_);
  EXPECT_EQ(static_cast<const FakeServable&>(*snapshot->canary->servable).revision, second_);
  ASSERT_EQ(bench_.observer.events.size(), 1u);
  EXPECT_TRUE(bench_.observer.events[0].result.status.ok());
  EXPECT_EQ(bench_.observer.events[0].serial, 7u);
  EXPECT_EQ(bench_.observer.events[0].stable, first_);
  EXPECT_EQ(bench_.activation->status().activations, 1u);
}

TEST_F(ActivationTest, SameManifestAgainChangesNothingAndIsNoFailure) {
  const std::string note = Signed(1, first_);
  ASSERT_TRUE(bench_.Activate(note).status.ok());
  const auto snapshot = bench_.registry->snapshot();
  const ActivationResult again = bench_.Activate(note);
  EXPECT_TRUE(again.status.ok());
  EXPECT_TRUE(again.unchanged);
  EXPECT_EQ(bench_.registry->snapshot(), snapshot);
  EXPECT_EQ(bench_.observer.events.size(), 1u);
  EXPECT_EQ(bench_.activation->status().activations, 1u);
}

TEST_F(ActivationTest, RollbackIsANewManifestWithAHigherSerial) {
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  ASSERT_TRUE(bench_.Activate(Signed(2, second_)).status.ok());
  EXPECT_EQ(Stable(), second_);
  EXPECT_FALSE(bench_.Activate(Signed(1, first_)).status.ok());
  EXPECT_EQ(Stable(), second_);
  // Also when the file is gone from where releases come from: it was kept.
  std::filesystem::remove_all(bench_.releases_path());
  std::filesystem::create_directory(bench_.releases_path());
  const ActivationResult back = bench_.Activate(Signed(3, first_));
  ASSERT_TRUE(back.status.ok()) << back.status;
  EXPECT_EQ(Stable(), first_);
}

TEST_F(ActivationTest, RevisionsThatAreLoadedAreNotPreparedAgain) {
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  const auto servable = bench_.registry->snapshot()->stable->servable;
  Manifest manifest = bench_.clinic.ManifestOf(2, first_);
  manifest.shadow = second_;
  ASSERT_TRUE(bench_.Activate(bench_.clinic.Sign(manifest)).status.ok());
  EXPECT_EQ(bench_.preparation.prepared, 2);
  EXPECT_EQ(bench_.registry->snapshot()->stable->servable, servable);
}

TEST_F(ActivationTest, ExpectCurrentGuardsAgainstWhatOthersActivated) {
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  ActivationAttempt attempt = bench_.AttemptOf(Signed(2, second_));
  attempt.expect_current = second_;
  const ActivationResult refused = bench_.activation->Activate(attempt);
  EXPECT_EQ(refused.status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(refused.status.message()),
              HasSubstr(absl::StrCat("the stable revision is ", first_)));
  attempt.expect_current = first_;
  EXPECT_TRUE(bench_.activation->Activate(attempt).status.ok());
}

TEST_F(ActivationTest, ValidateOnlyDoesEverythingButTheSwap) {
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  ActivationAttempt attempt = bench_.AttemptOf(Signed(2, second_));
  attempt.validate_only = true;
  const ActivationResult result = bench_.activation->Activate(attempt);
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.snapshot->stable->revision, second_);
  EXPECT_EQ(bench_.preparation.prepared, 2);
  EXPECT_EQ(Stable(), first_);
  EXPECT_EQ(bench_.state->highest().serial, 1u);
  EXPECT_EQ(bench_.observer.events.size(), 1u);

  bench_.preparation.failed_tests = {"V-1"};
  const ActivationResult failed = bench_.activation->Activate(attempt);
  EXPECT_EQ(failed.step, ActivationStep::kTests);
  EXPECT_EQ(bench_.observer.events.size(), 2u);
  EXPECT_TRUE(bench_.observer.events[1].validate_only);
  EXPECT_EQ(bench_.activation->status().failures, 0u);
  // Validating used up no serial.
  bench_.preparation.failed_tests.clear();
  EXPECT_TRUE(bench_.Activate(Signed(2, second_)).status.ok());
}

TEST_F(ActivationTest, ReleasesOfARequestCountForThatRequest) {
  std::filesystem::remove_all(bench_.releases_path());
  const std::string bundle = BundleOf(RulesOfVersion("1.2.3"));
  const auto given = GivenReleases::Create(
      {bundle}, {bench_.clinic.ApproveFully(BundleOf(RulesOfVersion("9.0.0"))),
                 bench_.clinic.ApproveFully(bundle)});
  ASSERT_TRUE(given.ok()) << given.status();
  ActivationAttempt attempt = bench_.AttemptOf(Signed(1, first_));
  attempt.releases = &*given;
  ASSERT_TRUE(bench_.activation->Activate(attempt).status.ok());
  EXPECT_EQ(Stable(), first_);
  const auto broken = GivenReleases::Create({bundle, bundle.substr(1)}, {});
  EXPECT_THAT(std::string(broken.status().message()), HasSubstr("bundle 2 of the request: byte 0"));
}

TEST_F(ActivationTest, RestartResumesWhatWasActiveAndRefusesWhatIsOlder) {
  const std::string old = Signed(1, first_);
  ASSERT_TRUE(bench_.Activate(old).status.ok());
  ASSERT_TRUE(bench_.Activate(Signed(2, second_)).status.ok());
  std::filesystem::remove_all(bench_.releases_path());
  bench_.Restart();
  EXPECT_EQ(bench_.registry->snapshot(), nullptr);
  const ActivationResult replayed = bench_.Activate(old);
  EXPECT_EQ(replayed.step, ActivationStep::kSerial);
  EXPECT_EQ(bench_.registry->snapshot(), nullptr);
  const ActivationResult resumed = bench_.activation->Resume();
  ASSERT_TRUE(resumed.status.ok()) << resumed.status;
  EXPECT_EQ(Stable(), second_);
  EXPECT_EQ(bench_.registry->snapshot()->stable->approvals.size(), 4u);
}

TEST_F(ActivationTest, ApprovalsThatAreNotTrustedAreShownAndNotKept) {
  const std::string bundle = BundleOf(RulesOfVersion("1.2.3"));
  const std::string strangers =
      bench_.clinic.Approve(bundle, bench_.clinic.stranger, Meaning::kApproved);
  plumbline::testing::WriteFile(
      absl::StrCat(bench_.releases_path(), "/", first_, ".plumb.approvals"),
      strangers + bench_.clinic.ApproveFully(bundle));
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  const auto stable = bench_.registry->snapshot()->stable;
  ASSERT_EQ(stable->approvals.size(), 5u);
  EXPECT_FALSE(stable->approvals[0].trusted);
  EXPECT_EQ(stable->approvals_note, bench_.clinic.ApproveFully(bundle));
}

TEST_F(ActivationTest, ResumeSaysWhatIsWrongWithTheStateFolder) {
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  std::filesystem::resize_file(bench_.folder / absl::StrCat("state/", first_, ".plumb"), 100);
  bench_.Restart();
  const ActivationResult result = bench_.activation->Resume();
  EXPECT_EQ(result.step, ActivationStep::kRead);
  EXPECT_THAT(std::string(result.status.message()), HasSubstr("truncated"));
}

TEST_F(ActivationTest, NothingToResumeIsNotFoundAndNoFailure) {
  EXPECT_EQ(bench_.activation->Resume().status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(bench_.activation->status().failures, 0u);
}

TEST_F(ActivationTest, WithoutAStateFolderTheSerialIsRememberedForTheProcess) {
  RulesetRegistry registry;
  Activation activation(
      {&registry, bench_.clinic.Policy(), &bench_.preparation, nullptr, nullptr, nullptr});
  ASSERT_TRUE(activation.Activate(bench_.AttemptOf(Signed(2, first_))).status.ok());
  EXPECT_EQ(activation.Activate(bench_.AttemptOf(Signed(1, first_))).step, ActivationStep::kSerial);
}

TEST_F(ActivationTest, ReportedFailuresCountLikeOwnOnes) {
  bench_.activation->ReportFailure(ActivationOrigin::kWatch, ActivationStep::kRead,
                                   absl::NotFoundError("no folder"));
  const ActivationStatus status = bench_.activation->status();
  EXPECT_EQ(status.failures, 1u);
  ASSERT_EQ(status.last_failure.size(), 1u);
  EXPECT_EQ(status.last_failure[0].origin, ActivationOrigin::kWatch);
  EXPECT_EQ(status.last_failure[0].message, "read: no folder");
  EXPECT_EQ(bench_.observer.events.size(), 1u);
}

class EngineActivationTest : public ::testing::Test {
 protected:
  service::EnginePreparation preparation_;
  ActivationBench bench_{&preparation_};
};

TEST_F(EngineActivationTest, RuleTestsOfTheRulesetDecide) {
  const std::string good = bench_.ReleaseOfVersion("1.2.3");
  const ActivationResult first =
      bench_.Activate(bench_.clinic.Sign(bench_.clinic.ManifestOf(1, good)));
  ASSERT_TRUE(first.status.ok()) << first.status;
  const std::string bad =
      bench_.Release(Edited(RulesOfVersion("1.3.0"), "    level: LEVEL_URGENT_SAME_DAY\n    fires",
                            "    level: LEVEL_EXERCISE_OK\n    fires"));
  const ActivationResult result =
      bench_.Activate(bench_.clinic.Sign(bench_.clinic.ManifestOf(2, bad)));
  EXPECT_EQ(result.step, ActivationStep::kTests);
  EXPECT_THAT(std::string(result.status.message()),
              HasSubstr("1 of 1 rule tests fail: V-1: level: expected LEVEL_EXERCISE_OK, got "
                        "LEVEL_URGENT_SAME_DAY"));
  const service::RegistryRulesetSource source(bench_.registry.get());
  const service::Choice choice = source.Choose("", "request");
  ASSERT_NE(choice.ruleset, nullptr);
  EXPECT_EQ(choice.ruleset->revision, good);
  EXPECT_EQ(choice.ruleset->version, "1.2.3");
  EXPECT_EQ(choice.alias, "stable");
  EXPECT_EQ(choice.manifest_serial, 1u);
  std::string decision;
  EXPECT_TRUE(
      choice.ruleset->evaluator
          ->Evaluate(v1::Intake(), absl::CivilDay(2026, 6, 1), engine::View::kFull, decision)
          .empty());
  EXPECT_FALSE(decision.empty());
}

TEST_F(EngineActivationTest, TheRealRulesGoTheWholeWay) {
  const auto files = ruleset::ReadRulesetFolder(std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) +
                                                "/rules/low_back_pain");
  ASSERT_TRUE(files.ok()) << files.status();
  const std::string bundle = BundleOf(*files);
  bench_.clinic.PutRelease(bench_.releases_path(), bundle);
  const ActivationResult result =
      bench_.Activate(bench_.clinic.Sign(bench_.clinic.ManifestOf(1, RevisionOf(bundle))));
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.snapshot->stable->ruleset->source.manifest().ruleset_id(), "low_back_pain");
}

}  // namespace
}  // namespace plumbline::registry
