// Settings of `plumbline serve`: from the command line, the environment and a file.

#ifndef PLUMBLINE_SERVER_CLI_SERVE_OPTIONS_H_
#define PLUMBLINE_SERVER_CLI_SERVE_OPTIONS_H_

#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/cli/log_witnesses.h"
#include "server/grpc/event_log.h"
#include "server/grpc/server_config.h"

namespace plumbline::cli {

// Where rulesets come from: exactly one of `rules` and `registry`.
struct RulesOptions {
  // A folder or a ruleset file: this one, for good, unsigned.
  std::string rules;
  // Folder with a signed manifest and the ruleset files that it names.
  std::string registry;
  // Trust policy of the deployment.
  std::string trust;
  // What must be remembered to restart safely. Empty: `registry` with ".state" behind it.
  std::string state;
  bool watch = false;
  int watch_interval_ms = 2000;
};

struct DecisionLogOptions {
  // Empty: no decision log.
  std::string folder;
  // Empty: whatever the signing key is called.
  std::string origin;
  // Master keys. Empty: $PLUMBLINE_LOG_KEY.
  std::string key_file;
  std::string signing_key_file;
  // Verifier keys that signed before the signing key was changed.
  std::vector<std::string> older_verifier_keys;
  std::string min_checkpoint_file;
  int max_batch = 256;
  int max_batch_delay_us = 0;
  int max_pending = 4096;
  int min_free_mb = 256;
  int checkpoint_interval_ms = 1000;
  int checkpoint_records = 1024;
  int retention_years = 6;
  WitnessOptions witnesses;
  int clock_tolerance_h = 24;
  int max_off_days = 31;
  // "2026-11-21"; empty: not confirmed.
  std::string confirmed_date;
};

struct ServeOptions {
  RulesOptions rules;
  DecisionLogOptions log;
  grpc_server::ServerConfig server;
  // `admin.listen` empty: no administrative address.
  grpc_server::ServerConfig admin;
  // Empty: no metrics.
  std::string metrics_listen;
  std::string port_file;
  std::string admin_port_file;
  grpc_server::CallLogging calls = grpc_server::CallLogging::kAll;
};

// Declares the options of `serve`, and makes ServeOptions of what was given.
class ServeOptionReader {
 public:
  void Declare(CLI::App& serve);

  // After parsing: reads the configuration file, fills in what the command line and the environment
  // left open, and checks that the settings fit together. InvalidArgument names the option, or file
  // and setting.
  absl::Status Finish(ServeOptions& options);

 private:
  void DeclareRules();
  void DeclareListening();
  void DeclareAdministration();
  void DeclareLog();
  void DeclareLimits();
  void DeclareConnections();
  CLI::Option* AddNumber(const char* name, int& value, int min, int max, const char* description);

  absl::Status CheckTogether() const;

  CLI::App* serve_ = nullptr;
  std::string config_file_;
  std::string log_calls_ = "all";
  grpc_server::TlsConfig tls_;
  grpc_server::TlsConfig admin_tls_;
  ServeOptions options_;
  int min_remaining_ms_ = 5;
  int keepalive_s_ = 60;
  int max_idle_s_ = 300;
  int max_age_s_ = 600;
  int stop_notice_ms_ = 0;
  int drain_ms_ = 10'000;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_SERVE_OPTIONS_H_
