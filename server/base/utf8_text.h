// Reading UTF-8 character by character, strictly (Unicode 15, table 3-7).

#ifndef PLUMBLINE_SERVER_BASE_UTF8_TEXT_H_
#define PLUMBLINE_SERVER_BASE_UTF8_TEXT_H_

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace plumbline {

// Walks over the characters of a text. Borrows the text.
class Utf8Reader {
 public:
  explicit Utf8Reader(absl::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }

  // The next character; nothing when the bytes are not UTF-8 (cut off, overlong, a surrogate, above
  // U+10FFFF), and the reader stays there.
  absl::optional<char32_t> Next();

 private:
  absl::string_view rest_;
};

// Unicode's White_Space, which includes line and paragraph separators and U+0085.
bool IsUnicodeSpace(char32_t c);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_UTF8_TEXT_H_
