#include "server/service/shadow.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/service/evaluate_service.h"
#include "server/service/registry_source.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/ruleset/minimal_ruleset.h"
#include "tests/unit/registry/activation_bench.h"

namespace plumbline::service {
namespace {

using plumbline::testing::Edited;
using plumbline::testing::MinimalRulesetText;
using plumbline::testing::RulesOfVersion;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class CollectingShadowObserver : public ShadowObserver {
 public:
  bool OnDisagreement(const ShadowDisagreement& disagreement) override {
    if (wait_for != nullptr) wait_for->WaitForNotification();
    disagreements.push_back(disagreement);
    return !full;
  }
  std::vector<ShadowDisagreement> disagreements;
  absl::Notification* wait_for = nullptr;
  bool full = false;
};

// Records under made-up ids, or fails, or takes its time.
class NamingRecorder : public NullRecorder {
 public:
  void Record(std::unique_ptr<DecisionTicket>, const DecisionDraft&, Done done) override {
    if (holds) {
      held = std::move(done);
      return;
    }
    if (fails) return std::move(done)(absl::UnavailableError("no room"));
    RecordPlace place;
    place.id = absl::StrCat("decision-", ++records);
    std::move(done)(std::move(place));
  }
  int records = 0;
  bool fails = false;
  bool holds = false;
  Done held;
};

// Answers what is no decision.
class BrokenEvaluator : public testing::FakeEvaluator {
 public:
  std::vector<engine::FieldViolation> Evaluate(const v1::Intake&, absl::CivilDay, engine::View,
                                               std::string& decision) const override {
    decision = "\x0b\xff";
    return {};
  }
};

// Rules of one version get a broken evaluator.
class BreakingPreparation : public EnginePreparation {
 public:
  absl::StatusOr<Prepared> Prepare(
      std::shared_ptr<const ruleset::CompiledRuleset> ruleset) override {
    const std::string version = ruleset->source.manifest().version();
    const std::string revision = ruleset->revision;
    absl::StatusOr<Prepared> prepared = EnginePreparation::Prepare(std::move(ruleset));
    if (prepared.ok() && version == broken_version) {
      auto served = std::make_shared<ServedRuleset>();
      served->version = version;
      served->revision = revision;
      served->evaluator = std::make_shared<BrokenEvaluator>();
      prepared->servable = ServableOf(std::move(served));
    }
    return prepared;
  }
  std::string broken_version;
};

v1::RuleDisagreement RuleOf(const std::string& id, const v1::AliasTraffic& traffic) {
  for (const v1::RuleDisagreement& rule : traffic.by_rule()) {
    if (rule.rule_id() == id) return rule;
  }
  return {};
}

class ShadowTest : public ::testing::Test {
 protected:
  // Stable: older is 60 and more. The shadow: 70 and more.
  void Activate(uint64_t serial, const std::string& canary = "") {
    registry::Manifest manifest = bench_.clinic.ManifestOf(serial, stable_);
    manifest.shadow = shadow_revision_;
    manifest.canary = canary;
    manifest.canary_basis_points = 10'000;
    const auto result = bench_.Activate(bench_.clinic.Sign(manifest));
    ASSERT_TRUE(result.status.ok()) << result.status;
  }

  static v1::EvaluateRequest RequestOf(int age, bool fever) {
    v1::EvaluateRequest request;
    request.mutable_intake()->mutable_person()->set_age_years(age);
    request.mutable_intake()->mutable_general_illness()->set_fever(fever ? v1::TRI_YES
                                                                         : v1::TRI_NO);
    request.mutable_as_of()->set_year(2026);
    request.mutable_as_of()->set_month(6);
    request.mutable_as_of()->set_day(1);
    return request;
  }

  absl::Status Evaluate(int age, bool fever, const std::string& request_id = "",
                        const std::string& pin = "") {
    v1::EvaluateRequest request = RequestOf(age, fever);
    request.set_request_id(request_id);
    request.set_ruleset_revision(pin);
    return service_.EvaluateAndWait(request, Caller()).status();
  }

