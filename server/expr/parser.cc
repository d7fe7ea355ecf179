#include "server/expr/parser.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::expr {
namespace {

constexpr uint64_t kMinMagnitude = uint64_t{1} << 63;

std::optional<Operator> RelationOf(TokenKind kind) {
  switch (kind) {
    case TokenKind::kEq:
      return Operator::kEq;
    case TokenKind::kNe:
      return Operator::kNe;
    case TokenKind::kLt:
      return Operator::kLt;
    case TokenKind::kLe:
      return Operator::kLe;
    case TokenKind::kGt:
      return Operator::kGt;
    case TokenKind::kGe:
      return Operator::kGe;
    case TokenKind::kIn:
      return Operator::kIn;
    default:
      return std::nullopt;
  }
}

std::optional<Operator> SumOf(TokenKind kind) {
  if (kind == TokenKind::kPlus) return Operator::kAdd;
  if (kind == TokenKind::kMinus) return Operator::kSubtract;
  return std::nullopt;
}

std::optional<Operator> ProductOf(TokenKind kind) {
  if (kind == TokenKind::kStar) return Operator::kMultiply;
  if (kind == TokenKind::kSlash) return Operator::kDivide;
  if (kind == TokenKind::kPercent) return Operator::kModulo;
  return std::nullopt;
}

// Tokens that can only follow an operand: an operand is missing before them, and they are not
// consumed in its place.
bool EndsOperand(TokenKind kind) {
  switch (kind) {
    case TokenKind::kEnd:
    case TokenKind::kRightParen:
    case TokenKind::kRightBracket:
    case TokenKind::kRightBrace:
    case TokenKind::kComma:
    case TokenKind::kColon:
    case TokenKind::kQuestion:
    case TokenKind::kOr:
    case TokenKind::kAnd:
      return true;
    default:
      return RelationOf(kind).has_value() || SumOf(kind).has_value() || ProductOf(kind).has_value();
  }
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, const ParseBounds& bounds, IssueSink& issues)
      : tokens_(std::move(tokens)), bounds_(bounds), issues_(issues) {}

  std::vector<AstPtr> Run();

 private:
  const Token& Current() const { return tokens_[index_]; }
  bool At(TokenKind kind) const { return Current().kind == kind; }
  bool AtWord(const char* word) const {
    return At(TokenKind::kIdentifier) && Current().text == word;
  }
  Token Take();
  bool Accept(TokenKind kind);
  void Expect(TokenKind kind, const char* spelling, Position opener);
  void Abort(Position at, const char* code, std::string message);
  void MissingOperand();
  void SkipBraces();

  AstPtr Make(AstKind kind, Position start, Position position, std::vector<AstPtr> children = {});
  AstPtr ErrorNode() { return Make(AstKind::kError, Current().position, Current().position); }

  AstPtr ParseExpression();
  AstPtr ParseLogic(Operator op);
  AstPtr ParseRelation();
  AstPtr ParseSum();
  AstPtr ParseProduct();
  AstPtr ParseUnary();
  AstPtr ParseMember();
  AstPtr ParsePrimary();
  AstPtr ParseLiteral(bool negative, Position start);
  AstPtr ParseNameOrCall();
  AstPtr ParseSelect(AstPtr operand);
  std::vector<AstPtr> ParseList(TokenKind closer, const char* spelling, Position opener);

  template <typename Next, typename OperatorOf>
  AstPtr ParseBinaryChain(Next next, OperatorOf operator_of);

  std::vector<Token> tokens_;
  size_t index_ = 0;
  ParseBounds bounds_;
  IssueSink& issues_;
  int depth_ = 0;
  int nodes_ = 0;
  bool aborted_ = false;
};

Token Parser::Take() {
  Token token = Current();
  if (token.kind != TokenKind::kEnd) ++index_;
  return token;
}

bool Parser::Accept(TokenKind kind) {
  if (!At(kind)) return false;
  ++index_;
  return true;
}

void Parser::Expect(TokenKind kind, const char* spelling, Position opener) {
  if (Accept(kind) || aborted_) return;
  // A bad token was reported by the lexer: closing after it is not a second problem.
  if (At(TokenKind::kBad)) {
    ++index_;
    Accept(kind);
    return;
  }
  issues_.Error(Current().position, "syntax", absl::StrCat("expected ", spelling),
                absl::StrCat("to close the one at ", opener.line, ":", opener.column));
}

// Gives up on the rest: what follows would only repeat the problem.
void Parser::Abort(Position at, const char* code, std::string message) {
  if (aborted_) return;
  aborted_ = true;
  issues_.Error(at, code, std::move(message), "name parts of it as terms");
  index_ = tokens_.size() - 1;
}

