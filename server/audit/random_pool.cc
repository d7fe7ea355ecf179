#include "server/audit/random_pool.h"

#include <algorithm>

#include "server/base/secret.h"

namespace plumbline::audit {

RandomPool::~RandomPool() { Zeroise(absl::MakeSpan(pool_)); }

void RandomPool::Fill(absl::Span<uint8_t> bytes) {
  if (bytes.size() > pool_.size() / 8) {
    source_->Fill(bytes);
    return;
  }
  absl::MutexLock lock(&mutex_);
  if (pool_.size() - used_ < bytes.size()) {
    source_->Fill(absl::MakeSpan(pool_));
    used_ = 0;
  }
  std::copy_n(pool_.begin() + used_, bytes.size(), bytes.begin());
  Zeroise(absl::MakeSpan(pool_).subspan(used_, bytes.size()));
  used_ += bytes.size();
}

}  // namespace plumbline::audit
