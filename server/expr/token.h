// Token: one lexical element of an expression, with its place in the source file.
//
// Plain data, owned by the token vector of one Check call.

#ifndef PLUMBLINE_SERVER_EXPR_TOKEN_H_
#define PLUMBLINE_SERVER_EXPR_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace plumbline::expr {

// Absolute line and column (in code points), both from 1.
struct Position {
  int line = 1;
  int column = 1;
  friend bool operator==(const Position&, const Position&) = default;
};

enum class TokenKind : uint8_t {
  kEnd,
  kIdentifier,
  kInt,     // `magnitude`; the sign is a token of its own
  kDouble,  // `number`
  kString,  // `text` is the decoded value
  kBad,     // already reported: takes the place of an operand
  kTrue,
  kFalse,
  kIn,
  kLeftParen,
  kRightParen,
  kLeftBracket,
  kRightBracket,
  kLeftBrace,
  kRightBrace,
  kDot,
  kComma,
  kColon,
  kQuestion,
  kOr,
  kAnd,
  kNot,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kPlus,
  kMinus,
  kStar,
  kSlash,
  kPercent,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Position position;
  std::string text;  // as written; for kString the decoded value
  uint64_t magnitude = 0;
  double number = 0;
};

// Words that CEL keeps for itself: not usable as identifiers, but as field names after a dot.
bool IsReservedWord(absl::string_view word);
// Reserved words, literals, and names that expressions give a meaning of their own (`as_of`).
bool IsReservedName(absl::string_view name);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_TOKEN_H_
