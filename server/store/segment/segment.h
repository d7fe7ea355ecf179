// Segment: one file of the log as readers see it: where its entries stand, and their bytes.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_H_

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/store/segment/file_system.h"
#include "server/store/segment/segment_walk.h"
#include "server/store/store.h"

namespace plumbline::store {

// Open files for reading, the least recently used closed first: a log of years has more segments
// than a process may have files. Thread-safe.
class OpenFiles {
 public:
  explicit OpenFiles(FileSystem* files) : files_(files) {}

  absl::StatusOr<std::shared_ptr<const File>> Get(const std::string& path);
  // The next Get opens it anew: after the file was replaced.
  void Forget(const std::string& path);

 private:
  FileSystem* const files_;
  absl::Mutex mutex_;
  // Most recently used first.
  std::list<std::pair<std::string, std::shared_ptr<const File>>> open_ ABSL_GUARDED_BY(mutex_);
};

// The entry of a frame. DataLoss, without the file's name, for one that is damaged. With
// kLeafAndDetails, the details of an entry whose key is destroyed stay empty, damaged or not.
absl::StatusOr<StoredEntry> ReadFrame(FileWindow& window, uint64_t offset, uint64_t index,
                                      uint64_t seed, Parts parts, FrameHead* head);

// Thread-safe. Owned by the store; the head never changes.
class Segment {
 public:
  // `file_system` and `open_files` must outlive it.
  Segment(FileSystem* file_system, OpenFiles* open_files, const std::string& folder,
          const SegmentLayout& layout, const SegmentHead& head);

  static std::string PathOf(const std::string& folder, uint64_t sequence);

  const SegmentHead& head() const { return head_; }
  const std::string& path() const { return path_; }
  const std::string& index_path() const { return index_path_; }
  const SegmentLayout& layout() const { return layout_; }

  // The offsets of entries from the first on stay in memory until the segment is sealed.
  void AddOffsets(absl::Span<const uint64_t> offsets) ABSL_LOCKS_EXCLUDED(mutex_);

  // Writes the side file with the offsets, after which they need no memory.
  absl::Status WriteIndex(uint64_t end, uint64_t last_checksum) ABSL_LOCKS_EXCLUDED(mutex_);
  // What the side file says of a sealed segment with `count` entries. Nothing: it is missing or
  // damaged.
  std::optional<IndexHead> ReadIndexHead(uint64_t count) const;
  // Finds the offsets in the segment itself, and writes the side file anew. `next`: the head of the
  // segment behind this one. DataLoss if the segment does not fit in front of `next`.
  absl::Status RebuildIndex(const SegmentHead& next) ABSL_LOCKS_EXCLUDED(mutex_);

  absl::StatusOr<std::shared_ptr<const File>> OpenFile() const { return open_files_->Get(path_); }
  absl::StatusOr<uint64_t> OffsetOf(uint64_t index) const ABSL_LOCKS_EXCLUDED(mutex_);
  // True once the offsets come from memory: then they are right.
  bool has_offsets() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  FileSystem* const file_system_;
  OpenFiles* const open_files_;
  const SegmentLayout layout_;
  const SegmentHead head_;
  const std::string path_;
  const std::string index_path_;
  mutable absl::Mutex mutex_;
  // Divided by kFrameAlignment, as in the side file.
  std::vector<uint32_t> offsets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_H_
