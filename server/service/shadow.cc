#include "server/service/shadow.h"

#include <sched.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "plumbline/v1/triage_service.pb.h"
#include "server/service/decision_summary.h"
#include "server/service/registry_source.h"

namespace plumbline::service {
namespace {

size_t RoundUpToPowerOfTwo(size_t number) {
  size_t power = 2;
  while (power < number) power *= 2;
  return power;
}

std::vector<std::string> SortedCopies(const std::vector<absl::string_view>& ids) {
  std::vector<std::string> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::vector<std::string> Without(const std::vector<std::string>& ids,
                                 const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  std::set_difference(ids.begin(), ids.end(), others.begin(), others.end(),
                      std::back_inserter(rest));
  return rest;
}

// The thread runs only while nothing else wants to. Where the system does not allow it, it runs
// like any other: the ring still bounds its work.
void LowerPriority() {
#ifdef SCHED_IDLE
  const sched_param none = {};
  (void)sched_setscheduler(0, SCHED_IDLE, &none);
#endif
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
  std::string active_revision;
  std::shared_ptr<const registry::LoadedRevision> shadow;
  uint64_t manifest_serial = 0;
  // Level, gate, rules and exercises of the answer.
  bool summarized = false;
  DecisionSummary views;  // into the decision; used while the sample is taken only
  v1::Level level = v1::LEVEL_UNSPECIFIED;
  v1::Gate gate = v1::GATE_UNSPECIFIED;
  std::vector<std::string> fired_rule_ids;
  std::vector<std::string> programme_exercise_ids;

  void Summarize(absl::string_view decision_bytes) {
    summarized = ReadDecisionSummary(decision_bytes, views).ok();
    level = views.level;
    gate = views.gate;
    Assign(views.fired_rule_ids, fired_rule_ids);
    Assign(views.programme_exercise_ids, programme_exercise_ids);
  }

  static void Assign(const std::vector<absl::string_view>& from, std::vector<std::string>& to) {
    to.resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) to[i].assign(from[i].data(), from[i].size());
  }
};

struct Shadow::Counts {
  struct OfRule {
    uint64_t shadow_only = 0;
    uint64_t active_only = 0;
  };
  std::string revision;
  uint64_t compared = 0;
  uint64_t disagreed = 0;
  std::map<std::string, OfRule> by_rule;
};

Shadow::Shadow(const registry::RulesetRegistry* registry, ShadowObserver* observer, size_t capacity)
    : registry_(registry),
      observer_(observer),
      capacity_(RoundUpToPowerOfTwo(capacity)),
      ring_(std::make_unique<Sample[]>(capacity_)),
      counts_(std::make_unique<Counts>()) {
  for (size_t i = 0; i < capacity_; ++i) ring_[i].sequence.store(i, std::memory_order_relaxed);
  thread_ = std::thread([this] { Run(); });
}

Shadow::~Shadow() {
  stopping_.store(true, std::memory_order_release);
  signal_.fetch_add(1, std::memory_order_release);
  signal_.notify_one();
  thread_.join();
}

Shadow::Sample* Shadow::Take(const DecisionDraft& draft) {
  // Canary and pinned requests are not what the shadow is to replace.
  if (draft.choice.alias != registry::AliasName(registry::Alias::kStable)) return nullptr;
  const std::shared_ptr<const registry::Snapshot> active = registry_->snapshot();
  if (active == nullptr || active->shadow == nullptr) return nullptr;

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
      skipped_.fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    } else {
      position = next_take_.load(std::memory_order_relaxed);
    }
  }
  sample->position = position;
  sample->request_bytes.assign(draft.call.request_bytes.data(), draft.call.request_bytes.size());
  sample->as_of = draft.call.as_of;
  sample->active_revision = draft.choice.ruleset->revision;
  sample->shadow = active->shadow;
  sample->manifest_serial = draft.choice.manifest_serial;
  sample->Summarize(draft.decision_bytes);
  return sample;
}

void Shadow::Submit(Sample* sample, bool answered, absl::string_view decision_id) {
  sample->answered = answered;
  sample->decision_id.assign(decision_id.data(), decision_id.size());
  sample->sequence.store(sample->position + 1, std::memory_order_release);
  signal_.fetch_add(1, std::memory_order_release);
  signal_.notify_one();
}

