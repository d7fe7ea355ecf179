#include "server/service/shadow_pace.h"

#include <algorithm>

namespace plumbline::service {
namespace {

// Waiting for longer than this part of a slice means that others want the processor. An interrupt
// or a timer takes less.
constexpr double kCrowded = 0.2;
constexpr double kBackOff = 0.5;
// Slower than backing off: a machine that is free for a moment is not free.
constexpr double kRecovery = 1.1;

}  // namespace

absl::Duration ShadowPace::RestAfter(absl::Duration wall, absl::Duration cpu) {
  const bool crowded = wall - cpu > kCrowded * wall;
  share_ = std::clamp(share_ * (crowded ? kBackOff : kRecovery), kLeastShare, kMostShare);
  return std::min(wall * (1 / share_ - 1), LongestRest());
}

}  // namespace plumbline::service
