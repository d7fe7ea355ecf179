#include "server/store/segment/segment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace plumbline::store {
namespace {

// Two for each segment; well below the usual limit of 1,024 files a process.
constexpr size_t kMaxOpenFiles = 128;

absl::Status DataLossAt(const std::string& path, uint64_t offset, absl::string_view message) {
  return absl::DataLossError(absl::StrCat(path, ": at ", offset, ": ", message));
}

std::string EncodeOffsets(absl::Span<const uint32_t> offsets) {
  std::string bytes;
  bytes.reserve(offsets.size() * kIndexEntryBytes);
  for (const uint32_t offset : offsets) AppendU32(offset, &bytes);
  return bytes;
}

// Length of the part of a frame that holds `parts`.
uint64_t BytesFor(const FrameHead& head, Parts parts) {
  switch (parts) {
    case Parts::kLeaf:
      return kFrameFixedBytes + head.leaf_bytes;
    case Parts::kLeafAndDetails:
      return kFrameFixedBytes + head.leaf_bytes + head.details_bytes;
    case Parts::kAll:
      break;
  }
  return kFrameFixedBytes + head.BodyBytes();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const File>> OpenFiles::Get(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [&path](const auto& entry) { return entry.first == path; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
    return found->second;
  }
  absl::StatusOr<std::unique_ptr<File>> file = files_->Open(path, OpenMode::kRead);
  if (!file.ok()) return file.status();
  std::shared_ptr<const File> shared = *std::move(file);
  open_.emplace_front(path, shared);
  if (open_.size() > kMaxOpenFiles) open_.pop_back();
  return shared;
}

void OpenFiles::Forget(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  open_.remove_if([&path](const auto& entry) { return entry.first == path; });
}

absl::StatusOr<StoredEntry> ReadFrame(FileWindow& window, uint64_t offset, uint64_t index,
                                      uint64_t seed, Parts parts, FrameHead* head) {
  absl::StatusOr<absl::string_view> bytes = window.View(offset, kFrameFixedBytes);
  if (!bytes.ok()) return bytes.status();
  const std::optional<FrameHead> found = DecodeFrameHead(*bytes, seed);
  if (!found.has_value() || found->index != index) {
    return absl::DataLossError(
        absl::StrCat("at ", offset, ": the head of entry ", index, " is damaged"));
  }
  *head = *found;
  bytes = window.View(offset, BytesFor(*head, parts));
  if (!bytes.ok()) return bytes.status();
  if (bytes->size() < BytesFor(*head, parts)) {
    return absl::DataLossError(absl::StrCat("at ", offset, ": the file ends inside entry ", index));
  }
  StoredEntry entry;
  entry.index = index;
  uint64_t next = kFrameFixedBytes;
  const auto take = [&](uint64_t size, uint64_t checksum, absl::string_view name,
                        std::string* out) -> absl::Status {
    const absl::string_view part = bytes->substr(next, size);
    if (Checksum(part, seed) != checksum) {
      return absl::DataLossError(absl::StrCat("at ", offset + next, ": the ", name, " of entry ",
                                              index, " ", name == "details" ? "are" : "is",
                                              " damaged"));
    }
    out->assign(part.data(), part.size());
    next += size;
    return absl::OkStatus();
  };
  absl::Status taken = take(head->leaf_bytes, head->leaf_checksum, "leaf", &entry.leaf);
  if (!taken.ok()) return taken;
  if (parts == Parts::kLeaf) return entry;
  const std::optional<KeyArea> key = DecodeKeyArea(bytes->substr(kFrameHeadBytes), index, seed);
  if (!key.has_value()) {
    return absl::DataLossError(
        absl::StrCat("at ", offset + kFrameHeadBytes, ": the key of entry ", index, " is damaged"));
  }
  if (key->state == KeyState::kPresent) {
    entry.wrapped_key = key->key;
  } else if (parts == Parts::kLeafAndDetails) {
    // Nobody can read them any more: damage in them must not hide that the entry was erased. Check
    // looks at them.
    return entry;
  }
  taken = take(head->details_bytes, head->details_checksum, "details", &entry.details);
  if (taken.ok() && parts == Parts::kAll) {
    taken = take(head->payload_bytes, head->payload_checksum, "payload", &entry.payload);
  }
  if (!taken.ok()) return taken;
  return entry;
}

std::string Segment::PathOf(const std::string& folder, uint64_t sequence) {
  return absl::StrFormat("%s/%010d.seg", folder, sequence);
}

Segment::Segment(FileSystem* file_system, OpenFiles* open_files, const std::string& folder,
                 const SegmentLayout& layout, const SegmentHead& head)
    : file_system_(file_system),
      open_files_(open_files),
      layout_(layout),
      head_(head),
      path_(PathOf(folder, head.sequence)),
      index_path_(absl::StrFormat("%s/%010d.idx", folder, head.sequence)) {}

void Segment::AddOffsets(absl::Span<const uint64_t> offsets) {
  absl::MutexLock lock(&mutex_);
  for (const uint64_t offset : offsets) {
    offsets_.push_back(static_cast<uint32_t>(offset / kFrameAlignment));
  }
}

bool Segment::has_offsets() const {
  absl::MutexLock lock(&mutex_);
  return !offsets_.empty();
}

absl::Status Segment::WriteIndex(uint64_t end, uint64_t last_checksum) {
  std::string offsets;
  IndexHead head;
  {
    absl::MutexLock lock(&mutex_);
    offsets = EncodeOffsets(offsets_);
    head.count = offsets_.size();
  }
  head.sequence = head_.sequence;
  head.end = end;
  head.last_checksum = last_checksum;
  head.offsets_checksum = Checksum(offsets, layout_.seed);
  const std::string head_bytes = EncodeIndexHead(head, layout_.seed);
  const absl::string_view parts[] = {head_bytes, offsets};
  absl::Status written =
      ReplaceFile(*file_system_, index_path_, absl::StrCat(index_path_, ".tmp"), parts);
  if (!written.ok()) return written;
  open_files_->Forget(index_path_);
  absl::MutexLock lock(&mutex_);
  offsets_ = std::vector<uint32_t>();
  return absl::OkStatus();
}

std::optional<IndexHead> Segment::ReadIndexHead(uint64_t count) const {
  const absl::StatusOr<std::shared_ptr<const File>> file = open_files_->Get(index_path_);
  if (!file.ok()) return std::nullopt;
  std::string bytes(kIndexHeadBytes, '\0');
  const absl::StatusOr<size_t> got = (*file)->Read(0, bytes.size(), bytes.data());
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!got.ok() || !size.ok() || *got != bytes.size()) return std::nullopt;
  const std::optional<IndexHead> head = DecodeIndexHead(bytes, layout_.seed);
  if (!head.has_value() || head->sequence != head_.sequence || head->count != count ||
      *size != kIndexHeadBytes + count * kIndexEntryBytes) {
    return std::nullopt;
  }
  return head;
}

absl::Status Segment::RebuildIndex(const SegmentHead& next) {
  absl::StatusOr<std::shared_ptr<const File>> file = OpenFile();
  if (!file.ok()) return file.status();
  const uint64_t count = next.first_index - head_.first_index;
  SegmentWalk walk(file->get(), layout_, head_);
  std::vector<uint32_t> offsets;
  bool damaged = false;
  uint64_t end = kSegmentHeadBytes;
  while (offsets.size() < count) {
    const absl::StatusOr<SegmentWalk::Step> step = walk.Next();
    if (!step.ok()) return step.status();
    const auto place = static_cast<uint32_t>(walk.offset() / kFrameAlignment);
    if (*step == SegmentWalk::Step::kFrame) {
      offsets.push_back(place);
      end = AlignUp(walk.offset() + walk.frame().FrameBytes(), layout_.batch_alignment);
      continue;
    }
    // Entries that cannot be found are looked for where the damage is: reading them says so.
    damaged = true;
    const absl::StatusOr<bool> skipped =
        *step == SegmentWalk::Step::kEnd ? absl::StatusOr<bool>(false) : walk.SkipDamage();
    if (!skipped.ok()) return skipped.status();
    const uint64_t known = *skipped ? walk.next_index() - head_.first_index : count;
    offsets.resize(std::max<uint64_t>(offsets.size(), std::min(known, count)), place);
  }
  if (!damaged && walk.last_checksum() != next.previous_checksum) {
    return DataLossAt(path_, end,
                      absl::StrCat("segment ", next.sequence,
                                   " does not continue this one: one of the files was "
                                   "exchanged"));
  }
  {
    absl::MutexLock lock(&mutex_);
    offsets_ = std::move(offsets);
  }
  // Without the side file the offsets stay in memory: nothing is lost.
  if (!damaged) WriteIndex(end, next.previous_checksum).IgnoreError();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Segment::OffsetOf(uint64_t index) const {
  const uint64_t position = index - head_.first_index;
  {
    absl::MutexLock lock(&mutex_);
    if (position < offsets_.size()) return offsets_[position] * kFrameAlignment;
  }
  const absl::StatusOr<std::shared_ptr<const File>> file = open_files_->Get(index_path_);
  if (!file.ok()) return file.status();
  std::string bytes(kIndexEntryBytes, '\0');
  const uint64_t at = kIndexHeadBytes + position * kIndexEntryBytes;
  const absl::StatusOr<size_t> got = (*file)->Read(at, bytes.size(), bytes.data());
  if (!got.ok()) return got.status();
  if (*got != bytes.size()) return DataLossAt(index_path_, at, "the file ends here");
  return GetU32(bytes, 0) * kFrameAlignment;
}

}  // namespace plumbline::store
