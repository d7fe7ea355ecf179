#include "server/cli/json_intake.h"

#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/expr/schema.h"

namespace plumbline::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Struct;
using google::protobuf::Value;

// "legPain", "Leg-Pain", "leg_pain" -> "leg_pain".
std::string SnakeCase(absl::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool starts_word = absl::ascii_isupper(c) && i > 0 && absl::ascii_islower(name[i - 1]);
    if (starts_word) {
      out += '_';
    }
    out += c == '-' || c == ' ' ? '_' : absl::ascii_tolower(c);
  }
  return out;
}

// A message with an enum `status` and a repeated `values`.
bool IsList(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_MESSAGE && !field.is_repeated() &&
         field.message_type()->FindFieldByName("status") != nullptr &&
         field.message_type()->FindFieldByName("values") != nullptr;
}

bool IsGroup(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_MESSAGE && !field.is_repeated() && !IsList(field);
}

std::string JsonKind(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return "a number";
    case Value::kStringValue:
      return "a text";
    case Value::kBoolValue:
      return "true or false";
    case Value::kListValue:
      return "an array";
    case Value::kStructValue:
      return "an object";
    default:
      return "nothing";
  }
}

class Converter {
 public:
  explicit Converter(std::vector<IntakeProblem>& problems) : problems_(problems) {}

  void ConvertIntake(const Struct& object, v1::Intake& intake) {
    IndexLeaves(*intake.GetDescriptor());
    for (const auto& [key, value] : Sorted(object)) {
      const std::string name = SnakeCase(key);
      const FieldDescriptor* root = intake.GetDescriptor()->FindFieldByName(name);
      if (root != nullptr && IsGroup(*root)) {
        ConvertGroup(*root, key, *value, intake);
      } else {
        ConvertLeaf(key, name, nullptr, *value, intake);
      }
    }
  }

 private:
  struct Leaf {
    const FieldDescriptor* group;  // null: in the root
    const FieldDescriptor* field;
  };

  static std::map<std::string, const Value*> Sorted(const Struct& object) {
    std::map<std::string, const Value*> fields;
    for (const auto& [key, value] : object.fields()) {
      fields.emplace(key, &value);
    }
    return fields;
  }

  void Problem(const std::string& place, std::string message) {
    problems_.push_back({place, std::move(message)});
  }

  void Expected(const std::string& place, absl::string_view expected, const Value& value) {
    Problem(place, absl::StrCat("expected ", expected, ", found ", JsonKind(value)));
  }

  void IndexLeaves(const Descriptor& root) {
    for (int i = 0; i < root.field_count(); ++i) {
      const FieldDescriptor* field = root.field(i);
      if (!IsGroup(*field)) {
        leaves_.emplace(field->name(), Leaf{nullptr, field});
        names_.push_back(field->name());
        continue;
      }
      names_.push_back(field->name());
      for (int k = 0; k < field->message_type()->field_count(); ++k) {
        const FieldDescriptor* leaf = field->message_type()->field(k);
        leaves_.emplace(leaf->name(), Leaf{field, leaf});
        names_.push_back(leaf->name());
      }
    }
  }

  void ConvertGroup(const FieldDescriptor& group, const std::string& key, const Value& value,
                    Message& intake) {
    if (value.kind_case() == Value::kNullValue) {
      return;
    }
    if (value.kind_case() != Value::kStructValue) {
      return Expected(key, "an object with the answers of this group", value);
    }
    intake.GetReflection()->MutableMessage(&intake, &group);
    for (const auto& [inner, inner_value] : Sorted(value.struct_value())) {
      ConvertLeaf(inner, SnakeCase(inner), &group, *inner_value, intake);
    }
  }

  // `within` is the group that the field was written in; null: at the top.
  void ConvertLeaf(const std::string& key, const std::string& name, const FieldDescriptor* within,
                   const Value& value, Message& intake) {
    const auto leaf = leaves_.find(name);
    if (leaf == leaves_.end()) {
      return UnknownField(key, name);
    }
    const auto [group, field] = leaf->second;
    if (within != nullptr && within != group) {
      return Problem(absl::StrCat(within->name(), ".", key),
                     absl::StrCat("this field belongs to ",
                                  group == nullptr ? "the top level" : group->name()));
    }
    if (!seen_.emplace(name, key).second) {
      return Problem(key, "is given twice");
    }
    if (value.kind_case() == Value::kNullValue) {
      return;
    }
    Message* holder =
        group == nullptr ? &intake : intake.GetReflection()->MutableMessage(&intake, group);
    SetField(name, *field, value, *holder);
  }

