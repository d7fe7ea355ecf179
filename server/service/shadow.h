// Shadow: what the revision under the alias `shadow` would have answered.
//
// A request that the stable revision answered is evaluated again on a thread of idle priority, with
// both revisions (the answer that left is a pure function of its request, and copying a small
// request costs the reply less than copying a large answer), and the two are compared as a replay
// compares them (DecisionComparator): everything but words. Nobody gets to see what the shadow
// answers.
//
// The reply never waits for it. Samples go through a ring of fixed size without locks, and when the
// ring is full, they are not taken (`skipped_under_load`). The thread works in short slices, at
// most a quarter of the time and less where processors are short (ShadowPace), and gives way after
// every evaluation. It takes no lock that a reply takes: disagreements go on record on a thread of
// their own, of ordinary priority.
//
// ShadowRecorder puts it between the use case and the recorder, so that only decisions are compared
// whose answers left, and the log can be told their ids.

#ifndef PLUMBLINE_SERVER_SERVICE_SHADOW_H_
#define PLUMBLINE_SERVER_SERVICE_SHADOW_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "plumbline/v1/ruleset_service.pb.h"
#include "server/registry/registry.h"
#include "server/service/background_thread.h"
#include "server/service/decision_recorder.h"
#include "server/service/shadow_disagreement.h"

namespace plumbline::service {

class ShadowObserver {
 public:
  virtual ~ShadowObserver() = default;
  // On a thread of its own, one after the other. False: it could not be put on record.
  virtual bool OnDisagreement(const ShadowDisagreement& disagreement) = 0;
};

// Thread-safe. Registry and observer must outlive it, and every call that took a sample must have
// ended before it goes. The destructor drops what waits.
class Shadow {
 public:
  struct Sample;

  // Disagreements that wait for the observer; more are counted only (`unrecorded`).
  static constexpr size_t kMostReports = 1024;

  // `observer` may be null. `capacity`: samples that may wait, rounded up to a power of two.
  Shadow(const registry::RulesetRegistry* registry, ShadowObserver* observer,
         size_t capacity = 256);
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;
  ~Shadow();

  // Takes a copy of what is to be compared, if there is a shadow, the stable revision answered, the
  // manifest is still the one that it was chosen under, and there is room; else null. What is taken
  // must be given to Submit.
  Sample* Take(const DecisionDraft& draft);
  // The answer left (`decision_id`: of its record) or did not (`answered` is false).
  void Submit(Sample* sample, bool answered, absl::string_view decision_id);

  // Waits until everything that was submitted is compared, and the observer has seen it.
  void Drain();

  // Of the present pair of stable revision and shadow, at most since the start of the process:
  // zeros until the first comparison after a change of one of the two. `skipped` and
  // `skipped_under_load`: since the start, whatever shadowed.
  v1::AliasTraffic Traffic() const;

 private:
  struct Counts;
  struct Workbench;

  static std::unique_ptr<Sample[]> MakeRing(size_t capacity);
  bool IsSubmitted(uint64_t position) const;
  // The work of the two threads.
  void Run();
  void Report();
  // Compares what waits from `position` on, for a short time; returns the next position.
  uint64_t WorkSlice(uint64_t position, Workbench& bench);
  // Sleeps until the sample at `position` is submitted or everything ends.
  void AwaitSubmission(uint64_t position);
  void Compare(const Sample& sample, Workbench& bench);
  void Count(const Sample& sample, const ShadowDisagreement* disagreement);
  // Waits for it; nothing: everything ends.
  std::optional<ShadowDisagreement> NextReport();
  void CountReport(const ShadowDisagreement& disagreement, bool recorded);

  const registry::RulesetRegistry* const registry_;
  ShadowObserver* const observer_;
  const size_t capacity_;
  const std::unique_ptr<Sample[]> ring_;
  std::atomic<uint64_t> next_take_{0};
  std::atomic<uint64_t> not_comparable_{0};
  std::atomic<uint64_t> no_room_{0};
  std::atomic<bool> stopping_{false};
  // The thread sleeps until `wake_ups_` changes. Busy, it looks by itself, and no submission has to
  // wake it.
  std::atomic<bool> asleep_{false};
  std::atomic<uint32_t> wake_ups_{0};
  mutable absl::Mutex mutex_;  // no reply takes it
  std::unique_ptr<Counts> counts_ ABSL_GUARDED_BY(mutex_);
  uint64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<ShadowDisagreement> reports_ ABSL_GUARDED_BY(mutex_);
  bool reporting_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  BackgroundThread worker_;
  BackgroundThread reporter_;
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
