#include "server/expr/value.h"

#include <cmath>
#include <utility>

namespace plumbline::expr {
namespace {

Value Scalar(Kind kind, int64_t i) {
  Value value;
  value.kind = kind;
  value.i = i;
  return value;
}

template <typename T>
Order OrderOf(const T& a, const T& b) {
  if (a < b) return Order::kLess;
  if (b < a) return Order::kGreater;
  return a == b ? Order::kEqual : Order::kUnordered;
}

Order Flip(Order order) {
  if (order == Order::kLess) return Order::kGreater;
  return order == Order::kGreater ? Order::kLess : order;
}

// Exact: converting a large int to double would merge neighbours.
Order CompareIntDouble(int64_t i, double d) {
  if (std::isnan(d)) return Order::kUnordered;
  if (d >= 9223372036854775808.0) return Order::kLess;
  if (d < -9223372036854775808.0) return Order::kGreater;
  const double floor = std::floor(d);
  const int64_t whole = static_cast<int64_t>(floor);
  if (i != whole) return OrderOf(i, whole);
  return d > floor ? Order::kLess : Order::kEqual;
}

}  // namespace

Value Value::Bool(bool value) { return Scalar(Kind::kBool, value ? 1 : 0); }
Value Value::Int(int64_t value) { return Scalar(Kind::kInt, value); }
Value Value::Timestamp(int64_t epoch_seconds) { return Scalar(Kind::kTimestamp, epoch_seconds); }
Value Value::Duration(int64_t nanoseconds) { return Scalar(Kind::kDuration, nanoseconds); }

Value Value::Double(double value) {
  Value result;
  result.kind = Kind::kDouble;
  result.d = value;
  return result;
}

Value Value::String(std::string value) {
  Value result;
  result.kind = Kind::kString;
  result.s = std::move(value);
  return result;
}

Value Value::Enum(const google::protobuf::EnumDescriptor* type, int64_t number) {
  Value result = Scalar(Kind::kEnum, number);
  result.enum_type = type;
  return result;
}

Value Value::List(std::vector<Value> elements) {
  Value result;
  result.kind = Kind::kList;
  result.list = std::move(elements);
  return result;
}

Order Compare(const Value& a, const Value& b) {
  if (a.kind == Kind::kInt && b.kind == Kind::kDouble) return CompareIntDouble(a.i, b.d);
  if (a.kind == Kind::kDouble && b.kind == Kind::kInt) return Flip(CompareIntDouble(b.i, a.d));
  if (a.kind != b.kind) return Order::kNone;
  switch (a.kind) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kTimestamp:
    case Kind::kDuration:
      return OrderOf(a.i, b.i);
    case Kind::kDouble:
      return OrderOf(a.d, b.d);
    case Kind::kString: {
      // Byte order of UTF-8 is code point order.
      const int order = a.s.compare(b.s);
      return order == 0 ? Order::kEqual : (order < 0 ? Order::kLess : Order::kGreater);
    }
    default:
      return Order::kNone;
  }
}

bool Equal(const Value& a, const Value& b) {
  if (a.kind == Kind::kEnum && b.kind == Kind::kEnum) {
    return a.enum_type == b.enum_type && a.i == b.i;
  }
  if (a.kind == Kind::kList && b.kind == Kind::kList) {
    if (a.list.size() != b.list.size()) return false;
    for (size_t i = 0; i < a.list.size(); ++i) {
      if (!Equal(a.list[i], b.list[i])) return false;
    }
    return true;
  }
  return Compare(a, b) == Order::kEqual;
}

}  // namespace plumbline::expr
