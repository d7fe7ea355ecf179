// ServedRules: the rulesets that `plumbline serve` answers with, and how they change.
//
// With --rules it is one ruleset for good. With --registry it is what the signed manifests say: the
// one in the registry's folder at the start, later ones from there (--watch) or by RPC.

#ifndef PLUMBLINE_SERVER_CLI_SERVED_RULES_H_
#define PLUMBLINE_SERVER_CLI_SERVED_RULES_H_

#include <functional>
#include <memory>
#include <ostream>
#include <vector>

#include "absl/status/statusor.h"
#include "server/cli/log_stack.h"
#include "server/cli/serve_options.h"
#include "server/grpc/event_log.h"
#include "server/metrics/metric.h"
#include "server/service/decision_recorder.h"
#include "server/service/ruleset_source.h"
#include "server/service/rulesets_service.h"

namespace plumbline::cli {

// Everything must outlive the ServedRules.
struct ServedRulesParts {
  // Null: no log is kept.
  LogStack* log = nullptr;
  grpc_server::EventLog* events = nullptr;
  // Where mistakes of the rules are written.
  std::ostream* err = nullptr;
  // A ruleset is active, and none was before. On any thread. May be null.
  std::function<void()> on_first_active;
};

// Thread-safe. What decides is kept beside the log before the first decision under it. The
// destructor stops the watcher and the shadow; no calls may be under way.
class ServedRules {
 public:
  // FailedPrecondition or another code, with the reason, if the rules, the trust policy or the
  // state cannot be used. With a registry in which nothing can be activated it starts all the same,
  // and active() is false.
  static absl::StatusOr<std::unique_ptr<ServedRules>> Start(const RulesOptions& options,
                                                            const ServedRulesParts& parts);
  virtual ~ServedRules() = default;

  virtual bool active() const = 0;
  virtual const service::RulesetSource& source() const = 0;
  // `recorder`, with the shadow in front of it if there can be one. It must outlive this.
  virtual service::DecisionRecorder* Recorder(service::DecisionRecorder* recorder) = 0;
  // For RulesetsService.
  virtual service::RulesetsParts parts() = 0;
  virtual std::vector<metrics::Metric> Metrics() const = 0;
  // Takes manifests from the folder from now on, if --watch was given.
  virtual void BeginWatching() = 0;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_SERVED_RULES_H_
