#include "server/audit/proof_text.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "server/base/base64.h"

namespace plumbline::audit {

bool ParseDecimal(absl::string_view text, uint64_t& value) {
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  if (text.size() > 1 && text[0] == '0') return false;
  return absl::SimpleAtoi(text, &value);
}

std::string EncodeHash(const Sha256Digest& hash) {
  return EncodeBase64(absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

bool DecodeHash(absl::string_view text, Sha256Digest& hash) {
  const absl::StatusOr<std::string> bytes = DecodeBase64(text);
  if (!bytes.ok() || bytes->size() != hash.size()) return false;
  std::memcpy(hash.data(), bytes->data(), hash.size());
  return true;
}

bool TakeLine(absl::string_view& text, absl::string_view& line) {
  const size_t end = text.find('\n');
  if (end == absl::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace plumbline::audit
