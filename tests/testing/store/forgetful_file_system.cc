#include "tests/testing/store/forgetful_file_system.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace plumbline::testing {

using store::File;
using store::FileLock;
using store::FolderEntry;
using store::OpenMode;

namespace {

constexpr size_t kSectorBytes = 512;

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

absl::Status NotFound(const std::string& path) {
  return absl::NotFoundError(absl::StrCat("cannot open ", path, ": no such file"));
}

// Sector by sector either as synced or as it is.
std::string MixSectors(const ForgetfulFileSystem::Inode& inode, std::mt19937_64& random) {
  std::string mixed = inode.synced;
  mixed.resize(random() % 2 == 0 ? inode.synced.size() : inode.bytes.size(), '\0');
  for (size_t begin = 0; begin < std::min(mixed.size(), inode.bytes.size());
       begin += kSectorBytes) {
    if (random() % 2 == 0) continue;
    const size_t count = std::min({kSectorBytes, mixed.size() - begin, inode.bytes.size() - begin});
    mixed.replace(begin, count, inode.bytes, begin, count);
  }
  return mixed;
}

}  // namespace

class ForgetfulFile : public File {
 public:
  ForgetfulFile(ForgetfulFileSystem* files, std::string path,
                std::shared_ptr<ForgetfulFileSystem::Inode> inode)
      : files_(files), path_(std::move(path)), inode_(std::move(inode)) {}

