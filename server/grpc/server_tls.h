// Credentials of the server.

#ifndef PLUMBLINE_SERVER_GRPC_SERVER_TLS_H_
#define PLUMBLINE_SERVER_GRPC_SERVER_TLS_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"
#include "server/grpc/server_config.h"

namespace plumbline::grpc_server {

// InvalidArgument if a file cannot be read, is not PEM, or the key does not fit the certificate.
// gRPC would only notice at the first handshake.
absl::Status CheckTlsFiles(const TlsConfig& config);

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeTlsCredentials(
    const TlsConfig& config);

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_SERVER_TLS_H_