  BreakingPreparation preparation_;
  registry::ActivationBench bench_{&preparation_};
  const std::string stable_ = bench_.ReleaseOfVersion("1.2.3");
  const std::string shadow_revision_ =
      bench_.Release(Edited(RulesOfVersion("1.3.0"), "age_years >= 60", "age_years >= 70"));
  CollectingShadowObserver observer_;
  Shadow shadow_{bench_.registry.get(), &observer_, 4};
  NamingRecorder named_;
  ShadowRecorder recorder_{&named_, &shadow_};
  RegistryRulesetSource source_{bench_.registry.get()};
  EvaluateService service_{&source_, &recorder_};
};

TEST_F(ShadowTest, DisagreementsNameRulesAndRecord) {
  Activate(3);
  ASSERT_TRUE(Evaluate(50, true).ok());
  ASSERT_TRUE(Evaluate(65, true).ok());
  ASSERT_TRUE(Evaluate(75, true).ok());
  shadow_.Drain();
  ASSERT_EQ(observer_.disagreements.size(), 1u);
  const ShadowDisagreement& found = observer_.disagreements[0];
  EXPECT_EQ(found.decision_id, "decision-2");
  EXPECT_EQ(found.active_revision, stable_);
  EXPECT_EQ(found.shadow_revision, shadow_revision_);
  EXPECT_EQ(found.manifest_serial, 3u);
  EXPECT_TRUE(found.change.level_changed);
  EXPECT_FALSE(found.refused);
  EXPECT_THAT(found.change.effects.disappeared, Contains("RF-1"));
  EXPECT_THAT(found.change.effects.appeared, Not(Contains("RF-1")));
  const v1::AliasTraffic traffic = shadow_.Traffic();
  EXPECT_EQ(traffic.alias(), "shadow");
  EXPECT_EQ(traffic.compared(), 3u);
  EXPECT_EQ(traffic.disagreed(), 1u);
  EXPECT_EQ(traffic.skipped(), 0u);
  EXPECT_EQ(traffic.level_changed(), 1u);
  EXPECT_EQ(traffic.refused(), 0u);
  EXPECT_EQ(traffic.unrecorded(), 0u);
  const v1::RuleDisagreement rule = RuleOf("RF-1", traffic);
  EXPECT_EQ(rule.active_only(), 1u);
  EXPECT_EQ(rule.shadow_only(), 0u);
  EXPECT_EQ(rule.altered(), 0u);
}

// The rule fires on both sides, nobody's level or gate changes.
TEST_F(ShadowTest, AnotherLimitOfARuleIsSeenAndReportedByRule) {
  registry::Manifest manifest = bench_.clinic.ManifestOf(1, stable_);
  manifest.shadow = bench_.Release(
      Edited(RulesOfVersion("1.4.0"), "because: \"You are", "due_days: 1 because: \"You are"));
  const auto result = bench_.Activate(bench_.clinic.Sign(manifest));
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_TRUE(Evaluate(50, false).ok());
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  const v1::AliasTraffic traffic = shadow_.Traffic();
  EXPECT_EQ(traffic.compared(), 2u);
  EXPECT_EQ(traffic.disagreed(), 1u);
  EXPECT_EQ(traffic.time_limit_changed(), 1u);
  EXPECT_EQ(traffic.level_changed(), 0u);
  const v1::RuleDisagreement rule = RuleOf("RF-1", traffic);
  EXPECT_EQ(rule.altered(), 1u);
  EXPECT_EQ(rule.alterations().time_limit(), 1u);
  EXPECT_EQ(rule.shadow_only() + rule.active_only(), 0u);
  ASSERT_EQ(observer_.disagreements.size(), 1u);
  const Event event = ToEvent(observer_.disagreements[0]);
  EXPECT_THAT(event.attributes, Contains(Pair("altered", "RF-1:time_limit")));
  EXPECT_THAT(event.attributes, Contains(Pair("time_limit", "yes")));
  EXPECT_THAT(event.attributes, Contains(Pair("level", "no")));
}

// The same exercises, one of them once more.
TEST_F(ShadowTest, AnotherDoseOfAnExerciseIsSeenAndReportedByExercise) {
  registry::Manifest manifest = bench_.clinic.ManifestOf(1, stable_);
  manifest.shadow = bench_.Release(Edited(RulesOfVersion("1.4.0"), "reps: 5", "reps: 6"));
  const auto result = bench_.Activate(bench_.clinic.Sign(manifest));
  ASSERT_TRUE(result.status.ok()) << result.status;
  v1::EvaluateRequest bending = RequestOf(65, false);
  bending.mutable_intake()->mutable_leg_nerve_cord()->set_leg_pain(v1::LEG_PAIN_BELOW_KNEE);
  ASSERT_TRUE(service_.EvaluateAndWait(bending, Caller()).ok());
  ASSERT_TRUE(Evaluate(65, true).ok()) << "no exercise with a fever";
  shadow_.Drain();
  const v1::AliasTraffic traffic = shadow_.Traffic();
  EXPECT_EQ(traffic.compared(), 2u);
  EXPECT_EQ(traffic.disagreed(), 1u);
  EXPECT_EQ(traffic.programme_changed(), 1u);
  EXPECT_EQ(traffic.level_changed() + traffic.gate_changed() + traffic.time_limit_changed(), 0u);
  const v1::RuleDisagreement exercise = RuleOf("EX-BEND", traffic);
  EXPECT_EQ(exercise.altered(), 1u);
  EXPECT_EQ(exercise.alterations().dose(), 1u);
  EXPECT_EQ(exercise.shadow_only() + exercise.active_only(), 0u);
  ASSERT_EQ(observer_.disagreements.size(), 1u);
  const Event event = ToEvent(observer_.disagreements[0]);
  EXPECT_THAT(event.attributes, Contains(Pair("altered", "EX-BEND:dose")));
  EXPECT_THAT(event.attributes, Contains(Pair("programme", "yes")));
  EXPECT_THAT(event.attributes, Contains(Pair("level", "no")));
}

TEST_F(ShadowTest, OtherWordsAreNoDisagreement) {
  registry::Manifest manifest = bench_.clinic.ManifestOf(1, stable_);
  manifest.shadow = bench_.Release(Edited(RulesOfVersion("1.4.0"), "Keep warm.", "Stay warm."));
  const auto result = bench_.Activate(bench_.clinic.Sign(manifest));
  ASSERT_TRUE(result.status.ok()) << result.status;
  for (const int age : {30, 65}) ASSERT_TRUE(Evaluate(age, true).ok());
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 2u);
  EXPECT_EQ(shadow_.Traffic().disagreed(), 0u);
  EXPECT_THAT(observer_.disagreements, IsEmpty());
}

TEST_F(ShadowTest, WhatCannotBeComparedIsNoAgreement) {
  preparation_.broken_version = "1.4.0";
  registry::Manifest manifest = bench_.clinic.ManifestOf(1, stable_);
  manifest.shadow = bench_.ReleaseOfVersion("1.4.0");
  const auto result = bench_.Activate(bench_.clinic.Sign(manifest));
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 0u);
  EXPECT_EQ(shadow_.Traffic().skipped(), 1u);
  EXPECT_EQ(shadow_.Traffic().skipped_under_load(), 0u);
}

