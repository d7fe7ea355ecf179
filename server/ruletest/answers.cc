#include "server/ruletest/answers.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace plumbline::ruletest {
namespace {

using expr::Kind;
using expr::Slot;
using expr::SlotSource;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr absl::string_view kUnknown = "UNKNOWN";
constexpr absl::string_view kAsked = "ASKED";

// The value that says "asked, not known"; null if the enum has none.
const EnumValueDescriptor* AskedValue(const EnumDescriptor& type) {
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0 && expr::ShortEnumValueName(*type.value(i)) == kUnknown) {
      return type.value(i);
    }
  }
  return nullptr;
}

const EnumValueDescriptor* FindValue(const EnumDescriptor& type, absl::string_view short_name) {
  for (int i = 0; i < type.value_count(); ++i) {
    if (expr::ShortEnumValueName(*type.value(i)) == short_name) return type.value(i);
  }
  return nullptr;
}

absl::Status NoSuchValue(const Slot& slot, absl::string_view value) {
  return absl::InvalidArgumentError(
      absl::StrCat("`", value, "` is no answer to `", slot.name, "`"));
}

absl::Status SetEnum(const Slot& slot, absl::string_view value, Message& group) {
  const bool tri = slot.source == SlotSource::kTri;
  const absl::string_view name = !tri               ? value
                                 : value == "true"  ? "YES"
                                 : value == "false" ? "NO"
                                                    : "";
  const EnumValueDescriptor* found = FindValue(*slot.field->enum_type(), name);
  if (value == kAsked) found = AskedValue(*slot.field->enum_type());
  if (found == nullptr || found->number() == 0) return NoSuchValue(slot, value);
  group.GetReflection()->SetEnum(&group, slot.field, found);
  return absl::OkStatus();
}

absl::Status SetScalar(const Slot& slot, absl::string_view value, Message& group) {
  const Reflection& reflection = *group.GetReflection();
  switch (slot.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(slot, value, group);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (value != "true" && value != "false") return NoSuchValue(slot, value);
      reflection.SetBool(&group, slot.field, value == "true");
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t number = 0;
      if (!absl::SimpleAtoi(value, &number)) return NoSuchValue(slot, value);
      reflection.SetInt32(&group, slot.field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t number = 0;
      if (!absl::SimpleAtoi(value, &number)) return NoSuchValue(slot, value);
      reflection.SetInt64(&group, slot.field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      double number = 0;
      if (!absl::SimpleAtod(value, &number)) return NoSuchValue(slot, value);
      reflection.SetDouble(&group, slot.field, number);
      return absl::OkStatus();
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("answers to `", slot.name, "` cannot be written as text"));
  }
}

// "NONE", or "[A, B]" for lists of enums.
absl::Status SetList(const Slot& slot, absl::string_view value, Message& group) {
  Message& list = *group.GetReflection()->MutableMessage(&group, slot.field);
  list.Clear();
  const FieldDescriptor* status = list.GetDescriptor()->FindFieldByName("status");
  const FieldDescriptor* values = list.GetDescriptor()->FindFieldByName("values");
  if (status == nullptr || values == nullptr) return NoSuchValue(slot, value);
  const absl::string_view name = value == "NONE" ? "NONE" : value == kAsked ? "DECLINED" : "LISTED";
  const EnumValueDescriptor* said = FindValue(*status->enum_type(), name);
  if (said == nullptr) return NoSuchValue(slot, value);
  list.GetReflection()->SetEnum(&list, status, said);
  if (name != "LISTED") return absl::OkStatus();
  if (!absl::ConsumePrefix(&value, "[") || !absl::ConsumeSuffix(&value, "]") ||
      values->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) {
    return NoSuchValue(slot, value);
  }
  for (const absl::string_view element : absl::StrSplit(value, ',', absl::SkipWhitespace())) {
    const EnumValueDescriptor* found =
        FindValue(*values->enum_type(), absl::StripAsciiWhitespace(element));
    if (found == nullptr) return NoSuchValue(slot, element);
    list.GetReflection()->AddEnum(&list, values, found);
  }
  return absl::OkStatus();
}

// Lists of enums; of other lists only NONE.
std::string ListAnswer(const Slot& slot, absl::Span<const expr::ListCell> cells) {
  if (cells.empty()) return absl::StrCat(slot.name, " = NONE");
  if (slot.type.element != Kind::kEnum) return "";
  std::vector<std::string> names;
  for (const expr::ListCell& cell : cells) {
    const auto* value = slot.type.enum_type->FindValueByNumber(static_cast<int>(cell.cell.i));
    if (value != nullptr) names.emplace_back(expr::ShortEnumValueName(*value));
  }
  return absl::StrCat(slot.name, " = [", absl::StrJoin(names, ", "), "]");
}

}  // namespace

bool CanBeAskedInVain(const Slot& slot) {
  if (slot.source == SlotSource::kListWithStatus) return true;
  return slot.field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM &&
         AskedValue(*slot.field->enum_type()) != nullptr;
}

absl::Status SetAnswer(absl::string_view answer, const expr::Schema& schema, Message& intake) {
  const std::vector<absl::string_view> sides = absl::StrSplit(answer, absl::MaxSplits('=', 1));
  if (sides.size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", answer, "` is no answer; write `field = value`"));
  }
  const absl::string_view name = absl::StripAsciiWhitespace(sides[0]);
  const absl::string_view value = absl::StripAsciiWhitespace(sides[1]);
  const auto index = schema.Find(name);
  if (!index.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("the intake has no field `", name, "`"));
  }
  const Slot& slot = schema.slot(*index);
  Message& group =
      slot.group == nullptr ? intake : *intake.GetReflection()->MutableMessage(&intake, slot.group);
  if (value == kUnknown) {
    group.GetReflection()->ClearField(&group, slot.field);
    return absl::OkStatus();
  }
  return slot.source == SlotSource::kListWithStatus ? SetList(slot, value, group)
                                                    : SetScalar(slot, value, group);
}

std::string FormatAnswer(expr::SlotIndex index, const expr::Schema& schema,
                         const expr::Frame& frame) {
  const Slot& slot = schema.slot(index);
  if (!frame.known(index)) {
    if (slot.type.kind == Kind::kList && slot.type.element != Kind::kEnum) return "";
    return absl::StrCat(slot.name, " = ", frame.present(index) ? kAsked : kUnknown);
  }
  const expr::Cell cell = frame.slot_cell(index);
  switch (slot.type.kind) {
    case Kind::kBool:
      return absl::StrCat(slot.name, " = ",
                          frame.slot_state(index) == expr::State::kTrue ? "true" : "false");
    case Kind::kInt:
      return absl::StrCat(slot.name, " = ", cell.i);
    case Kind::kDouble:
      return absl::StrCat(slot.name, " = ", cell.d);
    case Kind::kEnum: {
      const auto* value = slot.type.enum_type->FindValueByNumber(static_cast<int>(cell.i));
      return value == nullptr
                 ? ""
                 : absl::StrCat(slot.name, " = ", std::string(expr::ShortEnumValueName(*value)));
    }
    case Kind::kList:
      return ListAnswer(slot, frame.slot_list(index));
    default:
      return "";
  }
}

}  // namespace plumbline::ruletest
