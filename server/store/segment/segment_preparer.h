// SegmentPreparer: makes the file of the next segment ahead of time.
//
// Writing into a file whose blocks have been written before needs no change of its metadata, which
// makes a sync cheaper and keeps a full disk from being found out in the middle of an append. The
// zeros are written while nothing else touches the file: they can never land on an entry. They go
// past the page cache, piece by piece with rests between: the appends come first.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_PREPARER_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_PREPARER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/store/segment/file_system.h"

namespace plumbline::store {

// Start and Take are called by one thread at a time. Owns its thread; the destructor waits for it,
// a few milliseconds at most.
class SegmentPreparer {
 public:
  // Makes files of `bytes` bytes at `path`. Without a thread, Take makes them. `files` must outlive
  // it.
  SegmentPreparer(FileSystem* files, std::string path, uint64_t bytes, bool in_background);
  ~SegmentPreparer();
  SegmentPreparer(const SegmentPreparer&) = delete;
  SegmentPreparer& operator=(const SegmentPreparer&) = delete;

  const std::string& path() const { return path_; }

  // Begins to make the next file in the background. What fails there is tried again by Take.
  void Start();
  // A file at path() with at least `bytes` zeros, synced. It is the caller's to rename or remove
  // before the next Start or Take. After an error there is no file.
  absl::StatusOr<std::unique_ptr<File>> Take(uint64_t bytes);

 private:
  enum class State { kIdle, kWanted, kReady, kStopping };

  void Run();
  // `rested`: as little in the way of appends as possible, unless somebody waits for it.
  absl::StatusOr<std::unique_ptr<File>> Make(uint64_t bytes, bool rested);
  absl::Status FillWithZeros(File& file, uint64_t bytes, bool rested);
  // False: stopping.
  bool Rest(absl::Duration duration);

  FileSystem* const files_;
  const std::string path_;
  const uint64_t bytes_;
  absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kIdle;
  bool hurry_ ABSL_GUARDED_BY(mutex_) = false;  // Take waits
  std::unique_ptr<File> ready_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_SEGMENT_PREPARER_H_
