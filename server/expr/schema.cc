#include "server/expr/schema.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/expr/token.h"

namespace plumbline::expr {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// "PainSite" -> "PAIN_SITE_", the prefix that the protobuf style guide asks of enum values.
std::string ValuePrefix(absl::string_view enum_name) {
  std::string prefix;
  for (size_t i = 0; i < enum_name.size(); ++i) {
    const bool starts_word = absl::ascii_isupper(enum_name[i]) && i > 0 &&
                             (!absl::ascii_isupper(enum_name[i - 1]) ||
                              (i + 1 < enum_name.size() && absl::ascii_islower(enum_name[i + 1])));
    if (starts_word) prefix += '_';
    prefix += absl::ascii_toupper(enum_name[i]);
  }
  return prefix + "_";
}

bool IsSingularMessage(const FieldDescriptor& field) {
  return !field.is_repeated() && field.type() == FieldDescriptor::TYPE_MESSAGE;
}

// The repeated field of a list with status; null if `message` is not one.
const FieldDescriptor* ListField(const Descriptor& message) {
  if (message.field_count() != 2) return nullptr;
  const FieldDescriptor* status = message.FindFieldByName("status");
  if (status == nullptr || status->is_repeated() || status->type() != FieldDescriptor::TYPE_ENUM) {
    return nullptr;
  }
  const FieldDescriptor* other = message.field(1 - status->index());
  return other->is_repeated() && !other->is_map() ? other : nullptr;
}

absl::Status Bad(const FieldDescriptor& field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(field.full_name()), ": ", what));
}

// Only a field that can be absent can be unknown: a plain proto3 scalar would read as 0 when nobody
// was asked.
bool CanBeUnknown(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_ENUM || field.has_presence();
}

absl::StatusOr<Type> ScalarType(const FieldDescriptor& field) {
  const Type type = ScalarFieldType(field);
  if (type.kind != Kind::kError) return type;
  return Bad(field, absl::StrCat("expressions have no values of type ", field.type_name()));
}

absl::Status CheckRecord(const Descriptor& record) {
  if (record.field_count() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(record.full_name()), ": a row needs at least one field"));
  }
  for (int i = 0; i < record.field_count(); ++i) {
    const FieldDescriptor& field = *record.field(i);
    if (field.is_repeated()) return Bad(field, "a row cannot hold a list");
    absl::StatusOr<Type> type = ScalarType(field);
    if (!type.ok()) return type.status();
    if (!CanBeUnknown(field)) return Bad(field, "must be `optional`: absent and 0 must differ");
  }
  return absl::OkStatus();
}

absl::StatusOr<Type> ListType(const FieldDescriptor& list) {
  Type type;
  type.kind = Kind::kList;
  if (list.type() == FieldDescriptor::TYPE_MESSAGE) {
    absl::Status status = CheckRecord(*list.message_type());
    if (!status.ok()) return status;
    type.element = Kind::kRecord;
    type.record_type = list.message_type();
    return type;
  }
  absl::StatusOr<Type> element = ScalarType(list);
  if (!element.ok()) return element.status();
  type.element = element->kind;
  type.enum_type = element->enum_type;
  return type;
}

absl::StatusOr<Slot> MakeSlot(const FieldDescriptor& field, const FieldDescriptor* group) {
  Slot slot;
  slot.name = std::string(field.name());
  slot.group = group;
  slot.field = &field;
  absl::StatusOr<Type> type;
  if (IsSingularMessage(field)) {
    const FieldDescriptor* list = ListField(*field.message_type());
    if (list == nullptr) return Bad(field, "neither a scalar nor a list with status");
    slot.source = SlotSource::kListWithStatus;
    type = ListType(*list);
  } else if (field.is_repeated()) {
    return Bad(field,
               "a list must sit in a message with a `status`, so that empty and not asked differ");
  } else {
    type = ScalarType(field);
    if (type.ok() && !CanBeUnknown(field)) {
      return Bad(field, "must be `optional`: absent and 0 must differ");
    }
    if (field.type() == FieldDescriptor::TYPE_ENUM) {
      slot.source = IsTriEnum(*field.enum_type()) ? SlotSource::kTri : SlotSource::kEnum;
    }
  }
  if (!type.ok()) return type.status();
  slot.type = *type;
  return slot;
}

