#include "server/registry/registry.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace plumbline::registry {
namespace {

const std::string kA(64, 'a');
const std::string kB(64, 'b');
const std::string kC(64, 'c');
const std::string kD = std::string(63, 'd') + "0";
const std::string kE = std::string(63, 'd') + "1";

std::shared_ptr<const LoadedRevision> Loaded(const std::string& revision) {
  auto loaded = std::make_shared<LoadedRevision>();
  loaded->revision = revision;
  return loaded;
}

std::shared_ptr<const Snapshot> SnapshotOf(const Manifest& manifest) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->manifest = manifest;
  for (const std::string& revision : RevisionsOf(manifest)) {
    snapshot->revisions.push_back(Loaded(revision));
  }
  snapshot->stable = snapshot->Find(manifest.stable);
  snapshot->canary = snapshot->Find(manifest.canary);
  snapshot->shadow = snapshot->Find(manifest.shadow);
  return snapshot;
}

Manifest ManifestOf(uint64_t serial, const std::string& stable, const std::string& canary = "",
                    uint32_t share = 0) {
  Manifest manifest;
  manifest.serial = serial;
  manifest.stable = stable;
  manifest.canary = canary;
  manifest.canary_basis_points = share;
  return manifest;
}

TEST(RegistryTest, NothingIsChosenBeforeTheFirstSwap) {
  const RulesetRegistry registry;
  EXPECT_EQ(registry.Choose("", "r").revision, nullptr);
  EXPECT_EQ(registry.Choose(kA, "").revision, nullptr);
  EXPECT_EQ(registry.snapshot(), nullptr);
  EXPECT_EQ(registry.Lookup("stable"), nullptr);
}

