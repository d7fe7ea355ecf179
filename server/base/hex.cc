#include "server/base/hex.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace plumbline {

std::string EncodeHex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

absl::StatusOr<std::string> DecodeHex(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return absl::InvalidArgumentError(
          absl::StrCat("character ", i + 1, " is not a hexadecimal digit"));
    }
  }
  if (text.size() % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("an odd number of hexadecimal digits (", text.size(), ")"));
  }
  return absl::HexStringToBytes(text);
}

}  // namespace plumbline
