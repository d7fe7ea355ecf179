// Shadow: what the revision under the alias `shadow` would have answered.
//
// A request that the stable revision answered is evaluated again with the shadow revision, on one
// thread of idle priority, and the two are compared: level, gate, fired rules, exercises of the
// programme. Nobody gets to see what the shadow answers. The reply never waits for it: samples go
// through a ring of fixed size without locks, and when the ring is full, they are not taken
// (`skipped`).
//
// ShadowRecorder puts it between the use case and the recorder, so that only decisions are compared
// whose answers left, and the log can be told their ids.

#ifndef PLUMBLINE_SERVER_SERVICE_SHADOW_H_
#define PLUMBLINE_SERVER_SERVICE_SHADOW_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "plumbline/v1/disposition.pb.h"
#include "plumbline/v1/ruleset_service.pb.h"
#include "server/registry/registry.h"
#include "server/service/decision_recorder.h"

namespace plumbline::service {

// Where two revisions differ about one request. No patient data: ids of rules and records only.
struct ShadowDisagreement {
  // Of the record; empty without a log.
  std::string decision_id;
  // For the sealed details of the record, so that it is erased with the patient's others.
  std::string patient_pseudonym;
  std::string active_revision;
  std::string shadow_revision;
  uint64_t manifest_serial = 0;
  bool level = false;
  bool gate = false;
  bool programme = false;
  // The shadow refused the intake as wrong.
  bool refused = false;
  // Ids of rules that fired on one side only, sorted.
  std::vector<std::string> shadow_only;
  std::vector<std::string> active_only;
};

class ShadowObserver {
 public:
  virtual ~ShadowObserver() = default;
  // On the shadow's thread.
  virtual void OnDisagreement(const ShadowDisagreement& disagreement) = 0;
};

// Thread-safe. Registry and observer must outlive it, and every call that took a sample must have
// ended before it goes. The destructor drops what waits.
class Shadow {
 public:
  struct Sample;

  // `observer` may be null. `capacity`: samples that may wait, rounded up to a power of two.
  Shadow(const registry::RulesetRegistry* registry, ShadowObserver* observer,
         size_t capacity = 256);
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;
  ~Shadow();

  // Takes a copy of what is to be compared, if there is a shadow, the stable revision answered and
  // there is room; else null. What is taken must be given to Submit.
  Sample* Take(const DecisionDraft& draft);
  // The answer left (`decision_id`: of its record) or did not (`answered` is false).
  void Submit(Sample* sample, bool answered, absl::string_view decision_id);

  // Waits until everything that was submitted is compared.
  void Drain();

  // Since this revision shadows: `compared`, `disagreed` and `by_rule`; since the start: `skipped`.
  v1::AliasTraffic Traffic() const;

 private:
  struct Counts;

  void Run();
  void Compare(const Sample& sample);
  void Count(const Sample& sample, const ShadowDisagreement* disagreement);

  const registry::RulesetRegistry* const registry_;
  ShadowObserver* const observer_;
  const size_t capacity_;
  const std::unique_ptr<Sample[]> ring_;
  std::atomic<uint64_t> next_take_{0};
  std::atomic<uint64_t> skipped_{0};
  // Changes at every Submit and at the end; the thread waits for that.
  std::atomic<uint32_t> signal_{0};
  std::atomic<bool> stopping_{false};
  mutable absl::Mutex mutex_;
  std::unique_ptr<Counts> counts_ ABSL_GUARDED_BY(mutex_);
  uint64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

// A recorder that also lets the shadow see. Both must outlive it.
class ShadowRecorder : public DecisionRecorder {
 public:
  ShadowRecorder(DecisionRecorder* recorder, Shadow* shadow)
      : recorder_(recorder), shadow_(shadow) {}

  absl::StatusOr<Begun> Begin(const RecordedCall& call,
                              absl::FunctionRef<Follower()> make_follower) override;
  void Record(std::unique_ptr<DecisionTicket> ticket, const DecisionDraft& draft,
              Done done) override;

 private:
  DecisionRecorder* const recorder_;
  Shadow* const shadow_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_SHADOW_H_
