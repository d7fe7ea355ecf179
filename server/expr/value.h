// Value: a constant, as literals, declared constants and constant folding produce it.
//
// Dynamically typed, because CEL gives lists of mixed literals a meaning; the values of an intake
// never take this form (they are Cells). Copyable, owns its content.

#ifndef PLUMBLINE_SERVER_EXPR_VALUE_H_
#define PLUMBLINE_SERVER_EXPR_VALUE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "server/expr/type.h"

namespace plumbline::expr {

struct Value {
  Kind kind = Kind::kError;  // kError: the evaluation failed (`1 / 0`)
  int64_t i = 0;             // bool (0 or 1), int, enum number, timestamp (s), duration (ns)
  double d = 0;
  std::string s;
  std::vector<Value> list;
  const google::protobuf::EnumDescriptor* enum_type = nullptr;

  static Value Error() { return {}; }
  static Value Bool(bool value);
  static Value Int(int64_t value);
  static Value Double(double value);
  static Value String(std::string value);
  static Value Enum(const google::protobuf::EnumDescriptor* type, int64_t number);
  static Value Timestamp(int64_t epoch_seconds);
  static Value Duration(int64_t nanoseconds);
  static Value List(std::vector<Value> elements);

  bool is_error() const { return kind == Kind::kError; }
  bool is_true() const { return kind == Kind::kBool && i != 0; }
  bool is_false() const { return kind == Kind::kBool && i == 0; }
};

// CEL's `==`: values of different types are unequal, int and double compare as numbers.
bool Equal(const Value& a, const Value& b);

// CEL's order. kUnordered: a NaN is involved; kNone: the types have no common order.
enum class Order : uint8_t { kLess, kEqual, kGreater, kUnordered, kNone };
Order Compare(const Value& a, const Value& b);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_VALUE_H_
