#include "server/base/base64.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "server/base/secret.h"

namespace plumbline {

std::string EncodeBase64(absl::string_view bytes) { return absl::Base64Escape(bytes); }

absl::StatusOr<std::string> DecodeBase64(absl::string_view text) {
  std::string bytes;
  // absl::Base64Unescape takes more than the standard does (white space, no padding). Writing the
  // bytes again finds all of that.
  bool exact = absl::Base64Unescape(text, &bytes);
  if (exact) {
    std::string again = EncodeBase64(bytes);
    exact = again == text;
    Zeroise(again);
  }
  if (!exact) {
    Zeroise(bytes);
    return absl::InvalidArgumentError("not standard base64 (RFC 4648 section 4, with padding)");
  }
  return bytes;
}

}  // namespace plumbline
