#include "server/cli/serve_options.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "server/cli/config_file.h"
#include "server/grpc/listen_address.h"

namespace plumbline::cli {
namespace {

grpc_server::CallLogging Logging(const std::string& name) {
  return name == "all"        ? grpc_server::CallLogging::kAll
         : name == "failures" ? grpc_server::CallLogging::kFailures
                              : grpc_server::CallLogging::kNone;
}

absl::Status Wrong(absl::string_view message) { return absl::InvalidArgumentError(message); }

}  // namespace

void ServeOptionReader::Declare(CLI::App& serve) {
  serve_ = &serve;
  serve
      .add_option(
          "--config", config_file_,
          "File of settings: the options below, without the dashes (deploy/systemd/plumbline.conf)")
      ->envname("PLUMBLINE_CONFIG");
  DeclareRules();
  DeclareListening();
  DeclareAdministration();
  DeclareLog();
  DeclareLimits();
  DeclareConnections();
}

void ServeOptionReader::DeclareRules() {
  RulesOptions& rules = options_.rules;
  serve_->add_option("--rules", rules.rules, "Folder or file of the one ruleset to serve")
      ->envname("PLUMBLINE_RULES")
      ->group("Rules");
  serve_
      ->add_option("--registry", rules.registry,
                   "Folder with the signed manifest and the ruleset files that it names")
      ->group("Rules");
  serve_->add_option("--trust", rules.trust, "Trust policy: whose signatures count (--registry)")
      ->group("Rules");
  serve_
      ->add_option("--registry-state", rules.state,
                   "Folder for what must be remembered over restarts (default: REGISTRY.state)")
      ->group("Rules");
  serve_
      ->add_flag("--watch", rules.watch,
                 "Activate whatever manifest is put into the registry's folder")
      ->group("Rules");
  AddNumber("--watch-interval-ms", rules.watch_interval_ms, 10, 3'600'000,
            "How often to look into the registry's folder")
      ->group("Rules");
}

void ServeOptionReader::DeclareListening() {
  grpc_server::ServerConfig& server = options_.server;
  serve_->add_option("--listen", server.listen, "HOST:PORT or unix:PATH; port 0: any free one")
      ->capture_default_str();
  serve_->add_option("--port-file", options_.port_file,
                     "File to write the port to, once listening");
  serve_->add_option("--tls-cert", tls_.cert_file, "Certificate chain of the server (PEM)");
  serve_->add_option("--tls-key", tls_.key_file, "Key of the server (PEM)");
  serve_->add_option("--tls-client-ca", tls_.client_ca_file,
                     "Authorities whose clients are let in (PEM); makes TLS mutual, and names "
                     "callers by their certificates");
  serve_->add_flag("--allow-plaintext", server.allow_plaintext,
                   "Serve without TLS beyond loopback: only behind a proxy that encrypts");
  serve_->add_flag("--reflection", server.reflection, "Let clients list services and messages");
  serve_->add_option("--log-calls", log_calls_, "Calls to log: all, failures or none")
      ->check(CLI::IsMember({"all", "failures", "none"}))
      ->capture_default_str();
  serve_->add_option("--metrics-listen", options_.metrics_listen,
                     "ADDRESS:PORT for Prometheus, at /metrics");
}

void ServeOptionReader::DeclareAdministration() {
  constexpr char kGroup[] = "Administration";
  options_.admin.listen.clear();
  serve_
      ->add_option("--admin-listen", options_.admin.listen,
                   "Second address, for AuditService and activation: HOST:PORT or unix:PATH. "
                   "Without TLS on loopback and Unix sockets only")
      ->group(kGroup);
  serve_->add_option("--admin-port-file", options_.admin_port_file, "File to write its port to")
      ->group(kGroup);
  serve_->add_option("--admin-tls-cert", admin_tls_.cert_file, "Certificate chain (PEM)")
      ->group(kGroup);
  serve_->add_option("--admin-tls-key", admin_tls_.key_file, "Key (PEM)")->group(kGroup);
  serve_
      ->add_option("--admin-tls-client-ca", admin_tls_.client_ca_file,
                   "Authorities whose clients are let in (PEM)")
      ->group(kGroup);
}

void ServeOptionReader::DeclareLog() {
  constexpr char kGroup[] = "Decision log";
  DecisionLogOptions& log = options_.log;
  serve_->add_option("--log", log.folder, "Folder of the decision log; made if there is none")
      ->envname("PLUMBLINE_LOG")
      ->group(kGroup);
  serve_
      ->add_option("--log-key", log.key_file,
                   "Master keys of the log (default: $PLUMBLINE_LOG_KEY); `plumbline keys init`")
      ->group(kGroup);
  serve_->add_option("--log-signing-key", log.signing_key_file, "Key that signs its checkpoints")
      ->group(kGroup);
  serve_
      ->add_option("--log-origin", log.origin,
                   "Name that the log must have in checkpoints: that of the signing key")
      ->group(kGroup);
  serve_
      ->add_option(
          "--log-older-key", log.older_verifier_keys,
          "Verifier key that signed checkpoints of this log before the signing key; may be "
          "repeated")
      ->group(kGroup);
  serve_
      ->add_option("--min-checkpoint", log.min_checkpoint_file,
                   "A checkpoint seen elsewhere: a log that does not contain it is refused")
      ->group(kGroup);
  AddNumber("--log-max-batch", log.max_batch, 1, 10'000, "Most records written with one sync")
      ->group(kGroup);
  AddNumber("--log-max-batch-delay-us", log.max_batch_delay_us, 0, 1'000'000,
            "How long the first record of a batch may wait for others")
      ->group(kGroup);
  AddNumber("--log-max-pending", log.max_pending, 1, 1'000'000,
            "Most records that may wait; more calls are refused")
      ->group(kGroup);
  AddNumber("--log-min-free-mb", log.min_free_mb, 0, 1'000'000,
            "Refuse calls when the disk has less room")
      ->group(kGroup);
  AddNumber("--checkpoint-interval-ms", log.checkpoint_interval_ms, 1, 3'600'000,
            "Longest time until a record is covered by a checkpoint")
      ->group(kGroup);
  AddNumber("--checkpoint-records", log.checkpoint_records, 1, 1'000'000,
            "Most records until they are covered by a checkpoint")
      ->group(kGroup);
  AddNumber("--retention-years", log.retention_years, 0, 200,
            "Erase what is older, unless held; 0: keep for ever")
      ->group(kGroup);
  DeclareWitnessOptions(*serve_, log.witnesses);
  AddNumber("--log-clock-tolerance-h", log.clock_tolerance_h, 1, 10'000,
            "How far the clock may jump ahead while the server runs; further, it is not believed")
      ->group(kGroup);
  AddNumber("--log-max-off-days", log.max_off_days, 1, 100'000,
            "Do not start when the last sign of life of the log is older, unless the date is "
            "confirmed: the clock may be wrong")
      ->group(kGroup);
  serve_
      ->add_option("--log-confirm-date", log.confirmed_date,
                   "Today's date in UTC, YYYY-MM-DD: the clock is right, the server was off for "
                   "that long")
      ->group(kGroup);
}

void ServeOptionReader::DeclareLimits() {
  grpc_server::LimitConfig& limits = options_.server.limits;
  AddNumber("--max-receive-bytes", limits.max_receive_bytes, 1024, 64 << 20, "Largest request");
  AddNumber("--max-send-bytes", limits.max_send_bytes, 64 << 10, 64 << 20, "Largest response");
  AddNumber("--max-metadata-bytes", limits.max_metadata_bytes, 1024, 1 << 20,
            "Largest metadata of a call");
  AddNumber("--max-streams", limits.max_concurrent_streams, 1, 100'000,
            "Calls at once on one connection");
  AddNumber("--max-in-flight", limits.max_in_flight, 1, 1'000'000,
            "Calls at once in all; more are refused");
  AddNumber("--max-open-streams", limits.max_open_streams, 1, 100'000,
            "EvaluateStream: streams at once; more are refused");
  AddNumber("--max-unanswered", limits.max_unanswered, 1, 10'000,
            "EvaluateStream: requests of one stream that are read ahead");
  AddNumber("--min-remaining-ms", min_remaining_ms_, 0, 60'000,
            "Refuse calls with less time left before their deadline");
}

void ServeOptionReader::DeclareConnections() {
  AddNumber("--keepalive-s", keepalive_s_, 1, 86'400, "Ping silent connections this often");
  AddNumber("--max-idle-s", max_idle_s_, 1, 86'400, "Close connections without calls");
  AddNumber("--max-age-s", max_age_s_, 1, 604'800, "Renew connections");
  AddNumber("--stop-notice-ms", stop_notice_ms_, 0, 600'000,
            "After SIGTERM, keep serving as NOT_SERVING for this long");
  AddNumber("--drain-ms", drain_ms_, 0, 600'000, "Longest wait for calls under way at stop");
}

CLI::Option* ServeOptionReader::AddNumber(const char* name, int& value, int min, int max,
                                          const char* description) {
  return serve_->add_option(name, value, description)
      ->check(CLI::Range(min, max))
      ->capture_default_str();
}

absl::Status ServeOptionReader::CheckTogether() const {
  const RulesOptions& rules = options_.rules;
  if (rules.rules.empty() == rules.registry.empty()) {
    return Wrong(rules.rules.empty() ? "give --rules or --registry: what is to be served?"
                                     : "--rules and --registry exclude each other");
  }
  if (rules.registry.empty() && (!rules.trust.empty() || !rules.state.empty() || rules.watch)) {
    return Wrong("--trust, --registry-state and --watch belong to --registry");
  }
  if (!rules.registry.empty() && rules.trust.empty()) {
    return Wrong("--registry needs --trust: whose signatures count");
  }
  for (const auto* tls : {&tls_, &admin_tls_}) {
    const char* prefix = tls == &tls_ ? "--tls" : "--admin-tls";
    if (tls->cert_file.empty() != tls->key_file.empty() ||
        (tls->cert_file.empty() && !tls->client_ca_file.empty())) {
      return Wrong(absl::StrCat(prefix, "-cert and ", prefix, "-key belong together, and ", prefix,
                                "-client-ca to both"));
    }
  }
  if (options_.admin.listen.empty() &&
      (!admin_tls_.cert_file.empty() || !options_.admin_port_file.empty())) {
    return Wrong("--admin-tls-... and --admin-port-file belong to --admin-listen");
  }
  // Whoever reaches it can read patient data, erase it and change the rules: beyond this machine
  // only with a name that is proved.
  if (const auto address = grpc_server::ParseListenAddress(options_.admin.listen);
      !options_.admin.listen.empty() && address.ok() && !address->IsLocal() &&
      admin_tls_.client_ca_file.empty()) {
    return Wrong(
        "--admin-listen beyond loopback needs --admin-tls-client-ca: clients of the administrative "
        "address must prove who they are");
  }
  const DecisionLogOptions& log = options_.log;
  if (log.folder.empty()) {
    const bool stray = !log.key_file.empty() || !log.signing_key_file.empty() ||
                       !log.origin.empty() || !log.min_checkpoint_file.empty() ||
                       !log.witnesses.witnesses.empty();
    return stray ? Wrong(
                       "--log-key, --log-signing-key, --log-origin, --log-witness and "
                       "--min-checkpoint belong to --log")
                 : absl::OkStatus();
  }
  if (log.signing_key_file.empty()) {
    return Wrong(
        "--log needs --log-signing-key: the key that signs its checkpoints "
        "(`plumbline keys init` makes one)");
  }
  return CheckWitnessOptions(log.witnesses);
}

absl::Status ServeOptionReader::Finish(ServeOptions& options) {
  if (!config_file_.empty()) {
    if (absl::Status read = ApplyConfigFile(config_file_, *serve_); !read.ok()) {
      return read;
    }
  }
  if (absl::Status together = CheckTogether(); !together.ok()) {
    return together;
  }
  options = options_;
  options.calls = Logging(log_calls_);
  if (options.rules.state.empty() && !options.rules.registry.empty()) {
    options.rules.state = options.rules.registry + ".state";
  }
  grpc_server::ServerConfig& server = options.server;
  if (!tls_.cert_file.empty()) {
    server.tls = tls_;
  }
  server.limits.min_remaining = absl::Milliseconds(min_remaining_ms_);
  server.connections.keepalive_time = absl::Seconds(keepalive_s_);
  server.connections.max_idle = absl::Seconds(max_idle_s_);
  server.connections.max_age = absl::Seconds(max_age_s_);
  server.stop.notice = absl::Milliseconds(stop_notice_ms_);
  server.stop.drain_limit = absl::Milliseconds(drain_ms_);

  grpc_server::ServerConfig& admin = options.admin;
  if (!admin_tls_.cert_file.empty()) {
    admin.tls = admin_tls_;
  }
  admin.reflection = true;
  admin.connections = server.connections;
  admin.stop.drain_limit = server.stop.drain_limit;
  admin.limits.max_in_flight = 64;
  admin.limits.max_receive_bytes = 128 << 20;  // manifests come with whole ruleset files
  admin.limits.max_send_bytes = 64 << 20;
  return absl::OkStatus();
}

}  // namespace plumbline::cli
