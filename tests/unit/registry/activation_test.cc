#include "server/registry/activation.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/failpoint.h"
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

TEST_F(ActivationTest, ObserverIsAskedWhenAllButTheSwapIsDone) {
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  bench_.observer.on_before_swap = [this] {
    EXPECT_EQ(Stable(), first_);
    EXPECT_EQ(bench_.state->highest().serial, 2u);
  };
  ASSERT_TRUE(bench_.Activate(Signed(2, second_)).status.ok());
  ASSERT_EQ(bench_.observer.before_swap.size(), 2u);
  const ActivationEvent& asked = bench_.observer.before_swap[1];
  EXPECT_EQ(asked.origin, ActivationOrigin::kRpc);
  EXPECT_EQ(asked.serial, 2u);
  EXPECT_EQ(asked.stable, second_);
  EXPECT_EQ(asked.time, bench_.clock.now);
  EXPECT_EQ(asked.result.snapshot, bench_.registry->snapshot());

  // Nothing is put on record that is no activation.
  ASSERT_TRUE(bench_.Activate(Signed(2, second_)).unchanged);
  ActivationAttempt trial = bench_.AttemptOf(Signed(3, first_));
  trial.validate_only = true;
  ASSERT_TRUE(bench_.activation->Activate(trial).status.ok());
  EXPECT_EQ(bench_.observer.before_swap.size(), 2u);
}

TEST_F(ActivationTest, WhatCannotBePutOnRecordIsRefusedAlsoAfterARestart) {
  // The very first one, so that nothing was ever active; then with something active.
  bench_.observer.refusal = absl::UnavailableError("the disk is full");
  const ActivationResult never = bench_.Activate(Signed(1, first_));
  EXPECT_EQ(never.step, ActivationStep::kRecord);
  EXPECT_EQ(std::string(never.status.message()), "record: the disk is full");
  EXPECT_EQ(bench_.registry->snapshot(), nullptr);
  bench_.Restart();
  EXPECT_TRUE(absl::IsNotFound(bench_.activation->Resume().status));

  bench_.observer.refusal = absl::OkStatus();
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  bench_.observer.refusal = absl::UnavailableError("the disk is full");
  EXPECT_EQ(bench_.Activate(Signed(2, second_)).step, ActivationStep::kRecord);
  EXPECT_EQ(Stable(), first_);
  EXPECT_EQ(bench_.activation->status().failures_by_step.at("record"), 1u);
  bench_.Restart();
  bench_.observer.refusal = absl::OkStatus();
  ASSERT_TRUE(bench_.activation->Resume().status.ok());
  EXPECT_EQ(Stable(), first_);
  // The refusal used up no serial: another manifest may have it.
  EXPECT_TRUE(bench_.Activate(Signed(2, first_)).status.ok());
}

// A full disk can make the set-back fail, too. What is tried again later must not take the refused
// manifest for what was active.
TEST_F(ActivationTest, SetBackThatFailedIsMadeUpForByTheNextAttempt) {
  const std::string live = Signed(1, first_);
  const std::string refused = Signed(2, second_);
  const std::string state = bench_.folder / "state";
  const auto refuse_without_set_back = [&] {
    bench_.observer.on_before_swap = [&] { std::filesystem::rename(state, state + ".away"); };
    const ActivationResult result = bench_.Activate(refused);
    std::filesystem::rename(state + ".away", state);
    bench_.observer.on_before_swap = nullptr;
    EXPECT_EQ(result.step, ActivationStep::kRecord);
    EXPECT_THAT(std::string(result.status.message()),
                HasSubstr("record: the disk is full; and a restart may activate manifest 2"));
    EXPECT_EQ(bench_.state->highest().serial, 2u);
  };
  const auto restart = [&] {
    bench_.Restart();
    bench_.observer.refusal = absl::OkStatus();
    ASSERT_TRUE(bench_.activation->Resume().status.ok());
    EXPECT_EQ(Stable(), first_);
    bench_.observer.refusal = absl::UnavailableError("the disk is full");
  };
  ASSERT_TRUE(bench_.Activate(live).status.ok());
  bench_.observer.refusal = absl::UnavailableError("the disk is full");

  refuse_without_set_back();
  EXPECT_EQ(std::string(bench_.Activate(refused).status.message()), "record: the disk is full");
  restart();

  // What is active, sent again, is how an operator says that it shall stay.
  refuse_without_set_back();
  EXPECT_TRUE(bench_.Activate(live).unchanged);
  restart();

  refuse_without_set_back();
  std::filesystem::rename(state, state + ".away");
  const ActivationResult still = bench_.Activate(live);
  std::filesystem::rename(state + ".away", state);
  EXPECT_EQ(still.step, ActivationStep::kStore);
  EXPECT_TRUE(still.may_pass);
  EXPECT_THAT(std::string(still.status.message()), HasSubstr("this manifest is active, but"));
  EXPECT_TRUE(bench_.Activate(live).unchanged);
  restart();
}

