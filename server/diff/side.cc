#include "server/diff/side.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "plumbline/v1/date.pb.h"
#include "server/diff/fields.h"
#include "server/expr/schema.h"

namespace plumbline::diff {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using ruleset::FieldRole;
using ruleset::Kind;
using ruleset::Role;

// Kinds whose ids share one namespace are one kind here.
Kind NamespaceOf(Kind kind) { return kind >= Kind::kConsistencyRule ? Kind::kAnyRule : kind; }

std::string NumberText(double value) { return absl::StrFormat("%.15g", value); }

int EnumNumber(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  return index < 0 ? reflection.GetEnumValue(message, &field)
                   : reflection.GetRepeatedEnumValue(message, &field, index);
}

std::string EnumText(const FieldDescriptor& field, int number) {
  const auto* value = field.enum_type()->FindValueByNumber(number);
  return value == nullptr ? absl::StrCat(number) : std::string(expr::ShortEnumValueName(*value));
}

std::string StringOf(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  return index < 0 ? reflection.GetString(message, &field)
                   : reflection.GetRepeatedString(message, &field, index);
}

// Numbers, bools, enums.
std::string PlainText(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(one ? reflection.GetInt32(message, &field)
                              : reflection.GetRepeatedInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(one ? reflection.GetInt64(message, &field)
                              : reflection.GetRepeatedInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(one ? reflection.GetUInt32(message, &field)
                              : reflection.GetRepeatedUInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(one ? reflection.GetUInt64(message, &field)
                              : reflection.GetRepeatedUInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return NumberText(one ? reflection.GetDouble(message, &field)
                            : reflection.GetRepeatedDouble(message, &field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return NumberText(one ? reflection.GetFloat(message, &field)
                            : reflection.GetRepeatedFloat(message, &field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (one ? reflection.GetBool(message, &field)
                  : reflection.GetRepeatedBool(message, &field, index))
                 ? "yes"
                 : "no";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(field, EnumNumber(message, field, index));
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

std::string DateText(const Message& message) {
  v1::Date date;
  date.CopyFrom(message);
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

// Length first, so that no content can look like the end of it.
void Append(std::string& out, absl::string_view name, const std::string& form) {
  absl::StrAppend(&out, name, ":", form.size(), ":", form, ";");
}

bool OrderCounts(const FieldDescriptor& field) {
  const DiffField* row = FindDiffField(field);
  if (row == nullptr) return true;
  if (row->match == Match::kElements) return FindElementRow(field)->order == Order::kAll;
  return row->match != Match::kSet;
}

}  // namespace

std::string PathOf(const std::string& path, const FieldDescriptor& field, int index) {
  const std::string name =
      path.empty() ? std::string(field.name()) : absl::StrCat(path, ".", field.name());
  return index < 0 ? name : absl::StrCat(name, "[", index, "]");
}

int CountOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field);
  return reflection.HasField(message, &field) ? 1 : 0;
}

const Message& PartOf(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  return index < 0 ? reflection.GetMessage(message, &field)
                   : reflection.GetRepeatedMessage(message, &field, index);
}

Side::Side(const ruleset::CompiledRuleset& ruleset)
    : ruleset_(ruleset),
      document_(ruleset::RulesetDocument::OfMessage(ruleset.source, ruleset.revision)),
      report_(document_),
      expressions_(document_, *ruleset.schema, report_) {
  names_ = [this](const std::string& name) {
    for (const absl::string_view prefix : {"suspected.", "likely.", "stage."}) {
      if (!absl::StartsWith(name, prefix)) continue;
      return absl::StrCat(prefix, Renamed(Kind::kAnyRule, name.substr(prefix.size())));
    }
    return Renamed(Kind::kAnyRule, name);
  };
  terms_ = [this](absl::string_view name) { return expressions_.FindTerm(name); };
}

bool Side::Rename(Kind kind, const std::string& id, const std::string& new_id) {
  return renames_.try_emplace({NamespaceOf(kind), id}, new_id).second;
}

std::string Side::Renamed(Kind kind, const std::string& id) const {
  const auto found = renames_.find({NamespaceOf(kind), id});
  return found == renames_.end() ? id : found->second;
}

std::string Side::Form(const Message& message, const FieldDescriptor& field, int index,
                       const std::string& path) const {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return Form(PartOf(message, field, index), PathOf(path, field, index));
  }
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return PlainText(message, field, index);
  std::string text = StringOf(message, field, index);
  const FieldRole* role = ruleset::FindFieldRole(field);
  if (role == nullptr) return text;
  switch (role->role) {
    case Role::kId:
    case Role::kReference:
      return Renamed(role->kind, text);
    case Role::kSources:
      return Renamed(Kind::kPassage, text);
    case Role::kCondition:
    case Role::kExpression: {
      const expr::CheckedExpr* checked = Find(PathOf(path, field, index));
      return checked == nullptr ? text : CanonicalText(*checked, names_);
    }
    default:
      return text;
  }
}

std::string Side::Form(const Message& message, const std::string& path, bool keys) const {
  std::string out;
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const DiffField* row = FindDiffField(field);
    const Match match = row == nullptr ? Match::kValue : row->match;
    if (match == Match::kIgnored || (!keys && match == Match::kKey)) continue;
    const int count = CountOf(message, field);
    std::vector<std::string> forms;
    for (int k = 0; k < count; ++k) {
      const int index = field.is_repeated() ? k : -1;
      if (match == Match::kElements) {
        forms.push_back(Form(PartOf(message, field, index), PathOf(path, field, index), keys));
      } else {
        forms.push_back(Form(message, field, index, path));
      }
    }
    if (!OrderCounts(field)) std::sort(forms.begin(), forms.end());
    for (const std::string& form : forms) Append(out, field.name(), form);
  }
  return out;
}

std::string Side::Shown(const Message& message, const FieldDescriptor& field, int index,
                        const std::string& path) const {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return Shown(PartOf(message, field, index), PathOf(path, field, index));
  }
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    const bool absent = index < 0 && field.has_presence() && CountOf(message, field) == 0;
    const bool unset = field.enum_type() != nullptr && EnumNumber(message, field, index) == 0;
    return absent || unset ? "" : PlainText(message, field, index);
  }
  const expr::CheckedExpr* checked = Find(PathOf(path, field, index));
  return checked == nullptr ? StringOf(message, field, index) : expr::Print(*checked);
}

std::string Side::Shown(const Message& message, const std::string& path) const {
  if (message.GetDescriptor() == v1::Date::descriptor()) return DateText(message);
  std::vector<std::string> parts;
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    std::vector<std::string> values;
    for (int k = 0; k < CountOf(message, field); ++k) {
      values.push_back(Shown(message, field, field.is_repeated() ? k : -1, path));
    }
    if (values.empty()) continue;
    const bool nested = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                        field.message_type() != v1::Date::descriptor();
    const std::string list = absl::StrJoin(values, nested ? " }, { " : ", ");
    parts.push_back(nested ? absl::StrCat(field.name(), " { ", list, " }")
                           : absl::StrCat(field.name(), ": ", list));
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace plumbline::diff
