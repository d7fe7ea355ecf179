// SegmentLogStore: a LogStore in a folder of files.
//
//   store.id              who this store is
//   store.lock            flock against a second process
//   acknowledged.mark     how many entries were acknowledged
//   key_changes.journal   keys that are being changed
//   segments/0000000001.seg, .idx, ...     the entries; where they stand in a sealed segment
//   tiles/, documents/, objects/           see side_files.h
//
// docs/reference/decision_log_files.md describes every byte. An append is one write, past the page
// cache, into space that was filled with zeros before, and one fdatasync.
//
// After a write or sync that failed, all writes are Unavailable until the store is opened anew, for
// nobody knows what is on disk; reads go on (a key whose change failed half-way is DataLoss until
// then). Except for a full disk (ResourceExhausted): if what was written can be taken back, the
// store goes on when there is space again.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_LOG_STORE_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_LOG_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/base/event_sink.h"
#include "server/store/segment/acknowledged_mark.h"
#include "server/store/segment/block_buffer.h"
#include "server/store/segment/file_system.h"
#include "server/store/segment/key_journal.h"
#include "server/store/segment/log_recovery.h"
#include "server/store/segment/segment.h"
#include "server/store/segment/segment_preparer.h"
#include "server/store/segment/side_files.h"
#include "server/store/store.h"

namespace plumbline::store {

struct SegmentOptions {
  // Length of a new segment, 1 KiB to 8 GiB; longer if a batch needs it.
  uint64_t segment_bytes = uint64_t{64} << 20;
  // Of a new store: batches begin at multiples of this, a power of two, 8 to 65,536. With the size
  // of the blocks that the disk writes, no append ever writes over an entry that was acknowledged.
  uint32_t batch_alignment = 4'096;
  // Makes the next segment in a thread of its own; otherwise the append that needs it makes it.
  bool prepare_ahead = true;
  // Null: the real one. Must outlive the store.
  FileSystem* file_system = nullptr;
  // Of a new store. Nothing: random.
  std::optional<StoreId> new_store_id;
};

class SegmentLogStore : public LogStore {
 public:
  // Opens the store in `folder`, or makes a new one there if there is none; the folder above must
  // be there. FailedPrecondition: open in another process (with its number), or files of another
  // format version. DataLoss: see RecoverLog.
  static absl::StatusOr<std::unique_ptr<SegmentLogStore>> Open(const std::string& folder,
                                                               const SegmentOptions& options = {});
  ~SegmentLogStore() override;

  // What opening put right, in words for the operator: an incomplete batch dropped, an index made
  // anew, a key change finished.
  const std::vector<Problem>& repairs() const { return repairs_; }

  uint64_t size() const override { return size_.load(std::memory_order_acquire); }
  absl::Status Append(uint64_t first_index, absl::Span<const NewEntry> entries) override;
  absl::StatusOr<StoredEntry> Read(uint64_t index, Parts parts) const override;
  absl::Status Scan(uint64_t first, uint64_t count, Parts parts,
                    absl::FunctionRef<bool(StoredEntry)> visit) const override;
  absl::Status DestroyKeys(absl::Span<const uint64_t> indices) override;
  absl::Status ReplaceKeys(absl::Span<const std::pair<uint64_t, WrappedKey>> keys) override;
  absl::Status WriteTile(int level, uint64_t number, absl::string_view hashes) override;
  absl::StatusOr<std::string> ReadTile(int level, uint64_t number) const override;
  absl::Status PutDocument(absl::string_view name, absl::string_view bytes) override;
  absl::StatusOr<std::string> GetDocument(absl::string_view name) const override;
  absl::StatusOr<std::string> PutObject(absl::string_view bytes) override;
  absl::StatusOr<std::string> GetObject(absl::string_view digest) const override;
  absl::StatusOr<std::vector<std::string>> ListObjects() const override;
  // used_bytes goes through the folders: for a look now and then, not for every request.
  absl::StatusOr<Space> GetSpace() const override;
  absl::StatusOr<uint64_t> GetFreeBytes() const override;
  void SetOnEvent(EventSink on_event) override;
  absl::Status Check(absl::FunctionRef<void(const Problem&)> report) const override;

