// How a client reaches the service.

#ifndef PLUMBLINE_CLIENT_OPTIONS_H_
#define PLUMBLINE_CLIENT_OPTIONS_H_

#include <chrono>
#include <optional>
#include <string>

namespace plumbline::client {

// Files in PEM form, read once when the client is made.
struct TlsOptions {
  // Authorities that may have signed the server's certificate. Empty: those of the system.
  std::string ca_file;
  // The client's own certificate and key, for servers that ask for one. Both or neither.
  std::string cert_file;
  std::string key_file;
  // Name to look for in the server's certificate. Empty: the host of the target.
  std::string server_name;
};

// Tries evaluations again when the server is UNAVAILABLE or about to stop (CANCELLED), with
// exponential backoff and jitter, never beyond the call's deadline. Evaluating is pure, so that
// trying again is always safe; with a request id a service that keeps a decision log records it
// once only.
struct RetryPolicy {
  // 1: no second try. At most 5.
  int max_attempts = 3;
  std::chrono::milliseconds initial_backoff{50};
  std::chrono::milliseconds max_backoff{1000};
  double backoff_multiplier = 2.0;
};

struct ClientOptions {
  // "localhost:50051", "dns:///triage.example:443", "unix:/run/plumbline.sock".
  std::string target;
  // For each call, tries together. The service refuses calls without one.
  std::chrono::milliseconds deadline{2000};
  // Absent: plaintext.
  std::optional<TlsOptions> tls;
  // Put before gRPC's own ("my-ehr/4.2").
  std::string user_agent;
  // Who calls, for the service's decision log: at most 128 printable ASCII characters, never about
  // a patient. A client certificate says it with proof, and comes before this. Empty: not said.
  std::string caller;
  RetryPolicy retry;
};

// For one call.
struct CallOptions {
  // Absent: ClientOptions::deadline.
  std::optional<std::chrono::milliseconds> deadline;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_OPTIONS_H_
