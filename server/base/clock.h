// The time of day, behind an interface, so that tests decide what time it is.

#ifndef PLUMBLINE_SERVER_BASE_CLOCK_H_
#define PLUMBLINE_SERVER_BASE_CLOCK_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace plumbline {

// Says what time it is. May go back (somebody sets the clock): who needs an order counts for
// himself. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The clock of the machine.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_CLOCK_H_
