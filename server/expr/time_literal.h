// Time literals: the texts that timestamp("…") and duration("…") take.
//
// Stateless, thread-safe, independent of locale and time zone. False: not such a text.

#ifndef PLUMBLINE_SERVER_EXPR_TIME_LITERAL_H_
#define PLUMBLINE_SERVER_EXPR_TIME_LITERAL_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace plumbline::expr {

// RFC 3339 with `Z` or a numeric offset, years 0001 to 9999, whole seconds (an all-zero fraction is
// allowed): "2026-01-31T00:00:00Z". Result in seconds since the epoch.
bool ParseTimestamp(absl::string_view text, int64_t& epoch_seconds);

// CEL's duration: [+-] then numbers with h, m, s, ms, us or ns: "1h30m", "1.5s". "0" needs no unit.
// Result in nanoseconds.
bool ParseDuration(absl::string_view text, int64_t& nanoseconds);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_TIME_LITERAL_H_