  void UnknownField(const std::string& key, const std::string& name) {
    const std::string nearest = NearestName(name, names_);
    Problem(key,
            absl::StrCat("unknown field ", key,
                         nearest.empty() ? "" : absl::StrCat(", did you mean ", nearest, "?")));
  }

  void SetField(const std::string& place, const FieldDescriptor& field, const Value& value,
                Message& holder) {
    if (IsList(field)) {
      SetList(place, *holder.GetReflection()->MutableMessage(&holder, &field), value);
      return;
    }
    SetScalar(place, field, value, holder);
  }

  void SetScalar(const std::string& place, const FieldDescriptor& field, const Value& value,
                 Message& holder) {
    const auto& reflection = *holder.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32: {
        if (const auto number = ToInt(place, value)) {
          field.is_repeated() ? reflection.AddInt32(&holder, &field, *number)
                              : reflection.SetInt32(&holder, &field, *number);
        }
        return;
      }
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (const auto number = ToDouble(place, value)) {
          reflection.SetDouble(&holder, &field, *number);
        }
        return;
      case FieldDescriptor::CPPTYPE_STRING:
        if (value.kind_case() != Value::kStringValue) {
          return Expected(place, "a text", value);
        }
        field.is_repeated() ? reflection.AddString(&holder, &field, value.string_value())
                            : reflection.SetString(&holder, &field, value.string_value());
        return;
      case FieldDescriptor::CPPTYPE_ENUM:
        if (const EnumValueDescriptor* constant = ToEnum(place, *field.enum_type(), value)) {
          field.is_repeated() ? reflection.AddEnum(&holder, &field, constant)
                              : reflection.SetEnum(&holder, &field, constant);
        }
        return;
      default:
        return Problem(place, "this kind of field cannot be given in JSON");
    }
  }

  std::optional<double> ToDouble(const std::string& place, const Value& value) {
    double number = 0;
    if (value.kind_case() == Value::kNumberValue) {
      number = value.number_value();
    } else if (value.kind_case() != Value::kStringValue ||
               !absl::SimpleAtod(value.string_value(), &number)) {
      Expected(place, "a number", value);
      return std::nullopt;
    }
    if (!std::isfinite(number)) {
      Problem(place, "expected a finite number");
      return std::nullopt;
    }
    return number;
  }

  std::optional<int32_t> ToInt(const std::string& place, const Value& value) {
    const std::optional<double> number = ToDouble(place, value);
    if (!number) {
      return std::nullopt;
    }
    if (*number != std::trunc(*number) || std::fabs(*number) > INT32_MAX) {
      Problem(place, "expected a whole number");
      return std::nullopt;
    }
    return static_cast<int32_t>(*number);
  }

  // Exactly as many values as the enum has, in words: "none, above_knee or below_knee".
  static std::string Choices(const EnumDescriptor& type) {
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) {
      if (type.value(i)->number() != 0) {
        names.push_back(absl::AsciiStrToLower(expr::ShortEnumValueName(*type.value(i))));
      }
    }
    return absl::StrJoin(names, ", ");
  }

  const EnumValueDescriptor* ToEnum(const std::string& place, const EnumDescriptor& type,
                                    const Value& value) {
    const EnumValueDescriptor* found = nullptr;
    if (value.kind_case() == Value::kBoolValue && expr::IsTriEnum(type)) {
      found = type.FindValueByName(value.bool_value() ? "TRI_YES" : "TRI_NO");
    } else if (value.kind_case() == Value::kNumberValue) {
      const double number = value.number_value();
      found = number == std::trunc(number) && std::fabs(number) < 1e6
                  ? type.FindValueByNumber(static_cast<int>(number))
                  : nullptr;
    } else if (value.kind_case() == Value::kStringValue) {
      found = FindEnumValue(type, value.string_value());
    } else {
      Expected(place, absl::StrCat("one of ", Choices(type)), value);
      return nullptr;
    }
    if (found == nullptr) {
      Problem(place, absl::StrCat("not one of the answers: ", Choices(type)));
    }
    return found;
  }

  static const EnumValueDescriptor* FindEnumValue(const EnumDescriptor& type,
                                                  absl::string_view text) {
    std::string wanted = absl::AsciiStrToUpper(SnakeCase(absl::StripAsciiWhitespace(text)));
    if (expr::IsTriEnum(type)) {
      wanted = wanted == "TRUE" || wanted == "Y"    ? "YES"
               : wanted == "FALSE" || wanted == "N" ? "NO"
                                                    : wanted;
    }
    for (int i = 0; i < type.value_count(); ++i) {
      const EnumValueDescriptor* candidate = type.value(i);
      if (candidate->name() == wanted || expr::ShortEnumValueName(*candidate) == wanted) {
        return candidate;
      }
    }
    return nullptr;
  }

  void SetList(const std::string& place, Message& list, const Value& value) {
    const FieldDescriptor& status = *list.GetDescriptor()->FindFieldByName("status");
    const FieldDescriptor& values = *list.GetDescriptor()->FindFieldByName("values");
    const auto set_status = [&](int number) {
      list.GetReflection()->SetEnumValue(&list, &status, number);
    };
    switch (value.kind_case()) {
      case Value::kListValue:
        set_status(value.list_value().values_size() == 0 ? v1::LIST_STATUS_NONE
                                                         : v1::LIST_STATUS_LISTED);
        return AddValues(place, values, value, list);
      case Value::kStringValue:
        return SetScalar(place, status, value, list);
      case Value::kStructValue:
        break;
      default:
        return Expected(place, "an array, or one of none, declined, not_asked", value);
    }
    for (const auto& [key, part] : Sorted(value.struct_value())) {
      const std::string inner = absl::StrCat(place, ".", key);
      if (key == "status") {
        SetScalar(inner, status, *part, list);
      } else if (key == "values") {
        AddValues(inner, values, *part, list);
      } else {
        Problem(inner, absl::StrCat("unknown field ", key, ", a list has status and values"));
      }
    }
  }

  void AddValues(const std::string& place, const FieldDescriptor& values, const Value& array,
                 Message& list) {
    if (array.kind_case() != Value::kListValue) {
      return Expected(place, "an array", array);
    }
    int index = 0;
    for (const Value& element : array.list_value().values()) {
      const std::string inner = absl::StrCat(place, "[", index++, "]");
      if (values.type() == FieldDescriptor::TYPE_MESSAGE) {
        AddRow(inner, element, *list.GetReflection()->AddMessage(&list, &values));
      } else {
        SetScalar(inner, values, element, list);
      }
    }
  }

  void AddRow(const std::string& place, const Value& object, Message& row) {
    if (object.kind_case() != Value::kStructValue) {
      return Expected(place, "an object", object);
    }
    std::vector<std::string> names;
    for (int i = 0; i < row.GetDescriptor()->field_count(); ++i) {
      names.push_back(row.GetDescriptor()->field(i)->name());
    }
    for (const auto& [key, value] : Sorted(object.struct_value())) {
      const std::string name = SnakeCase(key);
      const FieldDescriptor* field = row.GetDescriptor()->FindFieldByName(name);
      if (field == nullptr) {
        const std::string nearest = NearestName(name, names);
        Problem(absl::StrCat(place, ".", key),
                absl::StrCat("unknown field ", key,
                             nearest.empty() ? "" : absl::StrCat(", did you mean ", nearest, "?")));
      } else if (value->kind_case() != Value::kNullValue) {
        SetScalar(absl::StrCat(place, ".", name), *field, *value, row);
      }
    }
  }

  std::vector<IntakeProblem>& problems_;
  std::map<std::string, Leaf> leaves_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> seen_;
};

// Levenshtein distance.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t k = 1; k <= b.size(); ++k) {
      const size_t replaced = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);
      diagonal = row[k];
      row[k] = std::min({row[k] + 1, row[k - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string NearestName(absl::string_view name, const std::vector<std::string>& candidates) {
  if (name.size() > 64) {
    return "";
  }
  std::string nearest;
  size_t best = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = Distance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  if (nearest.empty() && name.size() >= 3) {  // "age" for age_years
    for (const std::string& candidate : candidates) {
      if (absl::StartsWith(candidate, name)) {
        return candidate;
      }
    }
  }
  return nearest;
}

std::vector<IntakeProblem> IntakeFromJson(absl::string_view json, v1::Intake& intake) {
  std::vector<IntakeProblem> problems;
  Struct object;
  const google::protobuf::util::Status parsed =
      google::protobuf::util::JsonStringToMessage(std::string(json), &object);
  if (!parsed.ok()) {
    const std::string reason(parsed.message().data(), parsed.message().size());
    problems.push_back({"", absl::StrCat("not valid JSON: ", reason)});
    return problems;
  }
  intake.Clear();
  Converter(problems).ConvertIntake(object, intake);
  return problems;
}

}  // namespace plumbline::cli
