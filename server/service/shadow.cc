#include "server/service/shadow.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "plumbline/v1/triage_service.pb.h"
#include "server/service/decision_effects.h"
#include "server/service/registry_source.h"
#include "server/service/replay_compare.h"
#include "server/service/shadow_pace.h"

namespace plumbline::service {
namespace {

// Long enough that resting and measuring cost little beside it.
constexpr absl::Duration kSlice = absl::Microseconds(500);
// With nothing to do the thread looks again after the first, then after twice that and so on, and
// sleeps after the last.
constexpr absl::Duration kFirstLook = absl::Milliseconds(1);
constexpr absl::Duration kLastLook = absl::Milliseconds(16);

size_t RoundUpToPowerOfTwo(size_t number) {
  size_t power = 2;
  while (power < number) power *= 2;
  return power;
}

// The thread runs only while nothing else wants to. Where the system does not allow it, it runs
// at the lowest ordinary priority.
void LowerPriority() {
#ifdef SCHED_IDLE
  const sched_param none = {};
  (void)sched_setscheduler(0, SCHED_IDLE, &none);
#endif
}

// Lets whoever waits for this processor have it. A kernel that preempts lazily would make them wait
// for the next tick, which is as long as a dozen replies.
void GiveWay() { (void)sched_yield(); }

// What passed since it was made.
class Stopwatch {
 public:
  absl::Duration wall() const {
    return absl::FromChrono(std::chrono::steady_clock::now() - begun_);
  }
  absl::Duration cpu() const { return ThreadTime() - cpu_begun_; }

 private:
  static absl::Duration ThreadTime() {
    timespec time = {};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return absl::DurationFromTimespec(time);
  }

  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  const absl::Duration cpu_begun_ = ThreadTime();
};

bool IsEffective(const ServedRuleset& ruleset, absl::CivilDay day) {
  return !(ruleset.effective_from && day < *ruleset.effective_from) &&
         !(ruleset.effective_until && day > *ruleset.effective_until);
}

}  // namespace

// A place in the ring. Its strings keep their memory, so that taking a sample allocates nothing
// once they have grown, and nothing that the idle thread frees belongs to a busy one.
struct Shadow::Sample {
  // position: free for the taker of that position; position + 1: submitted; position + capacity:
  // free for the next round.
  std::atomic<uint64_t> sequence{0};
  uint64_t position = 0;

  bool answered = false;
  std::string decision_id;
  std::string request_bytes;
  absl::CivilDay as_of;
  std::shared_ptr<const ServedRuleset> active;
  std::shared_ptr<const registry::LoadedRevision> shadow;
  uint64_t manifest_serial = 0;
};

struct Shadow::Counts {
  struct OfRule {
    uint64_t shadow_only = 0;
    uint64_t active_only = 0;
    uint64_t altered = 0;
    AspectCounts alterations{};
  };
  // Of one pair of revisions; the highest serial under which it was compared.
  std::string active;
  std::string shadow;
  uint64_t manifest_serial = 0;
  uint64_t compared = 0;
  uint64_t disagreed = 0;
  uint64_t refused = 0;
  uint64_t level_changed = 0;
  uint64_t gate_changed = 0;
  uint64_t programme_changed = 0;
  uint64_t time_limit_changed = 0;
  uint64_t unrecorded = 0;
  std::map<std::string, OfRule> by_rule;

  bool AreOf(absl::string_view active_revision, absl::string_view shadow_revision) const {
    return active == active_revision && shadow == shadow_revision;
  }

  // Begins anew for another pair. False: the sample is late, of a pair that was replaced.
  bool Admit(const Sample& sample) {
    if (!AreOf(sample.active->revision, sample.shadow->revision)) {
      if (sample.manifest_serial < manifest_serial) return false;
      *this = Counts();
      active = sample.active->revision;
      shadow = sample.shadow->revision;
    }
    manifest_serial = std::max(manifest_serial, sample.manifest_serial);
    return true;
  }

