#include "server/ruleset/text_template.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "server/ruleset/suggest.h"

namespace plumbline::ruleset {
namespace {

// Slot of a hole; nullopt (and a mistake) if it has none.
std::optional<SlotIndex> SlotOfHole(absl::string_view name, size_t offset,
                                    const expr::Schema& schema,
                                    std::vector<TemplateMistake>& mistakes) {
  const std::optional<SlotIndex> slot = schema.Find(name);
  if (!slot.has_value()) {
    std::vector<std::string> names;
    for (const expr::Slot& candidate : schema.slots()) names.push_back(candidate.name);
    mistakes.push_back({offset, "unknown-template-field",
                        absl::StrCat("`{", name, "}` names no intake field"),
                        DidYouMean(name, names)});
    return std::nullopt;
  }
  const expr::Type& type = schema.slot(*slot).type;
  if (type.kind == expr::Kind::kList && type.element == expr::Kind::kRecord) {
    mistakes.push_back({offset, "unknown-template-field",
                        absl::StrCat("`{", name, "}` is a table, which cannot stand in a text"),
                        ""});
    return std::nullopt;
  }
  return slot;
}

}  // namespace

TextTemplate ParseTemplate(absl::string_view text, const expr::Schema& schema,
                           std::vector<TemplateMistake>& mistakes) {
  TextTemplate result;
  std::string literal;
  size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    const bool doubled = at + 1 < text.size() && text[at + 1] == c;
    if (c != '{' && c != '}') {
      literal += c;
      ++at;
    } else if (doubled) {
      literal += c;
      at += 2;
    } else if (c == '}') {
      mistakes.push_back(
          {at, "malformed-template", "`}` without `{` before it", "write `}}` for a brace"});
      ++at;
    } else {
      const size_t end = text.find_first_of("{}", at + 1);
      if (end == absl::string_view::npos || text[end] == '{') {
        mistakes.push_back(
            {at, "malformed-template", "`{` without `}` after it", "write `{{` for a brace"});
        ++at;
        continue;
      }
      const absl::string_view name = text.substr(at + 1, end - at - 1);
      if (const auto slot = SlotOfHole(name, at + 1, schema, mistakes); slot.has_value()) {
        result.literals.push_back(literal);
        result.slots.push_back(*slot);
        literal.clear();
      }
      at = end + 1;
    }
  }
  result.literals.push_back(literal);
  return result;
}

}  // namespace plumbline::ruleset
