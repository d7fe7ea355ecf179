// ServeProcess: the parts of `plumbline serve`, from the log's files to the listening addresses, in
// the order in which they need each other.

#ifndef PLUMBLINE_SERVER_CLI_SERVE_PROCESS_H_
#define PLUMBLINE_SERVER_CLI_SERVE_PROCESS_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/cli/command.h"
#include "server/cli/log_stack.h"
#include "server/cli/serve_options.h"
#include "server/cli/served_rules.h"
#include "server/cli/stop_signals.h"
#include "server/grpc/event_log.h"
#include "server/grpc/server.h"
#include "server/metrics/call_metrics.h"
#include "server/metrics/metrics_server.h"
#include "server/service/evaluate_service.h"
#include "server/service/rulesets_service.h"
#include "server/witness/cosignature_collector.h"

namespace plumbline::cli {

// For one thread. The environment must outlive it.
class ServeProcess {
 public:
  ServeProcess(ServeOptions options, Environment& environment);
  ~ServeProcess();

  // Serves until a signal, or until the decision log fails. Returns the code to exit with; a second
  // signal ends the process at once.
  int Run(const StopSignals& signals);

 private:
  // Each says itself what is wrong, and returns the code to exit with, or kExitOk.
  int OpenLog();
  int PrepareWitnesses();
  int StartRules();
  int StartServers();
  int StartMetrics();
  int WriteFiles();

  int Complain(int code, absl::string_view message);
  LogStackOptions StackOptions(std::string min_checkpoint);
  void RecordConfiguration();
  void OnLogEvent(absl::string_view event, absl::string_view detail);
  void OnActive();
  int WaitForEnd(const StopSignals& signals);
  void StopOrLeave(const StopSignals& signals);
  std::vector<metrics::Metric> LogMetrics() const;

  const ServeOptions options_;
  Environment& environment_;
  metrics::CallMetrics call_metrics_;
  grpc_server::EventLog events_;

  std::atomic<bool> log_failed_{false};
  absl::Mutex mutex_;
  std::string log_failure_ ABSL_GUARDED_BY(mutex_);
  // Null until it listens.
  grpc_server::Server* serving_ ABSL_GUARDED_BY(mutex_) = nullptr;

  // Destroyed from below.
  std::unique_ptr<LogStack> log_;
  // Null: there are no witnesses.
  std::unique_ptr<witness::CosignatureCollector> witnesses_;
  service::NullRecorder no_recorder_;
  std::unique_ptr<ServedRules> rules_;
  std::optional<service::EvaluateService> evaluate_;
  std::optional<service::RulesetsService> rulesets_;
  std::unique_ptr<grpc_server::Server> server_;
  std::unique_ptr<grpc_server::Server> admin_;
  std::unique_ptr<metrics::MetricsServer> metrics_;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_SERVE_PROCESS_H_
