// plumbline.v1.Date <-> absl::CivilDay.

#ifndef PLUMBLINE_SERVER_SERVICE_CIVIL_DATE_H_
#define PLUMBLINE_SERVER_SERVICE_CIVIL_DATE_H_

#include <cstdint>
#include <optional>

#include "absl/time/civil_time.h"
#include "plumbline/v1/date.pb.h"

namespace plumbline::service {

// Nothing if there is no such day (2026-02-30, month 13, year 0, a part left out).
inline std::optional<absl::CivilDay> ToCivilDay(const v1::Date& date) {
  if (date.year() < 1 || date.year() > 9999) {
    return std::nullopt;
  }
  const absl::CivilDay day(date.year(), date.month(), date.day());  // normalises
  if (day.year() != date.year() || day.month() != date.month() || day.day() != date.day()) {
    return std::nullopt;
  }
  return day;
}

inline v1::Date ToDate(absl::CivilDay day) {
  v1::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_CIVIL_DATE_H_
