#include "server/grpc/server_tls.h"

#include <gtest/gtest.h>

#include "tests/testing/grpc/child_process.h"
#include "tests/testing/grpc/test_certificates.h"

namespace plumbline::grpc_server {
namespace {

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() {
    const testing::KeyAndCertificate authority = testing::MakeAuthority("Test authority");
    const testing::KeyAndCertificate server = testing::MakeCertificate("localhost", authority);
    config_.cert_file = folder_.Write("server.pem", server.cert_pem);
    config_.key_file = folder_.Write("server.key", server.key_pem);
    config_.client_ca_file = folder_.Write("ca.pem", authority.cert_pem);
    other_key_ = folder_.Write("other.key", authority.key_pem);
    nonsense_ = folder_.Write("nonsense", "not PEM");
  }

  testing::TemporaryFolder folder_;
  TlsConfig config_;
  std::string other_key_;
  std::string nonsense_;
};

TEST_F(TlsFilesTest, FittingFilesPass) {
  EXPECT_TRUE(CheckTlsFiles(config_).ok());
  EXPECT_TRUE(MakeTlsCredentials(config_).ok());
}

TEST_F(TlsFilesTest, KeyOfAnotherCertificateIsRefused) {
  config_.key_file = other_key_;
  EXPECT_EQ(CheckTlsFiles(config_).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TlsFilesTest, MissingOrMalformedFilesAreRefusedByName) {
  for (std::string TlsConfig::*file :
       {&TlsConfig::cert_file, &TlsConfig::key_file, &TlsConfig::client_ca_file}) {
    for (const std::string& bad : {nonsense_, folder_.path("missing")}) {
      TlsConfig config = config_;
      config.*file = bad;
      const absl::Status status = CheckTlsFiles(config);
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_NE(std::string(status.message()).find(bad), std::string::npos) << status;
    }
  }
}

}  // namespace
}  // namespace plumbline::grpc_server
