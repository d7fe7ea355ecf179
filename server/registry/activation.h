// Activation: the one way by which a manifest becomes what is active, at the start, from the
// watched folder and by RPC alike.
//
//   read            the manifest and the bundles that it names are there, whole and undamaged
//   signature       the manifest is signed by those whom the trust policy names
//   parse           the manifest says what a manifest says, and is for this deployment; the files
//                   of the bundles are textproto
//   serial          higher than every serial that was ever active here (equal: identical bytes)
//   expect-current  the stable revision is the one that the caller expects
//   approvals       every revision has the approvals that the trust policy demands
//   check           what becomes stable or canary may decide today; the rules have no errors; all
//                   revisions are of one ruleset
//   tests           the ruleset has tests of its own, and all of them pass
//   warm-up         the engine takes the revision and answers with it
//   store           manifest, bundles and serial are on disk (the state folder)
//   record          it is on record that this manifest goes live (ActivationObserver::BeforeSwap)
//   swap            what was prepared becomes what is active
//
// In this order: nothing of a bundle is looked at before its manifest is known to be signed, and
// nothing that can fail comes after what puts the activation on record: the swap changes a pointer.
// If the process ends between "store" and "swap", the next start activates the same manifest, from
// the state folder. A failure of any step leaves what was active as it is (also in the state
// folder; if that cannot be written, the message says so, and the next attempt makes up for it), is
// counted, shows in status() and goes to the observer. docs/reference/activation.md has a table of
// failures.

#ifndef PLUMBLINE_SERVER_REGISTRY_ACTIVATION_H_
#define PLUMBLINE_SERVER_REGISTRY_ACTIVATION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/registry/registry.h"
#include "server/registry/release.h"
#include "server/registry/state_folder.h"
#include "server/registry/trust_policy.h"

namespace plumbline::registry {

enum class ActivationOrigin { kStart, kWatch, kRpc };
enum class ActivationStep {
  kRead,
  kSignature,
  kParse,
  kSerial,
  kExpectCurrent,
  kApprovals,
  kCheck,
  kTests,
  kWarmUp,
  kStore,
  kRecord,
  kSwap,
};

// "start", "watch", "rpc"; "read", "expect-current", "warm-up", ...
absl::string_view OriginName(ActivationOrigin origin);
absl::string_view StepName(ActivationStep step);

// Turns a checked ruleset into what answers with it: runs its own tests and warms it up. Injected,
// because the engine is above this folder. Called by one thread at a time.
class RulesetPreparation {
 public:
  struct Prepared {
    std::shared_ptr<const Servable> servable;
    uint32_t tests_passed = 0;
    uint32_t tests_failed = 0;
    // What is wrong, one line each, perhaps of the first failures only; never patient data of real
    // people. Empty: the ruleset has tests, and all of them pass.
    std::vector<std::string> failed_tests;
  };

  virtual ~RulesetPreparation() = default;
  // An error fails the step "warm-up", a failed test the step "tests".
  virtual absl::StatusOr<Prepared> Prepare(
      std::shared_ptr<const ruleset::CompiledRuleset> ruleset) = 0;
};

struct ActivationAttempt {
  ActivationOrigin origin = ActivationOrigin::kStart;
  // Signed note.
  std::string manifest;
  // Where bundles are found that are neither loaded nor in the state folder. May be null. Not kept.
  const ReleaseSource* releases = nullptr;
  // Revision that must be stable now; empty: whatever it is.
  std::string expect_current;
  // Everything up to "warm-up"; stores, records and swaps nothing, and is not counted.
  bool validate_only = false;

  // For a source that is looked at again and again. A refusal that is no news is neither counted
  // nor reported: because the manifest is older than what was active here,
  bool older_is_no_news = false;
  // or because it is this one again (message of the status); empty: every refusal is news.
  std::string known_refusal;
};

// What became of an attempt.
struct ActivationResult {
  // OK; Aborted for expect-current; FailedPrecondition for everything else, with
  // "<step>: <reason>".
  absl::Status status;
  // The step that failed; kSwap if none did.
  ActivationStep step = ActivationStep::kSwap;
  // The manifest was active already, byte for byte; nothing was done.
  bool unchanged = false;
  // Refused for a reason that may pass while manifest and files stay as they are: a disk, a log,
  // the date.
  bool may_pass = false;
  // What became active, or would have (validate_only). Null on failure.
  std::shared_ptr<const Snapshot> snapshot;
  // One line for each revision of it that may decide nowhere today, and is taken all the same.
  std::vector<std::string> not_effective;
};

// What the observer is told.
struct ActivationEvent {
  ActivationOrigin origin = ActivationOrigin::kStart;
  absl::Time time;
  // Of the manifest, as far as it could be read: 0 and empty before that.
  uint64_t serial = 0;
  std::string stable;
  bool validate_only = false;
  ActivationResult result;
};
// Called on the thread of the attempt. Must not call Activation.
class ActivationObserver {
 public:
  virtual ~ActivationObserver() = default;
  // The step "record": all else is done, and once this returns OK the swap follows, unless the
  // process ends. An error refuses the activation. What must be durable before the first request
  // sees what is new is made durable here. Not called for validate_only.
  virtual absl::Status BeforeSwap(const ActivationEvent&) { return absl::OkStatus(); }
  // After every attempt that changed what is active, and after every failure, also those of
  // validate_only.
  virtual void OnActivation(const ActivationEvent& event) = 0;
};

// As GetActivationStatusResponse (ruleset_service.proto) wants it.
struct ActivationStatus {
  struct Failure {
    absl::Time time;
    ActivationOrigin origin = ActivationOrigin::kStart;
    ActivationStep step = ActivationStep::kRead;
    std::string message;
  };
  uint64_t activations = 0;
  uint64_t failures = 0;
  // By the name of the step, for metrics.
  std::map<std::string, uint64_t> failures_by_step;
  // Empty if there was none since the start.
  std::vector<Failure> last_failure;
};

// Thread-safe: attempts wait for each other, status() waits for none. Everything that it is given
// must outlive it.
class Activation {
 public:
  struct Parts {
    RulesetRegistry* registry = nullptr;
    TrustPolicy policy;
    RulesetPreparation* preparation = nullptr;
    // Remembers the highest serial. Null: forgets it at the end (tests, trials).
    StateFolder* state = nullptr;
    ActivationObserver* observer = nullptr;  // may be null
    const Clock* clock = nullptr;

    absl::Time Now() const { return clock == nullptr ? absl::Now() : clock->Now(); }
  };
  explicit Activation(Parts parts);

  ActivationResult Activate(const ActivationAttempt& attempt);

  // At the start: what was active last, from the state folder. NotFound if nothing ever was. The
  // same steps, with origin kStart.
  ActivationResult Resume();

  // A manifest could not even be read, or another thing failed before there was an attempt: counts
  // and reports it as a failure of `step`.
  void ReportFailure(ActivationOrigin origin, ActivationStep step, const absl::Status& reason);

  ActivationStatus status() const;

 private:
  class Run;

  void Finish(const ActivationEvent& event);

  const Parts parts_;
  absl::Mutex attempt_mutex_;  // one attempt at a time
  HighestSerial highest_ ABSL_GUARDED_BY(attempt_mutex_);
  mutable absl::Mutex status_mutex_;
  ActivationStatus status_ ABSL_GUARDED_BY(status_mutex_);
};

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_ACTIVATION_H_
