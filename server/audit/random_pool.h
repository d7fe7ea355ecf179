// Random bytes in small portions without a system call each.

#ifndef PLUMBLINE_SERVER_AUDIT_RANDOM_POOL_H_
#define PLUMBLINE_SERVER_AUDIT_RANDOM_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "server/base/random.h"

namespace plumbline::audit {

// Draws from `source` a few kilobytes at a time, hands every byte out once, and wipes it here.
// Thread-safe. `source` must outlive it.
class RandomPool final : public RandomSource {
 public:
  explicit RandomPool(RandomSource* source) : source_(source) {}
  ~RandomPool() override;

  void Fill(absl::Span<uint8_t> bytes) override;

 private:
  RandomSource* const source_;
  absl::Mutex mutex_;
  std::array<uint8_t, 4096> pool_{};
  size_t used_ = pool_.size();
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_RANDOM_POOL_H_
