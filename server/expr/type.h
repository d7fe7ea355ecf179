// Type: the static type of an expression. Small, copyable, comparable.

#ifndef PLUMBLINE_SERVER_EXPR_TYPE_H_
#define PLUMBLINE_SERVER_EXPR_TYPE_H_

#include <cstdint>
#include <string>

#include "google/protobuf/descriptor.h"

namespace plumbline::expr {

enum class Kind : uint8_t {
  kError,  // the checker could not type it; suppresses follow-up messages
  kBool,
  kInt,  // int64
  kDouble,
  kString,
  kEnum,       // distinct per protobuf enum: comparing two different enums is a type error
  kTimestamp,  // seconds since the epoch, UTC
  kDuration,   // nanoseconds as in CEL
  kRecord,     // one row of a list of messages; only its fields can be read
  kList,       // element kind in `element`
};

struct Type {
  Kind kind = Kind::kError;
  Kind element = Kind::kError;  // of a list; kError for the empty list literal and for nested lists
  const google::protobuf::EnumDescriptor* enum_type = nullptr;  // kEnum, or list of kEnum
  const google::protobuf::Descriptor* record_type = nullptr;    // kRecord, or list of kRecord

  friend bool operator==(const Type&, const Type&) = default;
  // "bool", "int", "Trauma", "list(PainSite)".
  std::string ToString() const;
};

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_TYPE_H_
