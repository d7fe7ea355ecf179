#include "server/store/segment/log_recovery.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace plumbline::store {
namespace {

constexpr uint64_t kZeroChunkBytes = uint64_t{1} << 20;

absl::Status DataLossAt(const std::string& path, uint64_t offset, absl::string_view message) {
  return absl::DataLossError(absl::StrCat(path, ": at ", offset, ": ", message));
}

// Numbers of the segment files in `folder`: 1, 2, ... without a gap.
absl::StatusOr<std::vector<uint64_t>> ListSequences(FileSystem& files, const std::string& folder) {
  const absl::StatusOr<std::vector<FolderEntry>> entries = files.List(folder);
  if (!entries.ok()) return entries.status();
  std::vector<uint64_t> sequences;
  for (const FolderEntry& entry : *entries) {
    absl::string_view name = entry.name;
    uint64_t sequence = 0;
    if (!absl::ConsumeSuffix(&name, ".seg")) continue;
    if (!absl::SimpleAtoi(name, &sequence)) {
      return absl::DataLossError(
          absl::StrCat(folder, "/", entry.name, ": at 0: not the name of a segment"));
    }
    sequences.push_back(sequence);
  }
  std::sort(sequences.begin(), sequences.end());
  for (size_t i = 0; i < sequences.size(); ++i) {
    if (sequences[i] == i + 1) continue;
    return DataLossAt(Segment::PathOf(folder, i + 1), 0, "the segment is missing");
  }
  if (sequences.empty()) {
    return DataLossAt(Segment::PathOf(folder, 1), 0, "the segment is missing");
  }
  return sequences;
}

absl::StatusOr<SegmentHead> ReadHead(const File& file, const std::string& path, uint64_t sequence,
                                     uint64_t seed) {
  std::string bytes(kSegmentHeadBytes, '\0');
  const absl::StatusOr<size_t> got = file.Read(0, bytes.size(), bytes.data());
  if (!got.ok()) return got.status();
  const std::optional<SegmentHead> head =
      DecodeSegmentHead(absl::string_view(bytes).substr(0, *got), seed);
  if (!head.has_value()) {
    return DataLossAt(path, 0, "the head of the segment is damaged, or of another store");
  }
  if (head->sequence != sequence) {
    return DataLossAt(path, 0, absl::StrCat("the file holds segment ", head->sequence));
  }
  return *head;
}

// Makes [begin, end) zero, synced.
absl::Status MakeZero(File& file, uint64_t begin, uint64_t end) {
  const std::string zeros(std::min(kZeroChunkBytes, end - std::min(begin, end)), '\0');
  while (begin < end) {
    const absl::string_view part =
        absl::string_view(zeros).substr(0, std::min<uint64_t>(zeros.size(), end - begin));
    if (absl::Status written = file.Write(begin, {&part, 1}); !written.ok()) return written;
    begin += part.size();
  }
  return file.Sync();
}

// The segment that was written to last, frame by frame.
class LastSegment {
 public:
  LastSegment(Segment& segment, uint64_t acknowledged, RecoveredLog* log)
      : segment_(segment),
        acknowledged_(acknowledged),
        log_(log),
        walk_(log->last_file.get(), segment.layout(), segment.head()) {}

  absl::Status Recover() {
    while (true) {
      const absl::StatusOr<SegmentWalk::Step> step = walk_.Next();
      if (!step.ok()) return step.status();
      if (*step == SegmentWalk::Step::kFrame) {
        offsets_.push_back(walk_.offset());
        continue;
      }
      if (*step == SegmentWalk::Step::kDamage && walk_.in_padding()) {
        if (absl::Status mended = MendPadding(); !mended.ok()) return mended;
        continue;
      }
      return *step == SegmentWalk::Step::kEnd ? End() : Break(walk_.damage());
    }
  }

 private:
  // Nothing was ever stored between batches: what stands there can go.
  absl::Status MendPadding() {
    const uint64_t begin = walk_.damage().offset;
    log_->repairs.push_back({Place(begin), "bytes between batches made zero", std::nullopt});
    const absl::StatusOr<bool> skipped = walk_.SkipDamage();
    if (!skipped.ok()) return skipped.status();
    return MakeZero(*log_->last_file, begin, walk_.batch_offset());
  }

  absl::Status End() {
    const absl::StatusOr<std::optional<uint64_t>> found =
        FindNonZeroIn(*log_->last_file, walk_.offset());
    if (!found.ok()) return found.status();
    if (found->has_value()) return Break({**found, "bytes behind the last entry"});
    if (walk_.next_index() < acknowledged_) return Missing({walk_.offset(), "the log ends here"});
    return Finish();
  }

  absl::Status Missing(const Damage& damage) const {
    return DataLossAt(
        segment_.path(), damage.offset,
        absl::StrCat(damage.message, "; ", acknowledged_, " entries were acknowledged, but only ",
                     walk_.batch_index(), " are whole"));
  }

  // Damage: an interrupted write, or a loss.
  absl::Status Break(const Damage& damage) {
    if (walk_.misplaced()) return DataLossAt(segment_.path(), damage.offset, damage.message);
    if (walk_.batch_index() < acknowledged_) return Missing(damage);
    const absl::StatusOr<std::optional<uint64_t>> later = walk_.FindLaterBatch();
    if (!later.ok()) return later.status();
    if (later->has_value()) {
      return DataLossAt(segment_.path(), damage.offset,
                        absl::StrCat(damage.message, "; a later batch stands at ", **later,
                                     ", so this one was complete once"));
    }
    log_->repairs.push_back(
        {Place(walk_.batch_offset()),
         absl::StrCat("incomplete batch dropped, which was never acknowledged (", damage.message,
                      " at ", damage.offset, ")"),
         walk_.batch_index()});
    offsets_.resize(walk_.batch_index() - segment_.head().first_index);
    const absl::StatusOr<uint64_t> size = log_->last_file->Size();
    if (!size.ok()) return size.status();
    absl::Status zeroed = MakeZero(*log_->last_file, walk_.batch_offset(), *size);
    return zeroed.ok() ? Finish() : zeroed;
  }

