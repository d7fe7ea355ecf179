#include "server/ruleset/textproto_schema.h"

#include <cerrno>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/ruleset/source_text.h"
#include "server/ruleset/suggest.h"

namespace plumbline::ruleset {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using ValueKind = TextprotoValue::Kind;

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

std::vector<std::string> ValueNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
  return names;
}

// Decimal, hexadecimal (0x) or octal (0), as the text format has it.
std::optional<int64_t> ParseInteger(const std::string& text) {
  if (text.find_first_not_of("-0123456789abcdefABCDEFxX") != std::string::npos) return std::nullopt;
  errno = 0;
  char* end = nullptr;
  const long long number = std::strtoll(text.c_str(), &end, 0);  // NOLINT(google-runtime-int)
  if (errno != 0 || end != text.c_str() + text.size()) return std::nullopt;
  return number;
}

class SchemaChecker {
 public:
  SchemaChecker(absl::string_view text, std::vector<SchemaMistake>& mistakes,
                std::vector<TextprotoField>& removed)
      : text_(text), mistakes_(mistakes), removed_(removed) {}

  // Returns false if a field was taken out.
  bool CheckMessage(const Descriptor& type, std::vector<TextprotoField>& fields) {
    std::set<std::string> seen;
    std::vector<TextprotoField> sound;
    for (TextprotoField& field : fields) {
      if (CheckField(type, field, seen)) {
        sound.push_back(std::move(field));
      } else {
        removed_.push_back(std::move(field));
      }
    }
    const bool complete = sound.size() == fields.size();
    fields = std::move(sound);
    return complete;
  }

 private:
  bool Mistake(size_t offset, std::string code, std::string message, std::string hint = "") {
    mistakes_.push_back({offset, std::move(code), std::move(message), std::move(hint)});
    return false;
  }

