// TLS and mutual TLS between client library and server.

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "plumbline/client/triage_client.h"
#include "tests/testing/grpc/child_process.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/raw_call.h"
#include "tests/testing/grpc/test_certificates.h"
#include "tests/testing/grpc/test_server.h"

namespace plumbline {
namespace {

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() : authority_(testing::MakeAuthority("Test authority")) {
    const auto server = testing::MakeCertificate("localhost", authority_);
    ca_file_ = folder_.Write("ca.pem", authority_.cert_pem);
    config_.tls.emplace();
    config_.tls->cert_file = folder_.Write("server.pem", server.cert_pem);
    config_.tls->key_file = folder_.Write("server.key", server.key_pem);
    config_.tls->reload_interval = absl::Seconds(1);
  }

  void Start() {
    server_ = std::make_unique<testing::TestServer>(
        testing::FakeRuleset(std::make_shared<testing::FakeEvaluator>()), config_);
  }

  client::TlsOptions WriteClientIdentity(const testing::KeyAndCertificate& identity) {
    client::TlsOptions tls;
    tls.ca_file = ca_file_;
    tls.cert_file = folder_.Write("client.pem", identity.cert_pem);
    tls.key_file = folder_.Write("client.key", identity.key_pem);
    return tls;
  }

  bool Answers(const std::optional<client::TlsOptions>& tls) {
    client::ClientOptions options;
    options.target = server_->address();
    options.tls = tls;
    options.retry.max_attempts = 1;
    auto client = client::MakeTriageClient(options);
    EXPECT_TRUE(client.ok());
    return client.ok() && (*client)->Evaluate(testing::ValidRequest()).ok();
  }

  testing::TemporaryFolder folder_;
  const testing::KeyAndCertificate authority_;
  std::string ca_file_;
  grpc_server::ServerConfig config_;
  std::unique_ptr<testing::TestServer> server_;
};

TEST_F(TlsTest, ClientThatTrustsTheAuthorityIsAnswered) {
  Start();
  client::TlsOptions tls;
  tls.ca_file = ca_file_;
  EXPECT_TRUE(Answers(tls));
}

TEST_F(TlsTest, ClientWithAnotherAuthorityRefusesTheServer) {
  Start();
  client::TlsOptions tls;
  tls.ca_file = folder_.Write("other.pem", testing::MakeAuthority("Other").cert_pem);
  EXPECT_FALSE(Answers(tls));
}

TEST_F(TlsTest, NameMustBeInTheCertificate) {
  Start();
  client::TlsOptions tls;
  tls.ca_file = ca_file_;
  tls.server_name = "other.example";
  EXPECT_FALSE(Answers(tls));
  tls.server_name = "localhost";
  EXPECT_TRUE(Answers(tls));
}

TEST_F(TlsTest, PlaintextIsNotAnswered) {
  Start();
  EXPECT_FALSE(Answers(std::nullopt));
}

TEST_F(TlsTest, MutualTlsLetsInWhoShowsACertificateOfTheAuthority) {
  config_.tls->client_ca_file = ca_file_;
  Start();
  EXPECT_TRUE(Answers(WriteClientIdentity(testing::MakeCertificate("client", authority_))));
}

TEST_F(TlsTest, MutualTlsKeepsOutEverybodyElse) {
  config_.tls->client_ca_file = ca_file_;
  Start();
  client::TlsOptions nobody;
  nobody.ca_file = ca_file_;
  EXPECT_FALSE(Answers(nobody));
  const auto stranger = testing::MakeAuthority("Stranger");
  EXPECT_FALSE(Answers(WriteClientIdentity(testing::MakeCertificate("client", stranger))));
}

TEST_F(TlsTest, RenewedCertificateIsTakenUpWhileRunning) {
  Start();
  const auto new_authority = testing::MakeAuthority("New authority");
  const auto renewed = testing::MakeCertificate("localhost", new_authority);
  client::TlsOptions tls;
  tls.ca_file = folder_.Write("new_ca.pem", new_authority.cert_pem);
  EXPECT_FALSE(Answers(tls));
  folder_.Write("server.key", renewed.key_pem);
  folder_.Write("server.pem", renewed.cert_pem);
  bool answers = false;
  for (int i = 0; i < 50 && !answers; ++i) {
    absl::SleepFor(absl::Milliseconds(200));
    answers = Answers(tls);
  }
  EXPECT_TRUE(answers);
}

}  // namespace
}  // namespace plumbline
