// MemoryLogStore: a LogStore that forgets everything with the process. For tests and for tools that
// need a log for a moment.

#ifndef PLUMBLINE_SERVER_STORE_MEMORY_MEMORY_LOG_STORE_H_
#define PLUMBLINE_SERVER_STORE_MEMORY_MEMORY_LOG_STORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/store/store.h"

namespace plumbline::store {

// Thread-safe. Owns all it is given. Fails only when told to.
class MemoryLogStore : public LogStore {
 public:
  MemoryLogStore() = default;

  uint64_t size() const override;
  absl::Status Append(uint64_t first_index, absl::Span<const NewEntry> entries) override;
  absl::StatusOr<StoredEntry> Read(uint64_t index, Parts parts) const override;
  absl::Status Scan(uint64_t first, uint64_t count, Parts parts,
                    absl::FunctionRef<bool(StoredEntry)> visit) const override;
  absl::Status DestroyKeys(absl::Span<const uint64_t> indices) override;
  absl::Status ReplaceKeys(absl::Span<const std::pair<uint64_t, WrappedKey>> keys) override;
  absl::Status WriteTile(int level, uint64_t number, absl::string_view hashes) override;
  absl::StatusOr<std::string> ReadTile(int level, uint64_t number) const override;
  absl::Status PutDocument(absl::string_view name, absl::string_view bytes) override;
  absl::StatusOr<std::string> GetDocument(absl::string_view name) const override;
  absl::StatusOr<std::string> PutObject(absl::string_view bytes) override;
  absl::StatusOr<std::string> GetObject(absl::string_view digest) const override;
  absl::StatusOr<std::vector<std::string>> ListObjects() const override;
  absl::StatusOr<Space> GetSpace() const override;
  absl::Status Check(absl::FunctionRef<void(const Problem&)> report) const override;

  // For tests. The n-th call from now on that writes (1: the next one) fails with `error` and
  // stores nothing. As in a store on disk, all writes after it fail too unless `error` is
  // ResourceExhausted.
  void FailWrite(int n, absl::Status error);
  // For tests: writes work again, as after opening a store on disk anew.
  void Recover();
  void SetFreeBytes(uint64_t free_bytes);
  // For tests: flips a bit of the leaf, as damage on disk would. Reading it is DataLoss then.
  void DamageEntry(uint64_t index);
  // For tests: flips a bit of the sealed details, which a second call flips back.
  void DamageDetails(uint64_t index);

 private:
  struct Entry {
    StoredEntry stored;
    bool damaged = false;
  };

  // Counts one write, and says whether it fails.
  absl::Status BeforeWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<StoredEntry> ReadLocked(uint64_t index, Parts parts) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  absl::Status RequireEntry(uint64_t index) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  uint64_t UsedBytes() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<int, uint64_t>, std::string> tiles_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> documents_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> objects_ ABSL_GUARDED_BY(mutex_);
  uint64_t free_bytes_ ABSL_GUARDED_BY(mutex_) = uint64_t{1} << 40;
  int writes_until_failure_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status next_failure_ ABSL_GUARDED_BY(mutex_);
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_MEMORY_MEMORY_LOG_STORE_H_
