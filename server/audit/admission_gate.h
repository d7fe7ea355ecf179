// AdmissionGate: lets a record in only when it can be written.

#ifndef PLUMBLINE_SERVER_AUDIT_ADMISSION_GATE_H_
#define PLUMBLINE_SERVER_AUDIT_ADMISSION_GATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "server/base/clock.h"
#include "server/base/event_sink.h"
#include "server/store/store.h"

namespace plumbline::audit {

// Counts what waits, and asks now and then how much space there is: a record is refused before any
// work is done for it. Thread-safe, without locks on the way through. The store and clock must
// outlive it.
class AdmissionGate {
 public:
  struct Limits {
    size_t max_records = 0;
    size_t max_bytes = 0;
    uint64_t min_free_bytes = 0;
  };

  AdmissionGate(Limits limits, const store::LogStore* store, Clock* clock, EventSink on_event);

  // Takes room for one record, or says why there is none (log_error.h).
  absl::Status Enter();
  // Takes room even if there is none.
  void EnterAnyway() { records_.fetch_add(1, std::memory_order_relaxed); }
  // What the record turned out to be, once that is known.
  void AddBytes(size_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  // Gives back the room of one record.
  void Leave(size_t bytes);

  // The store said that it has no space: nothing enters until there was a look at the disk.
  void ReportFull();

 private:
  absl::Status FullError() const;
  void LookAtSpace();

  const Limits limits_;
  const store::LogStore* const store_;
  Clock* const clock_;
  const EventSink on_event_;

  std::atomic<size_t> records_{0};
  std::atomic<size_t> bytes_{0};
  std::atomic<bool> full_{false};
  std::atomic<uint64_t> entered_{0};
  // Microseconds since the Unix epoch.
  std::atomic<int64_t> looked_at_us_{INT64_MIN};
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_ADMISSION_GATE_H_
