// KeyJournal: makes changes of keys in place survive a power cut.
//
// A key area that is overwritten when the power fails may hold half of the old key and half of the
// new one, and the patient's record would be lost. So the new areas are written to the journal
// first and synced, then over the old ones, then the journal is emptied; opening a store does again
// what a journal says. The journal is emptied by overwriting, never by deleting: what it held must
// not stay behind in free blocks.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_KEY_JOURNAL_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_KEY_JOURNAL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/store/segment/file_system.h"
#include "server/store/segment/segment_walk.h"

namespace plumbline::store {

struct KeyChange {
  uint64_t sequence = 0;  // of the segment
  uint64_t offset = 0;    // of the frame in the segment's file
  uint64_t index = 0;
  std::string area;  // kKeyAreaBytes
};

// Thread-compatible. Owns its open file, whose space is reserved: destroying keys works on a full
// disk.
class KeyJournal {
 public:
  static constexpr size_t kMaxChanges = 512;

  // Makes an empty one, synced; the folder is the caller's to sync.
  static absl::Status Create(FileSystem& files, const std::string& path);
  static absl::StatusOr<std::unique_ptr<KeyJournal>> Open(FileSystem& files,
                                                          const std::string& path, uint64_t seed);

  // The changes that were begun and perhaps not ended. Empty also for a journal that was cut short:
  // then no key has been touched.
  absl::StatusOr<std::vector<KeyChange>> Read() const;

  // At most kMaxChanges. Durable when it returns.
  absl::Status Write(absl::Span<const KeyChange> changes);
  // Durable when it returns.
  absl::Status Empty();

  // A journal at rest is empty.
  absl::StatusOr<std::optional<Damage>> Check() const;

 private:
  KeyJournal(std::unique_ptr<File> file, uint64_t seed) : file_(std::move(file)), seed_(seed) {}

  std::unique_ptr<File> file_;
  uint64_t seed_;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_KEY_JOURNAL_H_
