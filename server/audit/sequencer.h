// Sequencer: gives records one order and writes them in batches.
//
// Any number of threads push; one thread takes what has come and writes it as one batch; each
// record's `done` is then called, by the sequencing thread when a batch is one record (a thread
// less to wake), otherwise by a thread of its own, so that the next batch does not wait for answers
// that are being sent.

#ifndef PLUMBLINE_SERVER_AUDIT_SEQUENCER_H_
#define PLUMBLINE_SERVER_AUDIT_SEQUENCER_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/audit/decision_log.h"
#include "server/audit/leaf.h"
#include "server/store/store.h"

namespace plumbline::audit {

// A record on its way into the log.
struct PendingRecord {
  // The time is when it was pushed; the writer makes it ascend.
  Leaf leaf;
  store::WrappedKey wrapped_key{};
  std::string details;
  std::string payload;
  DecisionLog::Done done;
  // Given by the writer.
  uint64_t index = 0;
  std::string leaf_bytes;
  // Why this record was not written.
  absl::Status error;

  size_t bytes() const { return details.size() + payload.size(); }

 private:
  friend class Sequencer;
  PendingRecord* next_ = nullptr;
};

using Batch = std::vector<std::unique_ptr<PendingRecord>>;

// Thread-safe. The functions must outlive it. Push must not be called during or after destruction.
class Sequencer {
 public:
  struct Options {
    size_t max_batch = 256;
    // See LogOptions.
    absl::Duration max_delay = absl::ZeroDuration();
    // While records come in quick succession (more than one for the batch before, or for this one),
    // a batch goes on gathering until none came for `gather_gap`, at most `gather_limit`: a sync
    // costs as much processor time as several records. It ends at once when it has as many as
    // batches had lately and no other record is expected. A lone record never waits.
    absl::Duration gather_gap = absl::Microseconds(200);
    absl::Duration gather_limit = absl::Milliseconds(2);
  };

  // `write` sees batches one at a time, in order, on one thread; its error is that of all records
  // of the batch. `finished` is called for each record just before its `done`.
  Sequencer(Options options, std::function<absl::Status(Batch&)> write,
            std::function<void(const PendingRecord&)> finished);
  // Writes what was pushed, calls every `done`.
  ~Sequencer();
  Sequencer(const Sequencer&) = delete;
  Sequencer& operator=(const Sequencer&) = delete;

  // A record will be pushed soon (or Unexpect called): worth waiting for, within max_delay.
  void Expect();
  void Unexpect();

  // Uses up one Expect.
  void Push(std::unique_ptr<PendingRecord> record);
  // As Push, without writing: `done` gets the record's error, on another thread.
  void Refuse(std::unique_ptr<PendingRecord> record);

 private:
  enum State : int { kAwake, kIdle, kNapping, kGathering };

  void Run();
  void RunCompletions();
  // The next batch; empty: closing, and nothing is left.
  Batch Collect();
  void Drain();
  void Gather();
  // Sleeps until woken, or for so long.
  void Sleep(State state, absl::Duration at_most);
  void Wake();
  bool WorthWaiting() const;
  // Nothing is gained by gathering any longer.
  bool HasGathered() const;
  // Whether the thread, in this state, has a reason to go on.
  bool ShouldWake(State state) const;
  void Deliver(Batch batch);
  void Finish(PendingRecord& record);

  const Options options_;
  const std::function<absl::Status(Batch&)> write_;
  const std::function<void(const PendingRecord&)> finished_;

  // A stack of what was pushed, newest first; the thread takes all of it at once.
  std::atomic<PendingRecord*> pushed_{nullptr};
  std::atomic<size_t> pushed_count_{0};
  std::atomic<int64_t> expected_{0};
  std::atomic<int> state_{kAwake};
  std::atomic<size_t> still_wanted_{0};  // while gathering: how many must be pushed to end it
  std::atomic<bool> closing_{false};

  // Of the standard library, because its waits are by the steady clock: with absl::CondVar, records
  // would wait for as long as the clock of the system is put back.
  std::mutex sleep_mutex_;
  std::condition_variable wake_;
  bool woken_ = false;  // guarded by sleep_mutex_

  // In order; only the sequencing thread uses it.
  std::deque<std::unique_ptr<PendingRecord>> backlog_;
  size_t last_batch_ = 0;
  size_t usual_batch_ = 0;  // of the largest batches lately

  absl::Mutex completion_mutex_;
  absl::CondVar completions_changed_;
  Batch to_complete_ ABSL_GUARDED_BY(completion_mutex_);
  bool completions_end_ ABSL_GUARDED_BY(completion_mutex_) = false;

  std::thread completion_thread_;
  std::thread thread_;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_SEQUENCER_H_