  absl::Status Finish() {
    // A file that was cut off gets its length back; a longer one is no harm.
    const absl::StatusOr<uint64_t> size = log_->last_file->Size();
    if (!size.ok()) return size.status();
    if (*size < segment_.head().file_bytes) {
      absl::Status filled = MakeZero(*log_->last_file, *size, segment_.head().file_bytes);
      if (!filled.ok()) return filled;
    }
    // Entries that were written but not synced become visible now: they must not vanish again.
    if (absl::Status synced = log_->last_file->Sync(); !synced.ok()) return synced;
    segment_.AddOffsets(offsets_);
    log_->size = walk_.batch_index();
    log_->end = walk_.batch_offset();
    log_->last_checksum = walk_.batch_checksum();
    log_->next_batch = walk_.next_batch();
    return absl::OkStatus();
  }

  std::string Place(uint64_t offset) const { return absl::StrCat(segment_.path(), " at ", offset); }

  Segment& segment_;
  const uint64_t acknowledged_;
  RecoveredLog* const log_;
  SegmentWalk walk_;
  std::vector<uint64_t> offsets_;
};

// That `segment` fits in front of `next`.
absl::Status CheckSealed(Segment& segment, const SegmentHead& next, std::vector<Problem>* repairs) {
  const SegmentHead& head = segment.head();
  if (next.first_index < head.first_index) {
    return DataLossAt(segment.path(), 0,
                      absl::StrCat("begins with entry ", head.first_index,
                                   ", the next segment with ", next.first_index));
  }
  const std::optional<IndexHead> index = segment.ReadIndexHead(next.first_index - head.first_index);
  if (index.has_value() && index->last_checksum == next.previous_checksum) return absl::OkStatus();
  repairs->push_back({absl::StrCat(segment.index_path(), " at 0"),
                      "missing or damaged; made anew from the segment", std::nullopt});
  return segment.RebuildIndex(next);
}

}  // namespace

absl::StatusOr<RecoveredLog> RecoverLog(FileSystem* files, OpenFiles* open_files,
                                        const std::string& folder, const SegmentLayout& layout,
                                        uint64_t acknowledged) {
  const absl::StatusOr<std::vector<uint64_t>> sequences = ListSequences(*files, folder);
  if (!sequences.ok()) return sequences.status();
  RecoveredLog log;
  for (const uint64_t sequence : *sequences) {
    const std::string path = Segment::PathOf(folder, sequence);
    const bool is_last = sequence == sequences->back();
    absl::StatusOr<std::unique_ptr<File>> file =
        files->Open(path, is_last ? OpenMode::kReadWrite : OpenMode::kRead);
    if (!file.ok()) return file.status();
    const absl::StatusOr<SegmentHead> head = ReadHead(**file, path, sequence, layout.seed);
    if (!head.ok()) return head.status();
    if (!log.segments.empty()) {
      absl::Status sealed = CheckSealed(*log.segments.back(), *head, &log.repairs);
      if (!sealed.ok()) return sealed;
    } else if (head->first_index != 0 || head->previous_checksum != 0) {
      return DataLossAt(path, 0, "not the first segment of a log");
    }
    log.segments.push_back(std::make_shared<Segment>(files, open_files, folder, layout, *head));
    if (is_last) log.last_file = *std::move(file);
  }
  absl::Status recovered = LastSegment(*log.segments.back(), acknowledged, &log).Recover();
  if (!recovered.ok()) return recovered;
  return log;
}

absl::StatusOr<std::string> RedoKeyChanges(FileSystem* files, const std::string& folder,
                                           uint64_t seed, KeyJournal& journal) {
  const absl::StatusOr<std::vector<KeyChange>> changes = journal.Read();
  if (!changes.ok()) return changes.status();
  std::map<uint64_t, std::unique_ptr<File>> segments;
  for (const KeyChange& change : *changes) {
    const std::string path = Segment::PathOf(folder, change.sequence);
    std::unique_ptr<File>& file = segments[change.sequence];
    if (file == nullptr) {
      absl::StatusOr<std::unique_ptr<File>> opened = files->Open(path, OpenMode::kReadWrite);
      if (!opened.ok()) return opened.status();
      file = *std::move(opened);
    }
    std::string head(kFrameHeadBytes, '\0');
    const absl::StatusOr<size_t> got = file->Read(change.offset, head.size(), head.data());
    if (!got.ok()) return got.status();
    const std::optional<FrameHead> frame = DecodeFrameHead(head, seed);
    if (!frame.has_value() || frame->index != change.index) {
      return DataLossAt(path, change.offset,
                        absl::StrCat("the head of entry ", change.index,
                                     ", whose key was being changed, is damaged"));
    }
    const absl::string_view area = change.area;
    absl::Status written = file->Write(change.offset + kFrameHeadBytes, {&area, 1});
    if (!written.ok()) return written;
  }
  for (const auto& [sequence, file] : segments) {
    if (absl::Status synced = file->Sync(); !synced.ok()) return synced;
  }
  const absl::StatusOr<std::optional<Damage>> rest = journal.Check();
  if (!rest.ok()) return rest.status();
  if (!rest->has_value()) return std::string();
  if (absl::Status emptied = journal.Empty(); !emptied.ok()) return emptied;
  if (changes->empty()) return std::string("journal emptied; no key had been changed");
  return absl::StrCat("interrupted change of ", changes->size(), " keys finished");
}

}  // namespace plumbline::store
