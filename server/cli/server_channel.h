// Connections of the commands to a server, and its errors in words.

#ifndef PLUMBLINE_SERVER_CLI_SERVER_CHANNEL_H_
#define PLUMBLINE_SERVER_CLI_SERVER_CHANNEL_H_

#include <memory>

#include "CLI/App.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "server/cli/audit_client.h"

namespace plumbline::cli {

// InvalidArgument if a TLS file cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const AuditServer& server);

// The server's words, with every field that it found wrong.
absl::Status FromRpc(const grpc::Status& status);

// Declares the options of TLS.
void DeclareTls(CLI::App& app, AuditServer& server);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_SERVER_CHANNEL_H_
