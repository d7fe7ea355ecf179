#ifndef PLUMBLINE_TESTS_TESTING_BASE_COUNTING_RANDOM_H_
#define PLUMBLINE_TESTS_TESTING_BASE_COUNTING_RANDOM_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "server/base/random.h"

namespace plumbline {

// The same bytes in every run: first, first + 1, ... Thread-safe.
class CountingRandom final : public RandomSource {
 public:
  explicit CountingRandom(uint8_t first = 0) : next_(first) {}

  void Fill(absl::Span<uint8_t> bytes) override {
    absl::MutexLock lock(&mutex_);
    for (uint8_t& byte : bytes) byte = next_++;
  }

 private:
  absl::Mutex mutex_;
  uint8_t next_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline

#endif  // PLUMBLINE_TESTS_TESTING_BASE_COUNTING_RANDOM_H_
