// Addresses that a server listens on.

#ifndef PLUMBLINE_SERVER_GRPC_LISTEN_ADDRESS_H_
#define PLUMBLINE_SERVER_GRPC_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline::grpc_server {

struct ListenAddress {
  // "127.0.0.1", "[::1]", "localhost"; empty for a Unix socket.
  std::string host;
  int port = 0;
  // "unix:/run/plumbline.sock"; empty otherwise.
  std::string unix_socket;

  // Reached from this machine only.
  bool IsLocal() const;
  // With `bound_port` in place of port 0.
  std::string ToString(int bound_port) const;
};

// InvalidArgument if `text` is none of HOST:PORT, [IPV6]:PORT, unix:PATH, with a port of 0-65535.
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text);

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_LISTEN_ADDRESS_H_
