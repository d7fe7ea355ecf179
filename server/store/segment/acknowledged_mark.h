// AcknowledgedMark: how many entries have been acknowledged, in a file of its own.
//
// A batch that is cut short by a power failure and one that is damaged later look alike when they
// are the last one. The first was never acknowledged and must be dropped, the second must never be.
// The mark tells them apart. It is written after each synced batch without a sync of its own: it
// may lag behind after a power cut, and then says less, but is never ahead of the truth; after the
// death of the process alone it is exact.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_ACKNOWLEDGED_MARK_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_ACKNOWLEDGED_MARK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/segment/file_system.h"
#include "server/store/segment/segment_walk.h"

namespace plumbline::store {

// Thread-compatible. Owns its open file.
class AcknowledgedMark {
 public:
  // Makes the file, with a mark of 0, synced; the folder is the caller's to sync.
  static absl::Status Create(FileSystem& files, const std::string& path, uint64_t seed);
  // NotFound if there is no such file; damage is not an error.
  static absl::StatusOr<std::unique_ptr<AcknowledgedMark>> Open(FileSystem& files,
                                                                const std::string& path,
                                                                uint64_t seed);

  // Number of entries that have been acknowledged, at least.
  uint64_t size() const { return size_; }

  // Not synced.
  absl::Status Set(uint64_t size);
  // Writes both copies, synced.
  absl::Status Restore(uint64_t size);

  // What is wrong with the file; it must say `size`.
  absl::StatusOr<std::optional<Damage>> Check(std::optional<uint64_t> size) const;

 private:
  AcknowledgedMark(std::unique_ptr<File> file, uint64_t seed)
      : file_(std::move(file)), seed_(seed) {}

  absl::Status WriteSlot(uint64_t slot, uint64_t size);

  std::unique_ptr<File> file_;
  uint64_t seed_;
  uint64_t size_ = 0;
  uint64_t next_slot_ = 0;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_ACKNOWLEDGED_MARK_H_
