// Lexer: expression text -> tokens.
//
// Stateless function, thread-safe. Problems go to the sink and lexing goes on; the faulty part
// becomes a kBad token, so that the parser has an operand and reports nothing more about it.

#ifndef PLUMBLINE_SERVER_EXPR_LEXER_H_
#define PLUMBLINE_SERVER_EXPR_LEXER_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "server/expr/issue_sink.h"
#include "server/expr/token.h"

namespace plumbline::expr {

// The result always ends with a kEnd token. `start` is the place of the first character.
// `max_code_points` bounds the work: longer text is one "too-long" issue and no tokens.
std::vector<Token> Lex(absl::string_view text, Position start, int max_code_points,
                       IssueSink& issues);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_LEXER_H_
