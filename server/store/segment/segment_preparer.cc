#include "server/store/segment/segment_preparer.h"

#include <algorithm>
#include <utility>

namespace plumbline::store {
namespace {

// Synced one by one, so that an append next to it never waits for a long write.
constexpr uint64_t kChunkBytes = uint64_t{1} << 20;

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

bool SegmentPreparer::stopping() const {
  absl::MutexLock lock(&mutex_);
  return state_ == State::kStopping;
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
    absl::StatusOr<std::unique_ptr<File>> file = Make(bytes_);
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
    mutex_.Await(absl::Condition(&is_at_rest));
    std::unique_ptr<File> file = std::move(ready_);
    state_ = State::kIdle;
    if (file != nullptr && bytes <= bytes_) return file;
  }
  return Make(std::max(bytes, bytes_));
}

absl::StatusOr<std::unique_ptr<File>> SegmentPreparer::Make(uint64_t bytes) {
  absl::StatusOr<std::unique_ptr<File>> file = files_->Open(path_, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  absl::Status made = (*file)->Reserve(bytes);
  if (made.ok()) made = FillWithZeros(**file, bytes);
  if (made.ok()) return file;
  files_->Remove(path_).IgnoreError();
  return made;
}

absl::Status SegmentPreparer::FillWithZeros(File& file, uint64_t bytes) {
  const std::string zeros(std::min(bytes, kChunkBytes), '\0');
  for (uint64_t offset = 0; offset < bytes; offset += zeros.size()) {
    if (stopping()) return absl::CancelledError("the store is being closed");
    const absl::string_view part =
        absl::string_view(zeros).substr(0, std::min<uint64_t>(zeros.size(), bytes - offset));
    absl::Status written = file.Write(offset, {&part, 1});
    if (written.ok()) written = file.Sync();
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

}  // namespace plumbline::store
