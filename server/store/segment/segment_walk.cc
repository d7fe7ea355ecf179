#include "server/store/segment/segment_walk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::store {
namespace {

// Small at first: most files are.
constexpr size_t kFirstChunkBytes = size_t{32} << 10;
constexpr size_t kLargestChunkBytes = size_t{1} << 20;

}  // namespace

absl::StatusOr<absl::string_view> FileWindow::View(uint64_t offset, size_t size) {
  const bool inside = offset >= begin_ && offset + size <= begin_ + length_;
  if (!inside) {
    const size_t wanted = std::max(size, chunk_);
    chunk_ = std::min(2 * chunk_, largest_chunk_);
    if (buffer_.size() < wanted) buffer_.resize(wanted);
    length_ = 0;
    absl::StatusOr<size_t> got = file_->Read(offset, wanted, buffer_.data());
    if (!got.ok()) return got.status();
    begin_ = offset;
    length_ = *got;
  }
  const uint64_t skipped = offset - begin_;
  return absl::string_view(buffer_).substr(skipped, std::min<uint64_t>(size, length_ - skipped));
}

std::optional<Damage> FindDamage(const FrameHead& head, absl::string_view frame, uint64_t seed) {
  if (frame.size() < head.FrameBytes()) {
    return Damage{frame.size(), "the file ends inside a frame"};
  }
  if (!DecodeKeyArea(frame.substr(kFrameHeadBytes), head.index, seed).has_value()) {
    return Damage{kFrameHeadBytes, "the key area is damaged"};
  }
  const struct {
    uint64_t bytes;
    uint64_t checksum;
    const char* message;
  } parts[] = {{head.leaf_bytes, head.leaf_checksum, "the leaf is damaged"},
               {head.details_bytes, head.details_checksum, "the details are damaged"},
               {head.payload_bytes, head.payload_checksum, "the payload is damaged"}};
  uint64_t offset = kFrameFixedBytes;
  for (const auto& part : parts) {
    if (Checksum(frame.substr(offset, part.bytes), seed) != part.checksum) {
      return Damage{offset, part.message};
    }
    offset += part.bytes;
  }
  if (const auto found = FindNonZero(frame.substr(offset, head.FrameBytes() - offset))) {
    return Damage{offset + *found, "the padding is not zero"};
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<uint64_t>> FindNonZeroIn(const File& file, uint64_t offset) {
  FileWindow window(&file, kFirstChunkBytes, kLargestChunkBytes);
  while (true) {
    const absl::StatusOr<absl::string_view> bytes = window.View(offset, kFirstChunkBytes);
    if (!bytes.ok()) return bytes.status();
    if (const std::optional<size_t> found = FindNonZero(*bytes)) return offset + *found;
    if (bytes->size() < kFirstChunkBytes) return std::nullopt;
    offset += kFirstChunkBytes;
  }
}

SegmentWalk::SegmentWalk(const File* file, const SegmentLayout& layout, const SegmentHead& head)
    : window_(file, kFirstChunkBytes, kLargestChunkBytes),
      layout_(layout),
      offset_(kSegmentHeadBytes),
      next_offset_(kSegmentHeadBytes),
      next_index_(head.first_index),
      next_batch_(head.first_batch),
      last_checksum_(head.checksum),
      batch_offset_(layout.FirstBatchOffset()),
      batch_index_(head.first_index),
      batch_checksum_(head.checksum) {}

SegmentWalk::Step SegmentWalk::Damaged(uint64_t offset, std::string message) {
  damage_ = {offset, std::move(message)};
  return Step::kDamage;
}

bool SegmentWalk::IsExpected(const FrameHead& head) const {
  return head.index == next_index_ && head.batch == next_batch_ &&
         head.position == next_position_ && head.previous_checksum == last_checksum_ &&
         (next_position_ == 0 || head.batch_entries == batch_entries_);
}

void SegmentWalk::Advance(const FrameHead& head) {
  next_offset_ = offset_ + head.FrameBytes();
  next_index_ = head.index + 1;
  last_checksum_ = head.checksum;
  batch_entries_ = head.batch_entries;
  next_batch_ = head.batch;
  next_position_ = head.position + 1;
  if (!head.EndsBatch()) return;
  ++next_batch_;
  next_position_ = 0;
  batch_offset_ = AlignUp(next_offset_, layout_.batch_alignment);
  batch_index_ = next_index_;
  batch_checksum_ = last_checksum_;
}

absl::StatusOr<SegmentWalk::Step> SegmentWalk::Next() {
  damaged_body_ = misplaced_ = false;
  offset_ = next_offset_;
  if (next_position_ == 0) {
    // Between batches there is nothing.
    const absl::StatusOr<absl::string_view> gap =
        window_.View(next_offset_, batch_offset_ - next_offset_);
    if (!gap.ok()) return gap.status();
    if (const std::optional<size_t> found = FindNonZero(*gap)) {
      return Damaged(next_offset_ + *found, "the padding between batches is not zero");
    }
    offset_ = next_offset_ = batch_offset_;
  }
  return ReadFrame();
}

absl::StatusOr<SegmentWalk::Step> SegmentWalk::ReadFrame() {
  absl::StatusOr<absl::string_view> bytes = window_.View(offset_, kFrameHeadBytes);
  if (!bytes.ok()) return bytes.status();
  if (!FindNonZero(*bytes).has_value()) {
    if (next_position_ == 0) return Step::kEnd;
    return Damaged(offset_, absl::StrCat("entry ", next_index_, " is missing: batch ", next_batch_,
                                         " has ", batch_entries_, " entries"));
  }
  const std::optional<FrameHead> head = DecodeFrameHead(*bytes, layout_.seed);
  if (!head.has_value()) {
    return Damaged(offset_, absl::StrCat("the head of entry ", next_index_, " is damaged"));
  }
  if (!IsExpected(*head)) {
    misplaced_ = true;
    return Damaged(offset_, absl::StrCat("entry ", head->index, " of batch ", head->batch,
                                         " stands where entry ", next_index_, " of batch ",
                                         next_batch_, " must stand"));
  }
  bytes = window_.View(offset_, head->FrameBytes());
  if (!bytes.ok()) return bytes.status();
  frame_ = *head;
  if (const std::optional<Damage> found = FindDamage(*head, *bytes, layout_.seed)) {
    damaged_body_ = true;
    return Damaged(offset_ + found->offset,
                   absl::StrCat("entry ", head->index, ": ", found->message));
  }
  Advance(*head);
  return Step::kFrame;
}

absl::StatusOr<std::optional<uint64_t>> SegmentWalk::FindHead(uint64_t offset, uint64_t min_index,
                                                              uint64_t min_batch, FrameHead* head) {
  for (offset = AlignUp(offset, kFrameAlignment);; offset += kFrameAlignment) {
    const absl::StatusOr<absl::string_view> bytes = window_.View(offset, kFrameHeadBytes);
    if (!bytes.ok()) return bytes.status();
    if (bytes->size() < kFrameHeadBytes) return std::nullopt;
    const std::optional<FrameHead> found = DecodeFrameHead(*bytes, layout_.seed);
    if (found.has_value() && found->index >= min_index && found->batch >= min_batch) {
      *head = *found;
      return offset;
    }
  }
}

absl::StatusOr<bool> SegmentWalk::SkipDamage() {
  if (damaged_body_) {
    Advance(frame_);
    return true;
  }
  if (in_padding()) {
    // Only the padding is damaged: the batch behind it may be whole.
    next_offset_ = batch_offset_;
    return true;
  }
  FrameHead head;
  const absl::StatusOr<std::optional<uint64_t>> found =
      FindHead(offset_ + kFrameAlignment, next_index_, 0, &head);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return false;
  next_offset_ = **found;
  batch_offset_ = next_offset_;
  next_index_ = head.index;
  next_batch_ = head.batch;
  next_position_ = head.position;
  batch_entries_ = head.batch_entries;
  last_checksum_ = head.previous_checksum;
  return true;
}

absl::StatusOr<std::optional<uint64_t>> SegmentWalk::FindLaterBatch() {
  FrameHead head;
  return FindHead(batch_offset_, 0, next_batch_ + 1, &head);
}

}  // namespace plumbline::store
