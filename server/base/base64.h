// Base64 (RFC 4648 section 4), strictly: one text for each sequence of bytes and one only.

#ifndef PLUMBLINE_SERVER_BASE_BASE64_H_
#define PLUMBLINE_SERVER_BASE_BASE64_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline {

// With padding, without line breaks.
std::string EncodeBase64(absl::string_view bytes);

// Takes exactly what EncodeBase64 writes: no white space, no missing padding, no stray bits in the
// last character. Anything else is kInvalidArgument; the error does not repeat the text, which may
// be a secret.
absl::StatusOr<std::string> DecodeBase64(absl::string_view text);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_BASE64_H_
