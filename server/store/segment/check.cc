// Checking every byte of a SegmentLogStore.

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/store/segment/segment_log_store.h"

namespace plumbline::store {
namespace {

Problem ProblemAt(const std::string& path, uint64_t offset, std::string message,
                  std::optional<uint64_t> index = std::nullopt) {
  return {absl::StrCat(path, " at ", offset), std::move(message), index};
}

// Goes through one segment, up to the entry `until`. Returns what the next segment must follow on.
absl::StatusOr<std::optional<uint64_t>> CheckFrames(
    const Segment& segment, const File& file, uint64_t until, bool is_sealed,
    absl::FunctionRef<void(const Problem&)> report) {
  SegmentWalk walk(&file, segment.layout(), segment.head());
  bool damaged = false;
  while (walk.next_index() < until) {
    const absl::StatusOr<SegmentWalk::Step> step = walk.Next();
    if (!step.ok()) return step.status();
    if (*step == SegmentWalk::Step::kFrame) {
      const absl::StatusOr<uint64_t> offset = segment.OffsetOf(walk.frame().index);
      if (offset.ok() && *offset == walk.offset()) continue;
      report(ProblemAt(segment.index_path(), 0, "the offset of an entry is wrong",
                       walk.frame().index));
      continue;
    }
    damaged = true;
    if (*step == SegmentWalk::Step::kEnd) {
      report(ProblemAt(
          segment.path(), walk.offset(),
          absl::StrCat("entries are missing: they end here, but ", until - 1, " must be the last"),
          walk.next_index()));
      return std::nullopt;
    }
    report(ProblemAt(segment.path(), walk.damage().offset, walk.damage().message,
                     walk.in_padding() ? std::nullopt : std::optional(walk.next_index())));
    const absl::StatusOr<bool> skipped = walk.SkipDamage();
    if (!skipped.ok()) return skipped.status();
    if (!*skipped) return std::nullopt;
  }
  // Also what stands behind the last entry, up to where the next batch would begin.
  const absl::StatusOr<SegmentWalk::Step> step = walk.Next();
  if (!step.ok()) return step.status();
  if (*step == SegmentWalk::Step::kDamage && walk.in_padding()) {
    report(ProblemAt(segment.path(), walk.damage().offset, walk.damage().message));
  } else if (is_sealed) {
    const uint64_t end = walk.batch_offset();
    const absl::StatusOr<uint64_t> size = file.Size();
    if (!size.ok()) return size.status();
    const absl::StatusOr<std::optional<uint64_t>> found = FindNonZeroIn(file, end);
    if (!found.ok()) return found.status();
    if (found->has_value()) {
      report(ProblemAt(segment.path(), **found, "bytes behind the last entry"));
    }
  }
  if (damaged) return std::nullopt;
  return walk.last_checksum();
}

}  // namespace

absl::Status SegmentLogStore::CheckSegments(absl::FunctionRef<void(const Problem&)> report) const {
  // Entries that are appended from now on are not looked at.
  const uint64_t size_now = size();
  const std::vector<std::shared_ptr<Segment>> segments = Segments();
  uint64_t previous = 0;
  bool is_previous_known = true;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = *segments[i];
    const bool is_sealed = i + 1 < segments.size();
    const uint64_t until = is_sealed ? segments[i + 1]->head().first_index : size_now;
    const absl::StatusOr<std::unique_ptr<File>> file =
        files_->Open(segment.path(), OpenMode::kRead);
    if (!file.ok()) {
      report(ProblemAt(segment.path(), 0, std::string(file.status().message())));
      is_previous_known = false;
      continue;
    }
    std::string bytes(kSegmentHeadBytes, '\0');
    const absl::StatusOr<size_t> got = (*file)->Read(0, bytes.size(), bytes.data());
    if (!got.ok()) return got.status();
    const std::optional<SegmentHead> head = DecodeSegmentHead(bytes, layout_.seed);
    if (!head.has_value() || head->checksum != segment.head().checksum) {
      report(ProblemAt(segment.path(), 0, "the head of the segment is damaged"));
    }
    if (is_previous_known && previous != segment.head().previous_checksum) {
      report(ProblemAt(segment.path(), 0, "does not continue the segment before it"));
    }
    if (is_sealed && !segment.ReadIndexHead(until - segment.head().first_index).has_value()) {
      report(ProblemAt(segment.index_path(), 0, "missing or damaged"));
    }
    absl::StatusOr<std::optional<uint64_t>> last =
        CheckFrames(segment, **file, until, is_sealed, report);
    if (!last.ok()) return last.status();
    is_previous_known = last->has_value();
    previous = last->value_or(0);
  }
  return absl::OkStatus();
}

absl::Status SegmentLogStore::CheckTail(absl::FunctionRef<void(const Problem&)> report) const {
  std::string path;
  uint64_t end = 0;
  std::unique_ptr<File> file;
  {
    absl::MutexLock lock(&write_mutex_);
    end = end_;
    path = Segments().back()->path();
    absl::StatusOr<std::unique_ptr<File>> opened = files_->Open(path, OpenMode::kRead);
    if (!opened.ok()) return opened.status();
    file = *std::move(opened);
  }
  // Without the lock at first: this may be a long way, and appends go on meanwhile.
  absl::StatusOr<std::optional<uint64_t>> found = FindNonZeroIn(*file, end);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return absl::OkStatus();
  absl::MutexLock lock(&write_mutex_);
  if (!broken_.ok() || Segments().back()->path() != path) return absl::OkStatus();
  found = FindNonZeroIn(*file, end_);
  if (!found.ok()) return found.status();
  if (found->has_value()) report(ProblemAt(path, **found, "bytes behind the last entry"));
  return absl::OkStatus();
}

absl::Status SegmentLogStore::CheckSmallFiles(
    absl::FunctionRef<void(const Problem&)> report) const {
  absl::MutexLock lock(&write_mutex_);
  const std::string identity_path = folder_ + "/store.id";
  const absl::StatusOr<std::string> identity = ReadFile(*files_, identity_path, 4'096);
  if (!identity.ok() || *identity != EncodeIdentity(identity_)) {
    report(ProblemAt(identity_path, 0, "the identity of the store is missing or damaged"));
  }
  // After a failed write both may be out of step with the log until it is opened anew.
  if (!broken_.ok()) return absl::OkStatus();
  const absl::StatusOr<std::optional<Damage>> mark = mark_->Check(size());
  if (!mark.ok()) return mark.status();
  if (mark->has_value()) {
    report(ProblemAt(folder_ + "/acknowledged.mark", (*mark)->offset, (*mark)->message));
  }
  const absl::StatusOr<std::optional<Damage>> journal = journal_->Check();
  if (!journal.ok()) return journal.status();
  if (journal->has_value()) {
    report(ProblemAt(folder_ + "/key_changes.journal", (*journal)->offset, (*journal)->message));
  }
  return absl::OkStatus();
}

absl::Status SegmentLogStore::Check(absl::FunctionRef<void(const Problem&)> report) const {
  // Reported without a lock: `report` may call the store.
  std::vector<Problem> problems;
  const auto collect = [&problems](const Problem& problem) { problems.push_back(problem); };
  absl::Status checked = CheckSegments(collect);
  if (checked.ok()) checked = CheckTail(collect);
  if (checked.ok()) checked = CheckSmallFiles(collect);
  if (checked.ok()) checked = side_files_.Check(collect);
  for (const Problem& problem : problems) report(problem);
  return checked;
}

}  // namespace plumbline::store
