// EventRecords: puts on record what happens around decisions: activations, settings, reads of
// patient data, replays, disagreements of a shadow revision, legal holds, erasures.

#ifndef PLUMBLINE_SERVER_SERVICE_EVENT_RECORDS_H_
#define PLUMBLINE_SERVER_SERVICE_EVENT_RECORDS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "plumbline/v1/record.pb.h"
#include "server/audit/decision_log.h"
#include "server/base/uuid.h"
#include "server/service/caller.h"

namespace plumbline::service {

// Name and value; names are lower case ("tree_size").
using EventAttributes = std::vector<std::pair<std::string, std::string>>;

struct Event {
  v1::RecordKind kind = v1::RECORD_KIND_UNSPECIFIED;
  // A sentence without patient data.
  std::string summary;
  EventAttributes attributes;
  Caller caller;
  std::string request_id;
  // 64 lower-case hexadecimal digits, or empty.
  std::string revision;
  uint64_t manifest_serial = 0;
  // Of legal holds, of looks for that patient, and of disagreements of a shadow about them.
  std::string patient_pseudonym;
  // Records that it is about.
  std::vector<Uuid> linked_ids;
  // Set by EventRecords.
  std::string engine_build;
};

// Thread-safe. The log must outlive it. Errors are those of the API (log_status.h).
class EventRecords {
 public:
  // `log` may be null, for a server that keeps none: then nothing is recorded, and that is no
  // error. `engine_build`: as RecorderOptions; goes into every record.
  explicit EventRecords(audit::DecisionLog* log, std::string engine_build = "");

  // Returns when the event is durable.
  absl::StatusOr<audit::Appended> Append(Event event);
  // Returns at once; for events whose loss at a crash does no harm (SHADOW_DISAGREEMENT). False:
  // the log has no room for it now.
  bool AppendLater(Event event);

  // A manifest goes live, or was refused (`refusal`: why; empty: live). The record of one that goes
  // live comes before the first request can be answered under it.
  absl::StatusOr<audit::Appended> RecordActivation(absl::string_view revision,
                                                   uint64_t manifest_serial,
                                                   absl::string_view refusal,
                                                   EventAttributes attributes,
                                                   const Caller& caller);
  // Settings of the server, without secrets, with a digest over all. Recorded at the first call
  // (the start) and whenever they differ from the call before; else returns false.
  absl::StatusOr<bool> RecordConfiguration(const EventAttributes& settings);
  // Somebody reads patient data. `what`: "record", "feedback export".
  absl::StatusOr<audit::Appended> RecordAccess(const Caller& caller, absl::string_view what,
                                               absl::string_view purpose,
                                               std::vector<Uuid> linked_ids,
                                               EventAttributes attributes = {});

 private:
  audit::DecisionLog* const log_;
  const std::string engine_build_;
  absl::Mutex settings_mutex_;
  // Digest of the settings that were recorded last.
  std::string last_settings_ ABSL_GUARDED_BY(settings_mutex_);
};

// Serialized plumbline.storage.v1.RecordDetails of an event.
std::string EventDetailsBytes(const Event& event);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_EVENT_RECORDS_H_
