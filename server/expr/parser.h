// Parser: tokens -> AST, by recursive descent with CEL's grammar and precedences.
//
// Stateless function, thread-safe. After a syntax error it goes on, so that one run reports all of
// them; the faulty operand becomes an AstKind::kError node. Depth and number of nodes are bounded:
// hostile input costs an issue, not the stack.

#ifndef PLUMBLINE_SERVER_EXPR_PARSER_H_
#define PLUMBLINE_SERVER_EXPR_PARSER_H_

#include <vector>

#include "server/expr/ast.h"
#include "server/expr/issue_sink.h"
#include "server/expr/token.h"

namespace plumbline::expr {

struct ParseBounds {
  int max_depth;
  int max_nodes;
};

// The first tree is the expression. Further ones are what followed a place where an operator was
// missing: they are only there to be checked for more problems. Nothing is returned if a bound was
// passed or there are no tokens.
std::vector<AstPtr> Parse(std::vector<Token> tokens, const ParseBounds& bounds, IssueSink& issues);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_PARSER_H_