TEST_F(ShadowTest, WhatTheLogHasNoRoomForIsCounted) {
  Activate(1);
  observer_.full = true;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().disagreed(), 3u);
  EXPECT_EQ(shadow_.Traffic().unrecorded(), 3u);
}

// A log that is slow for a moment holds up the reports only.
TEST_F(ShadowTest, ComparisonsGoOnWhileTheObserverIsBusy) {
  Activate(1);
  absl::Notification go_on;
  observer_.wait_for = &go_on;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Evaluate(65, true).ok());
  while (shadow_.Traffic().compared() < 3) absl::SleepFor(absl::Milliseconds(1));
  go_on.Notify();
  shadow_.Drain();
  EXPECT_EQ(observer_.disagreements.size(), 3u);
}

// The thread sleeps then, and the next request wakes it.
TEST_F(ShadowTest, AfterAPauseComparisonsGoOn) {
  Activate(1);
  for (uint64_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(Evaluate(65, true).ok());
    shadow_.Drain();
    EXPECT_EQ(shadow_.Traffic().compared(), i);
    absl::SleepFor(absl::Milliseconds(60));
  }
}

TEST_F(ShadowTest, OnlyWhatStableAnsweredIsCompared) {
  Activate(1, shadow_revision_);  // the canary answers everything with a request id
  ASSERT_TRUE(Evaluate(65, true, "in-the-canary").ok());
  ASSERT_TRUE(Evaluate(65, true, "", stable_).ok());
  named_.fails = true;
  EXPECT_FALSE(Evaluate(65, true).ok()) << "no answer left";
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 0u);
  named_.fails = false;
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 1u);
}

TEST_F(ShadowTest, FullRingLeavesOutAndCountsAndNobodyWaits) {
  Activate(1);
  // The answer of the first one does not leave for now; samples are compared in their order.
  named_.holds = true;
  absl::Notification answered;
  const v1::EvaluateRequest first = RequestOf(65, true);
  service_.Evaluate(first, first.SerializeAsString(), Caller(),
                    [&](const absl::StatusOr<EvaluateAnswer>&) { answered.Notify(); });
  named_.holds = false;
  // The ring holds four.
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(Evaluate(65, true).ok());
  EXPECT_EQ(shadow_.Traffic().skipped(), 6u);
  EXPECT_EQ(shadow_.Traffic().skipped_under_load(), 6u);
  EXPECT_EQ(shadow_.Traffic().compared(), 0u);
  std::move(named_.held)(RecordPlace());
  answered.WaitForNotification();
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 4u);
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 5u);
  EXPECT_EQ(shadow_.Traffic().skipped(), 6u);
}

