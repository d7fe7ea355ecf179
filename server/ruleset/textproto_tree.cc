#include "server/ruleset/textproto_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/expr/utf8.h"
#include "server/ruleset/textproto_lexer.h"

namespace plumbline::ruleset {
namespace {

using Kind = TextprotoToken::Kind;

// Deeper nesting than any ruleset has; keeps the recursion below, and protobuf's own, shallow.
constexpr int kMaxDepth = 32;
// A file of another kind has a mistake on every line; more messages help nobody.
constexpr size_t kMaxErrors = 50;

class Scanner {
 public:
  // `recover`: take a top-level name at the start of a line for the end of all open blocks.
  Scanner(absl::string_view text, const absl::flat_hash_set<std::string>& top_level_names,
          bool recover)
      : tokens_(LexTextproto(text)), top_level_names_(top_level_names), recover_(recover) {}

  TextprotoTree Run() {
    while (Peek().kind != Kind::kEnd && tree_.errors.size() < kMaxErrors) ScanTopLevelField();
    return std::move(tree_);
  }

 private:
  const TextprotoToken& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool Looking(absl::string_view punctuation) const {
    return Peek().kind == Kind::kPunctuation && Peek().text == punctuation;
  }
  bool TryConsume(absl::string_view punctuation) {
    if (!Looking(punctuation)) return false;
    ++at_;
    return true;
  }
  size_t PreviousEnd() const { return at_ == 0 ? 0 : tokens_[at_ - 1].range.end; }

  bool Fail(std::string message, std::string hint = "") {
    return FailAt(Peek().range.begin, std::move(message), std::move(hint));
  }
  bool FailAt(size_t offset, std::string message, std::string hint = "") {
    tree_.errors.push_back({offset, std::move(message), std::move(hint)});
    return false;
  }
  // Something else than `wanted` stands here.
  bool Unexpected(absl::string_view wanted) {
    switch (Peek().kind) {
      case Kind::kEnd:
        return Fail(absl::StrCat("the file ends where ", wanted, " is expected"));
      case Kind::kUnterminatedString:
        return Fail("this string has no closing quote on its line",
                    "close it, and go on in a second literal on the next line");
      default:
        return Fail(absl::StrCat("expected ", wanted, ", found `", Peek().text.substr(0, 40), "`"));
    }
  }

  bool StartsField(size_t ahead) const {
    const TextprotoToken& after = Peek(ahead + 1);
    return Peek(ahead).kind == Kind::kIdentifier && after.kind == Kind::kPunctuation &&
           (after.text == ":" || after.text == "{" || after.text == "<");
  }
  bool AtTopLevelStart(size_t ahead = 0) const {
    return Peek(ahead).at_line_start && StartsField(ahead) &&
           top_level_names_.contains(Peek(ahead).text);
  }

  void ScanTopLevelField() {
    if (Peek().kind != Kind::kIdentifier) {
      Unexpected("the name of a part of the ruleset");
      SkipToTopLevel();
      return;
    }
    TextprotoField field;
    if (ScanField(field, 1)) {
      tree_.fields.push_back(std::move(field));
      return;
    }
    SkipToTopLevel();
    field.range.end = Peek().range.begin;
    tree_.broken.push_back(std::move(field));
  }

  // At least one token further, unless the failure stopped right at the next part.
  void SkipToTopLevel() {
    if (at_ > 0 && AtTopLevelStart()) return;
    do {
      ++at_;
    } while (Peek().kind != Kind::kEnd && !AtTopLevelStart());
    at_ = std::min(at_, tokens_.size() - 1);
  }

  bool ScanField(TextprotoField& field, int depth) {
    field.name = std::string(Peek().text);
    field.range.begin = Peek().range.begin;
    ++at_;
    field.has_colon = TryConsume(":");
    if (!field.has_colon && !Looking("{") && !Looking("<") && !Looking("[")) {
      return Unexpected(absl::StrCat("`:` or `{` after `", field.name, "`"));
    }
    if (TryConsume("[")) {
      field.is_list = true;
      if (!ScanList(field, depth)) return false;
    } else {
      field.values.emplace_back();
      if (!ScanValue(field.values.back(), depth)) return false;
    }
    field.range.end = PreviousEnd();
    if (!TryConsume(";")) TryConsume(",");
    return true;
  }

  bool ScanList(TextprotoField& field, int depth) {
    if (TryConsume("]")) return true;
    while (true) {
      field.values.emplace_back();
      if (!ScanValue(field.values.back(), depth)) return false;
      if (TryConsume("]")) return true;
      if (!TryConsume(",")) return Unexpected("`,` or `]` in a list");
    }
  }

