#include "server/base/secret.h"

#include <openssl/crypto.h>

namespace plumbline {

void Zeroise(absl::Span<uint8_t> secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

void Zeroise(std::string& secret) {
  // A string that shrank keeps its old end behind size().
  secret.resize(secret.capacity());
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

bool EqualInConstantTime(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace plumbline
