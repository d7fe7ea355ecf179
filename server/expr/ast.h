// AstNode: what the parser saw, before names and types are known.
//
// A tree of unique owners, built and dropped within one Check call. Its depth is bounded by
// Limits::max_depth, so that recursion over it is safe.

#ifndef PLUMBLINE_SERVER_EXPR_AST_H_
#define PLUMBLINE_SERVER_EXPR_AST_H_

#include <memory>
#include <string>
#include <vector>

#include "server/expr/operator.h"
#include "server/expr/token.h"
#include "server/expr/value.h"

namespace plumbline::expr {

enum class AstKind : uint8_t {
  kError,    // already reported
  kLiteral,  // `literal`
  kName,     // `name`
  kSelect,   // children[0] . name
  kIndex,    // children[0] [ children[1] ]
  kCall,     // name(children...); with a receiver, it is children[0]
  kList,     // [children...]
  kUnary,    // op children[0]
  kBinary,   // children[0] op children[1]
  kLogic,    // && or || of two or more children: chains are flat
  kTernary,  // children[0] ? children[1] : children[2]
};

struct AstNode;
using AstPtr = std::unique_ptr<AstNode>;

struct AstNode {
  AstKind kind = AstKind::kError;
  Position start;     // first character
  Position position;  // what messages point at: the operator, the name, the first character
  Value literal;
  std::string name;
  Operator op = Operator::kOr;
  bool has_receiver = false;
  int depth = 1;
  std::vector<AstPtr> children;
};

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_AST_H_
