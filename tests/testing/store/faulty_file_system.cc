#include "tests/testing/store/faulty_file_system.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plumbline::testing {

using store::File;

class FaultyFile : public File {
 public:
  FaultyFile(FaultyFileSystem* files, std::string path, std::unique_ptr<File> file)
      : files_(files), path_(std::move(path)), file_(std::move(file)) {}

  absl::Status Write(uint64_t offset, absl::Span<const absl::string_view> parts) override {
    bool half = false;
    const absl::Status failure = files_->Before(Operation::kWrite, path_, &half);
    if (failure.ok()) return file_->Write(offset, parts);
    if (half) {
      const std::string all = absl::StrJoin(parts, "");
      const absl::string_view part = absl::string_view(all).substr(0, all.size() / 2);
      file_->Write(offset, {&part, 1}).IgnoreError();
    }
    return failure;
  }
  absl::Status Sync() override {
    absl::Status failure = files_->Before(Operation::kSync, path_);
    return failure.ok() ? file_->Sync() : failure;
  }
  absl::StatusOr<size_t> Read(uint64_t offset, size_t size, char* out) const override {
    absl::Status failure = files_->Before(Operation::kRead, path_);
    if (!failure.ok()) return failure;
    return file_->Read(offset, size, out);
  }
  absl::StatusOr<uint64_t> Size() const override { return file_->Size(); }
  absl::Status Resize(uint64_t size) override {
    absl::Status failure = files_->Before(Operation::kResize, path_);
    return failure.ok() ? file_->Resize(size) : failure;
  }
  absl::Status Reserve(uint64_t size) override {
    absl::Status failure = files_->Before(Operation::kResize, path_);
    return failure.ok() ? file_->Reserve(size) : failure;
  }
  void WritePastCache() override { file_->WritePastCache(); }
  absl::Status PastCacheStatus() const override { return file_->PastCacheStatus(); }

 private:
  FaultyFileSystem* const files_;
  const std::string path_;
  const std::unique_ptr<File> file_;
};

void FaultyFileSystem::Arm(const Fault& fault) {
  absl::MutexLock lock(&mutex_);
  armed_ = true;
  fault_ = fault;
  count_ = 0;
}

void FaultyFileSystem::Disarm() {
  absl::MutexLock lock(&mutex_);
  armed_ = false;
}

bool FaultyFileSystem::has_struck() const {
  absl::MutexLock lock(&mutex_);
  return count_ >= fault_.n;
}

absl::Status FaultyFileSystem::Before(Operation operation, const std::string& path, bool* half) {
  if (before_change_ != nullptr && operation != Operation::kRead) before_change_();
  absl::MutexLock lock(&mutex_);
  if (!armed_ || operation != fault_.operation) return absl::OkStatus();
  ++count_;
  const bool strikes = fault_.sticky ? count_ >= fault_.n : count_ == fault_.n;
  if (!strikes) return absl::OkStatus();
  if (half != nullptr) *half = fault_.half_written;
  return absl::Status(fault_.error.code(), absl::StrCat(path, ": ", fault_.error.message()));
}

absl::StatusOr<std::unique_ptr<File>> FaultyFileSystem::Open(const std::string& path,
                                                             store::OpenMode mode) {
  // Opening for reading is not what these tests are about.
  if (mode != store::OpenMode::kRead) {
    absl::Status failure = Before(Operation::kOpen, path);
    if (!failure.ok()) return failure;
  }
  absl::StatusOr<std::unique_ptr<File>> file = files_->Open(path, mode);
  if (!file.ok()) return file.status();
  return std::make_unique<FaultyFile>(this, path, *std::move(file));
}

absl::Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::Status failure = Before(Operation::kRename, to);
  return failure.ok() ? files_->Rename(from, to) : failure;
}

absl::Status FaultyFileSystem::Remove(const std::string& path) {
  absl::Status failure = Before(Operation::kRemove, path);
  return failure.ok() ? files_->Remove(path) : failure;
}

absl::Status FaultyFileSystem::MakeFolder(const std::string& path) {
  absl::Status failure = Before(Operation::kFolder, path);
  return failure.ok() ? files_->MakeFolder(path) : failure;
}

absl::Status FaultyFileSystem::SyncFolder(const std::string& path) {
  absl::Status failure = Before(Operation::kSync, path);
  return failure.ok() ? files_->SyncFolder(path) : failure;
}

absl::StatusOr<std::vector<store::FolderEntry>> FaultyFileSystem::List(const std::string& path) {
  return files_->List(path);
}

absl::StatusOr<std::unique_ptr<store::FileLock>> FaultyFileSystem::Lock(const std::string& path) {
  return files_->Lock(path);
}

absl::StatusOr<uint64_t> FaultyFileSystem::FreeBytes(const std::string& path) {
  return files_->FreeBytes(path);
}

}  // namespace plumbline::testing
