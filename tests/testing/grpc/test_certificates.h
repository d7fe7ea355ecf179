// Certificates made for one test run: an authority, a server ("localhost") and a client.

#ifndef PLUMBLINE_TESTS_TESTING_GRPC_TEST_CERTIFICATES_H_
#define PLUMBLINE_TESTS_TESTING_GRPC_TEST_CERTIFICATES_H_

#include <string>

namespace plumbline::testing {

struct KeyAndCertificate {
  std::string key_pem;
  std::string cert_pem;
};

// A self-signed authority.
KeyAndCertificate MakeAuthority(const std::string& name);

// A certificate for the DNS name and 127.0.0.1, signed by `authority`. Valid for a day.
KeyAndCertificate MakeCertificate(const std::string& name, const KeyAndCertificate& authority);

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_GRPC_TEST_CERTIFICATES_H_
