// UUIDs (RFC 9562), and the generator of version 7 that names decisions.

#ifndef PLUMBLINE_SERVER_BASE_UUID_H_
#define PLUMBLINE_SERVER_BASE_UUID_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/random.h"

namespace plumbline {

// 128 bits, in network order: comparing bytes orders version 7 by time.
struct Uuid {
  std::array<uint8_t, 16> bytes{};

  // "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b", lower case.
  std::string ToString() const;

  // The version (RFC 9562 section 4.2), 0 to 15.
  int Version() const { return bytes[6] >> 4; }

  // The time that a UUID of version 7 begins with, in milliseconds since 1970; meaningless for
  // other versions.
  absl::Time Time() const;

  // Takes the form that ToString writes, in either case. Anything else is kInvalidArgument with
  // what is wrong.
  static absl::StatusOr<Uuid> Parse(absl::string_view text);

  friend auto operator<=>(const Uuid&, const Uuid&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const Uuid& uuid) {
    return H::combine(std::move(state), uuid.bytes);
  }
};

// Makes UUIDs of version 7: 48 bits of milliseconds, then 74 random bits. Each one is greater than
// all that this generator made before, also within a millisecond and when the clock goes back; it
// then goes on from the latest time seen, so that a clock that was far ahead for a moment leaves
// ids with that time until it is reached. Thread-safe. Borrows clock and random source.
class UuidV7Generator {
 public:
  UuidV7Generator(const Clock* clock, RandomSource* random);

  Uuid Next();

 private:
  const Clock* const clock_;
  RandomSource* const random_;
  absl::Mutex mutex_;
  // The last one made: milliseconds, and the 12 + 62 random bits.
  uint64_t milliseconds_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t random_a_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t random_b_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_UUID_H_
