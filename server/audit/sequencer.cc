#include "server/audit/sequencer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/base/failpoint.h"

namespace plumbline::audit {
namespace {

Failpoint before_dequeue("before-dequeue");
Failpoint after_dequeue("after-dequeue");
Failpoint after_ack("after-ack");

// One batch holds no more than this (or one record), so that a burst of huge records does not make
// everybody wait for one long write.
constexpr size_t kMaxBatchBytes = size_t{8} << 20;

}  // namespace

Sequencer::Sequencer(Options options, std::function<absl::Status(Batch&)> write,
                     std::function<void(const PendingRecord&)> finished)
    : options_(options),
      write_(std::move(write)),
      finished_(std::move(finished)),
      completion_thread_([this] { RunCompletions(); }),
      thread_([this] { Run(); }) {}

Sequencer::~Sequencer() {
  closing_.store(true);
  Wake();
  thread_.join();
  {
    absl::MutexLock lock(&completion_mutex_);
    completions_end_ = true;
    completions_changed_.Signal();
  }
  completion_thread_.join();
}

void Sequencer::Expect() { expected_.fetch_add(1); }

void Sequencer::Unexpect() {
  expected_.fetch_sub(1);
  const auto state = static_cast<State>(state_.load());
  if (state != kAwake && state != kIdle && ShouldWake(state)) Wake();
}

void Sequencer::Push(std::unique_ptr<PendingRecord> record) {
  PendingRecord* const pushed = record.release();
  pushed->next_ = pushed_.load(std::memory_order_relaxed);
  // Sequentially consistent, as is all below: either this thread sees that the other one sleeps, or
  // that one sees the record before it does.
  while (!pushed_.compare_exchange_weak(pushed->next_, pushed)) {
  }
  pushed_count_.fetch_add(1);
  expected_.fetch_sub(1);
  const auto state = static_cast<State>(state_.load());
  if (state != kAwake && ShouldWake(state)) Wake();
}

void Sequencer::Refuse(std::unique_ptr<PendingRecord> record) {
  Unexpect();
  absl::MutexLock lock(&completion_mutex_);
  to_complete_.push_back(std::move(record));
  completions_changed_.Signal();
}

void Sequencer::Wake() {
  // Only one of many needs to.
  if (state_.exchange(kAwake) == kAwake && !closing_.load()) return;
  const std::lock_guard lock(sleep_mutex_);
  woken_ = true;
  wake_.notify_one();
}

bool Sequencer::WorthWaiting() const {
  return expected_.load() > 0 && pushed_count_.load() < options_.max_batch;
}

bool Sequencer::HasGathered() const {
  return expected_.load() <= 0 && pushed_count_.load() >= still_wanted_.load();
}

bool Sequencer::ShouldWake(State state) const {
  switch (state) {
    case kIdle:
      return pushed_.load() != nullptr;
    case kNapping:
      return !WorthWaiting();
    case kGathering:
      return HasGathered();
    case kAwake:
      break;
  }
  return false;
}

void Sequencer::Sleep(State state, absl::Duration at_most) {
  {
    const std::lock_guard lock(sleep_mutex_);
    woken_ = false;
  }
  state_.store(state);
  if (!closing_.load() && !ShouldWake(state)) {
    std::unique_lock lock(sleep_mutex_);
    const auto woken = [this] { return woken_; };
    if (at_most == absl::InfiniteDuration()) {
      wake_.wait(lock, woken);
    } else {
      wake_.wait_for(lock, absl::ToChronoNanoseconds(at_most), woken);
    }
  }
  state_.store(kAwake);
}

void Sequencer::Drain() {
  PendingRecord* taken = pushed_.exchange(nullptr);
  PendingRecord* oldest = nullptr;
  size_t count = 0;
  while (taken != nullptr) {
    PendingRecord* const next = taken->next_;
    taken->next_ = oldest;
    oldest = taken;
    taken = next;
    ++count;
  }
  pushed_count_.fetch_sub(count);
  while (oldest != nullptr) {
    backlog_.emplace_back(oldest);
    oldest = oldest->next_;
  }
}

void Sequencer::Gather() {
  if (last_batch_ < 2 && backlog_.size() < 2) return;
  const auto deadline =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(options_.gather_limit);
  size_t before = 0;
  do {
    before = backlog_.size();
    if (before >= options_.max_batch || closing_.load()) return;
    still_wanted_.store(usual_batch_ - std::min(usual_batch_, before));
    if (HasGathered()) return;
    Sleep(kGathering, options_.gather_gap);
    Drain();
  } while (backlog_.size() > before && std::chrono::steady_clock::now() < deadline);
}

Batch Sequencer::Collect() {
  Drain();
  while (backlog_.empty()) {
    if (closing_.load()) {
      // What was pushed before closing_ was set is seen now.
      Drain();
      if (backlog_.empty()) return {};
      break;
    }
    Sleep(kIdle, absl::InfiniteDuration());
    Drain();
  }
  Gather();
  if (options_.max_delay > absl::ZeroDuration() && backlog_.size() < options_.max_batch &&
      WorthWaiting()) {
    Sleep(kNapping, options_.max_delay);
    Drain();
  }
  Batch batch;
  size_t bytes = 0;
  while (!backlog_.empty() && batch.size() < options_.max_batch) {
    bytes += backlog_.front()->bytes();
    if (!batch.empty() && bytes > kMaxBatchBytes) break;
    batch.push_back(std::move(backlog_.front()));
    backlog_.pop_front();
  }
  last_batch_ = batch.size();
  // Forgotten by and by, so that one burst is not waited for for ever.
  usual_batch_ = std::max(last_batch_, usual_batch_ - (usual_batch_ + 15) / 16);
  return batch;
}

void Sequencer::Run() {
  while (true) {
    before_dequeue.Hit();
    Batch batch = Collect();
    if (batch.empty()) return;
    after_dequeue.Hit();
    if (const absl::Status status = write_(batch); !status.ok()) {
      for (std::unique_ptr<PendingRecord>& record : batch) record->error = status;
    }
    Deliver(std::move(batch));
    after_ack.Hit();
  }
}

void Sequencer::Deliver(Batch batch) {
  if (batch.size() == 1) {
    Finish(*batch[0]);
    return;
  }
  absl::MutexLock lock(&completion_mutex_);
  if (to_complete_.empty()) {
    to_complete_ = std::move(batch);
  } else {
    for (std::unique_ptr<PendingRecord>& record : batch) to_complete_.push_back(std::move(record));
  }
  completions_changed_.Signal();
}

void Sequencer::RunCompletions() {
  while (true) {
    Batch batch;
    {
      absl::MutexLock lock(&completion_mutex_);
      while (to_complete_.empty() && !completions_end_) {
        completions_changed_.Wait(&completion_mutex_);
      }
      if (to_complete_.empty()) return;
      batch.swap(to_complete_);
    }
    for (std::unique_ptr<PendingRecord>& record : batch) {
      Finish(*record);
      record.reset();
    }
  }
}

void Sequencer::Finish(PendingRecord& record) {
  finished_(record);
  if (!record.error.ok()) {
    std::move(record.done)(record.error);
    return;
  }
  std::move(record.done)(
      Appended{record.index, record.leaf.id, absl::FromUnixMicros(record.leaf.time_us)});
}

}  // namespace plumbline::audit
