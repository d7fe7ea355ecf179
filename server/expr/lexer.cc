#include "server/expr/lexer.h"

#include <array>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/expr/utf8.h"

namespace plumbline::expr {
namespace {

bool IsIdentifierStart(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsIdentifierPart(char c) { return absl::ascii_isalnum(c) || c == '_'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }

int HexValue(char c) {
  if (absl::ascii_isdigit(c)) return c - '0';
  return absl::ascii_isxdigit(c) ? absl::ascii_tolower(c) - 'a' + 10 : -1;
}

struct Punctuation {
  absl::string_view text;
  TokenKind kind;
};

// Longest first, so that the first match is the right one.
constexpr std::array<Punctuation, 24> kPunctuation = {{
    {"||", TokenKind::kOr},          {"&&", TokenKind::kAnd},       {"==", TokenKind::kEq},
    {"!=", TokenKind::kNe},          {"<=", TokenKind::kLe},        {">=", TokenKind::kGe},
    {"<", TokenKind::kLt},           {">", TokenKind::kGt},         {"!", TokenKind::kNot},
    {"(", TokenKind::kLeftParen},    {")", TokenKind::kRightParen}, {"[", TokenKind::kLeftBracket},
    {"]", TokenKind::kRightBracket}, {"{", TokenKind::kLeftBrace},  {"}", TokenKind::kRightBrace},
    {".", TokenKind::kDot},          {",", TokenKind::kComma},      {":", TokenKind::kColon},
    {"?", TokenKind::kQuestion},     {"+", TokenKind::kPlus},       {"-", TokenKind::kMinus},
    {"*", TokenKind::kStar},         {"/", TokenKind::kSlash},      {"%", TokenKind::kPercent},
}};

class Lexer {
 public:
  Lexer(absl::string_view text, Position start, IssueSink& issues)
      : text_(text), position_(start), issues_(issues) {}

  std::vector<Token> Run();

 private:
  char Peek(size_t ahead = 0) const {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
  }
  bool AtEnd() const { return offset_ >= text_.size(); }
  absl::string_view Rest() const { return text_.substr(offset_); }
  void Advance(size_t bytes);
  void SkipBlanks();
  Token Start(TokenKind kind) const;
  void Push(Token token) { tokens_.push_back(std::move(token)); }

  void LexNumber();
  void LexHex(Token token);
  bool RefuseUnsigned(Token& token);
  void LexWord();
  void LexString(bool raw, bool bytes, size_t prefix);
  bool ReadEscape(std::string& out);
  bool ReadHexEscape(size_t digits, Position at, std::string& out);
  bool ReadOctalEscape(Position at, std::string& out);
  void LexPunctuation();
  void LexStray();

  absl::string_view text_;
  size_t offset_ = 0;
  Position position_;
  IssueSink& issues_;
  std::vector<Token> tokens_;
};

void Lexer::Advance(size_t bytes) {
  for (size_t i = 0; i < bytes && offset_ < text_.size(); ++i, ++offset_) {
    const unsigned char c = static_cast<unsigned char>(text_[offset_]);
    if (c == '\n') {
      ++position_.line;
      position_.column = 1;
    } else if ((c & 0xc0) != 0x80) {
      ++position_.column;
    }
  }
}

void Lexer::SkipBlanks() {
  while (!AtEnd()) {
    if (IsSpace(Peek())) {
      Advance(1);
    } else if (Peek() == '/' && Peek(1) == '/') {
      while (!AtEnd() && Peek() != '\n') Advance(1);
    } else {
      return;
    }
  }
}

Token Lexer::Start(TokenKind kind) const {
  Token token;
  token.kind = kind;
  token.position = position_;
  return token;
}

std::vector<Token> Lexer::Run() {
  for (SkipBlanks(); !AtEnd(); SkipBlanks()) {
    const char c = Peek();
    const char next = Peek(1);
    if (absl::ascii_isdigit(c) || (c == '.' && absl::ascii_isdigit(next))) {
      LexNumber();
    } else if (c == '"' || c == '\'') {
      LexString(false, false, 0);
    } else if (IsIdentifierStart(c)) {
      LexWord();
    } else {
      LexPunctuation();
    }
  }
  Push(Start(TokenKind::kEnd));
  return std::move(tokens_);
}

bool Lexer::RefuseUnsigned(Token& token) {
  if ((Peek() != 'u' && Peek() != 'U') || IsIdentifierPart(Peek(1))) return false;
  Advance(1);
  issues_.Error(token.position, "unsupported", "unsigned numbers are not part of the language",
                "leave out the u");
  token.kind = TokenKind::kBad;
  return true;
}

void Lexer::LexHex(Token token) {
  Advance(2);
  bool overflow = false;
  bool any = false;
  for (; HexValue(Peek()) >= 0; Advance(1), any = true) {
    overflow |= (token.magnitude >> 60) != 0;
    token.magnitude = token.magnitude * 16 + static_cast<uint64_t>(HexValue(Peek()));
  }
  if (!RefuseUnsigned(token) && (overflow || !any)) {
    issues_.Error(token.position, "invalid-number",
                  any ? "the number does not fit 64 bits" : "0x needs at least one digit");
    token.kind = TokenKind::kBad;
  }
  Push(std::move(token));
}

void Lexer::LexNumber() {
  Token token = Start(TokenKind::kInt);
  if (Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X')) return LexHex(std::move(token));
  size_t end = offset_;
  const auto digit = [&](size_t at) { return at < text_.size() && absl::ascii_isdigit(text_[at]); };
  while (digit(end)) ++end;
  if (end < text_.size() && text_[end] == '.' && digit(end + 1)) {
    token.kind = TokenKind::kDouble;
    for (++end; digit(end);) ++end;
  }
  if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
    size_t exponent = end + 1;
    if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
    if (digit(exponent)) {
      token.kind = TokenKind::kDouble;
      for (end = exponent; digit(end);) ++end;
    }
  }
  const absl::string_view digits = text_.substr(offset_, end - offset_);
  token.text = std::string(digits);
  Advance(digits.size());
  bool fits = true;
  if (token.kind == TokenKind::kInt) {
    for (const char c : digits) {
      const uint64_t value = static_cast<uint64_t>(c - '0');
      fits &= token.magnitude <= (std::numeric_limits<uint64_t>::max() - value) / 10;
      token.magnitude = token.magnitude * 10 + value;
    }
  } else {
    const auto [end_of_number, error] =
        absl::from_chars(digits.data(), digits.data() + digits.size(), token.number);
    // Too small becomes 0, as in CEL's implementations; too large is refused.
    fits = error == std::errc() || token.number == 0;
  }
  if (!RefuseUnsigned(token) && !fits) {
    issues_.Error(token.position, "invalid-number", "the number does not fit 64 bits");
    token.kind = TokenKind::kBad;
  }
  Push(std::move(token));
}

void Lexer::LexWord() {
  // A string prefix: r, b, br, rb in any case, directly before a quote.
  size_t prefix = 0;
  bool raw = false;
  bool bytes = false;
  for (; prefix < 2; ++prefix) {
    const char c = absl::ascii_tolower(Peek(prefix));
    if (c != 'r' && c != 'b') break;
    raw |= c == 'r';
    bytes |= c == 'b';
  }
  if (prefix > 0 && (Peek(prefix) == '"' || Peek(prefix) == '\'')) {
    return LexString(raw, bytes, prefix);
  }
  Token token = Start(TokenKind::kIdentifier);
  size_t length = 1;
  while (IsIdentifierPart(Peek(length))) ++length;
  token.text = std::string(Rest().substr(0, length));
  if (token.text == "true") token.kind = TokenKind::kTrue;
  if (token.text == "false") token.kind = TokenKind::kFalse;
  if (token.text == "in") token.kind = TokenKind::kIn;
  Advance(length);
  Push(std::move(token));
}

void Lexer::LexString(bool raw, bool bytes, size_t prefix) {
  Token token = Start(TokenKind::kString);
  Advance(prefix);
  const char quote = Peek();
  const bool triple = Peek(1) == quote && Peek(2) == quote;
  const std::string closer(triple ? 3 : 1, quote);
  Advance(closer.size());
  bool good = true;
  while (!absl::StartsWith(Rest(), closer)) {
    if (AtEnd() || (!triple && (Peek() == '\n' || Peek() == '\r'))) {
      issues_.Error(token.position, "unterminated-string", "the string has no closing quote",
                    absl::StrCat("end it with ", closer, " on the same line"));
      token.kind = TokenKind::kBad;
      return Push(std::move(token));
    }
    if (Peek() == '\r') {
      // Implementations disagree on whether a raw carriage return is kept.
      issues_.Error(position_, "invalid-escape", "a string cannot hold a plain carriage return",
                    "write \\r");
      good = false;
      Advance(1);
    } else if (Peek() == '\\' && !raw) {
      good &= bytes ? (Advance(2), true) : ReadEscape(token.text);
    } else {
      const size_t length = Utf8Length(Rest());
      absl::StrAppend(&token.text, Rest().substr(0, length));
      Advance(length);
    }
  }
  Advance(closer.size());
  if (bytes) {
    issues_.Error(token.position, "unsupported", "byte strings are not part of the language",
                  "leave out the b");
    good = false;
  }
  if (!good) token.kind = TokenKind::kBad;
  Push(std::move(token));
}

// Reads one escape, at the backslash. False (and reported) if it is not one of CEL's.
bool Lexer::ReadEscape(std::string& out) {
  const Position at = position_;
  const char c = Peek(1);
  constexpr absl::string_view kFrom = "abfnrtv\\?\"'`";
  constexpr absl::string_view kTo = "\a\b\f\n\r\t\v\\?\"'`";
  if (const size_t found = kFrom.find(c); c != '\0' && found != absl::string_view::npos) {
    out += kTo[found];
    Advance(2);
    return true;
  }
  if (c == 'x' || c == 'X') return ReadHexEscape(2, at, out);
  if (c == 'u') return ReadHexEscape(4, at, out);
  if (c == 'U') return ReadHexEscape(8, at, out);
  if (c >= '0' && c <= '3') return ReadOctalEscape(at, out);
  issues_.Error(at, "invalid-escape", "not an escape of the language",
                "write \\\\ for a backslash");
  Advance(1);
  return false;
}

bool Lexer::ReadHexEscape(size_t digits, Position at, std::string& out) {
  Advance(2);
  uint32_t code_point = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int value = HexValue(Peek());
    if (value < 0) {
      issues_.Error(at, "invalid-escape",
                    absl::StrCat("the escape needs ", digits, " hexadecimal digits"));
      return false;
    }
    code_point = code_point * 16 + static_cast<uint32_t>(value);
    Advance(1);
  }
  if (AppendUtf8(code_point, out)) return true;
  issues_.Error(at, "invalid-escape", "the escape is not a Unicode character");
  return false;
}

bool Lexer::ReadOctalEscape(Position at, std::string& out) {
  Advance(1);
  uint32_t code_point = 0;
  for (int i = 0; i < 3; ++i) {
    if (Peek() < '0' || Peek() > '7') {
      issues_.Error(at, "invalid-escape", "the escape needs three octal digits");
      return false;
    }
    code_point = code_point * 8 + static_cast<uint32_t>(Peek() - '0');
    Advance(1);
  }
  return AppendUtf8(code_point, out);
}

void Lexer::LexPunctuation() {
  for (const Punctuation& punctuation : kPunctuation) {
    if (absl::StartsWith(Rest(), punctuation.text)) {
      Token token = Start(punctuation.kind);
      token.text = std::string(punctuation.text);
      Advance(punctuation.text.size());
      return Push(std::move(token));
    }
  }
  LexStray();
}

// A character outside the language. The usual slips stand for the operator that was meant, so that
// the rest is still parsed as intended.
void Lexer::LexStray() {
  Token token = Start(TokenKind::kBad);
  const char c = Peek();
  token.text = std::string(Rest().substr(0, Utf8Length(Rest())));
  std::string hint;
  if (c == '=') {
    token.kind = TokenKind::kEq;
    hint = "write == to compare";
  } else if (c == '&') {
    token.kind = TokenKind::kAnd;
    hint = "write &&";
  } else if (c == '|') {
    token.kind = TokenKind::kOr;
    hint = "write ||";
  } else if (c == '#') {
    hint = "comments start with //";
  }
  const bool printable = static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  issues_.Error(token.position, "invalid-character",
                printable ? absl::StrCat("`", token.text, "` is not part of the language")
                          : std::string("a control character is not part of the language"),
                std::move(hint));
  const bool operator_meant = token.kind != TokenKind::kBad;
  Advance(token.text.size());
  if (operator_meant) Push(std::move(token));
}

// Also the one place where malformed UTF-8 is refused: all later stages rely on it.
bool CheckEncoding(absl::string_view text, Position start, int max_code_points, IssueSink& issues) {
  Position at = start;
  int count = 0;
  for (absl::string_view rest = text; !rest.empty();) {
    const size_t length = Utf8Length(rest);
    if (length == 0) {
      issues.Error(at, "invalid-utf8", "the text is not valid UTF-8");
      return false;
    }
    if (++count > max_code_points) {
      issues.Error(start, "too-long",
                   absl::StrCat("the expression has more than ", max_code_points, " characters"),
                   "name parts of it as terms");
      return false;
    }
    at = rest[0] == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
    rest.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::vector<Token> Lex(absl::string_view text, Position start, int max_code_points,
                       IssueSink& issues) {
  if (!CheckEncoding(text, start, max_code_points, issues)) return {};
  return Lexer(text, start, issues).Run();
}

bool IsReservedWord(absl::string_view word) {
  static constexpr std::array<absl::string_view, 18> kWords = {
      "as",  "break", "const",   "continue",  "else",   "for", "function", "if",    "import",
      "let", "loop",  "package", "namespace", "return", "var", "void",     "while", "null"};
  for (const absl::string_view reserved : kWords) {
    if (word == reserved) return true;
  }
  return false;
}

bool IsReservedName(absl::string_view name) {
  return IsReservedWord(name) || name == "true" || name == "false" || name == "in" ||
         name == "as_of" || name == "intake";
}

}  // namespace plumbline::expr
