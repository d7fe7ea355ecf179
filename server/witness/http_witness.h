// HttpWitness: asks one witness over HTTP (C2SP tlog-witness, add-checkpoint).

#ifndef PLUMBLINE_SERVER_WITNESS_HTTP_WITNESS_H_
#define PLUMBLINE_SERVER_WITNESS_HTTP_WITNESS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/audit/witness_client.h"
#include "server/witness/witness_address.h"

namespace plumbline::witness {

// An answer may be a hundred signature lines.
inline constexpr size_t kMaxAnswerBytes = size_t{64} << 10;

struct HttpWitnessOptions {
  // For one question, from the look-up of the name to the last byte of the answer.
  absl::Duration timeout = absl::Seconds(10);
  // Certificate authorities (PEM) for https. Empty: those of the system. Read when a connection is
  // made: a file that is missing fails questions (kUnavailable) until it is there.
  std::string ca_file;
};

// Thread-safe: one question at a time. https verifies certificate and host name, with TLS 1.2 at
// least. No redirects are followed: a witness is where its operator says. The system's proxy
// settings count (https_proxy, no_proxy), except for loopback. A connection that is
// closed while TLS writes raises no SIGPIPE.
//
// Errors, beside those of the answer itself (ParseAddCheckpointAnswer):
//   kDeadlineExceeded  no whole answer within the timeout
//   kUnauthenticated   the certificate is not one of the host's by a known authority
//   kUnavailable       no connection, or it broke
//   kUnknown           the answer is larger than kMaxAnswerBytes, or no HTTP
//   kCancelled         Cancel was called
class HttpWitness : public audit::WitnessTransport {
 public:
  // Internal if libcurl cannot begin.
  static absl::StatusOr<std::unique_ptr<HttpWitness>> Create(const WitnessAddress& address,
                                                             HttpWitnessOptions options);
};

}  // namespace plumbline::witness

#endif  // PLUMBLINE_SERVER_WITNESS_HTTP_WITNESS_H_
