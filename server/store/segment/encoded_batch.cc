#include "server/store/segment/encoded_batch.h"

#include <cstring>

namespace plumbline::store {
namespace {

FrameHead HeadOf(const NewEntry& entry) {
  FrameHead head;
  head.leaf_bytes = static_cast<uint32_t>(entry.leaf.size());
  head.details_bytes = static_cast<uint32_t>(entry.details.size());
  head.payload_bytes = static_cast<uint32_t>(entry.payload.size());
  return head;
}

}  // namespace

uint64_t EncodedBatch::BytesOf(absl::Span<const NewEntry> entries, const SegmentLayout& layout) {
  uint64_t bytes = 0;
  for (const NewEntry& entry : entries) bytes += HeadOf(entry).FrameBytes();
  return AlignUp(bytes, layout.batch_alignment);
}

EncodedBatch::EncodedBatch(absl::Span<const NewEntry> entries, const Place& place,
                           const SegmentLayout& layout, BlockBuffer* buffer)
    : last_checksum_(place.previous_checksum) {
  const uint64_t bytes = BytesOf(entries, layout);
  char* const begin = buffer->Reserve(bytes);
  char* out = begin;
  offsets_.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const NewEntry& entry = entries[i];
    FrameHead head = HeadOf(entry);
    head.index = place.first_index + i;
    head.batch = place.batch;
    head.position = static_cast<uint32_t>(i);
    head.batch_entries = static_cast<uint32_t>(entries.size());
    head.previous_checksum = last_checksum_;
    head.leaf_checksum = Checksum(entry.leaf, layout.seed);
    head.details_checksum = Checksum(entry.details, layout.seed);
    head.payload_checksum = Checksum(entry.payload, layout.seed);
    EncodeFrameHead(head, layout.seed, out);
    EncodeKeyArea({KeyState::kPresent, entry.wrapped_key}, head.index, layout.seed,
                  out + kFrameHeadBytes);
    offsets_.push_back(static_cast<uint64_t>(out - begin));
    char* const end = out + head.FrameBytes();
    out += kFrameFixedBytes;
    for (const absl::string_view part : {entry.leaf, entry.details, entry.payload}) {
      if (!part.empty()) std::memcpy(out, part.data(), part.size());
      out += part.size();
    }
    std::memset(out, 0, static_cast<size_t>(end - out));
    out = end;
    last_checksum_ = head.checksum;
  }
  // Whole blocks, so that the kernel need not read what it is about to overwrite.
  std::memset(out, 0, static_cast<size_t>(begin + bytes - out));
  bytes_ = absl::string_view(begin, bytes);
}

}  // namespace plumbline::store
