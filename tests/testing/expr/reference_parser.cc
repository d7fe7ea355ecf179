#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "tests/testing/expr/reference.h"

namespace plumbline::testing {
namespace {

using Tag = RefValue::Tag;

RefNode Call(std::string name, std::vector<RefNode> operands) {
  RefNode node;
  node.kind = RefNode::Kind::kCall;
  node.name = std::move(name);
  node.operands = std::move(operands);
  return node;
}

// One function per grammar rule, straight on the characters.
class ReferenceParser {
 public:
  explicit ReferenceParser(const std::string& text) : text_(text) {}

  RefNode Parse() {
    RefNode node = Ternary();
    Skip();
    if (at_ != text_.size()) Fail("trailing text");
    return node;
  }

 private:
  [[noreturn]] void Fail(const char* what) const {
    std::fprintf(stderr, "reference parser: %s at %zu in: %s\n", what, at_, text_.c_str());
    std::abort();
  }
  void Skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool Accept(const char* word) {
    Skip();
    const size_t length = std::strlen(word);
    if (text_.compare(at_, length, word) != 0) return false;
    // "<" must not take the head of "<=", nor "in" that of "intake".
    const char next = at_ + length < text_.size() ? text_[at_ + length] : '\0';
    if ((std::strcmp(word, "<") == 0 || std::strcmp(word, ">") == 0 ||
         std::strcmp(word, "!") == 0) &&
        next == '=') {
      return false;
    }
    if (std::isalpha(static_cast<unsigned char>(word[0])) != 0 &&
        (std::isalnum(static_cast<unsigned char>(next)) != 0 || next == '_')) {
      return false;
    }
    at_ += length;
    return true;
  }
  void Expect(const char* word) {
    if (!Accept(word)) Fail(word);
  }

  RefNode Ternary() {
    RefNode condition = Or();
    if (!Accept("?")) return condition;
    RefNode then = Or();
    Expect(":");
    RefNode otherwise = Ternary();
    return Call("?:", {std::move(condition), std::move(then), std::move(otherwise)});
  }
  RefNode Or() {
    RefNode left = And();
    while (Accept("||")) left = Call("||", {std::move(left), And()});
    return left;
  }
  RefNode And() {
    RefNode left = Relation();
    while (Accept("&&")) left = Call("&&", {std::move(left), Relation()});
    return left;
  }
  template <size_t N, typename Next>
  RefNode Chain(const char* const (&operators)[N], Next next) {
    RefNode left = next();
    for (bool more = true; more;) {
      more = false;
      for (const char* op : operators) {
        if (!Accept(op)) continue;
        left = Call(op, {std::move(left), next()});
        more = true;
        break;
      }
    }
    return left;
  }
  RefNode Relation() {
    static constexpr const char* kOperators[] = {"==", "!=", "<=", ">=", "<", ">", "in"};
    return Chain(kOperators, [this] { return Sum(); });
  }
  RefNode Sum() {
    static constexpr const char* kOperators[] = {"+", "-"};
    return Chain(kOperators, [this] { return Product(); });
  }
  RefNode Product() {
    static constexpr const char* kOperators[] = {"*", "/", "%"};
    return Chain(kOperators, [this] { return Unary(); });
  }
  RefNode Unary() {
    if (Accept("!")) return Call("!", {Unary()});
    Skip();
    if (at_ < text_.size() && text_[at_] == '-') {
      if (at_ + 1 < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0) {
        return Number();
      }
      ++at_;
      return Call("neg", {Unary()});
    }
    return Member();
  }

  RefNode Member() {
    RefNode node = Primary();
    for (;;) {
      if (at_ < text_.size() && text_[at_] == '.') {
        ++at_;
        const std::string name = Word();
        if (at_ < text_.size() && text_[at_] == '(') {
          std::vector<RefNode> operands;
          operands.push_back(std::move(node));
          for (RefNode& argument : Arguments(")")) operands.push_back(std::move(argument));
          node = Call(name, std::move(operands));
        } else if (node.kind == RefNode::Kind::kName) {
          node.name += "." + name;
        } else {
          Fail("selection");
        }
      } else if (at_ < text_.size() && text_[at_] == '[') {
        std::vector<RefNode> index = Arguments("]");
        node = Call("[]", {std::move(node), std::move(index.at(0))});
      } else {
        return node;
      }
    }
  }

  std::vector<RefNode> Arguments(const char* closer) {
    ++at_;
    std::vector<RefNode> arguments;
    if (Accept(closer)) return arguments;
    do {
      arguments.push_back(Ternary());
    } while (Accept(","));
    Expect(closer);
    return arguments;
  }

  std::string Word() {
    const size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_')) {
      ++at_;
    }
    if (at_ == start) Fail("name");
    return text_.substr(start, at_ - start);
  }

  RefNode Primary() {
    Skip();
    if (at_ >= text_.size()) Fail("operand");
    const char c = text_[at_];
    if (c == '(') {
      ++at_;
      RefNode inner = Ternary();
      Expect(")");
      return inner;
    }
    if (c == '[') {
      RefNode list;
      list.kind = RefNode::Kind::kList;
      list.operands = Arguments("]");
      return list;
    }
    if (c == '"') return Text();
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return Number();
    const std::string word = Word();
    if (word == "true" || word == "false") {
      RefNode literal;
      literal.literal.tag = Tag::kBool;
      literal.literal.flag = word == "true";
      return literal;
    }
    if (at_ < text_.size() && text_[at_] == '(') return Call(word, Arguments(")"));
    RefNode name;
    name.kind = RefNode::Kind::kName;
    name.name = word;
    return name;
  }

  RefNode Number() {
    const size_t start = at_;
    if (text_[at_] == '-') ++at_;
    bool real = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool exponent_sign = (c == '-' || c == '+') && text_[at_ - 1] == 'e';
      if (std::isdigit(static_cast<unsigned char>(c)) == 0 && c != '.' && c != 'e' &&
          !exponent_sign) {
        break;
      }
      real |= c == '.' || c == 'e';
      ++at_;
    }
    const std::string digits = text_.substr(start, at_ - start);
    RefNode literal;
    literal.literal.tag = real ? Tag::kDouble : Tag::kInt;
    if (real) {
      literal.literal.real = std::strtod(digits.c_str(), nullptr);
    } else {
      literal.literal.number = std::strtoll(digits.c_str(), nullptr, 10);
    }
    return literal;
  }

  RefNode Text() {
    RefNode literal;
    literal.literal.tag = Tag::kText;
    for (++at_; text_.at(at_) != '"'; ++at_) {
      char c = text_[at_];
      if (c == '\\') {
        c = text_.at(++at_);
        if (c == 'n') c = '\n';
        if (c == 't') c = '\t';
        if (c == 'r') c = '\r';
        if (c == 'x') {
          c = static_cast<char>(std::strtol(text_.substr(at_ + 1, 2).c_str(), nullptr, 16));
          at_ += 2;
        }
      }
      literal.literal.text += c;
    }
    ++at_;
    return literal;
  }

  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

RefNode ParseReference(const std::string& text) { return ReferenceParser(text).Parse(); }

}  // namespace plumbline::testing
