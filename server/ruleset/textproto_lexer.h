// Tokens of the text format: identifiers, numbers, string literals, punctuation. Comments run from
// '#' to the end of the line.

#ifndef PLUMBLINE_SERVER_RULESET_TEXTPROTO_LEXER_H_
#define PLUMBLINE_SERVER_RULESET_TEXTPROTO_LEXER_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "server/ruleset/textproto_tree.h"

namespace plumbline::ruleset {

struct TextprotoToken {
  enum class Kind {
    kIdentifier,
    kNumber,
    kString,
    kPunctuation,
    kUnterminatedString,
    kInvalid,  // one byte that starts no token
    kEnd,
  };
  Kind kind = Kind::kEnd;
  ByteRange range;
  absl::string_view text;
  bool at_line_start = false;  // in column 1
};

// All tokens, with one kEnd at the end. They refer to `text`.
std::vector<TextprotoToken> LexTextproto(absl::string_view text);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_TEXTPROTO_LEXER_H_
