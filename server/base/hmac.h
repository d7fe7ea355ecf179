// HMAC-SHA256 (RFC 2104, FIPS 198-1).

#ifndef PLUMBLINE_SERVER_BASE_HMAC_H_
#define PLUMBLINE_SERVER_BASE_HMAC_H_

#include "absl/strings/string_view.h"
#include "server/base/sha256.h"

namespace plumbline {

// Authenticates `message` under `key`, which may have any length; 32 random bytes are right.
// Thread-safe. Compare results with EqualInConstantTime (base/secret.h) where an adversary supplies
// one of them.
Sha256Digest HmacSha256(absl::string_view key, absl::string_view message);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_HMAC_H_
