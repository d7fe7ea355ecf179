#include "server/grpc/server_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace plumbline::grpc_server {

absl::Status CheckTlsFiles(const TlsConfig& config) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                                  &SSL_CTX_free);
  const auto problem = [](absl::string_view what, const std::string& file) {
    ERR_clear_error();
    return absl::InvalidArgumentError(absl::StrCat(what, ": ", file));
  };
  if (context == nullptr) {
    ERR_clear_error();
    return absl::InternalError("cannot set up TLS");
  }
  if (SSL_CTX_use_certificate_chain_file(context.get(), config.cert_file.c_str()) != 1) {
    return problem("cannot read the certificate (PEM)", config.cert_file);
  }
  // A key with a passphrase would make OpenSSL ask on the terminal: treat it as unreadable.
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_PrivateKey_file(context.get(), config.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return problem("cannot read the key (PEM), or it does not fit the certificate",
                   config.key_file);
  }
  if (!config.client_ca_file.empty() &&
      SSL_CTX_load_verify_locations(context.get(), config.client_ca_file.c_str(), nullptr) != 1) {
    return problem("cannot read the authorities of clients (PEM)", config.client_ca_file);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeTlsCredentials(
    const TlsConfig& config) {
  if (absl::Status status = CheckTlsFiles(config); !status.ok()) {
    return status;
  }
  const auto seconds =
      static_cast<unsigned>(std::max<int64_t>(1, absl::ToInt64Seconds(config.reload_interval)));
  using Provider = grpc::experimental::FileWatcherCertificateProvider;
  const bool mutual = !config.client_ca_file.empty();
  auto provider = mutual ? std::make_shared<Provider>(config.key_file, config.cert_file,
                                                      config.client_ca_file, seconds)
                         : std::make_shared<Provider>(config.key_file, config.cert_file, seconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (mutual) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  } else {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace plumbline::grpc_server
