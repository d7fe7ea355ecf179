#include "server/expr/type.h"

namespace plumbline::expr {
namespace {

std::string KindName(Kind kind, const google::protobuf::EnumDescriptor* enum_type,
                     const google::protobuf::Descriptor* record_type) {
  switch (kind) {
    case Kind::kError:
      return "?";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kEnum:
      return enum_type == nullptr ? "enum" : std::string(enum_type->name());
    case Kind::kTimestamp:
      return "timestamp";
    case Kind::kDuration:
      return "duration";
    case Kind::kRecord:
      return record_type == nullptr ? "record" : std::string(record_type->name());
    case Kind::kList:
      return "list";
  }
  return "?";
}

}  // namespace

std::string Type::ToString() const {
  if (kind != Kind::kList) return KindName(kind, enum_type, record_type);
  if (element == Kind::kError) return "list";
  return "list(" + KindName(element, enum_type, record_type) + ")";
}

}  // namespace plumbline::expr
