#include "server/registry/registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "server/base/sha256.h"

namespace plumbline::registry {
namespace {

constexpr char kCanarySalt[] = "plumbline-canary/v1\n";
constexpr size_t kShortestName = 8;

}  // namespace

absl::string_view AliasName(Alias alias) {
  switch (alias) {
    case Alias::kStable:
      return "stable";
    case Alias::kCanary:
      return "canary";
    case Alias::kShadow:
      return "shadow";
    case Alias::kPinned:
      return "pinned";
  }
  return "";
}

std::shared_ptr<const LoadedRevision> Snapshot::Find(absl::string_view revision) const {
  const auto found = std::lower_bound(
      revisions.begin(), revisions.end(), revision,
      [](const auto& loaded, absl::string_view wanted) { return loaded->revision < wanted; });
  return found != revisions.end() && (*found)->revision == revision ? *found : nullptr;
}

bool InCanaryShare(absl::string_view request_id, uint32_t basis_points) {
  if (request_id.empty() || basis_points == 0) return false;
  Sha256 sha;
  sha.Update(kCanarySalt);
  sha.Update(request_id);
  const Sha256Digest digest = sha.Finish();
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof(number); ++i) number = number << 8 | digest[i];
  return number % kAllBasisPoints < basis_points;
}

std::shared_ptr<const Snapshot> RulesetRegistry::snapshot() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return snapshot_;
}

Choice RulesetRegistry::Choose(absl::string_view revision, absl::string_view request_id) const {
  Choice choice;
  choice.snapshot = snapshot();
  if (choice.snapshot == nullptr) return choice;
  const Snapshot& active = *choice.snapshot;
  if (!revision.empty()) {
    choice.alias = Alias::kPinned;
    const std::vector<std::string>& pinned = active.manifest.pinned;
    if (revision == active.manifest.stable || revision == active.manifest.canary ||
        std::binary_search(pinned.begin(), pinned.end(), revision)) {
      choice.revision = active.Find(revision);
    }
  } else if (active.canary != nullptr &&
             InCanaryShare(request_id, active.manifest.canary_basis_points)) {
    choice.alias = Alias::kCanary;
    choice.revision = active.canary;
  } else {
    choice.revision = active.stable;
  }
  if (choice.revision != nullptr) {
    choice.answers = &answers_[static_cast<size_t>(choice.alias)];
  }
  return choice;
}

std::shared_ptr<const LoadedRevision> RulesetRegistry::Lookup(absl::string_view name) const {
  const std::shared_ptr<const Snapshot> active = snapshot();
  if (active == nullptr) return nullptr;
  if (name == AliasName(Alias::kStable)) return active->stable;
  if (name == AliasName(Alias::kCanary)) return active->canary;
  if (name == AliasName(Alias::kShadow)) return active->shadow;
  if (name.size() < kShortestName) return nullptr;
  std::shared_ptr<const LoadedRevision> found;
  for (const auto& loaded : active->revisions) {
    if (!absl::StartsWith(loaded->revision, name)) continue;
    if (found != nullptr) return nullptr;
    found = loaded;
  }
  return found;
}

void RulesetRegistry::Swap(std::shared_ptr<const Snapshot> snapshot) {
  // What was active may have its last user here: let it go after the lock.
  const absl::MutexLock lock(&mutex_);
  snapshot_.swap(snapshot);
}

uint64_t RulesetRegistry::answered(Alias alias) const {
  return answers_[static_cast<size_t>(alias)].load(std::memory_order_relaxed);
}

}  // namespace plumbline::registry
