// Arithmetic of the language, shared by constant folding and the evaluator: what overflows or is
// undefined is an error (false), never a wrapped value.

#ifndef PLUMBLINE_SERVER_EXPR_ARITHMETIC_H_
#define PLUMBLINE_SERVER_EXPR_ARITHMETIC_H_

#include <cstdint>
#include <limits>

namespace plumbline::expr {

inline constexpr int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr int64_t kSecondsPerDay = 86'400;
// CEL's range of timestamps: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
inline constexpr int64_t kMinTimestamp = -62'135'596'800;
inline constexpr int64_t kMaxTimestamp = 253'402'300'799;

inline bool Add(int64_t a, int64_t b, int64_t& result) {
  return !__builtin_add_overflow(a, b, &result);
}
inline bool Subtract(int64_t a, int64_t b, int64_t& result) {
  return !__builtin_sub_overflow(a, b, &result);
}
inline bool Multiply(int64_t a, int64_t b, int64_t& result) {
  return !__builtin_mul_overflow(a, b, &result);
}
inline bool Divide(int64_t a, int64_t b, int64_t& result) {
  if (b == 0 || (a == std::numeric_limits<int64_t>::min() && b == -1)) return false;
  result = a / b;
  return true;
}
inline bool Modulo(int64_t a, int64_t b, int64_t& result) {
  if (b == 0 || (a == std::numeric_limits<int64_t>::min() && b == -1)) return false;
  result = a % b;
  return true;
}
inline bool Negate(int64_t a, int64_t& result) { return Subtract(0, a, result); }

// Nanoseconds between two timestamps in seconds; about 292 years fit.
inline bool SubtractTimestamps(int64_t a, int64_t b, int64_t& result) {
  int64_t seconds = 0;
  return Subtract(a, b, seconds) && Multiply(seconds, kNanosPerSecond, result);
}
// The checker admits only durations of whole seconds here.
inline bool AddToTimestamp(int64_t timestamp, int64_t duration, int64_t& result) {
  if (!Add(timestamp, duration / kNanosPerSecond, result)) return false;
  return result >= kMinTimestamp && result <= kMaxTimestamp;
}
inline bool SubtractFromTimestamp(int64_t timestamp, int64_t duration, int64_t& result) {
  if (!Subtract(timestamp, duration / kNanosPerSecond, result)) return false;
  return result >= kMinTimestamp && result <= kMaxTimestamp;
}
// Whole days from `from` to `to`, rounded down. Timestamps are far from the limits of int64.
inline int64_t DaysBetween(int64_t from, int64_t to) {
  const int64_t seconds = to - from;
  const int64_t days = seconds / kSecondsPerDay;
  return days - (seconds % kSecondsPerDay < 0 ? 1 : 0);
}

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_ARITHMETIC_H_
