#include "server/cli/serve_process.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "server/engine/engine.h"

namespace plumbline::cli {
namespace {

// Written aside and renamed, so that a reader never sees half a number.
bool WritePortFile(const std::string& path, int port) {
  const std::string temporary = path + ".tmp";
  std::ofstream file(temporary);
  file << port << '\n';
  file.close();
  return file.good() && std::rename(temporary.c_str(), path.c_str()) == 0;
}

std::vector<std::string> Methods() {
  return {"Evaluate",           "EvaluateStream",    "RecordFeedback",
          "ListRecords",        "GetRecord",         "GetReceipt",
          "GetCheckpoint",      "GetInclusionProof", "GetConsistencyProof",
          "GetLogStatistics",   "ErasePatient",      "SetLegalHold",
          "ExportLog",          "ExportFeedback",    "ReplayDecisions",
          "ListRevisions",      "GetRevision",       "GetQuestionnaire",
          "CheckRuleset",       "DiffRevisions",     "Activate",
          "GetActivationStatus"};
}

std::string Text(absl::string_view text) { return std::string(text.data(), text.size()); }

// A full disk or one that fails may be better in a minute: whoever watches over this process should
// start it again then. Everything else waits for a person.
int StartFailureCode(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ? kExitLogFailed
                                                                          : kExitBadInput;
}

}  // namespace

ServeProcess::ServeProcess(ServeOptions options, Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      call_metrics_(Methods()),
      events_(grpc_server::MakeStderrLogger(), options_.calls) {
  events_.set_metrics(&call_metrics_);
  grpc_server::CaptureGrpcLog(&events_);
}

ServeProcess::~ServeProcess() { grpc_server::CaptureGrpcLog(nullptr); }

int ServeProcess::Complain(int code, absl::string_view message) {
  environment_.err << "plumbline serve: " << Text(message) << '\n';
  return code;
}

void ServeProcess::OnLogEvent(absl::string_view event, absl::string_view detail) {
  events_.OnEvent(event, {{"detail", detail}});
  if (event == "log-failed") {
    absl::MutexLock lock(&mutex_);
    log_failure_ = Text(detail);
    log_failed_ = true;
    if (serving_ != nullptr) {
      serving_->ReportServing(false);
    }
  }
}

LogStackOptions ServeProcess::StackOptions(std::string min_checkpoint) {
  const DecisionLogOptions& given = options_.log;
  LogStackOptions stack;
  stack.folder = given.folder;
  stack.create = true;
  stack.key_file = given.key_file;
  stack.signing_key_file = given.signing_key_file;
  stack.origin = given.origin;
  stack.older_verifier_keys = given.older_verifier_keys;
  stack.retention_years = given.retention_years;
  stack.clock_tolerance = absl::Hours(given.clock_tolerance_h);
  stack.clock_limits.max_gap = absl::Hours(24 * given.max_off_days);
  stack.clock_limits.confirmed_date = given.confirmed_date;
  stack.log.max_batch = static_cast<size_t>(given.max_batch);
  stack.log.max_batch_delay = absl::Microseconds(given.max_batch_delay_us);
  stack.log.max_pending_records = static_cast<size_t>(given.max_pending);
  stack.log.min_free_bytes = static_cast<uint64_t>(given.min_free_mb) << 20;
  stack.log.checkpoint_records = static_cast<uint64_t>(given.checkpoint_records);
  stack.log.checkpoint_interval = absl::Milliseconds(given.checkpoint_interval_ms);
  stack.log.min_checkpoint = std::move(min_checkpoint);
  stack.on_event = [this](absl::string_view event, absl::string_view detail) {
    OnLogEvent(event, detail);
  };
  return stack;
}

int ServeProcess::OpenLog() {
  if (options_.log.folder.empty()) {
    events_.OnEvent("no-decision-log");
    environment_.err << "plumbline serve: WARNING: no decision log is kept (--log): answers leave "
                        "no record, and nobody can tell later what was said\n";
    return kExitOk;
  }
  if (environment_.open_log_files == nullptr) {
    return Complain(kExitInternal, "this program has no store for a decision log");
  }
  std::string min_checkpoint;
  if (const std::string& path = options_.log.min_checkpoint_file; !path.empty()) {
    std::ostringstream text;
    const std::ifstream file(path, std::ios::binary);
    text << file.rdbuf();
    min_checkpoint = text.str();
    if (!file || min_checkpoint.empty()) {
      return Complain(kExitBadInput, absl::StrCat("cannot read the checkpoint in ", path));
    }
  }
  auto log = LogStack::Open(StackOptions(std::move(min_checkpoint)), environment_.open_log_files);
  if (!log.ok()) {
    return Complain(StartFailureCode(log.status()), log.status().message());
  }
  log_ = *std::move(log);
  events_.OnEvent("log-opened", {{"origin", log_->log().origin()},
                                 {"records", absl::StrCat(log_->log().size())},
                                 {"verifier_key", log_->verifier_key()}});
  return kExitOk;
}

int ServeProcess::PrepareWitnesses() {
  if (log_ == nullptr) {
    return kExitOk;
  }
  auto witnesses =
      MakeCosignatureCollector(options_.log.witnesses, &log_->log(),
                               [this](absl::string_view event, absl::string_view detail) {
                                 events_.OnEvent(event, {{"detail", detail}});
                               });
  if (witnesses.ok()) {
    witnesses_ = *std::move(witnesses);
  } else if (absl::IsInvalidArgument(witnesses.status())) {
    return Complain(kExitBadInput, witnesses.status().message());
  } else {
    // Whatever else goes wrong with witnesses is no reason to leave patients without answers.
    events_.OnEvent("witness-failed", {{"detail", witnesses.status().message()}});
  }
  return kExitOk;
}

void ServeProcess::OnActive() {
  absl::MutexLock lock(&mutex_);
  if (serving_ != nullptr && !log_failed_) {
    serving_->ReportServing(true);
  }
}

int ServeProcess::StartRules() {
  ServedRulesParts parts;
  parts.log = log_.get();
  parts.events = &events_;
  parts.err = &environment_.err;
  parts.on_first_active = [this] { OnActive(); };
  auto rules = ServedRules::Start(options_.rules, parts);
  if (!rules.ok()) {
    return Complain(StartFailureCode(rules.status()), rules.status().message());
  }
  rules_ = *std::move(rules);
  const bool can_change = options_.rules.watch || !options_.admin.listen.empty();
  if (!rules_->active() && !can_change) {
    return Complain(kExitBadInput, absl::StrCat("nothing in ", options_.rules.registry,
                                                " can be activated, and there is neither --watch "
                                                "nor --admin-listen to change that"));
  }
  service::DecisionRecorder* recorder = &no_recorder_;
  if (log_ != nullptr) {
    recorder = &log_->recorder();
  }
  evaluate_.emplace(&rules_->source(), rules_->Recorder(recorder));
  rulesets_.emplace(rules_->parts());
  return kExitOk;
}

int ServeProcess::StartServers() {
  RecordConfiguration();
  grpc_server::ServedServices services;
  services.evaluate = &*evaluate_;
  services.feedback = log_ == nullptr ? nullptr : &log_->feedback();
  services.rulesets = &*rulesets_;
  const auto start = [this](const grpc_server::ServerConfig& config,
                            const grpc_server::ServedServices& offered,
                            std::unique_ptr<grpc_server::Server>& server) -> int {
    auto started = grpc_server::Server::Start(config, offered, &events_);
    if (!started.ok()) {
      return Complain(absl::IsUnavailable(started.status()) ? kExitRpcFailed : kExitUsage,
                      started.status().message());
    }
    server = *std::move(started);
    return kExitOk;
  };
  if (!options_.admin.listen.empty()) {
    grpc_server::ServedServices administrative;
    administrative.audit = log_ == nullptr ? nullptr : &log_->service();
    administrative.rulesets = &*rulesets_;
    administrative.may_activate = true;
    if (const int code = start(options_.admin, administrative, admin_); code != kExitOk) {
      return code;
    }
  }
  if (const int code = start(options_.server, services, server_); code != kExitOk) {
    return code;
  }
  absl::MutexLock lock(&mutex_);
  serving_ = server_.get();
  serving_->ReportServing(rules_->active() && !log_failed_);
  return kExitOk;
}

int ServeProcess::WriteFiles() {
  if (!options_.port_file.empty() && !WritePortFile(options_.port_file, server_->port())) {
    return Complain(kExitUsage, absl::StrCat("cannot write ", options_.port_file));
  }
  if (!options_.admin_port_file.empty() &&
      !WritePortFile(options_.admin_port_file, admin_->port())) {
    return Complain(kExitUsage, absl::StrCat("cannot write ", options_.admin_port_file));
  }
  return kExitOk;
}

std::vector<metrics::Metric> ServeProcess::LogMetrics() const {
  if (log_ == nullptr) {
    return {};
  }
  const service::IndexProgress progress = log_->indexer().progress();
  return {metrics::Counter("plumbline_log_records_total", "Durable records of the decision log.",
                           static_cast<double>(log_->log().size())),
          metrics::Gauge("plumbline_log_indexed_records", "Records that queries can find.",
                         static_cast<double>(progress.indexed)),
          metrics::Gauge("plumbline_log_failed", "1: the log has failed and takes no records.",
                         log_->log().health().ok() ? 0 : 1),
          metrics::Gauge("plumbline_log_damaged_records",
                         "Different damaged records that could not be erased, since the start.",
                         static_cast<double>(log_->erasure().damaged_met())),
          metrics::Gauge("plumbline_log_clock_not_believed",
                         "1: the clock is too far ahead; the log goes by the machine's uptime.",
                         log_->clock().believes() ? 0 : 1),
          metrics::Gauge("plumbline_log_request_ids", "Request ids in memory.",
                         static_cast<double>(log_->recorder().remembered_requests())),
          metrics::Gauge("plumbline_log_request_ids_limit",
                         "Request ids at which new ones are refused until the index catches up.",
                         static_cast<double>(log_->recorder().max_remembered_requests()))};
}

int ServeProcess::StartMetrics() {
  if (options_.metrics_listen.empty()) {
    return kExitOk;
  }
  std::vector<metrics::MetricSource> sources = {[this] { return call_metrics_.Collect(); },
                                                [this] { return LogMetrics(); },
                                                [this] { return rules_->Metrics(); }};
  if (witnesses_ != nullptr) {
    sources.push_back([this] { return witnesses_->Metrics(); });
  }
  auto server = metrics::MetricsServer::Start(options_.metrics_listen, std::move(sources));
  if (!server.ok()) {
    return Complain(absl::IsUnavailable(server.status()) ? kExitRpcFailed : kExitUsage,
                    server.status().message());
  }
  metrics_ = *std::move(server);
  return kExitOk;
}

void ServeProcess::RecordConfiguration() {
  if (log_ == nullptr) {
    return;
  }
  const auto yes_no = [](bool value) { return std::string(value ? "yes" : "no"); };
  const service::EventAttributes settings = {
      {"engine_version", Text(engine::EngineVersion())},
      {"rules", options_.rules.rules},
      {"registry", options_.rules.registry},
      {"watch", yes_no(options_.rules.watch)},
      {"listen", options_.server.listen},
      {"tls", yes_no(options_.server.tls.has_value())},
      {"mutual_tls", yes_no(options_.server.tls && !options_.server.tls->client_ca_file.empty())},
      {"admin_listen", options_.admin.listen},
      {"admin_mutual_tls",
       yes_no(options_.admin.tls && !options_.admin.tls->client_ca_file.empty())},
      {"max_in_flight", absl::StrCat(options_.server.limits.max_in_flight)},
      {"log_max_batch", absl::StrCat(options_.log.max_batch)},
      {"log_max_pending", absl::StrCat(options_.log.max_pending)},
      {"log_min_free_mb", absl::StrCat(options_.log.min_free_mb)},
      {"checkpoint_interval_ms", absl::StrCat(options_.log.checkpoint_interval_ms)},
      {"retention_years", absl::StrCat(options_.log.retention_years)},
      {"log_witnesses", absl::StrJoin(options_.log.witnesses.witnesses, ", ")},
      {"log_clock_tolerance_h", absl::StrCat(options_.log.clock_tolerance_h)},
      {"log_max_off_days", absl::StrCat(options_.log.max_off_days)},
      {"log_confirmed_date", options_.log.confirmed_date}};
  if (const auto recorded = log_->events().RecordConfiguration(settings); !recorded.ok()) {
    events_.OnEvent("configuration-not-recorded", {{"reason", recorded.status().message()}});
  }
}

int ServeProcess::WaitForEnd(const StopSignals& signals) {
  while (signals.Poll() == 0) {
    if (log_failed_) {
      absl::MutexLock lock(&mutex_);
      return Complain(kExitLogFailed,
                      absl::StrCat("the decision log has failed: ", log_failure_,
                                   "; ending, for nothing may be answered that is not on record"));
    }
  }
  return kExitOk;
}

void ServeProcess::StopOrLeave(const StopSignals& signals) {
  {
    absl::MutexLock lock(&mutex_);
    serving_ = nullptr;
  }
  std::atomic<bool> stopped{false};
  std::thread stopper([&] {
    server_->Stop();
    if (admin_ != nullptr) {
      admin_->Stop();
    }
    if (witnesses_ != nullptr) {
      witnesses_->Stop();
    }
    stopped = true;
  });
  while (!stopped) {
    if (const int signal = signals.Poll(); signal != 0) {
      _exit(128 + signal);
    }
  }
  stopper.join();
}

int ServeProcess::Run(const StopSignals& signals) {
  for (const auto step :
       {&ServeProcess::OpenLog, &ServeProcess::PrepareWitnesses, &ServeProcess::StartRules,
        &ServeProcess::StartServers, &ServeProcess::StartMetrics, &ServeProcess::WriteFiles}) {
    if (const int code = (this->*step)(); code != kExitOk) {
      return code;
    }
  }
  rules_->BeginWatching();
  if (witnesses_ != nullptr) {
    witnesses_->Start();
  }
  if (admin_ != nullptr) {
    environment_.out << "administration on " << admin_->address() << '\n';
  }
  if (metrics_ != nullptr) {
    environment_.out << "metrics on port " << metrics_->port() << '\n';
  }
  environment_.out << "listening on " << server_->address() << std::endl;
  const int code = WaitForEnd(signals);
  StopOrLeave(signals);
  return code;
}

}  // namespace plumbline::cli
