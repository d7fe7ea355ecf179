// UTF-8: decoding, encoding and counting of code points. Strings of expressions are valid UTF-8
// when they come from an expression; those of an intake are bytes that protobuf has validated.

#ifndef PLUMBLINE_SERVER_EXPR_UTF8_H_
#define PLUMBLINE_SERVER_EXPR_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace plumbline::expr {

// Length in bytes of the well-formed code point at the start of `text`; 0 if it is malformed
// (overlong forms and surrogates included) or `text` is empty.
size_t Utf8Length(absl::string_view text);

// Number of code points, the size() of a CEL string. Continuation bytes do not count.
inline int64_t CountCodePoints(absl::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

// False for surrogates and beyond U+10FFFF.
bool AppendUtf8(uint32_t code_point, std::string& out);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_UTF8_H_
