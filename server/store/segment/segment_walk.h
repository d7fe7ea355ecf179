// SegmentWalk: goes through a segment file frame by frame and checks every byte of it. Opening,
// rebuilding an index and checking are three uses of this one walk.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_WALK_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_WALK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/segment/file_system.h"
#include "server/store/segment/format.h"

namespace plumbline::store {

// A part of a file in memory, so that many small reads become few large ones. Thread-compatible;
// `file` must outlive it.
class FileWindow {
 public:
  // Reads at least `chunk` bytes at a time, and more and more up to `largest_chunk`.
  FileWindow(const File* file, size_t chunk, size_t largest_chunk)
      : file_(file), chunk_(chunk), largest_chunk_(largest_chunk) {}

  // `size` bytes from `offset` on, fewer at the end of the file. Valid until the next call.
  absl::StatusOr<absl::string_view> View(uint64_t offset, size_t size);
  // The next View reads from the file.
  void Forget() { length_ = 0; }

 private:
  const File* file_;
  size_t chunk_;
  size_t largest_chunk_;
  std::string buffer_;
  uint64_t begin_ = 0;
  size_t length_ = 0;
};

// What is wrong with a frame, and where (in the frame, or in the file).
struct Damage {
  uint64_t offset = 0;
  std::string message;
};

// `frame`: all bytes of a frame whose head is `head`.
std::optional<Damage> FindDamage(const FrameHead& head, absl::string_view frame, uint64_t seed);

// First byte from `offset` to the end of the file that is not zero.
absl::StatusOr<std::optional<uint64_t>> FindNonZeroIn(const File& file, uint64_t offset);

// How a store's segments are to be read.
struct SegmentLayout {
  uint64_t seed = 0;
  uint32_t batch_alignment = 0;

  // Where the first batch of a segment begins.
  uint64_t FirstBatchOffset() const { return AlignUp(kSegmentHeadBytes, batch_alignment); }
};

// Thread-compatible; `file` must outlive it. Errors are those of reading the file; damage is a
// result.
class SegmentWalk {
 public:
  enum class Step {
    kFrame,   // frame() at offset() is what must stand there, and undamaged
    kEnd,     // no frame begins at offset(), a place where a batch would
    kDamage,  // damage() is not what must stand there
  };

  SegmentWalk(const File* file, const SegmentLayout& layout, const SegmentHead& head);

  absl::StatusOr<Step> Next();

  // Of the last frame, or where the end is.
  uint64_t offset() const { return offset_; }
  const FrameHead& frame() const { return frame_; }
  const Damage& damage() const { return damage_; }
  // The damage is a whole frame that does not belong here: no write that was cut short leaves that.
  bool misplaced() const { return misplaced_; }
  // The damage lies between batches, where nothing is stored.
  bool in_padding() const { return next_position_ == 0 && damage_.offset < batch_offset_; }

  // What must come next.
  uint64_t next_index() const { return next_index_; }
  uint64_t next_batch() const { return next_batch_; }
  uint64_t last_checksum() const { return last_checksum_; }
  // Where the batch that comes next, or that is not at its end yet, begins.
  uint64_t batch_offset() const { return batch_offset_; }
  // Entries before that batch.
  uint64_t batch_index() const { return batch_index_; }
  // Checksum before that batch.
  uint64_t batch_checksum() const { return batch_checksum_; }

  // After kDamage: goes on behind it, at the next frame that can be read. False: there is none.
  absl::StatusOr<bool> SkipDamage();
  // After kDamage: a frame of a later batch, which shows that the damaged one was complete once.
  absl::StatusOr<std::optional<uint64_t>> FindLaterBatch();

 private:
  Step Damaged(uint64_t offset, std::string message);
  absl::StatusOr<Step> ReadFrame();
  bool IsExpected(const FrameHead& head) const;
  void Advance(const FrameHead& head);
  // The first valid head at or behind `offset` with an index from `min_index` and a batch from
  // `min_batch` on.
  absl::StatusOr<std::optional<uint64_t>> FindHead(uint64_t offset, uint64_t min_index,
                                                   uint64_t min_batch, FrameHead* head);

  FileWindow window_;
  SegmentLayout layout_;
  uint64_t offset_;       // of what Next looked at last
  uint64_t next_offset_;  // of what it looks at next
  FrameHead frame_;
  Damage damage_;
  bool damaged_body_ = false;
  bool misplaced_ = false;

  uint64_t next_index_;
  uint64_t next_batch_;
  uint32_t next_position_ = 0;
  uint32_t batch_entries_ = 0;
  uint64_t last_checksum_;
  uint64_t batch_offset_;
  uint64_t batch_index_;
  uint64_t batch_checksum_;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_WALK_H_
