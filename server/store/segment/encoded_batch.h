// EncodedBatch: the frames of one batch as they are written.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_ENCODED_BATCH_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_ENCODED_BATCH_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/store/segment/block_buffer.h"
#include "server/store/segment/segment_walk.h"
#include "server/store/store.h"

namespace plumbline::store {

// Thread-compatible. Its bytes are in the buffer that it was made with, which must outlive it and
// serve nothing else meanwhile: whole blocks in one piece, which can be written past the page
// cache.
class EncodedBatch {
 public:
  // What the frames must say beside the entries.
  struct Place {
    uint64_t first_index = 0;
    uint64_t batch = 0;
    uint64_t previous_checksum = 0;
  };

  EncodedBatch(absl::Span<const NewEntry> entries, const Place& place, const SegmentLayout& layout,
               BlockBuffer* buffer);

  // Length of a batch before it is encoded: a multiple of the alignment.
  static uint64_t BytesOf(absl::Span<const NewEntry> entries, const SegmentLayout& layout);

  absl::string_view bytes() const { return bytes_; }
  // Of the frames, from the begin of the batch.
  absl::Span<const uint64_t> offsets() const { return offsets_; }
  uint64_t last_checksum() const { return last_checksum_; }

 private:
  absl::string_view bytes_;
  std::vector<uint64_t> offsets_;
  uint64_t last_checksum_ = 0;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_ENCODED_BATCH_H_
