#include "server/base/hmac.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/types/span.h"
#include "server/base/secret.h"

namespace plumbline {
namespace {

constexpr size_t kBlockSize = 64;
using Block = std::array<uint8_t, kBlockSize>;

absl::string_view View(const uint8_t* bytes, size_t size) {
  return absl::string_view(reinterpret_cast<const char*>(bytes), size);
}

Block Masked(const Block& key, uint8_t mask) {
  Block masked;
  for (size_t i = 0; i < kBlockSize; ++i) masked[i] = key[i] ^ mask;
  return masked;
}

}  // namespace

Sha256Digest HmacSha256(absl::string_view key, absl::string_view message) {
  Block block{};
  if (key.size() > kBlockSize) {
    const Sha256Digest digest = Sha256Of(key);
    std::memcpy(block.data(), digest.data(), digest.size());
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  Block inner_key = Masked(block, 0x36);
  Block outer_key = Masked(block, 0x5c);
  const Sha256Digest inner = Sha256OfPieces({View(inner_key.data(), kBlockSize), message});
  const Sha256Digest outer =
      Sha256OfPieces({View(outer_key.data(), kBlockSize), View(inner.data(), inner.size())});
  Zeroise(absl::MakeSpan(block));
  Zeroise(absl::MakeSpan(inner_key));
  Zeroise(absl::MakeSpan(outer_key));
  return outer;
}

}  // namespace plumbline
