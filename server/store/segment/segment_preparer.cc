#include "server/store/segment/segment_preparer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/store/segment/block_buffer.h"

namespace plumbline::store {
namespace {

// Small, so that an append next to it never waits for a long write.
constexpr uint64_t kChunkBytes = uint64_t{256} << 10;
// As little as that is written without a sync, for the case that the page cache takes it.
constexpr uint64_t kBytesPerSync = uint64_t{1} << 20;
// Rest after a write, as a multiple of the time that it took: most of the time an append finds the
// disk free.
constexpr int kRestFactor = 3;
constexpr absl::Duration kLongestRest = absl::Milliseconds(20);

}  // namespace

SegmentPreparer::SegmentPreparer(FileSystem* files, std::string path, uint64_t bytes,
                                 bool in_background)
    : files_(files), path_(std::move(path)), bytes_(bytes) {
  if (in_background) thread_ = std::thread([this] { Run(); });
}

SegmentPreparer::~SegmentPreparer() {
  {
    absl::MutexLock lock(&mutex_);
    state_ = State::kStopping;
  }
  if (thread_.joinable()) thread_.join();
  absl::MutexLock lock(&mutex_);
  if (ready_ != nullptr) files_->Remove(path_).IgnoreError();
}

bool SegmentPreparer::Rest(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  const auto disturbed = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return hurry_ || state_ == State::kStopping;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&disturbed), duration);
  return state_ != State::kStopping;
}

void SegmentPreparer::Start() {
  if (!thread_.joinable()) return;
  absl::MutexLock lock(&mutex_);
  if (state_ == State::kIdle) state_ = State::kWanted;
}

void SegmentPreparer::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      const auto has_work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return state_ == State::kWanted || state_ == State::kStopping;
      };
      mutex_.Await(absl::Condition(&has_work));
      if (state_ == State::kStopping) return;
    }
    absl::StatusOr<std::unique_ptr<File>> file = Make(bytes_, true);
    absl::MutexLock lock(&mutex_);
    if (file.ok()) ready_ = *std::move(file);
    if (state_ == State::kStopping) return;
    state_ = ready_ != nullptr ? State::kReady : State::kIdle;
  }
}

absl::StatusOr<std::unique_ptr<File>> SegmentPreparer::Take(uint64_t bytes) {
  {
    absl::MutexLock lock(&mutex_);
    const auto is_at_rest = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return state_ != State::kWanted;
    };
    hurry_ = true;
    mutex_.Await(absl::Condition(&is_at_rest));
    hurry_ = false;
    std::unique_ptr<File> file = std::move(ready_);
    state_ = State::kIdle;
    if (file != nullptr && bytes <= bytes_) return file;
  }
  return Make(std::max(bytes, bytes_), false);
}

absl::StatusOr<std::unique_ptr<File>> SegmentPreparer::Make(uint64_t bytes, bool rested) {
  absl::StatusOr<std::unique_ptr<File>> file = files_->Open(path_, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  (*file)->WritePastCache();
  absl::Status made = (*file)->Reserve(bytes);
  if (made.ok()) made = FillWithZeros(**file, bytes, rested);
  if (made.ok()) return file;
  files_->Remove(path_).IgnoreError();
  return made;
}

absl::Status SegmentPreparer::FillWithZeros(File& file, uint64_t bytes, bool rested) {
  BlockBuffer buffer;
  const uint64_t chunk = std::min(bytes, kChunkBytes);
  char* const memory = buffer.Reserve(chunk);
  std::memset(memory, 0, chunk);
  absl::Duration rest = absl::ZeroDuration();
  for (uint64_t offset = 0; offset < bytes; offset += chunk) {
    if (!Rest(rest)) return absl::CancelledError("the store is being closed");
    const absl::Time start = absl::Now();
    const absl::string_view part(memory, std::min(chunk, bytes - offset));
    absl::Status written = file.Write(offset, {&part, 1});
    const uint64_t end = offset + part.size();
    if (written.ok() && (end % kBytesPerSync == 0 || end == bytes)) written = file.Sync();
    if (!written.ok()) return written;
    if (rested) rest = std::min(kRestFactor * (absl::Now() - start), kLongestRest);
  }
  return absl::OkStatus();
}

}  // namespace plumbline::store