TEST_F(ShadowTest, WithoutAShadowNothingIsTaken) {
  ASSERT_TRUE(
      bench_.Activate(bench_.clinic.Sign(bench_.clinic.ManifestOf(1, stable_))).status.ok());
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 0u);
  EXPECT_EQ(shadow_.Traffic().skipped(), 0u);
}

TEST_F(ShadowTest, RevisionThatIsNotEffectiveIsLeftOut) {
  registry::Manifest manifest = bench_.clinic.ManifestOf(1, stable_);
  manifest.shadow = bench_.Release(
      Edited(RulesOfVersion("1.4.0"), "year: 2026 month: 1 day: 31", "year: 2026 month: 7 day: 1"));
  ASSERT_TRUE(bench_.Activate(bench_.clinic.Sign(manifest)).status.ok());
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 0u);
  EXPECT_EQ(shadow_.Traffic().skipped(), 1u);
  EXPECT_EQ(shadow_.Traffic().skipped_under_load(), 0u);
}

void ExpectNothingCompared(const v1::AliasTraffic& traffic) {
  EXPECT_EQ(traffic.compared(), 0u);
  EXPECT_EQ(traffic.disagreed(), 0u);
  EXPECT_EQ(traffic.level_changed(), 0u);
  EXPECT_EQ(traffic.by_rule_size(), 0);
}

// Before the new shadow has compared anything: it may be starved.
TEST_F(ShadowTest, CountsOfAnEarlierShadowAreNotShownUnderAnother) {
  Activate(1);
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  ASSERT_EQ(shadow_.Traffic().disagreed(), 1u);
  registry::Manifest manifest = bench_.clinic.ManifestOf(2, stable_);
  manifest.shadow = bench_.ReleaseOfVersion("1.4.0");
  ASSERT_TRUE(bench_.Activate(bench_.clinic.Sign(manifest)).status.ok());
  ExpectNothingCompared(shadow_.Traffic());
}

TEST_F(ShadowTest, WithoutAShadowNoCountsAreShown) {
  Activate(1);
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  ASSERT_TRUE(
      bench_.Activate(bench_.clinic.Sign(bench_.clinic.ManifestOf(2, stable_))).status.ok());
  ExpectNothingCompared(shadow_.Traffic());
}

TEST_F(ShadowTest, CountsAgainstAnotherStableRevisionAreNotAddedUp) {
  Activate(1);
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  registry::Manifest manifest = bench_.clinic.ManifestOf(2, bench_.ReleaseOfVersion("1.2.4"));
  manifest.shadow = shadow_revision_;
  ASSERT_TRUE(bench_.Activate(bench_.clinic.Sign(manifest)).status.ok());
  ExpectNothingCompared(shadow_.Traffic());
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 1u);
}

TEST_F(ShadowTest, AnotherManifestOfTheSamePairGoesOnCounting) {
  for (uint64_t serial = 1; serial <= 2; ++serial) {
    Activate(serial);
    ASSERT_TRUE(Evaluate(65, true).ok());
    shadow_.Drain();
    EXPECT_EQ(shadow_.Traffic().compared(), serial);
  }
}

// Its disagreement would name a manifest under which this shadow did not shadow.
TEST_F(ShadowTest, WhatWasChosenUnderAnEarlierManifestIsNotTaken) {
  Activate(1);
  const Caller caller;
  const v1::EvaluateRequest request = RequestOf(65, true);
  const std::string bytes = request.SerializeAsString();
  const RecordedCall call{caller, "", "", absl::CivilDay(2026, 6, 1), bytes};
  const Choice choice = source_.Choose("", "");
  Shadow::Sample* const sample = shadow_.Take({call, choice});
  ASSERT_NE(sample, nullptr);
  shadow_.Submit(sample, false, "");
  Activate(2);
  EXPECT_EQ(shadow_.Take({call, choice}), nullptr);
}

TEST_F(ShadowTest, CountsAreThoseOfThePresentShadow) {
  Activate(1);
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  EXPECT_GT(shadow_.Traffic().by_rule_size(), 0);
  registry::Manifest manifest = bench_.clinic.ManifestOf(2, stable_);
  manifest.shadow = bench_.ReleaseOfVersion("1.4.0");
  ASSERT_TRUE(bench_.Activate(bench_.clinic.Sign(manifest)).status.ok());
  ASSERT_TRUE(Evaluate(65, true).ok());
  shadow_.Drain();
  EXPECT_EQ(shadow_.Traffic().compared(), 1u);
  EXPECT_EQ(shadow_.Traffic().disagreed(), 0u);
  EXPECT_EQ(shadow_.Traffic().by_rule_size(), 0);
}

}  // namespace
}  // namespace plumbline::service
