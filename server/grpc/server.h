// Server: a listening gRPC server with health service, limits and a graceful stop.

#ifndef PLUMBLINE_SERVER_GRPC_SERVER_H_
#define PLUMBLINE_SERVER_GRPC_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/grpc/event_log.h"
#include "server/grpc/server_config.h"
#include "server/service/audit_log_service.h"
#include "server/service/evaluate_service.h"
#include "server/service/feedback_service.h"
#include "server/service/rulesets_service.h"

namespace plumbline::grpc_server {

// What a server offers: services that are null are not offered. They must outlive it.
struct ServedServices {
  // TriageService; `feedback` null: FAILED_PRECONDITION (ERROR_REASON_NO_LOG).
  const service::EvaluateService* evaluate = nullptr;
  const service::FeedbackService* feedback = nullptr;
  // AuditService, for administrative addresses only.
  service::AuditLogService* audit = nullptr;
  // RulesetService; Activate is PERMISSION_DENIED unless `may_activate`.
  service::RulesetsService* rulesets = nullptr;
  bool may_activate = false;
};

// Thread-safe. The services and `log` must outlive it. The destructor stops it, gracefully.
class Server {
 public:
  // Listens and serves when it returns. InvalidArgument for settings that cannot be used (address,
  // TLS files, plaintext where it is not allowed), Unavailable if the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerConfig& config,
                                                       const ServedServices& services,
                                                       EventLog* log);
  virtual ~Server() = default;

  // Where it listens ("127.0.0.1:40123"), with the port that was given for port 0.
  virtual const std::string& address() const = 0;
  virtual int port() const = 0;

  // What the health service says from now on (SERVING at the start). Goes on answering all the
  // same: calls say for themselves what is wrong.
  virtual void ReportServing(bool serving) = 0;

  // Reports NOT_SERVING, waits for `notice`, takes no new calls, waits for those under way up to
  // `drain_limit` and cancels the rest. A call is under way until gRPC has sent its answer; one
  // that is cancelled then loses nothing but the way to the client: with a log, the decision is on
  // record, and a retry with the same request id gets it. Returns when all have ended; clients that
  // are only connected are not waited for. Further calls do nothing. Calls that arrive before their
  // client has learned of the stop end with CANCELLED, not begun: `notice` keeps this from clients
  // that watch the health service. Streams end with UNAVAILABLE once all that they have sent is
  // answered.
  virtual void Stop() = 0;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_SERVER_H_
