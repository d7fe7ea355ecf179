// The witnesses of a decision log, as an operator names them, and what asks them.

#ifndef PLUMBLINE_SERVER_CLI_LOG_WITNESSES_H_
#define PLUMBLINE_SERVER_CLI_LOG_WITNESSES_H_

#include <memory>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/audit/decision_log.h"
#include "server/base/event_sink.h"
#include "server/witness/cosignature_collector.h"

namespace plumbline::cli {

struct WitnessOptions {
  // "VKEY URL" each (witness_address.h). Empty: no witness is asked.
  std::vector<std::string> witnesses;
  int interval_ms = 30'000;
  int timeout_ms = 10'000;
  // Empty: the authorities of the system.
  std::string ca_file;
  bool allow_plaintext = false;
};

// Declares the options --log-witness... of `serve`.
void DeclareWitnessOptions(CLI::App& serve, WitnessOptions& options);

// InvalidArgument names the option: a witness that is none (witness_address.h), or one that is
// there twice.
absl::Status CheckWitnessOptions(const WitnessOptions& options);

// One that was not started yet; null if there are no witnesses. Errors as CheckWitnessOptions
// (InvalidArgument) and HttpWitness::Create. Authorities that cannot be read are an event
// ("witness-failed"), and looked for again at each question. The log must outlive it.
absl::StatusOr<std::unique_ptr<witness::CosignatureCollector>> MakeCosignatureCollector(
    const WitnessOptions& options, audit::DecisionLog* log, EventSink on_event);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_LOG_WITNESSES_H_
