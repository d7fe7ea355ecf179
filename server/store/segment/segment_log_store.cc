#include "server/store/segment/segment_log_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/failpoint.h"
#include "server/store/limits.h"
#include "server/store/segment/encoded_batch.h"

namespace plumbline::store {
namespace {

Failpoint before_append_write("before-append-write");
Failpoint mid_append_write("mid-append-write");
Failpoint after_append_write("after-append-write");
Failpoint after_append_sync("after-append-sync");
Failpoint before_segment_seal("before-segment-seal");
Failpoint segment_create("segment-create");
Failpoint after_segment_seal("after-segment-seal");

// What a single read asks for at first: most leaves with their frame, most entries.
constexpr size_t kLeafReadBytes = 4'096;
constexpr size_t kEntryReadBytes = 16'384;
constexpr size_t kScanReadBytes = size_t{256} << 10;

absl::Status FailedAt(const Failpoint& place) {
  return absl::UnavailableError(absl::StrCat("failpoint ", place.name()));
}

size_t ReadBytesFor(Parts parts) {
  return parts == Parts::kLeaf ? kLeafReadBytes : kEntryReadBytes;
}

}  // namespace

// ---- Writing.

absl::Status SegmentLogStore::AfterWrite(absl::Status written) {
  switch (written.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kNotFound:
      broken_ = absl::UnavailableError(absl::StrCat(
          written.message(), "; the store takes no more writes until it is opened anew"));
      return broken_;
    default:
      return written;
  }
}

absl::Status SegmentLogStore::Append(uint64_t first_index, absl::Span<const NewEntry> entries) {
  absl::MutexLock lock(&write_mutex_);
  if (absl::Status checked = CheckAppend(size(), first_index, entries); !checked.ok()) {
    return checked;
  }
  if (!broken_.ok()) return broken_;
  if (entries.empty()) return absl::OkStatus();
  absl::Status written = AfterWrite(WriteBatch(entries));
  TellOfPageCache();
  return written;
}

void SegmentLogStore::SetOnEvent(EventSink on_event) {
  absl::MutexLock lock(&write_mutex_);
  on_event_ = std::move(on_event);
  TellOfPageCache();
}

void SegmentLogStore::TellOfPageCache() {
  if (on_event_ == nullptr || page_cache_was_told_) return;
  const absl::Status past = file_->PastCacheStatus();
  if (past.ok()) return;
  page_cache_was_told_ = true;
  on_event_("log-page-cache",
            absl::StrCat("batches go through the page cache, which costs processor time and "
                         "nothing else: ",
                         past.message()));
}

absl::Status SegmentLogStore::WriteBatch(absl::Span<const NewEntry> entries) {
  const uint64_t bytes = EncodedBatch::BytesOf(entries, layout_);
  uint64_t room = 0;
  std::shared_ptr<Segment> segment;
  {
    absl::ReaderMutexLock lock(&state_mutex_);
    segment = segments_.back();
    room = segment->head().file_bytes - std::min(end_, segment->head().file_bytes);
  }
  if (bytes > room) {
    if (absl::Status started = StartSegment(layout_.FirstBatchOffset() + bytes); !started.ok()) {
      return started;
    }
    absl::ReaderMutexLock lock(&state_mutex_);
    segment = segments_.back();
  }
  const EncodedBatch batch(entries, {size(), next_batch_, last_checksum_}, layout_, &buffer_);
  if (before_append_write.Hit()) return FailedAt(before_append_write);
  if (mid_append_write.armed()) {
    const absl::string_view half = batch.bytes().substr(0, bytes / 2);
    absl::Status written = file_->Write(end_, {&half, 1});
    if (!written.ok() || mid_append_write.Hit()) return FailedAt(mid_append_write);
  }
  const absl::string_view whole = batch.bytes();
  if (absl::Status written = file_->Write(end_, {&whole, 1}); !written.ok()) {
    return UndoWrite(bytes, written);
  }
  if (after_append_write.Hit()) return FailedAt(after_append_write);
  if (absl::Status synced = file_->Sync(); !synced.ok()) {
    // Also when there was no space: what the kernel has dropped cannot be known.
    return absl::UnavailableError(synced.message());
  }
  if (after_append_sync.Hit()) return FailedAt(after_append_sync);
  std::vector<uint64_t> offsets(batch.offsets().begin(), batch.offsets().end());
  for (uint64_t& offset : offsets) offset += end_;
  segment->AddOffsets(offsets);
  end_ += bytes;
  ++next_batch_;
  last_checksum_ = batch.last_checksum();
  size_.fetch_add(entries.size(), std::memory_order_release);
  // A mark that cannot be written says less than it could: no reason to refuse what is durable.
  mark_->Set(size()).IgnoreError();
  return absl::OkStatus();
}

absl::Status SegmentLogStore::UndoWrite(uint64_t bytes, absl::Status failure) {
  if (!absl::IsResourceExhausted(failure)) return failure;
  // Only what was written is overwritten: more might meet the same limit.
  std::string found(bytes, '\0');
  const absl::StatusOr<size_t> got = file_->Read(end_, bytes, found.data());
  absl::Status undone = got.status();
  if (undone.ok()) {
    const std::string zeros(found.find_last_not_of('\0') + 1, '\0');
    const absl::string_view part = zeros;
    if (!zeros.empty()) undone = file_->Write(end_, {&part, 1});
  }
  if (undone.ok()) undone = file_->Sync();
  if (undone.ok()) return failure;
  return absl::UnavailableError(
      absl::StrCat(failure.message(), "; taking it back failed: ", undone.message()));
}

absl::Status SegmentLogStore::StartSegment(uint64_t bytes) {
  if (before_segment_seal.Hit()) return FailedAt(before_segment_seal);
  absl::StatusOr<std::unique_ptr<File>> file = preparer_.Take(bytes);
  if (!file.ok()) return file.status();
  std::shared_ptr<Segment> sealed;
  {
    absl::ReaderMutexLock lock(&state_mutex_);
    sealed = segments_.back();
  }
  SegmentHead head;
  head.sequence = sealed->head().sequence + 1;
  head.first_index = size();
  head.first_batch = next_batch_;
  head.previous_checksum = last_checksum_;
  const absl::StatusOr<uint64_t> file_bytes = (*file)->Size();
  if (!file_bytes.ok()) return file_bytes.status();
  head.file_bytes = *file_bytes;
  const std::string head_bytes = EncodeSegmentHead(head, layout_.seed);
  const absl::string_view part = head_bytes;
  absl::Status made = (*file)->Write(0, {&part, 1});
  if (made.ok()) made = (*file)->Sync();
  if (made.ok() && segment_create.Hit()) made = FailedAt(segment_create);
  if (made.ok())
    made = files_->Rename(preparer_.path(), Segment::PathOf(SegmentFolder(), head.sequence));
  if (!made.ok()) {
    files_->Remove(preparer_.path()).IgnoreError();
    return made;
  }
  if (absl::Status synced = files_->SyncFolder(SegmentFolder()); !synced.ok()) {
    return absl::UnavailableError(synced.message());
  }
  auto segment = std::make_shared<Segment>(files_, &open_files_, SegmentFolder(), layout_, head);
  {
    absl::MutexLock lock(&state_mutex_);
    segments_.push_back(std::move(segment));
  }
  SealSegment(*sealed, *file_, end_, last_checksum_);
  file_ = *std::move(file);
  end_ = layout_.FirstBatchOffset();
  last_checksum_ = head.checksum;
  preparer_.Start();
  if (after_segment_seal.Hit()) return FailedAt(after_segment_seal);
  return absl::OkStatus();
}

void SegmentLogStore::SealSegment(Segment& segment, File& file, uint64_t end,
                                  uint64_t last_checksum) {
  // Neither is needed for anything but speed and space: opening makes the side file anew, and zeros
  // at the end are no harm.
  segment.WriteIndex(end, last_checksum).IgnoreError();
  file.Resize(end).IgnoreError();
}

// ---- Reading.

std::vector<std::shared_ptr<Segment>> SegmentLogStore::Segments() const {
  absl::ReaderMutexLock lock(&state_mutex_);
  return segments_;
}

std::shared_ptr<Segment> SegmentLogStore::Find(uint64_t index) const {
  absl::ReaderMutexLock lock(&state_mutex_);
  const auto behind = std::upper_bound(
      segments_.begin(), segments_.end(), index,
      [](uint64_t i, const auto& segment) { return i < segment->head().first_index; });
  return *(behind - 1);
}

absl::Status SegmentLogStore::RebuildIndexOf(Segment& segment) const {
  SegmentHead next;
  {
    absl::ReaderMutexLock lock(&state_mutex_);
    if (segment.head().sequence >= segments_.size()) return absl::OkStatus();
    next = segments_[segment.head().sequence]->head();
  }
  return segment.RebuildIndex(next);
}

absl::StatusOr<StoredEntry> SegmentLogStore::ReadAt(Segment& segment, FileWindow& window,
                                                    uint64_t index, Parts parts,
                                                    std::optional<uint64_t>* offset) const {
  FrameHead head;
  absl::StatusOr<StoredEntry> entry = absl::UnknownError("not read");
  for (const bool rebuilt : {false, true}) {
    if (!offset->has_value()) {
      const absl::StatusOr<uint64_t> found = segment.OffsetOf(index);
      if (found.ok()) *offset = *found;
    }
    if (offset->has_value()) {
      absl::ReaderMutexLock lock(&key_mutex_);
      entry = ReadFrame(window, **offset, index, layout_.seed, parts, &head);
    }
    if (entry.ok() || rebuilt || segment.has_offsets()) break;
    // Perhaps it is the side file that is damaged, not the entry.
    if (absl::Status made = RebuildIndexOf(segment); !made.ok()) return made;
    offset->reset();
  }
  if (!entry.ok()) {
    return absl::Status(entry.status().code(),
                        absl::StrCat(segment.path(), ": ", entry.status().message()));
  }
  const uint64_t end = **offset + head.FrameBytes();
  *offset = head.EndsBatch() ? AlignUp(end, layout_.batch_alignment) : end;
  return entry;
}

absl::StatusOr<StoredEntry> SegmentLogStore::Read(uint64_t index, Parts parts) const {
  if (index >= size()) return NoSuchEntry(index, size());
  const std::shared_ptr<Segment> segment = Find(index);
  const absl::StatusOr<std::shared_ptr<const File>> file = segment->OpenFile();
  if (!file.ok()) return file.status();
  FileWindow window(file->get(), ReadBytesFor(parts), ReadBytesFor(parts));
  std::optional<uint64_t> offset;
  return ReadAt(*segment, window, index, parts, &offset);
}

absl::Status SegmentLogStore::Scan(uint64_t first, uint64_t count, Parts parts,
                                   absl::FunctionRef<bool(StoredEntry)> visit) const {
  if (count == 0) return absl::OkStatus();
  if (first >= size() || count > size() - first) {
    return NoSuchEntry(std::max(first, size()), size());
  }
  const uint64_t end = first + count;
  while (first < end) {
    const std::shared_ptr<Segment> segment = Find(first);
    const absl::StatusOr<std::shared_ptr<const File>> file = segment->OpenFile();
    if (!file.ok()) return file.status();
    FileWindow window(file->get(), ReadBytesFor(parts),
                      parts == Parts::kAll ? kScanReadBytes : ReadBytesFor(parts));
    std::optional<uint64_t> offset;
    uint64_t key_changes = key_changes_.load(std::memory_order_acquire);
    do {
      const uint64_t changes = key_changes_.load(std::memory_order_acquire);
      if (changes != key_changes) window.Forget();
      key_changes = changes;
      absl::StatusOr<StoredEntry> entry = ReadAt(*segment, window, first, parts, &offset);
      if (!entry.ok()) return entry.status();
      if (!visit(*std::move(entry))) return absl::OkStatus();
      ++first;
    } while (first < end && Find(first) == segment);
  }
  return absl::OkStatus();
}

// ---- Beside the log.

absl::Status SegmentLogStore::WriteTile(int level, uint64_t number, absl::string_view hashes) {
  absl::MutexLock lock(&write_mutex_);
  if (!broken_.ok()) return broken_;
  return AfterWrite(side_files_.WriteTile(level, number, hashes));
}

absl::StatusOr<std::string> SegmentLogStore::ReadTile(int level, uint64_t number) const {
  return side_files_.ReadTile(level, number);
}

absl::Status SegmentLogStore::PutDocument(absl::string_view name, absl::string_view bytes) {
  absl::MutexLock lock(&write_mutex_);
  if (!broken_.ok()) return broken_;
  return AfterWrite(side_files_.PutDocument(name, bytes));
}

absl::StatusOr<std::string> SegmentLogStore::GetDocument(absl::string_view name) const {
  return side_files_.GetDocument(name);
}

absl::StatusOr<std::string> SegmentLogStore::PutObject(absl::string_view bytes) {
  absl::MutexLock lock(&write_mutex_);
  if (!broken_.ok()) return broken_;
  absl::StatusOr<std::string> digest = side_files_.PutObject(bytes);
  if (digest.ok()) return digest;
  return AfterWrite(digest.status());
}

absl::StatusOr<std::string> SegmentLogStore::GetObject(absl::string_view digest) const {
  return side_files_.GetObject(digest);
}

absl::StatusOr<std::vector<std::string>> SegmentLogStore::ListObjects() const {
  return side_files_.ListObjects();
}

absl::StatusOr<uint64_t> SegmentLogStore::GetFreeBytes() const {
  return files_->FreeBytes(folder_);
}

absl::StatusOr<Space> SegmentLogStore::GetSpace() const {
  const absl::StatusOr<uint64_t> free_bytes = files_->FreeBytes(folder_);
  if (!free_bytes.ok()) return free_bytes.status();
  absl::StatusOr<uint64_t> used = side_files_.UsedBytes();
  if (!used.ok()) return used.status();
  const absl::StatusOr<std::vector<FolderEntry>> entries = files_->List(SegmentFolder());
  if (!entries.ok()) return entries.status();
  for (const FolderEntry& entry : *entries) *used += entry.bytes;
  return Space{*free_bytes, *used};
}

}  // namespace plumbline::store