AstPtr Parser::Make(AstKind kind, Position start, Position position, std::vector<AstPtr> children) {
  auto node = std::make_unique<AstNode>();
  node->kind = kind;
  node->start = start;
  node->position = position;
  for (const AstPtr& child : children) node->depth = std::max(node->depth, child->depth + 1);
  node->children = std::move(children);
  if (node->depth > bounds_.max_depth) {
    Abort(position, "too-deep",
          absl::StrCat("the expression is nested more than ", bounds_.max_depth, " levels deep"));
  }
  if (++nodes_ > bounds_.max_nodes) {
    Abort(position, "too-costly",
          absl::StrCat("the expression has more than ", bounds_.max_nodes, " parts"));
  }
  return node;
}

void Parser::MissingOperand() {
  if (aborted_) return;
  const Token& token = Current();
  if (token.kind == TokenKind::kEnd) {
    issues_.Error(token.position, "syntax", "the expression ends where an operand is expected");
  } else {
    issues_.Error(token.position, "syntax",
                  absl::StrCat("expected an operand before `", token.text, "`"));
  }
}

void Parser::SkipBraces() {
  int open = 0;
  while (!At(TokenKind::kEnd)) {
    const TokenKind kind = Take().kind;
    if (kind == TokenKind::kLeftBrace) ++open;
    if (kind == TokenKind::kRightBrace && --open == 0) return;
  }
}

std::vector<AstPtr> Parser::Run() {
  std::vector<AstPtr> trees;
  if (tokens_.empty()) return trees;
  trees.push_back(ParseExpression());
  while (!At(TokenKind::kEnd) && !aborted_) {
    const Token& token = Current();
    if (token.kind == TokenKind::kBad) {
      ++index_;
      continue;
    }
    if (EndsOperand(token.kind)) {
      issues_.Error(token.position, "syntax", absl::StrCat("unexpected `", token.text, "`"));
      ++index_;
      // After a stray closer the expression may simply go on: `a) && b`.
      if (At(TokenKind::kOr) || At(TokenKind::kAnd)) ++index_;
      if (At(TokenKind::kEnd)) break;
    } else {
      issues_.Error(token.position, "syntax",
                    token.text.empty()
                        ? std::string("expected an operator")
                        : absl::StrCat("expected an operator before `", token.text, "`"),
                    "join conditions with && or ||; numbers carry no unit");
    }
    trees.push_back(ParseExpression());
  }
  if (aborted_) trees.clear();
  return trees;
}

AstPtr Parser::ParseExpression() {
  const Position start = Current().position;
  if (++depth_ > bounds_.max_depth) {
    Abort(start, "too-deep",
          absl::StrCat("the expression is nested more than ", bounds_.max_depth, " levels deep"));
    --depth_;
    return ErrorNode();
  }
  AstPtr condition = ParseLogic(Operator::kOr);
  if (At(TokenKind::kQuestion)) {
    const Position question = Take().position;
    std::vector<AstPtr> children;
    children.push_back(std::move(condition));
    children.push_back(ParseLogic(Operator::kOr));
    if (!Accept(TokenKind::kColon) && !aborted_) {
      issues_.Error(Current().position, "syntax", "expected : and the value for `otherwise`",
                    "write condition ? value : otherwise");
      children.push_back(ErrorNode());
    } else {
      children.push_back(ParseExpression());
    }
    condition = Make(AstKind::kTernary, start, question, std::move(children));
  }
  --depth_;
  return condition;
}

AstPtr Parser::ParseLogic(Operator op) {
  const TokenKind token = op == Operator::kOr ? TokenKind::kOr : TokenKind::kAnd;
  const char* word = op == Operator::kOr ? "or" : "and";
  const auto next = [this, op] {
    return op == Operator::kOr ? ParseLogic(Operator::kAnd) : ParseRelation();
  };
  const Position start = Current().position;
  AstPtr first = next();
  std::vector<AstPtr> operands;
  Position position;
  while (At(token) || AtWord(word)) {
    if (!At(token)) {
      issues_.Error(Current().position, "syntax", absl::StrCat("`", word, "` is not an operator"),
                    absl::StrCat("write ", Spelling(op)));
    }
    if (operands.empty()) position = Current().position;
    ++index_;
    if (operands.empty()) operands.push_back(std::move(first));
    operands.push_back(next());
  }
  if (operands.empty()) return first;
  // `a || (b || c)` is `a || b || c`: both are associative for all four outcomes.
  std::vector<AstPtr> flat;
  for (AstPtr& operand : operands) {
    if (operand->kind == AstKind::kLogic && operand->op == op) {
      for (AstPtr& inner : operand->children) flat.push_back(std::move(inner));
    } else {
      flat.push_back(std::move(operand));
    }
  }
  AstPtr node = Make(AstKind::kLogic, start, position, std::move(flat));
  node->op = op;
  return node;
}