// fsync of the folder fails when the new state is in its place.
TEST_F(ActivationTest, WhatCannotBeStoredIsRefusedAlsoAfterARestart) {
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  ASSERT_TRUE(ArmFailpoints("activation-state-not-synced=error").ok());
  const ActivationResult refused = bench_.Activate(Signed(2, second_));
  DisarmFailpoints();
  EXPECT_EQ(refused.step, ActivationStep::kStore);
  EXPECT_EQ(Stable(), first_);
  bench_.Restart();
  ASSERT_TRUE(bench_.activation->Resume().status.ok());
  EXPECT_EQ(Stable(), first_);
}

TEST_F(ActivationTest, ReleasesOfARequestCountForThatRequest) {
  std::filesystem::remove_all(bench_.releases_path());
  const std::string bundle = BundleOf(RulesOfVersion("1.2.3"));
  const auto given = GivenReleases::Create(
      {bundle}, {bench_.clinic.ApproveFully(BundleOf(RulesOfVersion("9.0.0"))),
                 bench_.clinic.ApproveFully(bundle)});
  ASSERT_TRUE(given.ok()) << given.status();
  ActivationAttempt attempt = bench_.AttemptOf(Signed(1, first_));
  attempt.releases = given->get();
  ASSERT_TRUE(bench_.activation->Activate(attempt).status.ok());
  EXPECT_EQ(Stable(), first_);
}

TEST_F(ActivationTest, RollbackNeedsNoApprovalsThatTheServerHasAlready) {
  ASSERT_TRUE(bench_.Activate(Signed(1, first_)).status.ok());
  ASSERT_TRUE(bench_.Activate(Signed(2, second_)).status.ok());
  const auto given = GivenReleases::Create({BundleOf(RulesOfVersion("1.2.3"))}, {});
  ASSERT_TRUE(given.ok()) << given.status();
  ActivationAttempt attempt = bench_.AttemptOf(Signed(3, first_));
  attempt.releases = given->get();
  const ActivationResult back = bench_.activation->Activate(attempt);
  ASSERT_TRUE(back.status.ok()) << back.status;
  EXPECT_EQ(Stable(), first_);
  EXPECT_EQ(back.snapshot->stable->approvals.size(), 4u);
  // They are those of that revision: a file without any that was never here stays refused.
  const auto never = GivenReleases::Create({BundleOf(RulesOfVersion("9.0.0"))}, {});
  ASSERT_TRUE(never.ok()) << never.status();
  attempt.manifest = Signed(4, RevisionOf(BundleOf(RulesOfVersion("9.0.0"))));
  attempt.releases = never->get();
  EXPECT_EQ(bench_.activation->Activate(attempt).step, ActivationStep::kApprovals);
}

