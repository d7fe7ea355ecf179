// LogStack: a decision log in a folder, with everything that works on it: keys, index, recorder,
// erasure, retention, replay and the use cases of AuditService.
//
// `plumbline serve` and the local commands of `plumbline audit` use the same one.

#ifndef PLUMBLINE_SERVER_CLI_LOG_STACK_H_
#define PLUMBLINE_SERVER_CLI_LOG_STACK_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/audit/decision_log.h"
#include "server/base/clock.h"
#include "server/base/event_sink.h"
#include "server/cli/log_files.h"
#include "server/cli/opened_log.h"
#include "server/service/erasure.h"
#include "server/service/event_records.h"
#include "server/service/feedback_service.h"
#include "server/service/kept_rulesets.h"
#include "server/service/log_clock.h"
#include "server/service/log_indexer.h"
#include "server/service/log_recorder.h"

namespace plumbline::cli {

struct LogStackOptions {
  std::string folder;
  bool create = false;
  // Empty: $PLUMBLINE_LOG_KEY.
  std::string key_file;
  // Empty: the file that the last server with this log used.
  std::string signing_key_file;
  // Must be the name of the signing key, if it is given.
  std::string origin;
  // Limits; origin, verifier keys and `on_event` are set by LogStack.
  audit::LogOptions log;
  // Verifier keys that signed checkpoints of this log before the signing key.
  std::vector<std::string> older_verifier_keys;
  // Negative: this is no server; no retention runs, and no signs of life are left.
  int retention_years = -1;
  // How far the clock may get ahead of the machine's uptime before it is not believed any more.
  absl::Duration clock_tolerance = absl::Hours(24);
  service::ClockLimits clock_limits;
  // Null: the machine's.
  const Clock* clock = nullptr;
  // For the operator; no patient data. Called on any thread. May be null.
  EventSink on_event;
};

// Thread-safe. Owns everything. The destructor stops what runs, waits for what the log has taken,
// makes a last checkpoint and closes the files; no calls may be under way.
class LogStack : public OpenedLog {
 public:
  // Errors name the file or folder; codes: opened_log.h.
  static absl::StatusOr<std::unique_ptr<LogStack>> Open(const LogStackOptions& options,
                                                        const LogFilesOpener& open_files);

  virtual service::LogRecorder& recorder() = 0;
  virtual service::EventRecords& events() = 0;
  virtual service::KeptRulesets& kept() = 0;
  virtual const service::LogIndexer& indexer() const = 0;
  virtual const service::Erasure& erasure() const = 0;
  // The time that the log goes by.
  virtual const service::LogClock& clock() const = 0;
  // Name of the log, and the key that verifies its checkpoints.
  virtual const std::string& verifier_key() const = 0;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_LOG_STACK_H_
