#include "server/cli/serve_command.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/cli/load_rules.h"
#include "server/grpc/event_log.h"
#include "server/grpc/server.h"
#include "server/service/engine_evaluator.h"
#include "server/service/evaluate_service.h"

namespace plumbline::cli {
namespace {

// SIGTERM and SIGINT, taken by waiting instead of by a handler. Blocks them for this thread and all
// that it starts afterwards.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a closed log must not end the server
  }

  int Wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
    return signal;
  }

  // 0 if none came within a tenth of a second.
  int Poll() const {
    const timespec tenth{0, 100'000'000};
    const int signal = sigtimedwait(&set_, nullptr, &tenth);
    return signal > 0 ? signal : 0;
  }

 private:
  sigset_t set_;
};

// Written aside and renamed, so that a reader never sees half a number.
bool WritePortFile(const std::string& path, int port) {
  const std::string temporary = path + ".tmp";
  std::ofstream file(temporary);
  file << port << '\n';
  file.close();
  return file.good() && std::rename(temporary.c_str(), path.c_str()) == 0;
}

class ServeCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("serve", "Serve decisions over gRPC");
    app_->add_option("--rules", rules_, "Folder of the ruleset")
        ->required()
        ->envname("PLUMBLINE_RULES");
    DeclareListening();
    DeclareLimits();
    DeclareConnections();
    app_->footer(
        "\nPrints `listening on ADDRESS` on the standard output when it is ready, and one JSON "
        "object a\n"
        "line about each call (without patient data) on the standard error. SIGTERM and SIGINT "
        "stop it:\n"
        "health reports NOT_SERVING, calls under way are finished, the exit code is 0. A second "
        "signal\n"
        "ends it at once.\n"
        "\nExamples:\n"
        "  plumbline serve --rules rules/low_back_pain\n"
        "  plumbline serve --rules rules/low_back_pain --listen 127.0.0.1:0 --port-file port\n"
        "  plumbline serve --rules rules/low_back_pain --listen 0.0.0.0:50051 \\\n"
        "    --tls-cert server.pem --tls-key server.key --tls-client-ca clients.pem\n"
        "\nExit codes: 0 stopped by a signal, 2 wrong usage or settings, 3 the rules cannot be "
        "used,\n"
        "4 the address cannot be bound, 5 internal error.\n");
  }

  int Run(Environment& environment) override {
    const StopSignals signals;  // before gRPC starts threads
    FinishConfig();
    const auto rules = LoadRules(rules_, environment.err);
    if (rules == nullptr) {
      return kExitBadInput;
    }
    grpc_server::EventLog log(grpc_server::MakeStderrLogger(), Logging());
    grpc_server::CaptureGrpcLog(&log);
    const int code = Serve(service::ServeRuleset(rules), signals, log, environment);
    grpc_server::CaptureGrpcLog(nullptr);
    return code;
  }

 private:
  int Serve(const std::shared_ptr<const service::ServedRuleset>& served, const StopSignals& signals,
            grpc_server::EventLog& log, Environment& environment) {
    log.OnEvent("ruleset", {{"ruleset_id", served->ruleset_id},
                            {"version", served->version},
                            {"revision", served->revision}});
    const service::SingleRulesetSource source(served);
    service::NullRecorder recorder;
    const service::EvaluateService service(&source, &recorder);
    grpc_server::ServedServices services;
    services.evaluate = &service;
    const auto server = grpc_server::Server::Start(config_, services, &log);
    if (!server.ok()) {
      environment.err << "plumbline serve: " << std::string(server.status().message()) << '\n';
      return absl::IsUnavailable(server.status()) ? kExitRpcFailed : kExitUsage;
    }
    if (!port_file_.empty() && !WritePortFile(port_file_, (*server)->port())) {
      environment.err << "plumbline serve: cannot write " << port_file_ << '\n';
      return kExitUsage;
    }
    environment.out << "listening on " << (*server)->address() << std::endl;
    signals.Wait();
    StopOrLeave(**server, signals);
    return kExitOk;
  }

  void DeclareListening() {
    app_->add_option("--listen", config_.listen, "HOST:PORT or unix:PATH; port 0: any free one")
        ->capture_default_str();
    app_->add_option("--port-file", port_file_, "File to write the port to, once listening");
    app_->add_option("--tls-cert", tls_.cert_file, "Certificate chain of the server (PEM)");
    app_->add_option("--tls-key", tls_.key_file, "Key of the server (PEM)")->needs("--tls-cert");
    app_->get_option("--tls-cert")->needs("--tls-key");
    app_->add_option("--tls-client-ca", tls_.client_ca_file,
                     "Authorities whose clients are let in (PEM); makes TLS mutual")
        ->needs("--tls-cert");
    app_->add_flag("--allow-plaintext", config_.allow_plaintext,
                   "Serve without TLS beyond loopback: only behind a proxy that encrypts");
    app_->add_flag("--reflection", config_.reflection, "Let clients list services and messages");
    app_->add_option("--log-calls", log_calls_, "Calls to log: all, failures or none")
        ->check(CLI::IsMember({"all", "failures", "none"}))
        ->capture_default_str();
  }

  void DeclareLimits() {
    grpc_server::LimitConfig& limits = config_.limits;
    AddNumber("--max-receive-bytes", limits.max_receive_bytes, 1024, 64 << 20, "Largest request");
    AddNumber("--max-send-bytes", limits.max_send_bytes, 64 << 10, 64 << 20, "Largest response");
    AddNumber("--max-metadata-bytes", limits.max_metadata_bytes, 1024, 1 << 20,
              "Largest metadata of a call");
    AddNumber("--max-streams", limits.max_concurrent_streams, 1, 100'000,
              "Calls at once on one connection");
    AddNumber("--max-in-flight", limits.max_in_flight, 1, 1'000'000,
              "Calls at once in all; more are refused");
    AddNumber("--min-remaining-ms", min_remaining_ms_, 0, 60'000,
              "Refuse calls with less time left before their deadline");
  }

  void DeclareConnections() {
    AddNumber("--keepalive-s", keepalive_s_, 1, 86'400, "Ping silent connections this often");
    AddNumber("--max-idle-s", max_idle_s_, 1, 86'400, "Close connections without calls");
    AddNumber("--max-age-s", max_age_s_, 1, 604'800, "Renew connections");
    AddNumber("--stop-notice-ms", stop_notice_ms_, 0, 600'000,
              "After SIGTERM, keep serving as NOT_SERVING for this long");
    AddNumber("--drain-ms", drain_ms_, 0, 600'000, "Longest wait for calls under way at stop");
  }

  void AddNumber(const char* name, int& value, int min, int max, const char* description) {
    app_->add_option(name, value, description)->check(CLI::Range(min, max))->capture_default_str();
  }

  void FinishConfig() {
    if (!tls_.cert_file.empty()) {
      config_.tls = tls_;
    }
    config_.limits.min_remaining = absl::Milliseconds(min_remaining_ms_);
    config_.connections.keepalive_time = absl::Seconds(keepalive_s_);
    config_.connections.max_idle = absl::Seconds(max_idle_s_);
    config_.connections.max_age = absl::Seconds(max_age_s_);
    config_.stop.notice = absl::Milliseconds(stop_notice_ms_);
    config_.stop.drain_limit = absl::Milliseconds(drain_ms_);
  }

  grpc_server::CallLogging Logging() const {
    return log_calls_ == "all"        ? grpc_server::CallLogging::kAll
           : log_calls_ == "failures" ? grpc_server::CallLogging::kFailures
                                      : grpc_server::CallLogging::kNone;
  }

  static void StopOrLeave(grpc_server::Server& server, const StopSignals& signals) {
    std::atomic<bool> stopped{false};
    std::thread stopper([&] {
      server.Stop();
      stopped = true;
    });
    while (!stopped) {
      if (const int signal = signals.Poll(); signal != 0) {
        _exit(128 + signal);
      }
    }
    stopper.join();
  }

  std::string rules_;
  std::string port_file_;
  std::string log_calls_ = "all";
  grpc_server::TlsConfig tls_;
  grpc_server::ServerConfig config_;
  int min_remaining_ms_ = 5;
  int keepalive_s_ = 60;
  int max_idle_s_ = 300;
  int max_age_s_ = 600;
  int stop_notice_ms_ = 0;
  int drain_ms_ = 10'000;
};

}  // namespace

std::unique_ptr<Command> MakeServeCommand() { return std::make_unique<ServeCommand>(); }

}  // namespace plumbline::cli
