// ShadowPace: how much a thread of idle priority works while others answer.
//
// Idle priority alone does not keep it out of the way. A kernel that preempts lazily lets it run on
// until the next tick when a thread with work wakes up on its processor, and caches are shared
// anyway. So it works in short slices and rests in between: never more than kMostShare of the time,
// and less when it had to wait for a processor, because then others want it.

#ifndef PLUMBLINE_SERVER_SERVICE_SHADOW_PACE_H_
#define PLUMBLINE_SERVER_SERVICE_SHADOW_PACE_H_

#include "absl/time/time.h"

namespace plumbline::service {

// Thread-compatible.
class ShadowPace {
 public:
  // Of the time, on one processor.
  static constexpr double kMostShare = 0.25;
  static constexpr double kLeastShare = 1.0 / 128;
  static constexpr absl::Duration LongestRest() { return absl::Milliseconds(100); }

  // How long to rest after a slice that took `wall`, in which the thread had a processor for `cpu`
  // (0 <= cpu <= wall, but for the error of the clocks). At most LongestRest().
  absl::Duration RestAfter(absl::Duration wall, absl::Duration cpu);

  double share() const { return share_; }

 private:
  double share_ = kMostShare;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_SHADOW_PACE_H_
