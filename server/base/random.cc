#include "server/base/random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace plumbline {

void OpenSslRandomSource::Fill(absl::Span<uint8_t> bytes) {
  // OpenSSL counts in int.
  while (!bytes.empty()) {
    const size_t count = std::min<size_t>(bytes.size(), INT_MAX);
    if (RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) {
      std::fputs("plumbline: OpenSSL has no random bytes\n", stderr);
      std::abort();
    }
    bytes.remove_prefix(count);
  }
}

}  // namespace plumbline