  absl::Status Write(uint64_t offset, absl::Span<const absl::string_view> parts) override {
    absl::MutexLock lock(&files_->mutex_);
    for (const absl::string_view part : parts) {
      const uint64_t end = offset + part.size();
      if (end > inode_->bytes.size()) {
        absl::Status grown = files_->Grow(inode_->bytes.size(), end);
        if (!grown.ok()) return grown;
        inode_->bytes.resize(end, '\0');
      }
      std::memcpy(inode_->bytes.data() + offset, part.data(), part.size());
      offset = end;
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    absl::MutexLock lock(&files_->mutex_);
    inode_->synced = inode_->bytes;
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> Read(uint64_t offset, size_t size, char* out) const override {
    absl::MutexLock lock(&files_->mutex_);
    if (offset >= inode_->bytes.size()) return 0;
    const size_t count = std::min<uint64_t>(size, inode_->bytes.size() - offset);
    std::memcpy(out, inode_->bytes.data() + offset, count);
    return count;
  }

  absl::StatusOr<uint64_t> Size() const override {
    absl::MutexLock lock(&files_->mutex_);
    return inode_->bytes.size();
  }

  absl::Status Resize(uint64_t size) override {
    absl::MutexLock lock(&files_->mutex_);
    absl::Status grown = files_->Grow(inode_->bytes.size(), size);
    if (grown.ok()) inode_->bytes.resize(size, '\0');
    return grown;
  }

  absl::Status Reserve(uint64_t size) override { return Resize(size); }

 private:
  ForgetfulFileSystem* const files_;
  const std::string path_;
  const std::shared_ptr<ForgetfulFileSystem::Inode> inode_;
};

class ForgetfulLock : public FileLock {
 public:
  ForgetfulLock(ForgetfulFileSystem* files, std::string path)
      : files_(files), path_(std::move(path)) {}
  ~ForgetfulLock() override {
    absl::MutexLock lock(&files_->mutex_);
    files_->locks_.erase(path_);
  }

 private:
  ForgetfulFileSystem* const files_;
  const std::string path_;
};

uint64_t ForgetfulFileSystem::UsedBytes() const {
  uint64_t used = 0;
  for (const auto& [path, inode] : names_) used += inode->bytes.size();
  return used;
}

absl::Status ForgetfulFileSystem::Grow(uint64_t from, uint64_t to) {
  if (to <= from || UsedBytes() + (to - from) <= quota_) return absl::OkStatus();
  return absl::ResourceExhaustedError("no space left (quota of the test)");
}

absl::StatusOr<std::unique_ptr<File>> ForgetfulFileSystem::Open(const std::string& path,
                                                                OpenMode mode) {
  absl::MutexLock lock(&mutex_);
  if (folders_.count(ParentOf(path)) == 0) return NotFound(path);
  std::shared_ptr<Inode>& inode = names_[path];
  if (inode == nullptr && mode != OpenMode::kCreate) {
    names_.erase(path);
    return NotFound(path);
  }
  if (inode == nullptr) inode = std::make_shared<Inode>();
  if (mode == OpenMode::kCreate) inode->bytes.clear();
  return std::make_unique<ForgetfulFile>(this, path, inode);
}

absl::Status ForgetfulFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  const auto found = names_.find(from);
  if (found == names_.end() || folders_.count(ParentOf(to)) == 0) return NotFound(from);
  const std::shared_ptr<Inode> inode = found->second;
  names_.erase(found);
  names_[to] = inode;
  return absl::OkStatus();
}

absl::Status ForgetfulFileSystem::Remove(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  return names_.erase(path) > 0 ? absl::OkStatus() : NotFound(path);
}

absl::Status ForgetfulFileSystem::MakeFolder(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  // The first one hangs in the air.
  if (!folders_.empty() && folders_.count(ParentOf(path)) == 0 && folders_.count(path) == 0) {
    return NotFound(path);
  }
  if (folders_.empty()) synced_folders_.insert(path);
  folders_.insert(path);
  return absl::OkStatus();
}

absl::Status ForgetfulFileSystem::SyncFolder(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (folders_.count(path) == 0) return NotFound(path);
  for (const std::string& folder : folders_) {
    if (ParentOf(folder) == path) synced_folders_.insert(folder);
  }
  for (auto name = synced_names_.begin(); name != synced_names_.end();) {
    name = ParentOf(name->first) == path ? synced_names_.erase(name) : std::next(name);
  }
  for (const auto& [name, inode] : names_) {
    if (ParentOf(name) == path) synced_names_[name] = inode;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FolderEntry>> ForgetfulFileSystem::List(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (folders_.count(path) == 0) return NotFound(path);
  std::vector<FolderEntry> entries;
  for (const std::string& folder : folders_) {
    if (ParentOf(folder) == path) entries.push_back({folder.substr(path.size() + 1), true, 0});
  }
  for (const auto& [name, inode] : names_) {
    if (ParentOf(name) != path) continue;
    entries.push_back({name.substr(path.size() + 1), false, inode->bytes.size()});
  }
  std::sort(entries.begin(), entries.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return entries;
}

absl::StatusOr<std::unique_ptr<FileLock>> ForgetfulFileSystem::Lock(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (!locks_.insert(path).second) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store is open in process 1 (lock on ", path, "); stop it first"));
  }
  return std::make_unique<ForgetfulLock>(this, path);
}

absl::StatusOr<uint64_t> ForgetfulFileSystem::FreeBytes(const std::string&) {
  absl::MutexLock lock(&mutex_);
  return quota_ - std::min(quota_, UsedBytes());
}

std::unique_ptr<ForgetfulFileSystem> ForgetfulFileSystem::AfterPowerCut(PowerCut kind,
                                                                        uint64_t seed) const {
  std::mt19937_64 random(seed);
  const auto is_kept = [kind, &random] {
    return kind == PowerCut::kEverything || (kind == PowerCut::kSectors && random() % 2 == 0);
  };
  auto after = std::make_unique<ForgetfulFileSystem>();
  absl::MutexLock lock(&mutex_);
  absl::MutexLock after_lock(&after->mutex_);
  for (const std::string& folder : folders_) {  // sorted: parents first
    const bool has_parent = after->folders_.empty() || after->folders_.count(ParentOf(folder)) > 0;
    if (has_parent && (synced_folders_.count(folder) > 0 || is_kept())) {
      after->folders_.insert(folder);
    }
  }
  Names names = synced_names_;
  for (const auto& [name, inode] : names_) {
    const auto synced = synced_names_.find(name);
    if ((synced == synced_names_.end() || synced->second != inode) && is_kept()) {
      names[name] = inode;
    }
  }
  for (const auto& [name, inode] : synced_names_) {
    if (names_.count(name) == 0 && is_kept()) names.erase(name);
  }
  for (const auto& [name, inode] : names) {
    if (after->folders_.count(ParentOf(name)) == 0) continue;
    auto left = std::make_shared<Inode>();
    left->bytes = kind == PowerCut::kNothing      ? inode->synced
                  : kind == PowerCut::kEverything ? inode->bytes
                                                  : MixSectors(*inode, random);
    left->synced = left->bytes;
    after->names_[name] = std::move(left);
  }
  after->synced_names_ = after->names_;
  after->synced_folders_ = after->folders_;
  after->quota_ = quota_;
  return after;
}

std::unique_ptr<ForgetfulFileSystem> ForgetfulFileSystem::Copy() const {
  return AfterPowerCut(PowerCut::kEverything, 0);
}

void ForgetfulFileSystem::SetQuota(uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  quota_ = bytes;
}

std::vector<std::string> ForgetfulFileSystem::Paths() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, inode] : names_) paths.push_back(path);
  return paths;
}

std::string ForgetfulFileSystem::Contents(const std::string& path) const {
  absl::MutexLock lock(&mutex_);
  return names_.at(path)->bytes;
}

void ForgetfulFileSystem::SetContents(const std::string& path, const std::string& bytes) {
  absl::MutexLock lock(&mutex_);
  std::shared_ptr<Inode>& inode = names_[path];
  if (inode == nullptr) inode = std::make_shared<Inode>();
  inode->bytes = inode->synced = bytes;
}

void ForgetfulFileSystem::FlipBit(const std::string& path, size_t offset, int bit) {
  absl::MutexLock lock(&mutex_);
  char& byte = names_.at(path)->bytes.at(offset);
  byte = static_cast<char>(byte ^ (1 << bit));
}

}  // namespace plumbline::testing
