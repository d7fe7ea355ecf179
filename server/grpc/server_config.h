// Settings of the gRPC server, with defaults for a service on a hospital's inner network.

#ifndef PLUMBLINE_SERVER_GRPC_SERVER_CONFIG_H_
#define PLUMBLINE_SERVER_GRPC_SERVER_CONFIG_H_

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace plumbline::grpc_server {

// PEM files; read again while the server runs, so that certificates can be renewed in place.
struct TlsConfig {
  std::string cert_file;
  std::string key_file;
  // When set, clients must show a certificate that one of these authorities has signed.
  std::string client_ca_file;
  absl::Duration reload_interval = absl::Minutes(5);
};

struct LimitConfig {
  // Larger requests get RESOURCE_EXHAUSTED.
  int max_receive_bytes = 256 * 1024;
  // Of our own messages: the ruleset file of GetRevision is by far the largest.
  int max_send_bytes = 8 * 1024 * 1024;
  int max_metadata_bytes = 8 * 1024;
  // Calls at the same time on one connection.
  int max_concurrent_streams = 128;
  // Calls at the same time in all; more get RESOURCE_EXHAUSTED with `retry_after`.
  int max_in_flight = 256;
  absl::Duration retry_after = absl::Milliseconds(100);
  // EvaluateStream: streams at the same time, and requests of one stream that are read ahead.
  int max_open_streams = 256;
  int max_unanswered = 64;
  // A call with less time left is refused before it is looked at.
  absl::Duration min_remaining = absl::Milliseconds(5);
};

struct ConnectionConfig {
  absl::Duration keepalive_time = absl::Seconds(60);
  absl::Duration keepalive_timeout = absl::Seconds(20);
  // Clients that ping more often are cut off after `max_ping_strikes`.
  absl::Duration min_ping_interval = absl::Seconds(30);
  int max_ping_strikes = 2;
  absl::Duration max_idle = absl::Minutes(5);
  // Connections are renewed now and then, so that load spreads over replicas.
  absl::Duration max_age = absl::Minutes(10);
  absl::Duration max_age_grace = absl::Seconds(30);
};

struct StopConfig {
  // Between reporting NOT_SERVING and refusing new connections: time for load balancers to notice.
  absl::Duration notice = absl::ZeroDuration();
  // Longest wait for calls that are under way; then they are cancelled.
  absl::Duration drain_limit = absl::Seconds(10);
};

// Threads for the calls that wait for disks or compute for long: all but those of Evaluate.
struct BlockingConfig {
  int unary_threads = 4;
  // Exports and replays: each holds a thread for as long as its reader takes.
  int stream_threads = 2;
  // Calls of each kind that may wait for a thread; more are refused.
  int max_waiting = 64;
};

struct ServerConfig {
  // "127.0.0.1:50051", "[::1]:0", "unix:/run/plumbline.sock". Port 0: any free one.
  std::string listen = "127.0.0.1:50051";
  // Absent: plaintext, allowed on loopback and Unix sockets only, unless `allow_plaintext`.
  std::optional<TlsConfig> tls;
  bool allow_plaintext = false;
  bool reflection = false;
  LimitConfig limits;
  BlockingConfig blocking;
  ConnectionConfig connections;
  StopConfig stop;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_SERVER_CONFIG_H_