TEST(RegistryTest, RequestsMayPinWhatTheManifestOffers) {
  RulesetRegistry registry;
  Manifest manifest = ManifestOf(1, kA, kB, 10'000);
  manifest.shadow = kC;
  manifest.pinned = {kD};
  registry.Swap(SnapshotOf(manifest));
  for (const std::string& revision : {kA, kB, kD}) {
    const Choice choice = registry.Choose(revision, "r");
    ASSERT_NE(choice.revision, nullptr) << revision;
    EXPECT_EQ(choice.revision->revision, revision);
    EXPECT_EQ(choice.alias, Alias::kPinned);
  }
  EXPECT_EQ(registry.Choose(kC, "r").revision, nullptr) << "a shadow answers nobody";
  EXPECT_EQ(registry.Choose(kE, "r").revision, nullptr);
}

TEST(RegistryTest, AnswersAreCountedByWhoeverAnswers) {
  RulesetRegistry registry;
  EXPECT_EQ(registry.Choose("", "r").answers, nullptr);
  registry.Swap(SnapshotOf(ManifestOf(1, kA, kB, 10'000)));
  EXPECT_EQ(registry.Choose(kC, "r").answers, nullptr);
  for (int i = 0; i < 3; ++i) registry.Choose("", "refused");
  EXPECT_EQ(registry.answered(Alias::kCanary), 0u) << "none of them was answered";
  ++*registry.Choose("", "r").answers;
  ++*registry.Choose("", "r").answers;
  ++*registry.Choose(kA, "r").answers;
  EXPECT_EQ(registry.answered(Alias::kCanary), 2u);
  EXPECT_EQ(registry.answered(Alias::kPinned), 1u);
  EXPECT_EQ(registry.answered(Alias::kStable), 0u);
}

TEST(RegistryTest, CanaryGetsItsShareOfRequestIds) {
  constexpr int kRequests = 100'000;
  for (const uint32_t share : {100u, 500u, 2'500u, 5'000u, 9'900u}) {
    RulesetRegistry registry;
    registry.Swap(SnapshotOf(ManifestOf(1, kA, kB, share)));
    int canary = 0;
    for (int i = 0; i < kRequests; ++i) {
      const Choice choice = registry.Choose("", absl::StrCat("request-", i));
      const bool is_canary = choice.alias == Alias::kCanary;
      EXPECT_EQ(choice.revision->revision, is_canary ? kB : kA);
      canary += is_canary ? 1 : 0;
    }
    EXPECT_NEAR(100.0 * canary / kRequests, share / 100.0, 1.0);
  }
}

TEST(RegistryTest, CanaryIsDecidedByTheDocumentedHash) {
  // SHA-256("plumbline-canary/v1\nrequest-1"), first 8 bytes, modulo 10,000; from sha256sum.
  constexpr uint32_t kPoint = 5720;
  EXPECT_FALSE(InCanaryShare("request-1", kPoint));
  EXPECT_TRUE(InCanaryShare("request-1", kPoint + 1));
}

TEST(RegistryTest, RequestsStayInTheCanaryWhileItGrows) {
  for (int i = 0; i < 2'000; ++i) {
    const std::string id = absl::StrCat(i);
    bool in = false;
    for (const uint32_t share : {0u, 1u, 100u, 1'000u, 5'000u, 10'000u}) {
      const bool now = InCanaryShare(id, share);
      EXPECT_GE(now, in) << id;
      in = now;
    }
    EXPECT_TRUE(in) << "all of them";
  }
  EXPECT_FALSE(InCanaryShare("", 10'000)) << "without an id, the stable revision answers";
}

TEST(RegistryTest, NamesAreAliasesOrUniqueBeginnings) {
  RulesetRegistry registry;
  Manifest manifest = ManifestOf(1, kA, kB, 1);
  manifest.pinned = {kD, kE};
  registry.Swap(SnapshotOf(manifest));
  EXPECT_EQ(registry.Lookup("stable")->revision, kA);
  EXPECT_EQ(registry.Lookup("canary")->revision, kB);
  EXPECT_EQ(registry.Lookup("shadow"), nullptr);
  EXPECT_EQ(registry.Lookup("aaaaaaaa")->revision, kA);
  EXPECT_EQ(registry.Lookup("aaaaaaa"), nullptr) << "too short";
  EXPECT_EQ(registry.Lookup("dddddddd"), nullptr) << "two begin like that";
  EXPECT_EQ(registry.Lookup(kE)->revision, kE);
  EXPECT_EQ(registry.Lookup(""), nullptr);
}

// Readers see whole snapshots only, and keep theirs.
TEST(RegistryTest, ReadersNeverSeeHalfASwap) {
  constexpr int kSwaps = 1'000;
  constexpr int kReaders = 4;
  RulesetRegistry registry;
  const auto manifest_of = [](uint64_t serial) {
    // Even: A with canary B; odd: B with canary A.
    return serial % 2 == 0 ? ManifestOf(serial, kA, kB, 5'000) : ManifestOf(serial, kB, kA, 5'000);
  };
  registry.Swap(SnapshotOf(manifest_of(0)));
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> failures{0};
  std::atomic<uint64_t> calls{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&, reader] {
      uint64_t last_serial = 0;
      for (int i = 0; !stop; ++i) {
        const Choice choice = registry.Choose("", absl::StrCat(reader, "-", i));
        const uint64_t serial = choice.snapshot->manifest.serial;
        const std::string& stable = serial % 2 == 0 ? kA : kB;
        const std::string& canary = serial % 2 == 0 ? kB : kA;
        const std::string& expected = choice.alias == Alias::kCanary ? canary : stable;
        const bool sound = choice.revision != nullptr && choice.revision->revision == expected &&
                           choice.snapshot->manifest.stable == stable && serial >= last_serial;
        failures += sound ? 0 : 1;
        last_serial = serial;
        ++calls;
      }
    });
  }
  for (int serial = 1; serial <= kSwaps; ++serial) {
    registry.Swap(SnapshotOf(manifest_of(static_cast<uint64_t>(serial))));
    // Calls fall between swaps, also where threads take turns on one processor.
    if (serial % 20 != 0) continue;
    for (const uint64_t before = calls; calls == before;) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failures, 0u);
  EXPECT_GE(calls, static_cast<uint64_t>(kSwaps / 20));
  EXPECT_EQ(registry.snapshot()->manifest.serial, static_cast<uint64_t>(kSwaps));
}

TEST(RegistryTest, CallersKeepWhatTheyGot) {
  RulesetRegistry registry;
  registry.Swap(SnapshotOf(ManifestOf(1, kA)));
  const Choice choice = registry.Choose("", "r");
  const std::weak_ptr<const LoadedRevision> first = choice.revision;
  registry.Swap(SnapshotOf(ManifestOf(2, kB)));
  EXPECT_EQ(choice.revision->revision, kA);
  EXPECT_FALSE(first.expired());
  EXPECT_EQ(registry.Choose(kA, "r").revision, nullptr) << "no longer offered";
}

}  // namespace
}  // namespace plumbline::registry