template <typename Next, typename OperatorOf>
AstPtr Parser::ParseBinaryChain(Next next, OperatorOf operator_of) {
  const Position start = Current().position;
  AstPtr left = next();
  while (const std::optional<Operator> op = operator_of(Current().kind)) {
    const Position position = Take().position;
    std::vector<AstPtr> children;
    children.push_back(std::move(left));
    children.push_back(next());
    left = Make(AstKind::kBinary, start, position, std::move(children));
    left->op = *op;
  }
  return left;
}

AstPtr Parser::ParseRelation() {
  return ParseBinaryChain([this] { return ParseSum(); }, RelationOf);
}
AstPtr Parser::ParseSum() {
  return ParseBinaryChain([this] { return ParseProduct(); }, SumOf);
}
AstPtr Parser::ParseProduct() {
  return ParseBinaryChain([this] { return ParseUnary(); }, ProductOf);
}

// CEL: a run of `!` or a run of `-`, then a member. Runs are counted, not recursed into.
AstPtr Parser::ParseUnary() {
  const Position start = Current().position;
  const bool word = AtWord("not") && tokens_[index_ + 1].kind != TokenKind::kDot &&
                    tokens_[index_ + 1].kind != TokenKind::kLeftParen &&
                    !EndsOperand(tokens_[index_ + 1].kind);
  if (word) issues_.Error(start, "syntax", "`not` is not an operator", "write !");
  const TokenKind kind = word ? TokenKind::kIdentifier : Current().kind;
  if (!word && kind != TokenKind::kNot && kind != TokenKind::kMinus) return ParseMember();
  std::vector<Position> run;
  do {
    run.push_back(Take().position);
  } while (!word && At(kind));
  if (run.size() >= static_cast<size_t>(bounds_.max_depth)) {
    Abort(start, "too-deep",
          absl::StrCat("the expression is nested more than ", bounds_.max_depth, " levels deep"));
    return ErrorNode();
  }
  AstPtr operand;
  if (kind == TokenKind::kMinus && (At(TokenKind::kInt) || At(TokenKind::kDouble))) {
    // The innermost minus belongs to the literal: -9223372036854775808 is one number.
    operand = ParseLiteral(true, run.back());
    run.pop_back();
  } else if (kind != TokenKind::kMinus && At(TokenKind::kMinus)) {
    issues_.Error(Current().position, "syntax", "expected an operand before `-`",
                  "put parentheses around the negative value");
    operand = ParseUnary();
    operand->kind = AstKind::kError;
  } else {
    operand = ParseMember();
  }
  for (; !run.empty(); run.pop_back()) {
    std::vector<AstPtr> children;
    children.push_back(std::move(operand));
    operand = Make(AstKind::kUnary, run.back(), run.back(), std::move(children));
    operand->op = kind == TokenKind::kMinus ? Operator::kNegate : Operator::kNot;
  }
  return operand;
}

AstPtr Parser::ParseMember() {
  AstPtr operand = ParsePrimary();
  while (!aborted_) {
    if (At(TokenKind::kDot)) {
      operand = ParseSelect(std::move(operand));
    } else if (At(TokenKind::kLeftBracket)) {
      const Position bracket = Take().position;
      const Position start = operand->start;
      std::vector<AstPtr> children;
      children.push_back(std::move(operand));
      children.push_back(ParseExpression());
      Expect(TokenKind::kRightBracket, "]", bracket);
      operand = Make(AstKind::kIndex, start, bracket, std::move(children));
    } else if (At(TokenKind::kLeftBrace)) {
      issues_.Error(Current().position, "unsupported",
                    "maps and messages cannot be built in an expression");
      SkipBraces();
      operand = ErrorNode();
    } else {
      break;
    }
  }
  return operand;
}

