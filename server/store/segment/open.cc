// Opening and closing a SegmentLogStore.

#include <algorithm>
#include <bit>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/store/segment/segment_log_store.h"

namespace plumbline::store {
namespace {

constexpr uint64_t kMinSegmentBytes = 1'024;
constexpr uint64_t kMaxSegmentBytes = uint64_t{8} << 30;
constexpr uint32_t kMaxBatchAlignment = 65'536;

std::string IdentityPath(const std::string& folder) { return folder + "/store.id"; }
std::string MarkPath(const std::string& folder) { return folder + "/acknowledged.mark"; }
std::string JournalPath(const std::string& folder) { return folder + "/key_changes.journal"; }

absl::Status CheckOptions(const SegmentOptions& options) {
  if (options.segment_bytes < kMinSegmentBytes || options.segment_bytes > kMaxSegmentBytes) {
    return absl::InvalidArgumentError(absl::StrCat("segment_bytes is ", options.segment_bytes,
                                                   "; must be ", kMinSegmentBytes, " to ",
                                                   kMaxSegmentBytes));
  }
  if (!std::has_single_bit(options.batch_alignment) || options.batch_alignment < kFrameAlignment ||
      options.batch_alignment > kMaxBatchAlignment) {
    return absl::InvalidArgumentError(absl::StrCat("batch_alignment is ", options.batch_alignment,
                                                   "; must be a power of two, ", kFrameAlignment,
                                                   " to ", kMaxBatchAlignment));
  }
  return absl::OkStatus();
}

StoreId RandomId() {
  std::random_device random;
  StoreId id{};
  for (uint8_t& byte : id) byte = static_cast<uint8_t>(random());
  return id;
}

// Without store.id, making the store was interrupted; or somebody has removed the file. In the
// second case there are entries, and they must not be overwritten.
absl::Status CheckNoEntries(FileSystem& files, const std::string& folder) {
  const std::string segments = folder + "/segments";
  const absl::StatusOr<std::vector<FolderEntry>> entries = files.List(segments);
  if (!entries.ok()) return entries.status();
  for (const FolderEntry& entry : *entries) {
    const std::string path = absl::StrCat(segments, "/", entry.name);
    const absl::StatusOr<std::unique_ptr<File>> file = files.Open(path, OpenMode::kRead);
    if (!file.ok()) return file.status();
    const absl::StatusOr<std::optional<uint64_t>> found = FindNonZeroIn(**file, kSegmentHeadBytes);
    if (!found.ok()) return found.status();
    if (found->has_value()) {
      return absl::DataLossError(absl::StrCat(IdentityPath(folder),
                                              ": at 0: the file is missing, "
                                              "but there are entries in ",
                                              path));
    }
  }
  return absl::OkStatus();
}

// store.id is made last: where it is, everything is.
absl::StatusOr<Identity> MakeStore(FileSystem& files, const std::string& folder,
                                   const SegmentOptions& options) {
  const std::string segments = folder + "/segments";
  if (absl::Status made = files.MakeFolder(segments); !made.ok()) return made;
  if (absl::Status checked = CheckNoEntries(files, folder); !checked.ok()) return checked;
  Identity identity;
  identity.id = options.new_store_id.has_value() ? *options.new_store_id : RandomId();
  identity.batch_alignment = options.batch_alignment;
  const uint64_t seed = SeedOf(identity.id);
  SegmentPreparer preparer(&files, segments + "/next.tmp",
                           AlignUp(options.segment_bytes, options.batch_alignment), false);
  absl::StatusOr<std::unique_ptr<File>> file = preparer.Take(0);
  if (!file.ok()) return file.status();
  SegmentHead head;
  head.sequence = head.first_batch = 1;
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  head.file_bytes = *size;
  const std::string head_bytes = EncodeSegmentHead(head, seed);
  const absl::string_view part = head_bytes;
  absl::Status made = (*file)->Write(0, {&part, 1});
  if (made.ok()) made = (*file)->Sync();
  if (made.ok()) made = files.Rename(preparer.path(), Segment::PathOf(segments, 1));
  if (made.ok()) made = files.SyncFolder(segments);
  if (made.ok()) made = AcknowledgedMark::Create(files, MarkPath(folder), seed);
  if (made.ok()) made = KeyJournal::Create(files, JournalPath(folder));
  if (made.ok()) made = SideFiles(&files, folder, seed).MakeFolders();
  const std::string identity_bytes = EncodeIdentity(identity);
  const absl::string_view identity_part = identity_bytes;
  if (made.ok()) {
    made = ReplaceFile(files, IdentityPath(folder), IdentityPath(folder) + ".tmp",
                       {&identity_part, 1});
  }
  if (made.ok()) made = files.SyncFolder(folder);
  if (!made.ok()) return made;
  return identity;
}

absl::StatusOr<Identity> ReadIdentity(FileSystem& files, const std::string& folder) {
  const std::string path = IdentityPath(folder);
  const absl::StatusOr<std::string> bytes = ReadFile(files, path, 4'096);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<Identity> identity = DecodeIdentity(*bytes);
  if (identity.ok()) return identity;
  return absl::Status(identity.status().code(),
                      absl::StrCat(path, ": ", identity.status().message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SegmentLogStore>> SegmentLogStore::Open(
    const std::string& folder, const SegmentOptions& options) {
  if (absl::Status checked = CheckOptions(options); !checked.ok()) return checked;
  FileSystem* const files =
      options.file_system != nullptr ? options.file_system : &PosixFileSystem();
  if (absl::Status made = files->MakeFolder(folder); !made.ok()) return made;
  absl::StatusOr<std::unique_ptr<FileLock>> lock = files->Lock(folder + "/store.lock");
  if (!lock.ok()) return lock.status();
  absl::StatusOr<Identity> identity = ReadIdentity(*files, folder);
  if (absl::IsNotFound(identity.status())) identity = MakeStore(*files, folder, options);
  if (!identity.ok()) return identity.status();
  std::unique_ptr<SegmentLogStore> store(
      new SegmentLogStore(folder, options, files, *std::move(lock), *identity));
  absl::MutexLock write_lock(&store->write_mutex_);
  if (absl::Status opened = store->OpenFilesOfLog(); !opened.ok()) return opened;
  return store;
}

SegmentLogStore::SegmentLogStore(const std::string& folder, const SegmentOptions& options,
                                 FileSystem* files, std::unique_ptr<FileLock> lock,
                                 const Identity& identity)
    : folder_(folder),
      options_(options),
      files_(files),
      lock_(std::move(lock)),
      identity_(identity),
      layout_{SeedOf(identity.id), identity.batch_alignment},
      open_files_(files),
      preparer_(files, SegmentFolder() + "/next.tmp",
                AlignUp(options.segment_bytes, identity.batch_alignment), options.prepare_ahead),
      side_files_(files, folder, layout_.seed) {}

SegmentLogStore::~SegmentLogStore() {
  absl::MutexLock lock(&write_mutex_);
  if (mark_ == nullptr || !broken_.ok()) return;
  // The last words: whoever opens the store next knows how many entries there must be.
  mark_->Restore(SegmentLogStore::size()).IgnoreError();
}

std::string SegmentLogStore::SegmentFolder() const { return folder_ + "/segments"; }

absl::Status SegmentLogStore::OpenFilesOfLog() {
  absl::StatusOr<std::unique_ptr<KeyJournal>> journal =
      KeyJournal::Open(*files_, JournalPath(folder_), layout_.seed);
  if (!journal.ok()) return journal.status();
  journal_ = *std::move(journal);
  const absl::StatusOr<std::string> redone =
      RedoKeyChanges(files_, SegmentFolder(), layout_.seed, *journal_);
  if (!redone.ok()) return redone.status();

  absl::StatusOr<std::unique_ptr<AcknowledgedMark>> mark =
      AcknowledgedMark::Open(*files_, MarkPath(folder_), layout_.seed);
  if (!mark.ok()) return mark.status();
  const absl::StatusOr<std::optional<Damage>> mark_damage = (*mark)->Check(std::nullopt);
  if (!mark_damage.ok()) return mark_damage.status();

  absl::StatusOr<RecoveredLog> log =
      RecoverLog(files_, &open_files_, SegmentFolder(), layout_, (*mark)->size());
  if (!log.ok()) return log.status();
  repairs_ = std::move(log->repairs);
  if (!redone->empty()) repairs_.push_back({JournalPath(folder_) + " at 0", *redone, std::nullopt});
  if (mark_damage->has_value()) {
    repairs_.push_back({absl::StrCat(MarkPath(folder_), " at ", (*mark_damage)->offset),
                        (*mark_damage)->message, std::nullopt});
  }
  if (absl::Status restored = (*mark)->Restore(log->size); !restored.ok()) return restored;
  mark_ = *std::move(mark);
  file_ = std::move(log->last_file);
  file_->WritePastCache();
  end_ = log->end;
  next_batch_ = log->next_batch;
  last_checksum_ = log->last_checksum;
  size_.store(log->size, std::memory_order_release);
  {
    absl::MutexLock lock(&state_mutex_);
    segments_ = std::move(log->segments);
  }
  preparer_.Start();
  return absl::OkStatus();
}

}  // namespace plumbline::store
