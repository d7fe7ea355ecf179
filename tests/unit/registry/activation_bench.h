// A registry with everything around it, for tests of activation.

#ifndef PLUMBLINE_TESTS_UNIT_REGISTRY_ACTIVATION_BENCH_H_
#define PLUMBLINE_TESTS_UNIT_REGISTRY_ACTIVATION_BENCH_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/registry/activation.h"
#include "server/registry/registry.h"
#include "server/registry/release.h"
#include "server/registry/state_folder.h"
#include "tests/testing/registry/test_deployment.h"

namespace plumbline::registry {

class FixedClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'795'248'000);
};

struct FakeServable : Servable {
  std::string revision;
};

// Takes everything, unless told otherwise.
class FakePreparation : public RulesetPreparation {
 public:
  absl::StatusOr<Prepared> Prepare(
      std::shared_ptr<const ruleset::CompiledRuleset> ruleset) override {
    ++prepared;
    if (!status.ok()) return status;
    auto servable = std::make_shared<FakeServable>();
    servable->revision = ruleset->revision;
    return Prepared{std::move(servable), 3, static_cast<uint32_t>(failed_tests.size()),
                    failed_tests};
  }

  int prepared = 0;
  absl::Status status;
  std::vector<std::string> failed_tests;
};

class CollectingObserver : public ActivationObserver {
 public:
  absl::Status BeforeSwap(const ActivationEvent& event) override {
    before_swap.push_back(event);
    if (on_before_swap != nullptr) on_before_swap();
    return refusal;
  }
  void OnActivation(const ActivationEvent& event) override { events.push_back(event); }

  std::vector<ActivationEvent> before_swap;
  // Called by BeforeSwap, and what BeforeSwap returns.
  std::function<void()> on_before_swap;
  absl::Status refusal;
  std::vector<ActivationEvent> events;
};

// One server of the TestDeployment, with a folder of releases and a folder of state.
class ActivationBench {
 public:
  explicit ActivationBench(RulesetPreparation* other = nullptr) {
    auto opened = StateFolder::Open(folder / "state");
    EXPECT_TRUE(opened.ok()) << opened.status();
    state = *std::move(opened);
    std::filesystem::create_directory(releases_path());
    Start(other);
  }

  // As a restart of the process does.
  void Restart() {
    activation.reset();
    state.reset();
    auto opened = StateFolder::Open(folder / "state");
    EXPECT_TRUE(opened.ok()) << opened.status();
    state = *std::move(opened);
    Start(nullptr);
  }

  void Start(RulesetPreparation* other) {
    registry = std::make_unique<RulesetRegistry>();
    activation = std::make_unique<Activation>(
        Activation::Parts{registry.get(), clinic.Policy(), other == nullptr ? &preparation : other,
                          state.get(), &observer, &clock});
  }

  std::string releases_path() const { return folder / "releases"; }

  // An attempt with the bundles in the folder of releases.
  ActivationAttempt AttemptOf(const std::string& manifest) {
    ActivationAttempt attempt;
    attempt.origin = ActivationOrigin::kRpc;
    attempt.manifest = manifest;
    attempt.releases = &releases;
    return attempt;
  }
  ActivationResult Activate(const std::string& manifest) {
    return activation->Activate(AttemptOf(manifest));
  }

  // Puts a release of these rules into the folder; its revision.
  std::string Release(const std::string& rules) {
    const std::string bundle = plumbline::testing::BundleOf(rules);
    clinic.PutRelease(releases_path(), bundle);
    return plumbline::testing::RevisionOf(bundle);
  }
  std::string ReleaseOfVersion(const std::string& version) {
    return Release(plumbline::testing::RulesOfVersion(version));
  }

  plumbline::testing::RegistryFolder folder;
  plumbline::testing::TestDeployment clinic;
  FixedClock clock;
  FakePreparation preparation;
  CollectingObserver observer;
  FolderReleases releases{folder / "releases"};
  std::unique_ptr<StateFolder> state;
  std::unique_ptr<RulesetRegistry> registry;
  std::unique_ptr<Activation> activation;
};

}  // namespace plumbline::registry

#endif  // PLUMBLINE_TESTS_UNIT_REGISTRY_ACTIVATION_BENCH_H_
