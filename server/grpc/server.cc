#include "server/grpc/server.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpc/grpc.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "server/grpc/audit_handler.h"
#include "server/grpc/blocking_calls.h"
#include "server/grpc/call_gate.h"
#include "server/grpc/listen_address.h"
#include "server/grpc/reflection_option.h"
#include "server/grpc/rulesets_handler.h"
#include "server/grpc/server_tls.h"
#include "server/grpc/triage_handler.h"

namespace plumbline::grpc_server {
namespace {

// Calls may be over for us a little before their last bytes are on the wire.
constexpr std::chrono::milliseconds kIdleGrace(200);
constexpr absl::Duration kIdleLook = absl::Milliseconds(10);

// The handlers of one server. Outlives the server, which ends all calls before it goes.
class Handlers {
 public:
  Handlers(const ServedServices& services, const ServerConfig& config, EventLog* log)
      : gate_(config.limits), calls_(&gate_, log, config.limits, config.blocking) {
    if (services.evaluate != nullptr) {
      triage_.emplace(services.evaluate,
                      services.feedback != nullptr ? services.feedback : &no_feedback_, &gate_,
                      &calls_, log, config.limits);
    }
    if (services.audit != nullptr) {
      audit_.emplace(services.audit, &calls_);
    }
    if (services.rulesets != nullptr) {
      rulesets_.emplace(services.rulesets, &calls_, services.may_activate);
    }
  }

  void Register(grpc::ServerBuilder& builder) {
    const auto add = [&builder](auto& handler) {
      if (handler) {
        builder.RegisterService(&*handler);
      }
    };
    add(triage_);
    add(audit_);
    add(rulesets_);
  }

  std::vector<const char*> ServiceNames() const {
    std::vector<const char*> names;
    if (triage_) names.push_back(v1::TriageService::service_full_name());
    if (audit_) names.push_back(v1::AuditService::service_full_name());
    if (rulesets_) names.push_back(v1::RulesetService::service_full_name());
    return names;
  }

  void Drain() {
    if (triage_) {
      triage_->Drain();
    }
  }

  bool idle() const { return gate_.idle(); }

 private:
  const service::FeedbackService no_feedback_{nullptr};
  CallGate gate_;
  BlockingCalls calls_;
  std::optional<TriageHandler> triage_;
  std::optional<AuditHandler> audit_;
  std::optional<RulesetsHandler> rulesets_;
};

class GrpcServer final : public Server {
 public:
  GrpcServer(const ServedServices& services, const ServerConfig& config, EventLog* log)
      : handlers_(services, config, log), stop_(config.stop), log_(log) {}
  ~GrpcServer() override { Stop(); }

  Handlers& handlers() { return handlers_; }

  void Serve(std::unique_ptr<grpc::Server> server, std::string address, int port) {
    server_ = std::move(server);
    address_ = std::move(address);
    port_ = port;
    for (const char* name : handlers_.ServiceNames()) {
      server_->GetHealthCheckService()->SetServingStatus(name, true);
    }
    log_->OnEvent("serving", {{"address", address_}});
  }

  const std::string& address() const override { return address_; }
  int port() const override { return port_; }

  void ReportServing(bool serving) override {
    server_->GetHealthCheckService()->SetServingStatus(serving);
  }

  void Stop() override {
    std::call_once(stopped_, [this] {
      if (server_ == nullptr) {
        return;
      }
      log_->OnEvent("stopping", {{"address", address_}});
      ReportServing(false);
      absl::SleepFor(stop_.notice);
      handlers_.Drain();
      absl::Notification ended;
      std::thread closing([&] { CloseWhenIdle(ended); });
      server_->Shutdown(absl::ToChronoTime(absl::Now() + stop_.drain_limit));
      ended.Notify();
      closing.join();
      server_->Wait();
      log_->OnEvent("stopped", {{"address", address_}});
    });
  }

 private:
  // gRPC takes no calls any more, but waits until every client has let go of its connection. One
  // that is idle looks at it every few seconds only, or not at all: nobody needs to wait for that.
  void CloseWhenIdle(const absl::Notification& ended) {
    // Neither the grace nor the waiting goes by a clock that somebody may set meanwhile.
    using Clock = std::chrono::steady_clock;
    bool was_idle = false;
    Clock::time_point idle_since;
    while (!ended.HasBeenNotified()) {
      absl::SleepFor(kIdleLook);
      const bool idle = handlers_.idle();
      if (idle && !was_idle) idle_since = Clock::now();
      was_idle = idle;
      if (idle && Clock::now() - idle_since >= kIdleGrace) {
        grpc_server_cancel_all_calls(server_->c_server());
        return;
      }
    }
  }

  Handlers handlers_;
  const StopConfig stop_;
  EventLog* log_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  int port_ = 0;
  std::once_flag stopped_;
};

int Millis(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void SetLimits(const ServerConfig& config, grpc::ServerBuilder& builder) {
  const LimitConfig& limits = config.limits;
  builder.SetMaxReceiveMessageSize(limits.max_receive_bytes);
  builder.SetMaxSendMessageSize(limits.max_send_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, limits.max_metadata_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams);
  // Intakes are small; decompression would let a small message become a large one.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);

  const ConnectionConfig& connections = config.connections;
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(connections.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(connections.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Millis(connections.min_ping_interval));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, connections.max_ping_strikes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Millis(connections.max_idle));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Millis(connections.max_age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             Millis(connections.max_age_grace));
  // Two servers on one port would share its connections without anybody noticing.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const ServerConfig& config, const ListenAddress& address) {
  if (config.tls) {
    return MakeTlsCredentials(*config.tls);
  }
  if (!address.IsLocal() && !config.allow_plaintext) {
    return absl::InvalidArgumentError(
        "plaintext is allowed on loopback addresses only: give a certificate and key, or allow it "
        "(--allow-plaintext)");
  }
  return grpc::InsecureServerCredentials();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerConfig& config,
                                                      const ServedServices& services,
                                                      EventLog* log) {
  const absl::StatusOr<ListenAddress> address = ParseListenAddress(config.listen);
  if (!address.ok()) {
    return address.status();
  }
  auto credentials = MakeCredentials(config, *address);
  if (!credentials.ok()) {
    return credentials.status();
  }
  auto server = std::make_unique<GrpcServer>(services, config, log);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetLimits(config, builder);
  builder.SetOption(MakeReflectionOption(config.reflection));
  int port = 0;
  builder.AddListeningPort(config.listen, *credentials, &port);
  server->handlers().Register(builder);
  std::unique_ptr<grpc::Server> listening = builder.BuildAndStart();
  if (listening == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", config.listen));
  }
  server->Serve(std::move(listening), address->ToString(port), port);
  return server;
}

}  // namespace plumbline::grpc_server