  bool CheckField(const Descriptor& type, TextprotoField& field, std::set<std::string>& seen) {
    const FieldDescriptor* descriptor = type.FindFieldByName(field.name);
    if (descriptor == nullptr) {
      return Mistake(field.range.begin, "unknown-message-field",
                     absl::StrCat(type.name(), " has no field `", field.name, "`"),
                     DidYouMean(field.name, FieldNames(type)));
    }
    if (!descriptor->is_repeated() && !seen.insert(field.name).second) {
      return Mistake(field.range.begin, "duplicate-field",
                     absl::StrCat("`", field.name, "` is given twice in one ", type.name()));
    }
    if (field.is_list && !descriptor->is_repeated()) {
      return Mistake(field.range.begin, "wrong-value-type",
                     absl::StrCat("`", field.name, "` takes one value, not a list"));
    }
    const bool is_message = descriptor->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!is_message && !field.has_colon) {
      return Mistake(field.range.begin, "syntax",
                     absl::StrCat("expected `:` after `", field.name, "`"));
    }
    bool sound = true;
    for (TextprotoValue& value : field.values) sound = CheckValue(*descriptor, value) && sound;
    return sound;
  }

  bool CheckValue(const FieldDescriptor& field, TextprotoValue& value) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (value.kind != ValueKind::kMessage) return WrongType(field, value, "a block `{ ... }`");
      // Mistakes inside are taken out there; the block itself stays.
      if (!CheckMessage(*field.message_type(), value.fields)) value.incomplete = true;
      return true;
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return CheckString(field, value);
      case FieldDescriptor::CPPTYPE_ENUM:
        return CheckEnum(field, value);
      case FieldDescriptor::CPPTYPE_BOOL:
        return CheckBool(field, value);
      case FieldDescriptor::CPPTYPE_INT32:
        return CheckInt(field, value, std::numeric_limits<int32_t>::min(),
                        std::numeric_limits<int32_t>::max());
      case FieldDescriptor::CPPTYPE_INT64:
        return CheckInt(field, value, std::numeric_limits<int64_t>::min(),
                        std::numeric_limits<int64_t>::max());
      default:
        return CheckDouble(field, value);
    }
  }

  bool WrongType(const FieldDescriptor& field, const TextprotoValue& value,
                 absl::string_view wanted, std::string hint = "") {
    return Mistake(value.range.begin, "wrong-value-type",
                   absl::StrCat("`", field.name(), "` takes ", wanted), std::move(hint));
  }

  bool CheckString(const FieldDescriptor& field, const TextprotoValue& value) {
    if (value.kind != ValueKind::kString)
      return WrongType(field, value, "a string", "put it in quotes");
    // A file that is valid UTF-8 can still hold escapes that are not.
    const std::string content = TextOf(text_, value);
    if (const auto bad = FindNonText(content); bad.has_value()) {
      return Mistake(SourceOffsetInText(text_, value, *bad), "not-text",
                     absl::StrCat("`", field.name(), "` holds bytes that are not text"));
    }
    return true;
  }

  bool CheckEnum(const FieldDescriptor& field, const TextprotoValue& value) {
    const EnumDescriptor& type = *field.enum_type();
    if (value.kind == ValueKind::kNumber) {
      const auto number = ParseInteger(value.text);
      if (number.has_value() && *number >= 0 && *number <= std::numeric_limits<int>::max() &&
          type.FindValueByNumber(static_cast<int>(*number)) != nullptr) {
        return true;
      }
    } else if (value.kind != ValueKind::kIdentifier) {
      return WrongType(field, value, absl::StrCat("a name of ", type.name()),
                       value.kind == ValueKind::kString ? "without quotes" : "");
    } else if (type.FindValueByName(value.text) != nullptr) {
      return true;
    }
    return Mistake(value.range.begin, "unknown-enum-value",
                   absl::StrCat(type.name(), " has no value `", value.text, "`"),
                   DidYouMean(value.text, ValueNames(type)));
  }

  bool CheckBool(const FieldDescriptor& field, const TextprotoValue& value) {
    static const std::set<std::string>* const kBools =
        new std::set<std::string>{"true", "false", "True", "False", "t", "f", "0", "1"};
    if (value.kind == ValueKind::kString || value.kind == ValueKind::kMessage ||
        kBools->count(value.text) == 0) {
      return WrongType(field, value, "`true` or `false`");
    }
    return true;
  }

  bool CheckInt(const FieldDescriptor& field, const TextprotoValue& value, int64_t min,
                int64_t max) {
    if (value.kind != ValueKind::kNumber) return WrongType(field, value, "a whole number");
    if (value.text.find_first_not_of("-0123456789") == std::string::npos) {
      const auto number = ParseInteger(value.text);
      if (!number.has_value() || *number < min || *number > max) {
        return Mistake(value.range.begin, "number-out-of-range",
                       absl::StrCat("`", value.text, "` is too large for `", field.name(), "`"));
      }
    }
    if (!ParseInteger(value.text).has_value()) return WrongType(field, value, "a whole number");
    return true;
  }

  bool CheckDouble(const FieldDescriptor& field, const TextprotoValue& value) {
    // Names would be `inf` and `nan`: no bound or dose is either.
    double number = 0;
    if (value.kind != ValueKind::kNumber ||
        (!absl::SimpleAtod(value.text, &number) && !ParseInteger(value.text).has_value())) {
      return WrongType(field, value, "a number");
    }
    return true;
  }

  absl::string_view text_;
  std::vector<SchemaMistake>& mistakes_;
  std::vector<TextprotoField>& removed_;
};

}  // namespace

std::vector<SchemaMistake> CheckAgainstSchema(absl::string_view text, const Descriptor& type,
                                              TextprotoTree& tree,
                                              std::vector<TextprotoField>& removed) {
  std::vector<SchemaMistake> mistakes;
  SchemaChecker(text, mistakes, removed).CheckMessage(type, tree.fields);
  return mistakes;
}

}  // namespace plumbline::ruleset
