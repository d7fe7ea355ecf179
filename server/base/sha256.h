// SHA-256 (FIPS 180-4), from OpenSSL. Names the revisions of rulesets, hashes the decision log.

#ifndef PLUMBLINE_SERVER_BASE_SHA256_H_
#define PLUMBLINE_SERVER_BASE_SHA256_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace plumbline {

using Sha256Digest = std::array<uint8_t, 32>;

// Digest of a text that comes in pieces. Thread-compatible. Aborts the process when OpenSSL refuses
// to hash (it does so only out of memory, or with a provider configuration without SHA-256): a
// wrong or missing digest must never name a revision.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void Update(absl::string_view bytes);
  // Call once; the object is spent afterwards.
  Sha256Digest Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Digest of all of `bytes`. Thread-safe; allocates nothing after a thread's first call, unlike an
// object of the class above.
Sha256Digest Sha256Of(absl::string_view bytes);

// Digest of the pieces, one behind the other, without copying them together. As fast as Sha256Of.
Sha256Digest Sha256OfPieces(std::initializer_list<absl::string_view> pieces);

// Lower-case hexadecimal, two digits a byte.
std::string ToHex(const Sha256Digest& digest);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_SHA256_H_
