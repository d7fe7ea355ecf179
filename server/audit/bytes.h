// Integers in the hand-specified formats of the decision log.

#ifndef PLUMBLINE_SERVER_AUDIT_BYTES_H_
#define PLUMBLINE_SERVER_AUDIT_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace plumbline::audit {

inline void AppendUint64(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

// The first 8 bytes of `bytes`, which must have as many.
inline uint64_t ReadUint64(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  return value;
}

// Little-endian base 128, as in protocol buffers; always in the shortest form.
inline void AppendVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// Takes a varint off the front of `bytes`. False, with `bytes` as it was, for one that is cut off,
// larger than 64 bits, or longer than it needs to be.
inline bool TakeVarint(absl::string_view& bytes, uint64_t& value) {
  uint64_t result = 0;
  for (size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    if (i == 9 && byte > 1) return false;
    result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      if (byte == 0 && i > 0) return false;
      value = result;
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_BYTES_H_