// What came with a request is not worth reading before it is known who sent it.
TEST_F(ActivationTest, NothingOfAnUnsignedRequestIsReadBeyondItsManifest) {
  const std::string bundle = BundleOf(RulesOfVersion("1.2.3"));
  const struct {
    std::vector<std::string> bundles;
    std::vector<std::string> approvals;
    std::string reason;
  } requests[] = {
      {{bundle, bundle.substr(1)}, {}, "bundle 2 of the request: byte 0"},
      {{bundle}, {"no approval"}, "approval 1 of the request"},
  };
  for (const auto& request : requests) {
    SCOPED_TRACE(request.reason);
    const auto given = GivenReleases::Create(request.bundles, request.approvals);
    ASSERT_TRUE(given.ok()) << given.status();
    ActivationAttempt attempt =
        bench_.AttemptOf(*FormatManifest(bench_.clinic.ManifestOf(1, first_)));
    attempt.releases = given->get();
    EXPECT_EQ(bench_.activation->Activate(attempt).step, ActivationStep::kSignature);
    attempt.manifest = bench_.clinic.SignText("nonsense\n", *bench_.clinic.signer.key);
    EXPECT_EQ(bench_.activation->Activate(attempt).step, ActivationStep::kParse);
    // Signed, it is read, also what the manifest does not name.
    attempt.manifest = Signed(1, first_);
    const ActivationResult signed_one = bench_.activation->Activate(attempt);
    EXPECT_EQ(signed_one.step, ActivationStep::kRead);
    EXPECT_THAT(std::string(signed_one.status.message()), HasSubstr(request.reason));
  }
}

TEST_F(ActivationTest, MoreThanAnyManifestNeedsIsNotEvenTaken) {
  const auto reason_of = [](std::vector<std::string> bundles, std::vector<std::string> approvals) {
    const auto given = GivenReleases::Create(std::move(bundles), std::move(approvals));
    return std::string(given.status().message());
  };
  EXPECT_THAT(reason_of(std::vector<std::string>(kMaxGivenBundles + 1, "x"), {}),
              HasSubstr("brings 20 bundles, more than 19"));
  EXPECT_THAT(reason_of({"x", std::string(kMaxBundleBytes + 1, 'x')}, {}),
              HasSubstr("bundle 2 of the request is larger than"));
  EXPECT_THAT(reason_of({}, {std::string(kMaxApprovalsBytes + 1, 'x')}),
              HasSubstr("approval 1 of the request is larger than"));
  EXPECT_EQ(reason_of(std::vector<std::string>(kMaxGivenBundles, "x"), {"x"}), "");
}

// Rules with a first and a last day: 2026-11-20 and 2026-11-22.
std::string ThreeDays(const std::string& version) {
  const std::string from = "effective_from { year: 2026 month: 1 day: 31 }";
  return Edited(RulesOfVersion(version), from,
                "effective_from { year: 2026 month: 11 day: 20 } "
                "effective_until { year: 2026 month: 11 day: 22 }");
}

TEST_F(ActivationTest, RevisionsMustBeValidSomewhereToday) {
  const std::string three_days = bench_.Release(ThreeDays("2.0.0"));
  const auto at = [&](const char* time) {
    std::string error;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, time, &bench_.clock.now, &error)) << error;
    return std::string(bench_.Activate(Signed(1, three_days)).status.message());
  };
  EXPECT_THAT(at("2026-11-19T09:59:59Z"),
              HasSubstr("check: minimal 2.0.0, revision " + three_days.substr(0, 12) +
                        ": it is valid from 2026-11-20 on, and would answer nobody today"));
  EXPECT_THAT(at("2026-11-23T12:00:00Z"), HasSubstr("it was valid until 2026-11-22"));
  EXPECT_THAT(at("1970-01-01T00:00:00Z"), HasSubstr("it is valid from"));
  EXPECT_EQ(bench_.preparation.prepared, 0);
  // It is the 20th in the east of the Pacific, and still the 22nd in the west of it.
  EXPECT_EQ(at("2026-11-19T10:00:00Z"), "");
  EXPECT_EQ(at("2026-11-23T11:59:59Z"), "");
}

