// Where a witness is, and with which key it cosigns.

#ifndef PLUMBLINE_SERVER_WITNESS_WITNESS_ADDRESS_H_
#define PLUMBLINE_SERVER_WITNESS_WITNESS_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline::witness {

struct WitnessAddress {
  // Verifier key of algorithm 0x04 (cosignature.h).
  std::string vkey;
  // Submission prefix of C2SP tlog-witness, without a slash at the end.
  std::string url;
  // The host is this machine: no proxy is used.
  bool loopback = false;
};

// Reads "VKEY URL". InvalidArgument says what is wrong: a key that is none, or of another
// algorithm; a URL that is not http or https, or has a user, a query or a fragment; http beyond
// loopback, unless `allow_plaintext`. The answers are signed, so that plaintext lets nobody forge
// one, but whoever listens sees how many decisions are made, and whoever is in between can keep a
// cosignature away.
absl::StatusOr<WitnessAddress> ParseWitnessAddress(absl::string_view text, bool allow_plaintext);

}  // namespace plumbline::witness

#endif  // PLUMBLINE_SERVER_WITNESS_WITNESS_ADDRESS_H_
