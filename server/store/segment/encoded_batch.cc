#include "server/store/segment/encoded_batch.h"

#include <algorithm>

namespace plumbline::store {
namespace {

// Shorter parts are copied: a vector of many short pieces costs the kernel more than the copy.
constexpr size_t kLongestCopy = 8'192;

FrameHead HeadOf(const NewEntry& entry) {
  FrameHead head;
  head.leaf_bytes = static_cast<uint32_t>(entry.leaf.size());
  head.details_bytes = static_cast<uint32_t>(entry.details.size());
  head.payload_bytes = static_cast<uint32_t>(entry.payload.size());
  return head;
}

uint64_t CopiedBytesOf(absl::string_view body) {
  return body.size() <= kLongestCopy ? body.size() : 0;
}

}  // namespace

uint64_t EncodedBatch::BytesOf(absl::Span<const NewEntry> entries, const SegmentLayout& layout) {
  uint64_t bytes = 0;
  for (const NewEntry& entry : entries) bytes += HeadOf(entry).FrameBytes();
  return AlignUp(bytes, layout.batch_alignment);
}

EncodedBatch::EncodedBatch(absl::Span<const NewEntry> entries, const Place& place,
                           const SegmentLayout& layout)
    : bytes_(BytesOf(entries, layout)), last_checksum_(place.previous_checksum) {
  // The parts point into copied_, which therefore must not move.
  uint64_t copied_bytes = layout.batch_alignment;
  for (const NewEntry& entry : entries) {
    copied_bytes += kFrameFixedBytes + CopiedBytesOf(entry.leaf) + CopiedBytesOf(entry.details) +
                    CopiedBytesOf(entry.payload) + kFrameAlignment;
  }
  copied_.reserve(copied_bytes);
  offsets_.reserve(entries.size());
  uint64_t offset = 0;
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
    AppendFrameHead(head, layout.seed, &copied_);
    copied_ += EncodeKeyArea({KeyState::kPresent, entry.wrapped_key}, head.index, layout.seed);
    AppendBody(entry.leaf);
    AppendBody(entry.details);
    AppendBody(entry.payload);
    AppendZeros(head.FrameBytes() - kFrameFixedBytes - head.BodyBytes());
    offsets_.push_back(offset);
    offset += head.FrameBytes();
    last_checksum_ = head.checksum;
  }
  // Whole blocks, so that the kernel need not read what it is about to overwrite.
  AppendZeros(bytes_ - offset);
  ClosePart();
}

void EncodedBatch::AppendBody(absl::string_view body) {
  if (body.size() <= kLongestCopy) {
    copied_.append(body.data(), body.size());
    return;
  }
  ClosePart();
  parts_.push_back(body);
}

void EncodedBatch::ClosePart() {
  if (copied_.size() > part_begin_) {
    parts_.push_back(absl::string_view(copied_).substr(part_begin_));
  }
  part_begin_ = copied_.size();
}

std::string EncodedBatch::Prefix(uint64_t bytes) const {
  std::string prefix;
  for (const absl::string_view part : parts_) {
    prefix.append(part.data(), std::min<uint64_t>(part.size(), bytes - prefix.size()));
  }
  return prefix;
}

}  // namespace plumbline::store
