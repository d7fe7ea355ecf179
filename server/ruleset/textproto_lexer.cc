#include "server/ruleset/textproto_lexer.h"

#include "absl/strings/ascii.h"

namespace plumbline::ruleset {
namespace {

using Kind = TextprotoToken::Kind;

bool IsIdentifierStart(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool IsIdentifierPart(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(absl::string_view text) : text_(text) {}

  std::vector<TextprotoToken> Run() {
    std::vector<TextprotoToken> tokens;
    do {
      SkipBlanksAndComments();
      tokens.push_back(Next());
    } while (tokens.back().kind != Kind::kEnd);
    return tokens;
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool AtEnd() const { return at_ >= text_.size(); }

  void SkipBlanksAndComments() {
    while (!AtEnd()) {
      if (Peek() == '#') {
        while (!AtEnd() && Peek() != '\n') ++at_;
      } else if (absl::ascii_isspace(static_cast<unsigned char>(Peek()))) {
        ++at_;
      } else {
        return;
      }
    }
  }

  TextprotoToken Next() {
    const size_t begin = at_;
    const Kind kind = Consume();
    return {kind,
            {begin, at_},
            text_.substr(begin, at_ - begin),
            begin == 0 || (begin <= text_.size() && text_[begin - 1] == '\n')};
  }

  // Moves past one token.
  Kind Consume() {
    if (AtEnd()) return Kind::kEnd;
    const char c = Peek();
    if (IsIdentifierStart(c)) {
      while (IsIdentifierPart(Peek())) ++at_;
      return Kind::kIdentifier;
    }
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return ConsumeNumber();
    if (c == '"' || c == '\'') return ConsumeString();
    ++at_;
    return absl::string_view("{}<>[]:,;-/.").find(c) != absl::string_view::npos ? Kind::kPunctuation
                                                                                : Kind::kInvalid;
  }

  Kind ConsumeNumber() {
    const bool hex = Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X');
    while (IsIdentifierPart(Peek()) || Peek() == '.') {
      const bool exponent = !hex && (Peek() == 'e' || Peek() == 'E');
      ++at_;
      if (exponent && (Peek() == '+' || Peek() == '-')) ++at_;
    }
    return Kind::kNumber;
  }

  Kind ConsumeString() {
    const char quote = Peek();
    ++at_;
    while (!AtEnd() && Peek() != '\n') {
      if (Peek() == quote) {
        ++at_;
        return Kind::kString;
      }
      at_ += Peek() == '\\' && at_ + 1 < text_.size() && Peek(1) != '\n' ? 2 : 1;
    }
    return Kind::kUnterminatedString;
  }

  absl::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::vector<TextprotoToken> LexTextproto(absl::string_view text) { return Lexer(text).Run(); }

}  // namespace plumbline::ruleset
