// Hexadecimal text of bytes, and back.

#ifndef PLUMBLINE_SERVER_BASE_HEX_H_
#define PLUMBLINE_SERVER_BASE_HEX_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline {

// Lower-case, two digits a byte.
std::string EncodeHex(absl::string_view bytes);

// Takes digits of either case, an even number of them and nothing else; anything else is
// kInvalidArgument, with the position of what is wrong. The error does not repeat the text, which
// may be a secret.
absl::StatusOr<std::string> DecodeHex(absl::string_view text);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_HEX_H_