TEST_F(ActivationTest, RevisionThatIsLoadedMustStillBeValidToo) {
  const std::string three_days = bench_.Release(ThreeDays("2.0.0"));
  Manifest manifest = bench_.clinic.ManifestOf(1, first_);
  manifest.pinned = {three_days};
  ASSERT_TRUE(bench_.Activate(bench_.clinic.Sign(manifest)).status.ok());
  bench_.clock.now += absl::Hours(72);
  const ActivationResult back = bench_.Activate(Signed(2, three_days));
  EXPECT_EQ(back.step, ActivationStep::kCheck);
  EXPECT_THAT(std::string(back.status.message()), HasSubstr("it was valid until 2026-11-22"));
  EXPECT_EQ(Stable(), first_);
  EXPECT_TRUE(bench_.Activate(Signed(2, first_)).status.ok()) << "the others can be moved";
}

// What withdraws rules must not fail for the sake of a pin that ran out.
TEST_F(ActivationTest, PinsAndShadowsThatMayDecideNowhereTodayAreTakenAndToldOf) {
  const std::string three_days = bench_.Release(ThreeDays("2.0.0"));
  bench_.clock.now += absl::Hours(72);
  Manifest manifest = bench_.clinic.ManifestOf(1, first_);
  manifest.pinned = {three_days};
  ActivationResult result = bench_.Activate(bench_.clinic.Sign(manifest));
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_EQ(result.not_effective.size(), 1u);
  EXPECT_THAT(result.not_effective[0], HasSubstr("it was valid until 2026-11-22"));
  EXPECT_THAT(result.not_effective[0], HasSubstr(three_days.substr(0, 12)));
  EXPECT_EQ(bench_.observer.events.back().result.not_effective, result.not_effective);

  manifest = bench_.clinic.ManifestOf(2, first_);
  manifest.shadow = three_days;
  EXPECT_EQ(bench_.Activate(bench_.clinic.Sign(manifest)).not_effective.size(), 1u);
  manifest = bench_.clinic.ManifestOf(3, first_);
  manifest.canary = three_days;
  manifest.canary_basis_points = 1;
  EXPECT_EQ(bench_.Activate(bench_.clinic.Sign(manifest)).step, ActivationStep::kCheck);
  EXPECT_TRUE(bench_.Activate(Signed(4, first_)).not_effective.empty());
}

// A stable that ran out is no reason to keep a canary that must be withdrawn.
TEST_F(ActivationTest, RevisionThatRanOutKeepsItsPlaceAndGainsNone) {
  const std::string three_days = bench_.Release(ThreeDays("2.0.0"));
  const auto with_canary = [&](uint64_t serial, const std::string& stable,
                               const std::string& canary, uint32_t share) {
    Manifest manifest = bench_.clinic.ManifestOf(serial, stable);
    manifest.canary = canary;
    manifest.canary_basis_points = share;
    return bench_.Activate(bench_.clinic.Sign(manifest));
  };
  ASSERT_TRUE(with_canary(1, three_days, first_, 500).status.ok());
  bench_.clock.now += absl::Hours(72);
  const ActivationResult withdrawn = bench_.Activate(Signed(2, three_days));
  ASSERT_TRUE(withdrawn.status.ok()) << withdrawn.status;
  EXPECT_EQ(withdrawn.not_effective.size(), 1u);

  bench_.clock.now -= absl::Hours(72);
  ASSERT_TRUE(with_canary(3, first_, three_days, 500).status.ok());
  bench_.clock.now += absl::Hours(72);
  EXPECT_TRUE(with_canary(4, first_, three_days, 100).status.ok()) << "a smaller share";
  EXPECT_EQ(with_canary(5, first_, three_days, 101).step, ActivationStep::kCheck);
  EXPECT_EQ(with_canary(5, three_days, first_, 100).step, ActivationStep::kCheck);
}