// Enum types that a slot (or a row of it) brings in.
std::vector<const EnumDescriptor*> EnumsOf(const Slot& slot) {
  std::vector<const EnumDescriptor*> enums;
  if (slot.type.enum_type != nullptr) enums.push_back(slot.type.enum_type);
  if (slot.type.record_type != nullptr) {
    for (int i = 0; i < slot.type.record_type->field_count(); ++i) {
      const FieldDescriptor& field = *slot.type.record_type->field(i);
      if (field.type() == FieldDescriptor::TYPE_ENUM && !IsTriEnum(*field.enum_type())) {
        enums.push_back(field.enum_type());
      }
    }
  }
  return enums;
}

}  // namespace

std::string Slot::path() const {
  return group == nullptr ? name : absl::StrCat(std::string(group->name()), ".", name);
}

absl::StatusOr<Schema> Schema::Create(const Descriptor& root) {
  Schema schema;
  schema.root_ = &root;
  const auto add = [&schema](const FieldDescriptor& field,
                             const FieldDescriptor* group) -> absl::Status {
    absl::StatusOr<Slot> slot = MakeSlot(field, group);
    if (!slot.ok()) return slot.status();
    if (IsReservedName(slot->name)) return Bad(field, "the name is reserved in expressions");
    if (schema.slots_.size() == kMaxSlots) return Bad(field, "too many fields");
    if (!schema.by_name_.emplace(slot->name, static_cast<SlotIndex>(schema.slots_.size())).second) {
      return Bad(field, "another group has a field of the same name");
    }
    for (const EnumDescriptor* type : EnumsOf(*slot)) {
      const auto [it, inserted] = schema.enums_.emplace(std::string(type->name()), type);
      if (!inserted && it->second != type) return Bad(field, "two enums share a short name");
    }
    schema.slots_.push_back(*std::move(slot));
    return absl::OkStatus();
  };
  for (int i = 0; i < root.field_count(); ++i) {
    const FieldDescriptor& field = *root.field(i);
    if (!IsSingularMessage(field) || ListField(*field.message_type()) != nullptr) {
      if (absl::Status status = add(field, nullptr); !status.ok()) return status;
      continue;
    }
    for (int j = 0; j < field.message_type()->field_count(); ++j) {
      if (absl::Status status = add(*field.message_type()->field(j), &field); !status.ok()) {
        return status;
      }
    }
  }
  return schema;
}

std::optional<SlotIndex> Schema::Find(absl::string_view name) const {
  const auto it = by_name_.find(name);
  if (it == by_name_.end()) return std::nullopt;
  return it->second;
}

const EnumDescriptor* Schema::FindEnum(absl::string_view short_name) const {
  const auto it = enums_.find(short_name);
  return it == enums_.end() ? nullptr : it->second;
}

absl::string_view ShortEnumValueName(const EnumValueDescriptor& value) {
  const absl::string_view name(value.name().data(), value.name().size());
  const absl::string_view type(value.type()->name().data(), value.type()->name().size());
  const std::string prefix = ValuePrefix(type);
  return absl::StartsWith(name, prefix) ? name.substr(prefix.size()) : name;
}

bool IsUnknownEnumValue(const EnumValueDescriptor& value) {
  const absl::string_view name = ShortEnumValueName(value);
  return value.number() == 0 || name == "UNKNOWN" || name == "UNSPECIFIED";
}

Type ScalarFieldType(const FieldDescriptor& field) {
  Type type;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      type.kind = Kind::kBool;
      return type;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      type.kind = Kind::kInt;
      return type;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      type.kind = Kind::kDouble;
      return type;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (IsTriEnum(*field.enum_type())) {
        type.kind = Kind::kBool;
      } else {
        type.kind = Kind::kEnum;
        type.enum_type = field.enum_type();
      }
      return type;
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_STRING) {
        type.kind = Kind::kString;
        return type;
      }
      break;
    default:
      break;
  }
  return type;
}

bool IsTriEnum(const EnumDescriptor& type) {
  bool yes = false;
  bool no = false;
  bool unknown = false;
  for (int i = 0; i < type.value_count(); ++i) {
    const absl::string_view name = ShortEnumValueName(*type.value(i));
    yes |= name == "YES";
    no |= name == "NO";
    unknown |= name == "UNKNOWN";
    if (name != "YES" && name != "NO" && name != "UNKNOWN" && name != "UNSPECIFIED") return false;
  }
  return yes && no && unknown;
}

}  // namespace plumbline::expr