AstPtr Parser::ParseSelect(AstPtr operand) {
  ++index_;
  const Position start = operand->start;
  const Token name = Current();
  if (name.kind != TokenKind::kIdentifier) {
    if (!aborted_ && name.kind != TokenKind::kBad) {
      issues_.Error(name.position, "syntax", "expected a name after the dot");
    }
    if (!EndsOperand(name.kind) && name.kind != TokenKind::kLeftParen) ++index_;
    return ErrorNode();
  }
  ++index_;
  const bool call = At(TokenKind::kLeftParen);
  std::vector<AstPtr> children;
  children.push_back(std::move(operand));
  if (call) {
    const Position opener = Take().position;
    for (AstPtr& argument : ParseList(TokenKind::kRightParen, ")", opener)) {
      children.push_back(std::move(argument));
    }
  }
  AstPtr node =
      Make(call ? AstKind::kCall : AstKind::kSelect, start, name.position, std::move(children));
  node->name = name.text;
  node->has_receiver = call;
  return node;
}

std::vector<AstPtr> Parser::ParseList(TokenKind closer, const char* spelling, Position opener) {
  std::vector<AstPtr> items;
  while (!At(closer) && !At(TokenKind::kEnd)) {
    items.push_back(ParseExpression());
    if (!Accept(TokenKind::kComma)) break;
    // CEL allows a comma after the last element of a list, not after the last argument.
    if (At(TokenKind::kRightParen) && closer == TokenKind::kRightParen) MissingOperand();
  }
  Expect(closer, spelling, opener);
  return items;
}

AstPtr Parser::ParsePrimary() {
  const Token& token = Current();
  const Position start = token.position;
  switch (token.kind) {
    case TokenKind::kInt:
    case TokenKind::kDouble:
    case TokenKind::kString:
    case TokenKind::kTrue:
    case TokenKind::kFalse:
      return ParseLiteral(false, start);
    case TokenKind::kIdentifier:
      return ParseNameOrCall();
    case TokenKind::kLeftParen: {
      ++index_;
      AstPtr inner = ParseExpression();
      Expect(TokenKind::kRightParen, ")", start);
      inner->start = start;
      return inner;
    }
    case TokenKind::kLeftBracket: {
      ++index_;
      std::vector<AstPtr> elements = ParseList(TokenKind::kRightBracket, "]", start);
      return Make(AstKind::kList, start, start, std::move(elements));
    }
    case TokenKind::kLeftBrace:
      return ErrorNode();  // ParseMember reports and skips it
    case TokenKind::kDot:
      issues_.Error(start, "unsupported", "names do not start with a dot", "leave out the dot");
      ++index_;
      return At(TokenKind::kIdentifier) ? ParseNameOrCall() : ErrorNode();
    case TokenKind::kBad:
      ++index_;
      return Make(AstKind::kError, start, start);
    default:
      MissingOperand();
      if (!EndsOperand(token.kind)) ++index_;
      return ErrorNode();
  }
}

AstPtr Parser::ParseLiteral(bool negative, Position start) {
  const Token token = Take();
  AstPtr node = Make(AstKind::kLiteral, start, start);
  if (token.kind == TokenKind::kDouble) {
    node->literal = Value::Double(negative ? -token.number : token.number);
  } else if (token.kind == TokenKind::kString) {
    node->literal = Value::String(token.text);
  } else if (token.kind == TokenKind::kInt) {
    if (token.magnitude > kMinMagnitude || (!negative && token.magnitude == kMinMagnitude)) {
      issues_.Error(start, "invalid-number", "the number does not fit 64 bits");
      node->kind = AstKind::kError;
      return node;
    }
    const uint64_t bits = negative ? ~token.magnitude + 1 : token.magnitude;
    node->literal = Value::Int(static_cast<int64_t>(bits));
  } else {
    node->literal = Value::Bool(token.kind == TokenKind::kTrue);
  }
  return node;
}

AstPtr Parser::ParseNameOrCall() {
  const Token name = Take();
  if (IsReservedWord(name.text)) {
    issues_.Error(
        name.position, name.text == "null" ? "unsupported" : "reserved-word",
        name.text == "null" ? std::string("there is no null: an unanswered field is unknown")
                            : absl::StrCat("`", name.text, "` is a reserved word of CEL"),
        name.text == "null" ? "write has(intake.field) to ask whether it was answered" : "");
    return Make(AstKind::kError, name.position, name.position);
  }
  const bool call = At(TokenKind::kLeftParen);
  std::vector<AstPtr> arguments;
  if (call) {
    const Position opener = Take().position;
    arguments = ParseList(TokenKind::kRightParen, ")", opener);
  }
  AstPtr node = Make(call ? AstKind::kCall : AstKind::kName, name.position, name.position,
                     std::move(arguments));
  node->name = name.text;
  return node;
}

}  // namespace

std::vector<AstPtr> Parse(std::vector<Token> tokens, const ParseBounds& bounds, IssueSink& issues) {
  return Parser(std::move(tokens), bounds, issues).Run();
}

}  // namespace plumbline::expr
