// MemoryQueryIndex: a QueryIndex that looks at every row. For tests, and to say what the other
// implementations must find.

#ifndef PLUMBLINE_SERVER_STORE_MEMORY_MEMORY_QUERY_INDEX_H_
#define PLUMBLINE_SERVER_STORE_MEMORY_MEMORY_QUERY_INDEX_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/store/store.h"

namespace plumbline::store {

// Thread-safe. Owns its rows. Fails only when told to.
class MemoryQueryIndex : public QueryIndex {
 public:
  MemoryQueryIndex() = default;

  uint64_t indexed_size() const override;
  absl::Status Apply(absl::Span<const IndexRow> rows) override;
  absl::Status Forget(absl::Span<const uint64_t> indices) override;
  absl::StatusOr<std::vector<uint64_t>> Find(const IndexQuery& query, size_t limit) const override;
  absl::StatusOr<uint64_t> FindById(const std::array<uint8_t, 16>& id) const override;
  absl::StatusOr<std::vector<uint64_t>> FindLinked(
      const std::array<uint8_t, 16>& id) const override;
  absl::StatusOr<IndexCounts> Count(const IndexQuery& query) const override;
  absl::Status Reset() override;

  // For tests. The n-th call of Apply, Forget or Reset from now on (1: the next one) fails with
  // `error` and changes nothing.
  void FailWrite(int n, absl::Status error);
  // For tests: all such calls fail with `error`, until it is OK.
  void FailWrites(absl::Status error);

 private:
  absl::Status BeforeWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<IndexRow> rows_ ABSL_GUARDED_BY(mutex_);
  int writes_until_failure_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status next_failure_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_MEMORY_MEMORY_QUERY_INDEX_H_
