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

// The result ends with a kEnd token; it is empty if the text is not lexed at all, because it is
// longer than `max_code_points` ("too-long") or not UTF-8. `start` is the place of the first
// character.
std::vector<Token> Lex(absl::string_view text, Position start, int max_code_points,
                       IssueSink& issues);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_LEXER_H_
