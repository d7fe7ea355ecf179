// Changing the keys of a SegmentLogStore.

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/failpoint.h"
#include "server/store/limits.h"
#include "server/store/segment/segment_log_store.h"

namespace plumbline::store {
namespace {

Failpoint key_journal_written("key-journal-written");
Failpoint key_destroy_half("key-destroy-half");
Failpoint key_changed("key-changed");

absl::Status FailedAt(const Failpoint& place) {
  return absl::UnavailableError(absl::StrCat("failpoint ", place.name()));
}

}  // namespace

absl::Status SegmentLogStore::DestroyKeys(absl::Span<const uint64_t> indices) {
  absl::MutexLock lock(&write_mutex_);
  return ChangeKeys(
      indices,
      [](size_t, const std::optional<KeyArea>& old) -> absl::StatusOr<std::optional<KeyArea>> {
        if (old.has_value() && old->state == KeyState::kDestroyed) {
          return std::nullopt;
        }
        // A damaged key is destroyed like any other.
        return KeyArea{};
      });
}

absl::Status SegmentLogStore::ReplaceKeys(absl::Span<const std::pair<uint64_t, WrappedKey>> keys) {
  std::vector<uint64_t> indices;
  indices.reserve(keys.size());
  for (const auto& [index, key] : keys) indices.push_back(index);
  absl::MutexLock lock(&write_mutex_);
  return ChangeKeys(
      indices,
      [&keys](size_t i,
              const std::optional<KeyArea>& old) -> absl::StatusOr<std::optional<KeyArea>> {
        if (!old.has_value()) {
          return absl::DataLossError(
              absl::StrCat("the key of entry ", keys[i].first, " is damaged"));
        }
        if (old->state == KeyState::kDestroyed) {
          return absl::FailedPreconditionError(absl::StrCat(
              "the key of entry ", keys[i].first, " is destroyed; it cannot be replaced"));
        }
        return KeyArea{KeyState::kPresent, keys[i].second};
      });
}

absl::Status SegmentLogStore::ChangeKeys(absl::Span<const uint64_t> indices,
                                         absl::FunctionRef<absl::StatusOr<std::optional<KeyArea>>(
                                             size_t i, const std::optional<KeyArea>& old)>
                                             area) {
  if (!broken_.ok()) return broken_;
  for (const uint64_t index : indices) {
    if (index >= size()) return NoSuchEntry(index, size());
  }
  std::vector<KeyChange> changes;
  for (size_t i = 0; i < indices.size(); ++i) {
    const std::shared_ptr<Segment> segment = Find(indices[i]);
    // Finds the frame, also when its side file is damaged; the leaf is read on the way.
    const absl::StatusOr<std::shared_ptr<const File>> file = segment->OpenFile();
    if (!file.ok()) return file.status();
    FileWindow window(file->get(), kFrameFixedBytes, kFrameFixedBytes);
    std::optional<uint64_t> offset;
    if (absl::StatusOr<StoredEntry> entry =
            ReadAt(*segment, window, indices[i], Parts::kLeaf, &offset);
        !entry.ok()) {
      return entry.status();
    }
    const absl::StatusOr<uint64_t> begin = segment->OffsetOf(indices[i]);
    if (!begin.ok()) return begin.status();
    const absl::StatusOr<absl::string_view> bytes = window.View(*begin, kFrameFixedBytes);
    if (!bytes.ok()) return bytes.status();
    absl::StatusOr<std::optional<KeyArea>> changed =
        area(i, DecodeKeyArea(bytes->substr(kFrameHeadBytes), indices[i], layout_.seed));
    if (!changed.ok()) return changed.status();
    if (!changed->has_value()) continue;
    std::string bytes_of_area(kKeyAreaBytes, '\0');
    EncodeKeyArea(**changed, indices[i], layout_.seed, bytes_of_area.data());
    changes.push_back({segment->head().sequence, *begin, indices[i], std::move(bytes_of_area)});
  }
  absl::Span<const KeyChange> rest = changes;
  while (!rest.empty()) {
    const absl::Span<const KeyChange> some =
        rest.first(std::min(rest.size(), KeyJournal::kMaxChanges));
    if (absl::Status made = AfterWrite(MakeChanges(some)); !made.ok()) return made;
    rest.remove_prefix(some.size());
  }
  return absl::OkStatus();
}

absl::Status SegmentLogStore::MakeChanges(absl::Span<const KeyChange> changes) {
  std::map<uint64_t, std::unique_ptr<File>> segments;
  for (const KeyChange& change : changes) {
    std::unique_ptr<File>& file = segments[change.sequence];
    if (file != nullptr) continue;
    absl::StatusOr<std::unique_ptr<File>> opened =
        files_->Open(Segment::PathOf(SegmentFolder(), change.sequence), OpenMode::kReadWrite);
    if (!opened.ok()) return opened.status();
    file = *std::move(opened);
  }
  // From here on nothing can be taken back: what fails is finished when the store is opened anew.
  const auto as_unavailable = [](const absl::Status& status) {
    return absl::UnavailableError(status.message());
  };
  if (absl::Status written = journal_->Write(changes); !written.ok()) {
    return as_unavailable(written);
  }
  if (key_journal_written.Hit()) return FailedAt(key_journal_written);
  for (const KeyChange& change : changes) {
    File& file = *segments[change.sequence];
    const uint64_t at = change.offset + kFrameHeadBytes;
    const absl::string_view whole = change.area;
    absl::MutexLock lock(&key_mutex_);
    if (key_destroy_half.armed()) {
      const absl::string_view half = whole.substr(0, whole.size() / 2);
      absl::Status written = file.Write(at, {&half, 1});
      if (!written.ok() || key_destroy_half.Hit()) return FailedAt(key_destroy_half);
    }
    if (absl::Status written = file.Write(at, {&whole, 1}); !written.ok()) {
      return as_unavailable(written);
    }
  }
  key_changes_.fetch_add(1, std::memory_order_release);
  for (const auto& [sequence, file] : segments) {
    if (absl::Status synced = file->Sync(); !synced.ok()) return as_unavailable(synced);
  }
  if (key_changed.Hit()) return FailedAt(key_changed);
  if (absl::Status emptied = journal_->Empty(); !emptied.ok()) return as_unavailable(emptied);
  return absl::OkStatus();
}

}  // namespace plumbline::store
