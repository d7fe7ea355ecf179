#include "tests/testing/store/overlay_file_system.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::testing {

using store::File;
using store::FileLock;
using store::FolderEntry;
using store::OpenMode;

namespace {

constexpr uint64_t kFreeBytes = uint64_t{1} << 40;

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

absl::Status NotFound(const std::string& path) {
  return absl::NotFoundError(absl::StrCat("cannot open ", path, ": No such file or directory"));
}

class OverlayFile : public File {
 public:
  explicit OverlayFile(std::shared_ptr<OverlayFileSystem::Inode> inode)
      : inode_(std::move(inode)) {}

  absl::Status Write(uint64_t offset, absl::Span<const absl::string_view> parts) override {
    std::string& bytes = inode_->Writable();
    for (const absl::string_view part : parts) {
      if (bytes.size() < offset + part.size()) bytes.resize(offset + part.size(), '\0');
      std::memcpy(bytes.data() + offset, part.data(), part.size());
      offset += part.size();
    }
    return absl::OkStatus();
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::StatusOr<size_t> Read(uint64_t offset, size_t size, char* out) const override {
    const std::string& bytes = inode_->bytes();
    if (offset >= bytes.size()) return 0;
    const size_t count = std::min<uint64_t>(size, bytes.size() - offset);
    std::memcpy(out, bytes.data() + offset, count);
    return count;
  }
  absl::StatusOr<uint64_t> Size() const override { return inode_->bytes().size(); }
  absl::Status Resize(uint64_t size) override {
    inode_->Writable().resize(size, '\0');
    return absl::OkStatus();
  }
  absl::Status Reserve(uint64_t size) override { return Resize(size); }

 private:
  const std::shared_ptr<OverlayFileSystem::Inode> inode_;
};

}  // namespace

Snapshot TakeSnapshot(const std::string& folder) {
  Snapshot snapshot{folder, {folder}, {}};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) {
      snapshot.folders.insert(entry.path().string());
      continue;
    }
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    snapshot.files[entry.path().string()] = bytes.str();
  }
  return snapshot;
}

std::string& OverlayFileSystem::Inode::Writable() {
  if (original != nullptr) own = *original;
  original = nullptr;
  return own;
}

OverlayFileSystem::OverlayFileSystem(const Snapshot* snapshot) : folders_(snapshot->folders) {
  for (const auto& [path, bytes] : snapshot->files) {
    files_[path] = std::make_shared<Inode>(Inode{&bytes, {}});
  }
}

void OverlayFileSystem::Put(const std::string& path, std::string bytes) {
  files_[path] = std::make_shared<Inode>(Inode{nullptr, std::move(bytes)});
}

absl::StatusOr<std::unique_ptr<File>> OverlayFileSystem::Open(const std::string& path,
                                                              OpenMode mode) {
  if (folders_.count(ParentOf(path)) == 0) return NotFound(path);
  if (mode == OpenMode::kCreate) Put(path, "");
  const auto found = files_.find(path);
  if (found == files_.end()) return NotFound(path);
  return std::make_unique<OverlayFile>(found->second);
}

absl::Status OverlayFileSystem::Rename(const std::string& from, const std::string& to) {
  const auto found = files_.find(from);
  if (found == files_.end() || folders_.count(ParentOf(to)) == 0) return NotFound(from);
  files_[to] = found->second;
  files_.erase(from);
  return absl::OkStatus();
}

absl::Status OverlayFileSystem::Remove(const std::string& path) {
  return files_.erase(path) > 0 ? absl::OkStatus() : NotFound(path);
}

absl::Status OverlayFileSystem::MakeFolder(const std::string& path) {
  folders_.insert(path);
  return absl::OkStatus();
}

absl::Status OverlayFileSystem::SyncFolder(const std::string& path) {
  return folders_.count(path) > 0 ? absl::OkStatus() : NotFound(path);
}

absl::StatusOr<std::vector<FolderEntry>> OverlayFileSystem::List(const std::string& path) {
  if (folders_.count(path) == 0) return NotFound(path);
  std::vector<FolderEntry> entries;
  for (const std::string& folder : folders_) {
    if (ParentOf(folder) == path) entries.push_back({folder.substr(path.size() + 1), true, 0});
  }
  for (const auto& [file, inode] : files_) {
    if (ParentOf(file) != path) continue;
    entries.push_back({file.substr(path.size() + 1), false, inode->bytes().size()});
  }
  std::sort(entries.begin(), entries.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return entries;
}

absl::StatusOr<std::unique_ptr<FileLock>> OverlayFileSystem::Lock(const std::string&) {
  return std::make_unique<FileLock>();
}

absl::StatusOr<uint64_t> OverlayFileSystem::FreeBytes(const std::string&) { return kFreeBytes; }

}  // namespace plumbline::testing
