#include "server/ruleset/source_text.h"

#include <algorithm>
#include <utility>

#include "server/expr/utf8.h"

namespace plumbline::ruleset {

SourceText::SourceText(std::string display_path, absl::string_view bytes)
    : display_path_(std::move(display_path)), bytes_(bytes), line_starts_{0} {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n') line_starts_.push_back(i + 1);
  }
}

SourceLocation SourceText::At(size_t offset) const {
  offset = std::min(offset, bytes_.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const size_t start = *(next - 1);
  const int64_t characters = expr::CountCodePoints(bytes_.substr(start, offset - start));
  return {display_path_, static_cast<int>(next - line_starts_.begin()),
          static_cast<int>(characters) + 1};
}

std::optional<size_t> FindNonText(absl::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const size_t length = expr::Utf8Length(bytes.substr(at));
    const auto byte = static_cast<unsigned char>(bytes[at]);
    const bool blank = byte == '\t' || byte == '\n' || byte == '\r';
    if (length == 0 || (byte < 0x20 && !blank) || byte == 0x7f) return at;
    at += length;
  }
  return std::nullopt;
}

}  // namespace plumbline::ruleset
