#include "server/base/utf8_text.h"

#include <cstddef>
#include <cstdint>

namespace plumbline {

absl::optional<char32_t> Utf8Reader::Next() {
  if (rest_.empty()) return absl::nullopt;
  const uint8_t lead = static_cast<uint8_t>(rest_[0]);
  if (lead < 0x80) {
    rest_.remove_prefix(1);
    return lead;
  }
  size_t size = 0;
  char32_t least = 0;
  char32_t c = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    size = 2, least = 0x80, c = lead & 0x1f;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    size = 3, least = 0x800, c = lead & 0x0f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    size = 4, least = 0x10000, c = lead & 0x07;
  } else {
    return absl::nullopt;
  }
  if (rest_.size() < size) return absl::nullopt;
  for (size_t i = 1; i < size; ++i) {
    const uint8_t byte = static_cast<uint8_t>(rest_[i]);
    if ((byte & 0xc0) != 0x80) return absl::nullopt;
    c = c << 6 | (byte & 0x3f);
  }
  if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return absl::nullopt;
  rest_.remove_prefix(size);
  return c;
}

bool IsUnicodeSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

}  // namespace plumbline
