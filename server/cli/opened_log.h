// OpenedLog: a decision log in a folder of this machine, as the commands of `plumbline audit` use
// it.
//
// The commands know no concrete store: main.cc puts a function that opens one into the Environment.

#ifndef PLUMBLINE_SERVER_CLI_OPENED_LOG_H_
#define PLUMBLINE_SERVER_CLI_OPENED_LOG_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/store/store.h"

namespace plumbline::audit {
class DecisionLog;
}  // namespace plumbline::audit

namespace plumbline::service {
class AuditLogService;
class FeedbackService;
}  // namespace plumbline::service

namespace plumbline::cli {

struct OpenLogOptions {
  // Folder of the log; must exist and hold one.
  std::string folder;
  // File of the master keys (audit/keyring.h). Empty: $PLUMBLINE_LOG_KEY, if it is set.
  std::string key_file;
  // File of the private key that signs checkpoints. Empty: the one that the folder's configuration
  // names, if there is one.
  std::string signing_key_file;
  // "2026-11-21" (UTC): somebody has made sure that this is the date (service/log_clock.h).
  std::string confirmed_date;
};

// Owns the store, keys and log. Thread-safe. While it lives, no other process can open the folder
// (the store's lock), so that nothing that a server writes can be harmed; everything is closed when
// it is destroyed.
class OpenedLog {
 public:
  virtual ~OpenedLog() = default;
  // All calls of AuditService, on this log.
  virtual service::AuditLogService& service() = 0;
  virtual service::FeedbackService& feedback() = 0;
  virtual audit::DecisionLog& log() = 0;
  // Holds the revisions that are kept for replay, as objects (service/replay_log.h).
  virtual store::LogStore& store() = 0;
};

// Errors, each naming the file or folder:
//   NotFound            there is no log in the folder
//   Unavailable         another process has it open (a server, or another command)
//   FailedPrecondition  a key is missing or wrong
//   DataLoss            the log is damaged
using LogOpener =
    std::function<absl::StatusOr<std::unique_ptr<OpenedLog>>(const OpenLogOptions& options)>;

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_OPENED_LOG_H_
