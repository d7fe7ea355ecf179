// ActivationLog: what happens to rulesets in a running server, in its event log and on record.

#ifndef PLUMBLINE_SERVER_CLI_ACTIVATION_LOG_H_
#define PLUMBLINE_SERVER_CLI_ACTIVATION_LOG_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/grpc/event_log.h"
#include "server/registry/activation.h"
#include "server/service/caller.h"
#include "server/service/event_records.h"
#include "server/service/kept_rulesets.h"
#include "server/service/shadow.h"

namespace plumbline::cli {

// An activation is on record, and its ruleset files are kept beside the log, before any request can
// be answered under it: BeforeSwap makes both durable, and where it cannot, the activation is
// refused. A refusal is put on record afterwards; one that cannot be is an event only, for nothing
// has changed.
//
// Thread-safe. Everything that it is given must outlive it.
class ActivationLog : public registry::ActivationObserver, public service::ShadowObserver {
 public:
  // `kept` is null when no decision log is kept. `on_active` is called after each activation.
  ActivationLog(grpc_server::EventLog* log, service::EventRecords* records,
                service::KeptRulesets* kept, std::function<void()> on_active);

  // Who asks for the activations that this thread tries from now on.
  static void SetCallerOfThisThread(const service::Caller& caller);

  absl::Status BeforeSwap(const registry::ActivationEvent& event) override;
  void OnActivation(const registry::ActivationEvent& event) override;
  bool OnDisagreement(const service::ShadowDisagreement& disagreement) override;

 private:
  absl::Status Keep(const registry::Snapshot& snapshot);
  // `refusal`: why it was refused; empty: it goes live.
  absl::Status Record(const registry::ActivationEvent& event, absl::string_view refusal);
  // That it goes live. Waits a few seconds while the log is overloaded, and for nothing else.
  absl::Status RecordPatiently(const registry::ActivationEvent& event);

  grpc_server::EventLog* const log_;
  service::EventRecords* const records_;
  service::KeptRulesets* const kept_;
  const std::function<void()> on_active_;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_ACTIVATION_LOG_H_
