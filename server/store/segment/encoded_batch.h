// EncodedBatch: the frames of one batch as they are written.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_ENCODED_BATCH_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_ENCODED_BATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/store/segment/segment_walk.h"
#include "server/store/store.h"

namespace plumbline::store {

// Thread-compatible. Large parts are not copied: the entries must outlive it.
class EncodedBatch {
 public:
  // What the frames must say beside the entries.
  struct Place {
    uint64_t first_index = 0;
    uint64_t batch = 0;
    uint64_t previous_checksum = 0;
  };

  EncodedBatch(absl::Span<const NewEntry> entries, const Place& place, const SegmentLayout& layout);

  // Length of a batch before it is encoded: a multiple of the alignment.
  static uint64_t BytesOf(absl::Span<const NewEntry> entries, const SegmentLayout& layout);

  absl::Span<const absl::string_view> parts() const { return parts_; }
  uint64_t bytes() const { return bytes_; }
  // Of the frames, from the begin of the batch.
  absl::Span<const uint64_t> offsets() const { return offsets_; }
  uint64_t last_checksum() const { return last_checksum_; }

  // The first `bytes` bytes: what a write that is cut short leaves.
  std::string Prefix(uint64_t bytes) const;

 private:
  void AppendBody(absl::string_view body);
  void AppendZeros(uint64_t count) { copied_.append(count, '\0'); }
  // Makes what was copied since the last call a part.
  void ClosePart();

  std::string copied_;
  size_t part_begin_ = 0;
  std::vector<absl::string_view> parts_;
  std::vector<uint64_t> offsets_;
  uint64_t bytes_ = 0;
  uint64_t last_checksum_ = 0;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_ENCODED_BATCH_H_
