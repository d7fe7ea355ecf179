// RulesetRegistry: the revisions that a server can answer with, and which of them answers a
// request.
//
// What is active is an immutable snapshot that is swapped as a whole. A reader keeps the snapshot
// that it got, so that a call ends on the revision that it began with, and alias, share and serial
// always belong together.
//
// The registry does not know the engine: what answers with a revision is a Servable that the
// caller's RulesetPreparation made (server/service/registry_source.h).

#ifndef PLUMBLINE_SERVER_REGISTRY_REGISTRY_H_
#define PLUMBLINE_SERVER_REGISTRY_REGISTRY_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/registry/manifest.h"
#include "server/registry/trust_policy.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::registry {

// Whatever answers with one revision. Immutable and thread-safe.
class Servable {
 public:
  virtual ~Servable() = default;
};

// A revision that can answer. Immutable; shared by pointer.
struct LoadedRevision {
  // 64 lower-case hexadecimal digits.
  std::string revision;
  std::shared_ptr<const ruleset::CompiledRuleset> ruleset;
  std::shared_ptr<const Servable> servable;
  // The ruleset file, byte for byte.
  std::shared_ptr<const std::string> bundle;
  // As they were when it was activated last.
  std::vector<JudgedApproval> approvals;
  // The trusted ones as they were signed, one after the other.
  std::string approvals_note;
};

enum class Alias { kStable, kCanary, kShadow, kPinned };
inline constexpr size_t kAliases = 4;

// "stable", "canary", "shadow", "pinned".
absl::string_view AliasName(Alias alias);

// What is active. Immutable.
struct Snapshot {
  Manifest manifest;
  // The signed note that the manifest came in.
  std::string manifest_note;
  absl::Time activated_at;
  // Null: that alias names nothing.
  std::shared_ptr<const LoadedRevision> stable;
  std::shared_ptr<const LoadedRevision> canary;
  std::shared_ptr<const LoadedRevision> shadow;
  // Every revision that the manifest names, sorted by revision.
  std::vector<std::shared_ptr<const LoadedRevision>> revisions;

  // Null if the manifest does not name it.
  std::shared_ptr<const LoadedRevision> Find(absl::string_view revision) const;
};

// Which revision answers, and why. `snapshot` is the one that was active then.
struct Choice {
  std::shared_ptr<const LoadedRevision> revision;  // null: none
  Alias alias = Alias::kStable;
  std::shared_ptr<const Snapshot> snapshot;  // null: nothing is active
  // For whoever answers to count the answer; belongs to the registry. Null if `revision` is.
  std::atomic<uint64_t>* answers = nullptr;
};

// Whether a request belongs to the share of the canary: the first 8 bytes of
// SHA-256("plumbline-canary/v1\n" + request id), big-endian, modulo 10,000, are below
// `basis_points`. The same for every serial and revision, so that a request id stays on its side
// while the share grows. False for an empty id.
bool InCanaryShare(absl::string_view request_id, uint32_t basis_points);

// Thread-safe. Readers take a lock for as long as it takes to copy a pointer.
class RulesetRegistry {
 public:
  RulesetRegistry() = default;
  RulesetRegistry(const RulesetRegistry&) = delete;
  RulesetRegistry& operator=(const RulesetRegistry&) = delete;

  // What is active now; null before the first Swap.
  std::shared_ptr<const Snapshot> snapshot() const;

  // The revision that answers a request. `revision`: 64 lower-case hexadecimal digits that the
  // request pins, or empty. A pinned revision is found if it is stable, canary or named by a `pin`
  // line: one that only shadows answers nobody. Counts nothing: a request that is chosen for may
  // still be refused.
  Choice Choose(absl::string_view revision, absl::string_view request_id) const;

  // The revision by alias, by all its digits, or by at least 8 first digits that only one revision
  // has. Null if there is none.
  std::shared_ptr<const LoadedRevision> Lookup(absl::string_view name) const;

  // Makes `snapshot` what is active. For Activation only.
  void Swap(std::shared_ptr<const Snapshot> snapshot);

  // Answers under each alias since the start (Choice::answers). Nothing is counted for the shadow
  // here.
  uint64_t answered(Alias alias) const;

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
  mutable std::array<std::atomic<uint64_t>, kAliases> answers_{};
};

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_REGISTRY_H_
