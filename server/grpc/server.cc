#include "server/grpc/server.h"

#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "server/grpc/listen_address.h"
#include "server/grpc/reflection_option.h"
#include "server/grpc/server_tls.h"
#include "server/grpc/triage_handler.h"

namespace plumbline::grpc_server {
namespace {

class GrpcServer final : public Server {
 public:
  GrpcServer(std::unique_ptr<TriageHandler> handler, StopConfig stop, EventLog* log)
      : handler_(std::move(handler)), stop_(stop), log_(log) {}
  ~GrpcServer() override { Stop(); }

  TriageHandler* handler() { return handler_.get(); }

  void Serve(std::unique_ptr<grpc::Server> server, std::string address, int port) {
    server_ = std::move(server);
    address_ = std::move(address);
    port_ = port;
    server_->GetHealthCheckService()->SetServingStatus(v1::TriageService::service_full_name(),
                                                       true);
    log_->OnEvent("serving", {{"address", address_}});
  }

  const std::string& address() const override { return address_; }
  int port() const override { return port_; }

  void Stop() override {
    std::call_once(stopped_, [this] {
      if (server_ == nullptr) {
        return;
      }
      log_->OnEvent("stopping");
      server_->GetHealthCheckService()->SetServingStatus(false);
      absl::SleepFor(stop_.notice);
      server_->Shutdown(absl::ToChronoTime(absl::Now() + stop_.drain_limit));
      server_->Wait();
      log_->OnEvent("stopped");
    });
  }

 private:
  const std::unique_ptr<TriageHandler> handler_;
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
                                                      const service::EvaluateService* service,
                                                      EventLog* log) {
  const absl::StatusOr<ListenAddress> address = ParseListenAddress(config.listen);
  if (!address.ok()) {
    return address.status();
  }
  auto credentials = MakeCredentials(config, *address);
  if (!credentials.ok()) {
    return credentials.status();
  }
  auto server = std::make_unique<GrpcServer>(
      std::make_unique<TriageHandler>(service, log, config.limits), config.stop, log);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetLimits(config, builder);
  builder.SetOption(MakeReflectionOption(config.reflection));
  int port = 0;
  builder.AddListeningPort(config.listen, *credentials, &port);
  builder.RegisterService(server->handler());
  std::unique_ptr<grpc::Server> listening = builder.BuildAndStart();
  if (listening == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", config.listen));
  }
  server->Serve(std::move(listening), address->ToString(port), port);
  return server;
}

}  // namespace plumbline::grpc_server
