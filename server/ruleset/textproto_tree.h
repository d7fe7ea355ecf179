// TextprotoTree: the shape of one textproto file, with the place of everything in it.
//
// protobuf's own parser decides what a file means; it stops at the first mistake and knows no
// places of single list elements. This scanner knows no schema and no meaning: it finds fields,
// values and string literals with their byte ranges, and goes on after mistakes. It is stricter
// than protobuf in one point: a string literal ends on its line.
//
// Plain data, owned by value. Scanning never fails: what is wrong is in `errors`.

#ifndef PLUMBLINE_SERVER_RULESET_TEXTPROTO_TREE_H_
#define PLUMBLINE_SERVER_RULESET_TEXTPROTO_TREE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace plumbline::ruleset {

// Bytes [begin, end) of the file.
struct ByteRange {
  size_t begin = 0;
  size_t end = 0;
};

struct TextprotoField;

struct TextprotoValue {
  enum class Kind { kString, kNumber, kIdentifier, kMessage };
  Kind kind = Kind::kIdentifier;
  ByteRange range;
  // kNumber, kIdentifier: the text, with a leading '-'.
  std::string text;
  // kString: its adjacent literals, quotes included.
  std::vector<ByteRange> literals;
  // kMessage.
  std::vector<TextprotoField> fields;
  // Some field of this message was left out because of a mistake in it.
  bool incomplete = false;
};

// `name: value`, `name { ... }` or `name: [value, ...]`.
struct TextprotoField {
  std::string name;
  ByteRange range;
  bool has_colon = false;
  bool is_list = false;
  std::vector<TextprotoValue> values;
};

struct TextprotoError {
  size_t offset = 0;
  std::string message;
  std::string hint;
};

struct TextprotoTree {
  // Top-level fields that are sound as text.
  std::vector<TextprotoField> fields;
  // Top-level fields that are not, as far as they were understood. `range` reaches to where
  // scanning went on.
  std::vector<TextprotoField> broken;
  std::vector<TextprotoError> errors;
};

// `top_level_names`: fields of the root message; one of them at the start of a line is where
// scanning goes on after a block that was never closed.
TextprotoTree ScanTextproto(absl::string_view text,
                            const absl::flat_hash_set<std::string>& top_level_names);

// Place in the file of byte `offset` of the string that the literals of `value` make up. An offset
// beyond the end gives the closing quote.
size_t SourceOffsetInText(absl::string_view file, const TextprotoValue& value, size_t offset);

// The string itself, escapes resolved; invalid escapes are kept as written.
std::string TextOf(absl::string_view file, const TextprotoValue& value);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_TEXTPROTO_TREE_H_