  bool ScanValue(TextprotoValue& value, int depth) {
    value.range.begin = Peek().range.begin;
    if (Looking("{") || Looking("<")) {
      if (!ScanMessage(value, depth + 1)) return false;
    } else if (Peek().kind == Kind::kString) {
      value.kind = TextprotoValue::Kind::kString;
      while (Peek().kind == Kind::kString) {
        value.literals.push_back(Peek().range);
        ++at_;
      }
      if (Peek().kind == Kind::kUnterminatedString) return Unexpected("a string");
    } else {
      if (TryConsume("-")) value.text = "-";
      if (Peek().kind != Kind::kNumber && Peek().kind != Kind::kIdentifier) {
        return Unexpected("a value");
      }
      value.kind = Peek().kind == Kind::kNumber ? TextprotoValue::Kind::kNumber
                                                : TextprotoValue::Kind::kIdentifier;
      value.text += std::string(Peek().text);
      ++at_;
    }
    value.range.end = PreviousEnd();
    return true;
  }

  bool ScanMessage(TextprotoValue& value, int depth) {
    if (depth > kMaxDepth) {
      return Fail(absl::StrCat("blocks are nested more than ", kMaxDepth, " deep"));
    }
    value.kind = TextprotoValue::Kind::kMessage;
    const size_t opened_at = Peek().range.begin;
    const absl::string_view close = Looking("{") ? "}" : ">";
    ++at_;
    while (!TryConsume(close)) {
      if (Peek().kind == Kind::kEnd || (recover_ && AtTopLevelStart())) {
        return FailAt(opened_at, "this block is never closed",
                      absl::StrCat("add `", close, "` at its end"));
      }
      if (Peek().kind != Kind::kIdentifier) {
        return Unexpected(absl::StrCat("the name of a field or `", close, "`"));
      }
      value.fields.emplace_back();
      if (!ScanField(value.fields.back(), depth)) return false;
    }
    return true;
  }

  std::vector<TextprotoToken> tokens_;
  const absl::flat_hash_set<std::string>& top_level_names_;
  const bool recover_;
  size_t at_ = 0;
  TextprotoTree tree_;
};

// One character or escape of a literal: its length in the source and what it stands for.
struct Unit {
  size_t source_length = 1;
  std::string bytes;
};

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// Reads up to `max_digits` digits of `base` from the start of `text`.
uint32_t ReadDigits(absl::string_view text, int base, size_t max_digits, size_t& count) {
  uint32_t number = 0;
  count = 0;
  while (count < max_digits && count < text.size() && DigitValue(text[count]) < base) {
    number = number * static_cast<uint32_t>(base) + static_cast<uint32_t>(DigitValue(text[count]));
    ++count;
  }
  return number;
}

// `text` starts inside a literal and ends before its closing quote.
Unit ReadUnit(absl::string_view text) {
  if (text[0] != '\\' || text.size() < 2) return {1, std::string(text.substr(0, 1))};
  static constexpr absl::string_view kNames = "abfnrtv\\?'\"";
  static constexpr absl::string_view kValues = "\a\b\f\n\r\t\v\\?'\"";
  const size_t simple = kNames.find(text[1]);
  if (simple != absl::string_view::npos) return {2, std::string(1, kValues[simple])};
  size_t digits = 0;
  if (DigitValue(text[1]) < 8) {
    const uint32_t byte = ReadDigits(text.substr(1), 8, 3, digits);
    return {1 + digits, std::string(1, static_cast<char>(byte))};
  }
  if (text[1] == 'x' || text[1] == 'X') {
    const uint32_t byte = ReadDigits(text.substr(2), 16, 2, digits);
    if (digits > 0) return {2 + digits, std::string(1, static_cast<char>(byte))};
  }
  if (text[1] == 'u' || text[1] == 'U') {
    const uint32_t code_point = ReadDigits(text.substr(2), 16, text[1] == 'u' ? 4 : 8, digits);
    Unit unit{2 + digits, ""};
    if (expr::AppendUtf8(code_point, unit.bytes)) return unit;
  }
  return {2, std::string(text.substr(0, 2))};
}

}  // namespace

TextprotoTree ScanTextproto(absl::string_view text,
                            const absl::flat_hash_set<std::string>& top_level_names) {
  TextprotoTree tree = Scanner(text, top_level_names, /*recover=*/false).Run();
  if (tree.errors.empty()) return tree;
  // Only now: a sound file may well be written without indentation.
  return Scanner(text, top_level_names, /*recover=*/true).Run();
}

size_t SourceOffsetInText(absl::string_view file, const TextprotoValue& value, size_t offset) {
  size_t length = 0;
  for (const ByteRange& literal : value.literals) {
    size_t at = literal.begin + 1;
    while (at + 1 < literal.end) {
      const Unit unit = ReadUnit(file.substr(at, literal.end - 1 - at));
      if (offset < length + unit.bytes.size()) return at;
      length += unit.bytes.size();
      at += unit.source_length;
    }
  }
  return value.literals.empty() ? value.range.begin : value.literals.back().end - 1;
}

std::string TextOf(absl::string_view file, const TextprotoValue& value) {
  std::string text;
  for (const ByteRange& literal : value.literals) {
    size_t at = literal.begin + 1;
    while (at + 1 < literal.end) {
      const Unit unit = ReadUnit(file.substr(at, literal.end - 1 - at));
      text += unit.bytes;
      at += unit.source_length;
    }
  }
  return text;
}

}  // namespace plumbline::ruleset