  void Add(const ShadowDisagreement& disagreement) {
    const DecisionChange& change = disagreement.change;
    ++disagreed;
    refused += disagreement.refused ? 1 : 0;
    level_changed += change.level_changed ? 1 : 0;
    gate_changed += change.gate_changed ? 1 : 0;
    programme_changed += change.programme_changed ? 1 : 0;
    time_limit_changed += change.time_limit_changed ? 1 : 0;
    for (const std::string& id : change.effects.appeared) ++by_rule[id].shadow_only;
    for (const std::string& id : change.effects.disappeared) ++by_rule[id].active_only;
    for (const Alteration& alteration : change.effects.altered) {
      OfRule& rule = by_rule[alteration.id];
      ++rule.altered;
      AddAspects(alteration.aspects, rule.alterations);
    }
  }
};

// What the worker needs for a comparison. Keeps its memory, since whoever allocates may wait for
// other threads.
struct Shadow::Workbench {
  v1::EvaluateRequest request;
  std::string active;
  std::string shadow;
  DecisionComparator comparator;
};

std::unique_ptr<Shadow::Sample[]> Shadow::MakeRing(size_t capacity) {
  auto ring = std::make_unique<Sample[]>(capacity);
  for (size_t i = 0; i < capacity; ++i) ring[i].sequence.store(i);
  return ring;
}

Shadow::Shadow(const registry::RulesetRegistry* registry, ShadowObserver* observer, size_t capacity)
    : registry_(registry),
      observer_(observer),
      capacity_(RoundUpToPowerOfTwo(capacity)),
      ring_(MakeRing(capacity_)),
      counts_(std::make_unique<Counts>()),
      worker_(19, [this](StopToken&) { Run(); }),
      reporter_(0, [this](StopToken&) { Report(); }) {}

Shadow::~Shadow() {
  stopping_.store(true);
  wake_ups_.fetch_add(1);
  wake_ups_.notify_one();
  const absl::MutexLock lock(&mutex_);
  closing_ = true;
}

Shadow::Sample* Shadow::Take(const DecisionDraft& draft) {
  // Canary and pinned requests are not what the shadow is to replace.
  if (draft.choice.alias != registry::AliasName(registry::Alias::kStable)) return nullptr;
  const std::shared_ptr<const registry::Snapshot> active = registry_->snapshot();
  if (active == nullptr || active->shadow == nullptr) return nullptr;
  // Chosen under another manifest: it shadows another pair, or nothing.
  if (active->manifest.serial != draft.choice.manifest_serial) return nullptr;

  uint64_t position = next_take_.load(std::memory_order_relaxed);
  Sample* sample = nullptr;
  while (true) {
    sample = &ring_[position & (capacity_ - 1)];
    const uint64_t sequence = sample->sequence.load(std::memory_order_acquire);
    if (sequence == position) {
      if (next_take_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
        break;
      }
    } else if (sequence < position) {
      no_room_.fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    } else {
      position = next_take_.load(std::memory_order_relaxed);
    }
  }
  sample->position = position;
  sample->request_bytes.assign(draft.call.request_bytes.data(), draft.call.request_bytes.size());
  sample->as_of = draft.call.as_of;
  sample->active = draft.choice.ruleset;
  sample->shadow = active->shadow;
  sample->manifest_serial = draft.choice.manifest_serial;
  return sample;
}

// Either the worker sees the sample before it sleeps, or this sees that it sleeps: both sides write
// first and then read, in one order for all.
void Shadow::Submit(Sample* sample, bool answered, absl::string_view decision_id) {
  sample->answered = answered;
  sample->decision_id.assign(decision_id.data(), decision_id.size());
  sample->sequence.store(sample->position + 1);
  if (asleep_.load() && asleep_.exchange(false)) {
    wake_ups_.fetch_add(1);
    wake_ups_.notify_one();
  }
}

bool Shadow::IsSubmitted(uint64_t position) const {
  return ring_[position & (capacity_ - 1)].sequence.load() == position + 1;
}

void Shadow::AwaitSubmission(uint64_t position) {
  const uint32_t wake_ups = wake_ups_.load();
  asleep_.store(true);
  if (!IsSubmitted(position) && !stopping_.load()) wake_ups_.wait(wake_ups);
  asleep_.store(false);
}

void Shadow::Run() {
  LowerPriority();
  Workbench bench;
  ShadowPace pace;
  absl::Duration look = kFirstLook;
  uint64_t position = 0;
  while (!stopping_.load()) {
    const uint64_t before = position;
    const Stopwatch watch;
    position = WorkSlice(before, bench);
    if (position != before) {
      look = kFirstLook;
      absl::SleepFor(pace.RestAfter(watch.wall(), watch.cpu()));
    } else if (look <= kLastLook) {
      absl::SleepFor(look);
      look *= 2;
    } else {
      AwaitSubmission(position);
      look = kFirstLook;
    }
  }
}

uint64_t Shadow::WorkSlice(uint64_t position, Workbench& bench) {
  const uint64_t before = position;
  const Stopwatch watch;
  while (IsSubmitted(position) && watch.wall() < kSlice && !stopping_.load()) {
    Sample& sample = ring_[position & (capacity_ - 1)];
    if (sample.answered) Compare(sample, bench);
    sample.active = nullptr;
    sample.shadow = nullptr;
    sample.sequence.store(position + capacity_);
    ++position;
    GiveWay();
  }
  if (position != before) {
    const absl::MutexLock lock(&mutex_);
    done_ = position;
  }
  return position;
}

void Shadow::Compare(const Sample& sample, Workbench& bench) {
  const std::shared_ptr<const ServedRuleset> shadow = ServedRulesetOf(*sample.shadow);
  // Texts of instructions do not matter here, so the short view will do.
  const auto evaluate = [&](const ServedRuleset& ruleset, std::string& decision) {
    const bool decided =
        ruleset.evaluator
            ->Evaluate(bench.request.intake(), sample.as_of, engine::View::kBasic, decision)
            .empty();
    GiveWay();
    return decided;
  };
  if (!bench.request.ParseFromString(sample.request_bytes) || !IsEffective(*shadow, sample.as_of) ||
      !evaluate(*sample.active, bench.active)) {
    not_comparable_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  ShadowDisagreement found;
  found.refused = !evaluate(*shadow, bench.shadow);
  if (!found.refused) {
    const DecisionChange& change = bench.comparator.Compare(bench.active, bench.shadow);
    if (change.kind == DecisionChange::Kind::kUnreadable) {
      not_comparable_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (change.kind != DecisionChange::Kind::kDifferent || change.only_words()) {
      return Count(sample, nullptr);
    }
    found.change = change;
  }
  found.decision_id = sample.decision_id;
  found.patient_pseudonym = bench.request.patient_pseudonym();
  found.active_revision = sample.active->revision;
  found.shadow_revision = shadow->revision;
  found.manifest_serial = sample.manifest_serial;
  Count(sample, &found);
}

void Shadow::Count(const Sample& sample, const ShadowDisagreement* disagreement) {
  const absl::MutexLock lock(&mutex_);
  const bool counted = counts_->Admit(sample);
  if (counted) ++counts_->compared;
  if (disagreement == nullptr) return;
  if (counted) counts_->Add(*disagreement);
  if (observer_ == nullptr) return;
  if (reports_.size() < kMostReports) {
    reports_.push_back(*disagreement);
  } else if (counted) {
    ++counts_->unrecorded;
  }
}

void Shadow::Report() {
  for (auto report = NextReport(); report; report = NextReport()) {
    CountReport(*report, observer_->OnDisagreement(*report));
  }
}

std::optional<ShadowDisagreement> Shadow::NextReport() {
  const auto ready = [this] {
    mutex_.AssertReaderHeld();
    return closing_ || !reports_.empty();
  };
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&ready));
  if (closing_) return std::nullopt;
  std::optional<ShadowDisagreement> next = std::move(reports_.front());
  reports_.pop_front();
  reporting_ = true;
  return next;
}

void Shadow::CountReport(const ShadowDisagreement& disagreement, bool recorded) {
  const absl::MutexLock lock(&mutex_);
  reporting_ = false;
  if (!recorded && counts_->AreOf(disagreement.active_revision, disagreement.shadow_revision)) {
    ++counts_->unrecorded;
  }
}

void Shadow::Drain() {
  const uint64_t taken = next_take_.load(std::memory_order_acquire);
  const auto reached = [this, taken] {
    mutex_.AssertReaderHeld();
    return done_ >= taken && reports_.empty() && !reporting_;
  };
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&reached));
}