void Shadow::Run() {
  LowerPriority();
  uint64_t position = 0;
  while (true) {
    const uint32_t signal = signal_.load(std::memory_order_acquire);
    if (stopping_.load(std::memory_order_acquire)) return;
    Sample& sample = ring_[position & (capacity_ - 1)];
    if (sample.sequence.load(std::memory_order_acquire) != position + 1) {
      signal_.wait(signal, std::memory_order_acquire);
      continue;
    }
    if (sample.answered && sample.summarized) {
      Compare(sample);
    }
    sample.shadow = nullptr;
    sample.sequence.store(position + capacity_, std::memory_order_release);
    ++position;
    const absl::MutexLock lock(&mutex_);
    done_ = position;
  }
}

void Shadow::Compare(const Sample& sample) {
  const std::shared_ptr<const ServedRuleset> shadow = ServedRulesetOf(*sample.shadow);
  v1::EvaluateRequest request;
  if (!request.ParseFromString(sample.request_bytes) ||
      (shadow->effective_from && sample.as_of < *shadow->effective_from) ||
      (shadow->effective_until && sample.as_of > *shadow->effective_until)) {
    skipped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  ShadowDisagreement found;
  found.decision_id = sample.decision_id;
  found.active_revision = sample.active_revision;
  found.shadow_revision = shadow->revision;
  found.manifest_serial = sample.manifest_serial;
  std::string decision;
  DecisionSummary summary;
  found.refused =
      !shadow->evaluator->Evaluate(request.intake(), sample.as_of, engine::View::kBasic, decision)
           .empty() ||
      !ReadDecisionSummary(decision, summary).ok();
  if (!found.refused) {
    std::vector<std::string> fired = sample.fired_rule_ids;
    std::sort(fired.begin(), fired.end());
    const std::vector<std::string> shadow_fired = SortedCopies(summary.fired_rule_ids);
    found.level = summary.level != sample.level;
    found.gate = summary.gate != sample.gate;
    // In its order, which is that of the ranking.
    found.programme =
        !std::equal(summary.programme_exercise_ids.begin(), summary.programme_exercise_ids.end(),
                    sample.programme_exercise_ids.begin(), sample.programme_exercise_ids.end());
    found.shadow_only = Without(shadow_fired, fired);
    found.active_only = Without(fired, shadow_fired);
  }
  found.patient_pseudonym = request.patient_pseudonym();
  const bool disagrees = found.refused || found.level || found.gate || found.programme ||
                         !found.shadow_only.empty() || !found.active_only.empty();
  Count(sample, disagrees ? &found : nullptr);
  if (disagrees && observer_ != nullptr) {
    observer_->OnDisagreement(found);
  }
}

void Shadow::Count(const Sample& sample, const ShadowDisagreement* disagreement) {
  const absl::MutexLock lock(&mutex_);
  if (counts_->revision != sample.shadow->revision) {
    *counts_ = Counts();
    counts_->revision = sample.shadow->revision;
  }
  ++counts_->compared;
  if (disagreement == nullptr) {
    return;
  }
  ++counts_->disagreed;
  for (const std::string& id : disagreement->shadow_only) ++counts_->by_rule[id].shadow_only;
  for (const std::string& id : disagreement->active_only) ++counts_->by_rule[id].active_only;
}

void Shadow::Drain() {
  const uint64_t taken = next_take_.load(std::memory_order_acquire);
  const auto reached = [this, taken] {
    mutex_.AssertReaderHeld();
    return done_ >= taken;
  };
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&reached));
}

v1::AliasTraffic Shadow::Traffic() const {
  v1::AliasTraffic traffic;
  traffic.set_alias(std::string(registry::AliasName(registry::Alias::kShadow)));
  traffic.set_skipped(skipped_.load(std::memory_order_relaxed));
  const absl::MutexLock lock(&mutex_);
  traffic.set_compared(counts_->compared);
  traffic.set_disagreed(counts_->disagreed);
  for (const auto& [rule_id, counts] : counts_->by_rule) {
    v1::RuleDisagreement& rule = *traffic.add_by_rule();
    rule.set_rule_id(rule_id);
    rule.set_shadow_only(counts.shadow_only);
    rule.set_active_only(counts.active_only);
  }
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
