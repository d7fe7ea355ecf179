#include "server/expr/time_literal.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "server/expr/arithmetic.h"

namespace plumbline::expr {
namespace {

// Reads exactly `digits` digits; -1 if there are fewer.
int64_t TakeDigits(absl::string_view& text, size_t digits) {
  if (text.size() < digits) return -1;
  int64_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (!absl::ascii_isdigit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool IsLeapYear(int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int64_t DaysInMonth(int64_t year, int64_t month) {
  constexpr std::array<int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[static_cast<size_t>(month - 1)] + (month == 2 && IsLeapYear(year) ? 1 : 0);
}

// Days since 1970-01-01 in the proleptic Gregorian calendar.
int64_t DaysSinceEpoch(int64_t year, int64_t month, int64_t day) {
  const int64_t before = year - 1;
  int64_t days = before * 365 + before / 4 - before / 100 + before / 400;
  for (int64_t m = 1; m < month; ++m) days += DaysInMonth(year, m);
  return days + day - 1 - 719'162;
}

// `Z`, or +hh:mm / -hh:mm in seconds east of UTC.
bool TakeOffset(absl::string_view& text, int64_t& seconds) {
  seconds = 0;
  if (absl::ConsumePrefix(&text, "Z")) return text.empty();
  const bool negative = absl::StartsWith(text, "-");
  if (!negative && !absl::StartsWith(text, "+")) return false;
  text.remove_prefix(1);
  const int64_t hours = TakeDigits(text, 2);
  if (!absl::ConsumePrefix(&text, ":")) return false;
  const int64_t minutes = TakeDigits(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !text.empty()) return false;
  seconds = (hours * 60 + minutes) * 60 * (negative ? -1 : 1);
  return true;
}

bool TakeDate(absl::string_view& text, int64_t& days) {
  const int64_t year = TakeDigits(text, 4);
  if (!absl::ConsumePrefix(&text, "-")) return false;
  const int64_t month = TakeDigits(text, 2);
  if (!absl::ConsumePrefix(&text, "-")) return false;
  const int64_t day = TakeDigits(text, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) {
    return false;
  }
  days = DaysSinceEpoch(year, month, day);
  return true;
}

// The product of a fraction and a unit passes 64 bits. (__extension__ goes with typedef only.)
__extension__ typedef __int128 Int128;  // NOLINT(modernize-use-using)

// "ms" comes before "m" and "s": the first that fits is taken.
struct Unit {
  absl::string_view name;
  int64_t nanoseconds;
};
constexpr std::array<Unit, 6> kUnits = {{{"ns", 1},
                                         {"us", 1'000},
                                         {"ms", 1'000'000},
                                         {"s", kNanosPerSecond},
                                         {"m", 60 * kNanosPerSecond},
                                         {"h", 3'600 * kNanosPerSecond}}};

// One number with its unit, subtracted from `total`: counting down reaches the lowest int64 too.
bool TakePart(absl::string_view& text, int64_t& total) {
  int64_t whole = 0;
  int64_t fraction = 0;
  int64_t scale = 1;
  bool digits = false;
  for (; !text.empty() && absl::ascii_isdigit(text[0]); text.remove_prefix(1), digits = true) {
    if (!Multiply(whole, 10, whole) || !Add(whole, text[0] - '0', whole)) return false;
  }
  if (absl::ConsumePrefix(&text, ".")) {
    for (; !text.empty() && absl::ascii_isdigit(text[0]); text.remove_prefix(1), digits = true) {
      if (scale >= 1'000'000'000'000) continue;  // beyond what any unit resolves
      fraction = fraction * 10 + (text[0] - '0');
      scale *= 10;
    }
  }
  if (!digits) return false;
  for (const Unit& unit : kUnits) {
    if (!absl::ConsumePrefix(&text, unit.name)) continue;
    int64_t part = 0;
    const Int128 exact = static_cast<Int128>(fraction) * unit.nanoseconds / scale;
    return Multiply(whole, unit.nanoseconds, part) && Subtract(total, part, total) &&
           Subtract(total, static_cast<int64_t>(exact), total);
  }
  return false;
}

}  // namespace

bool ParseTimestamp(absl::string_view text, int64_t& epoch_seconds) {
  int64_t days = 0;
  if (!TakeDate(text, days) || !absl::ConsumePrefix(&text, "T")) return false;
  const int64_t hour = TakeDigits(text, 2);
  if (!absl::ConsumePrefix(&text, ":")) return false;
  const int64_t minute = TakeDigits(text, 2);
  if (!absl::ConsumePrefix(&text, ":")) return false;
  const int64_t second = TakeDigits(text, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  if (absl::ConsumePrefix(&text, ".")) {
    if (!absl::StartsWith(text, "0")) return false;
    while (absl::ConsumePrefix(&text, "0")) {
    }
  }
  int64_t offset = 0;
  if (!TakeOffset(text, offset)) return false;
  epoch_seconds = days * kSecondsPerDay + (hour * 60 + minute) * 60 + second - offset;
  return epoch_seconds >= kMinTimestamp && epoch_seconds <= kMaxTimestamp;
}

bool ParseDuration(absl::string_view text, int64_t& nanoseconds) {
  const bool negative = absl::StartsWith(text, "-");
  if (negative || absl::StartsWith(text, "+")) text.remove_prefix(1);
  nanoseconds = 0;
  if (text == "0") return true;
  if (text.empty()) return false;
  while (!text.empty()) {
    if (!TakePart(text, nanoseconds)) return false;
  }
  return negative || Negate(nanoseconds, nanoseconds);
}

}  // namespace plumbline::expr
