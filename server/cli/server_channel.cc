#include "server/cli/server_channel.h"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace plumbline::cli {
namespace {

absl::StatusOr<std::string> ReadPem(const char* what, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string pem{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || pem.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(what, " ", path, " cannot be read"));
  }
  return pem;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const AuditServer& server) {
  if (!server.tls) return grpc::InsecureChannelCredentials();
  if (server.tls_files.cert_file.empty() != server.tls_files.key_file.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key belong together");
  }
  grpc::SslCredentialsOptions ssl;
  const struct {
    const char* flag;
    const std::string& path;
    std::string& pem;
  } files[] = {{"--tls-ca", server.tls_files.ca_file, ssl.pem_root_certs},
               {"--tls-cert", server.tls_files.cert_file, ssl.pem_cert_chain},
               {"--tls-key", server.tls_files.key_file, ssl.pem_private_key}};
  for (const auto& file : files) {
    if (file.path.empty()) continue;
    absl::StatusOr<std::string> pem = ReadPem(file.flag, file.path);
    if (!pem.ok()) return pem.status();
    file.pem = *std::move(pem);
  }
  return grpc::SslCredentials(ssl);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const AuditServer& server) {
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = MakeCredentials(server);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("plumbline-cli");
  // A record holds a request and a decision, which may each have as much as a server takes.
  arguments.SetMaxReceiveMessageSize(64 << 20);
  if (server.tls && !server.tls_files.server_name.empty()) {
    arguments.SetSslTargetNameOverride(server.tls_files.server_name);
  }
  return grpc::CreateCustomChannel(server.target, *credentials, arguments);
}

absl::Status FromRpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  std::string message = status.error_message();
  google::rpc::Status details;
  google::rpc::BadRequest bad;
  if (details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : details.details()) {
      if (!detail.UnpackTo(&bad)) continue;
      for (const auto& violation : bad.field_violations()) {
        absl::StrAppend(&message, "\n  ", violation.field(), ": ", violation.description());
      }
    }
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), message);
}

void DeclareTls(CLI::App& app, AuditServer& server) {
  app.add_flag("--tls", server.tls, "Use TLS with the system's authorities");
  app.add_option("--tls-ca", server.tls_files.ca_file,
                 "Authority of the server's certificate (PEM; implies --tls)");
  app.add_option("--tls-cert", server.tls_files.cert_file,
                 "Certificate of this client (PEM; implies --tls)");
  app.add_option("--tls-key", server.tls_files.key_file, "Key of this client (PEM)");
  app.add_option("--tls-server-name", server.tls_files.server_name,
                 "Name to expect in the server's certificate");
}

}  // namespace plumbline::cli