 private:
  SegmentLogStore(const std::string& folder, const SegmentOptions& options, FileSystem* files,
                  std::unique_ptr<FileLock> lock, const Identity& identity);

  absl::Status OpenFilesOfLog() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  std::string SegmentFolder() const;

  // What a failed write means for all later ones.
  absl::Status AfterWrite(absl::Status written) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status StartSegment(uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  void SealSegment(Segment& segment, File& file, uint64_t end, uint64_t last_checksum)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status WriteBatch(absl::Span<const NewEntry> entries)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  // The event, if the last segment is written through the page cache and nobody was told.
  void TellOfPageCache() ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status UndoWrite(uint64_t bytes, absl::Status failure)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);

  // The segment that holds `index`, below size().
  std::shared_ptr<Segment> Find(uint64_t index) const ABSL_LOCKS_EXCLUDED(state_mutex_);
  std::vector<std::shared_ptr<Segment>> Segments() const ABSL_LOCKS_EXCLUDED(state_mutex_);
  // Reads the entry and moves `offset`, if it has a value, to the entry behind it.
  absl::StatusOr<StoredEntry> ReadAt(Segment& segment, FileWindow& window, uint64_t index,
                                     Parts parts, std::optional<uint64_t>* offset) const;
  absl::Status RebuildIndexOf(Segment& segment) const;

  // `area`: the new key area of an entry; nothing leaves it as it is.
  absl::Status ChangeKeys(absl::Span<const uint64_t> indices,
                          absl::FunctionRef<absl::StatusOr<std::optional<KeyArea>>(
                              size_t i, const std::optional<KeyArea>& old)>
                              area) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  absl::Status MakeChanges(absl::Span<const KeyChange> changes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);

  absl::Status CheckSegments(absl::FunctionRef<void(const Problem&)> report) const;
  absl::Status CheckTail(absl::FunctionRef<void(const Problem&)> report) const;
  absl::Status CheckSmallFiles(absl::FunctionRef<void(const Problem&)> report) const;

  const std::string folder_;
  const SegmentOptions options_;
  FileSystem* const files_;
  const std::unique_ptr<FileLock> lock_;
  const Identity identity_;
  const SegmentLayout layout_;
  std::vector<Problem> repairs_;
  mutable OpenFiles open_files_;
  SegmentPreparer preparer_;

  // One writer at a time; taken before the others.
  mutable absl::Mutex write_mutex_;
  absl::Status broken_ ABSL_GUARDED_BY(write_mutex_);
  std::unique_ptr<File> file_ ABSL_GUARDED_BY(write_mutex_);  // of the last segment
  uint64_t end_ ABSL_GUARDED_BY(write_mutex_) = 0;
  uint64_t next_batch_ ABSL_GUARDED_BY(write_mutex_) = 1;
  uint64_t last_checksum_ ABSL_GUARDED_BY(write_mutex_) = 0;
  BlockBuffer buffer_ ABSL_GUARDED_BY(write_mutex_);  // of the batch that is being written
  EventSink on_event_ ABSL_GUARDED_BY(write_mutex_);
  bool page_cache_was_told_ ABSL_GUARDED_BY(write_mutex_) = false;
  std::unique_ptr<AcknowledgedMark> mark_ ABSL_GUARDED_BY(write_mutex_);
  std::unique_ptr<KeyJournal> journal_ ABSL_GUARDED_BY(write_mutex_);
  SideFiles side_files_;  // writes under write_mutex_

  // Readers of frames against a key that is being overwritten.
  mutable absl::Mutex key_mutex_;
  // Counts changes of keys: bytes read before may hold a key that is destroyed by now.
  std::atomic<uint64_t> key_changes_{0};

  mutable absl::Mutex state_mutex_;
  std::vector<std::shared_ptr<Segment>> segments_ ABSL_GUARDED_BY(state_mutex_);
  std::atomic<uint64_t> size_{0};
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_LOG_STORE_H_