v1::AliasTraffic Shadow::Traffic() const {
  v1::AliasTraffic traffic;
  traffic.set_alias(std::string(registry::AliasName(registry::Alias::kShadow)));
  const uint64_t no_room = no_room_.load(std::memory_order_relaxed);
  traffic.set_skipped(no_room + not_comparable_.load(std::memory_order_relaxed));
  traffic.set_skipped_under_load(no_room);
  const std::shared_ptr<const registry::Snapshot> present = registry_->snapshot();
  if (present == nullptr || present->stable == nullptr || present->shadow == nullptr) {
    return traffic;
  }
  const absl::MutexLock lock(&mutex_);
  // Whoever promotes the present shadow must not be shown how an earlier one did.
  if (!counts_->AreOf(present->stable->revision, present->shadow->revision)) return traffic;
  traffic.set_compared(counts_->compared);
  traffic.set_disagreed(counts_->disagreed);
  traffic.set_refused(counts_->refused);
  traffic.set_level_changed(counts_->level_changed);
  traffic.set_gate_changed(counts_->gate_changed);
  traffic.set_programme_changed(counts_->programme_changed);
  traffic.set_time_limit_changed(counts_->time_limit_changed);
  traffic.set_unrecorded(counts_->unrecorded);
  for (const auto& [rule_id, counts] : counts_->by_rule) {
    v1::RuleDisagreement& rule = *traffic.add_by_rule();
    rule.set_rule_id(rule_id);
    rule.set_shadow_only(counts.shadow_only);
    rule.set_active_only(counts.active_only);
    rule.set_altered(counts.altered);
    if (counts.altered > 0) *rule.mutable_alterations() = ToAlterations(counts.alterations);
  }
  std::stable_sort(traffic.mutable_by_rule()->begin(), traffic.mutable_by_rule()->end(),
                   [](const v1::RuleDisagreement& a, const v1::RuleDisagreement& b) {
                     return a.shadow_only() + a.active_only() + a.altered() >
                            b.shadow_only() + b.active_only() + b.altered();
                   });
  return traffic;
}

absl::StatusOr<Begun> ShadowRecorder::Begin(const RecordedCall& call,
                                            absl::FunctionRef<Follower()> make_follower) {
  return recorder_->Begin(call, make_follower);
}

void ShadowRecorder::Record(std::unique_ptr<DecisionTicket> ticket, const DecisionDraft& draft,
                            Done done) {
  Shadow::Sample* sample = shadow_->Take(draft);
  if (sample == nullptr) {
    return recorder_->Record(std::move(ticket), draft, std::move(done));
  }
  recorder_->Record(std::move(ticket), draft,
                    [shadow = shadow_, sample,
                     done = std::move(done)](absl::StatusOr<RecordPlace> place) mutable {
                      shadow->Submit(sample, place.ok(), place.ok() ? place->id : "");
                      std::move(done)(std::move(place));
                    });
}

}  // namespace plumbline::service