TEST_F(ActivationTest, ClockThatIsBehindTheManifestIsNamed) {
  bench_.clock.now = absl::FromUnixSeconds(1'577'836'800);
  const std::string note = Signed(1, first_);
  const ActivationResult refused = bench_.Activate(note);
  EXPECT_EQ(refused.step, ActivationStep::kCheck);
  EXPECT_THAT(
      std::string(refused.status.message()),
      HasSubstr("; the clock of this machine says 2020-01-01T00:00:00+00:00, but the manifest "
                "was signed at "));
  // One that is right is not doubted.
  const std::string three_days = bench_.Release(ThreeDays("2.0.0"));
  bench_.clock.now = bench_.clinic.ManifestOf(1, first_).time + absl::Hours(24 * 30);
  EXPECT_THAT(std::string(bench_.Activate(Signed(1, three_days)).status.message()),
              ::testing::EndsWith("and would answer nobody today"));
}

// A revision that ran out overnight, or a clock that is not set yet, must not keep a server that
// restarts from answering with the others.
TEST_F(ActivationTest, RestartTakesUpWhatWasActiveWhateverTheDate) {
  Manifest manifest = bench_.clinic.ManifestOf(1, first_);
  manifest.pinned = {bench_.Release(ThreeDays("2.0.0"))};
  const std::string note = bench_.clinic.Sign(manifest);
  ASSERT_TRUE(bench_.Activate(note).status.ok());
  for (const absl::Time now : {bench_.clock.now + absl::Hours(72), absl::UnixEpoch()}) {
    bench_.clock.now = now;
    bench_.Restart();
    const ActivationResult resumed = bench_.activation->Resume();
    EXPECT_TRUE(resumed.status.ok()) << resumed.status;
    bench_.Restart();
    EXPECT_TRUE(bench_.Activate(note).status.ok()) << "the same from the folder";
  }
}

TEST_F(ActivationTest, RefusalsThatAreNoNewsAreNotReported) {
  ASSERT_TRUE(bench_.Activate(Signed(5, first_)).status.ok());
  const size_t reported = bench_.observer.events.size();
  ActivationAttempt attempt = bench_.AttemptOf(Signed(4, second_));
  attempt.older_is_no_news = true;
  ActivationResult result = bench_.activation->Activate(attempt);
  EXPECT_EQ(result.step, ActivationStep::kSerial) << "it is refused all the same";
  EXPECT_EQ(bench_.observer.events.size(), reported);
  // Not older, but another one.
  attempt.manifest = Signed(5, second_);
  EXPECT_EQ(bench_.activation->Activate(attempt).step, ActivationStep::kSerial);
  EXPECT_EQ(bench_.observer.events.size(), reported + 1);
  // Older and forged.
  attempt.manifest = Signed(4, second_) + "x";
  result = bench_.activation->Activate(attempt);
  EXPECT_EQ(result.step, ActivationStep::kSignature);
  EXPECT_EQ(bench_.observer.events.size(), reported + 2);
  attempt.known_refusal = std::string(result.status.message());
  EXPECT_EQ(bench_.activation->Activate(attempt).step, ActivationStep::kSignature);
  EXPECT_EQ(bench_.observer.events.size(), reported + 2);
  attempt.known_refusal = "another reason";
  EXPECT_EQ(bench_.activation->Activate(attempt).step, ActivationStep::kSignature);
  EXPECT_EQ(bench_.observer.events.size(), reported + 3);
  EXPECT_EQ(bench_.activation->status().failures, 3u);
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
      {&registry, bench_.clinic.Policy(), &bench_.preparation, nullptr, nullptr, &bench_.clock});
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

TEST_F(EngineActivationTest, RulesThatAreBadlyTestedAreRefused) {
  uint64_t serial = 0;
  for (const plumbline::testing::BadlyTestedRules& bad : plumbline::testing::BadlyTested("1.3.0")) {
    SCOPED_TRACE(bad.name);
    const ActivationResult result = bench_.Activate(
        bench_.clinic.Sign(bench_.clinic.ManifestOf(++serial, bench_.Release(bad.rules))));
    EXPECT_EQ(result.step, ActivationStep::kTests);
    EXPECT_THAT(std::string(result.status.message()), HasSubstr(bad.reason));
    EXPECT_EQ(bench_.registry->snapshot(), nullptr);
  }
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
