#include "server/store/memory/memory_log_store.h"

#include "absl/strings/str_cat.h"
#include "server/base/sha256.h"
#include "server/store/limits.h"

namespace plumbline::store {
namespace {

StoredEntry PartsOf(const StoredEntry& stored, Parts parts) {
  if (parts == Parts::kAll) return stored;
  StoredEntry entry;
  entry.index = stored.index;
  entry.leaf = stored.leaf;
  if (parts == Parts::kLeaf) return entry;
  entry.wrapped_key = stored.wrapped_key;
  if (stored.wrapped_key.has_value()) entry.details = stored.details;
  return entry;
}

std::string EntryPlace(uint64_t index) { return absl::StrCat("memory, entry ", index); }

}  // namespace

uint64_t MemoryLogStore::size() const {
  absl::ReaderMutexLock lock(&mutex_);
  return entries_.size();
}

absl::Status MemoryLogStore::BeforeWrite() {
  if (!broken_.ok()) return broken_;
  if (writes_until_failure_ == 0 || --writes_until_failure_ > 0) return absl::OkStatus();
  if (!absl::IsResourceExhausted(next_failure_)) broken_ = next_failure_;
  return next_failure_;
}

absl::Status MemoryLogStore::Append(uint64_t first_index, absl::Span<const NewEntry> entries) {
  absl::MutexLock lock(&mutex_);
  absl::Status checked = CheckAppend(entries_.size(), first_index, entries);
  if (!checked.ok()) return checked;
  if (absl::Status failure = BeforeWrite(); !failure.ok()) return failure;
  for (const NewEntry& entry : entries) {
    StoredEntry stored;
    stored.index = entries_.size();
    stored.leaf = std::string(entry.leaf);
    stored.wrapped_key = entry.wrapped_key;
    stored.details = std::string(entry.details);
    stored.payload = std::string(entry.payload);
    entries_.push_back({std::move(stored), false});
  }
  return absl::OkStatus();
}

absl::Status MemoryLogStore::RequireEntry(uint64_t index) const {
  return index < entries_.size() ? absl::OkStatus() : NoSuchEntry(index, entries_.size());
}

absl::StatusOr<StoredEntry> MemoryLogStore::ReadLocked(uint64_t index, Parts parts) const {
  if (absl::Status found = RequireEntry(index); !found.ok()) return found;
  const Entry& entry = entries_[index];
  if (entry.damaged) {
    return absl::DataLossError(absl::StrCat(EntryPlace(index), ": the leaf is damaged"));
  }
  return PartsOf(entry.stored, parts);
}

absl::StatusOr<StoredEntry> MemoryLogStore::Read(uint64_t index, Parts parts) const {
  absl::ReaderMutexLock lock(&mutex_);
  return ReadLocked(index, parts);
}

absl::Status MemoryLogStore::Scan(uint64_t first, uint64_t count, Parts parts,
                                  absl::FunctionRef<bool(StoredEntry)> visit) const {
  for (uint64_t i = 0; i < count; ++i) {
    // Not under one lock: `visit` may call the store.
    absl::StatusOr<StoredEntry> entry = Read(first + i, parts);
    if (!entry.ok()) return entry.status();
    if (!visit(*std::move(entry))) break;
  }
  return absl::OkStatus();
}

absl::Status MemoryLogStore::DestroyKeys(absl::Span<const uint64_t> indices) {
  absl::MutexLock lock(&mutex_);
  for (const uint64_t index : indices) {
    if (absl::Status found = RequireEntry(index); !found.ok()) return found;
  }
  if (absl::Status failure = BeforeWrite(); !failure.ok()) return failure;
  for (const uint64_t index : indices) entries_[index].stored.wrapped_key.reset();
  return absl::OkStatus();
}

absl::Status MemoryLogStore::ReplaceKeys(absl::Span<const std::pair<uint64_t, WrappedKey>> keys) {
  absl::MutexLock lock(&mutex_);
  for (const auto& [index, key] : keys) {
    if (absl::Status found = RequireEntry(index); !found.ok()) return found;
    if (!entries_[index].stored.wrapped_key.has_value()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the key of entry ", index, " is destroyed; it cannot be replaced"));
    }
  }
  if (absl::Status failure = BeforeWrite(); !failure.ok()) return failure;
  for (const auto& [index, key] : keys) entries_[index].stored.wrapped_key = key;
  return absl::OkStatus();
}

absl::Status MemoryLogStore::WriteTile(int level, uint64_t number, absl::string_view hashes) {
  if (absl::Status checked = CheckTile(level, hashes); !checked.ok()) return checked;
  absl::MutexLock lock(&mutex_);
  if (const auto found = tiles_.find({level, number}); found != tiles_.end()) {
    if (absl::string_view(found->second) == hashes) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat("memory, tile ", level, "/", number, ": there are other hashes already"));
  }
  if (absl::Status failure = BeforeWrite(); !failure.ok()) return failure;
  tiles_[{level, number}] = std::string(hashes);
  return absl::OkStatus();
}

absl::StatusOr<std::string> MemoryLogStore::ReadTile(int level, uint64_t number) const {
  if (absl::Status checked = CheckTilePlace(level); !checked.ok()) return checked;
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = tiles_.find({level, number});
  if (found != tiles_.end()) return found->second;
  return absl::NotFoundError(absl::StrCat("no tile ", level, "/", number));
}

absl::Status MemoryLogStore::PutDocument(absl::string_view name, absl::string_view bytes) {
  if (absl::Status checked = CheckDocumentName(name); !checked.ok()) return checked;
  absl::MutexLock lock(&mutex_);
  if (absl::Status failure = BeforeWrite(); !failure.ok()) return failure;
  documents_[std::string(name)] = std::string(bytes);
  return absl::OkStatus();
}

absl::StatusOr<std::string> MemoryLogStore::GetDocument(absl::string_view name) const {
  if (absl::Status checked = CheckDocumentName(name); !checked.ok()) return checked;
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = documents_.find(std::string(name));
  if (found != documents_.end()) return found->second;
  return absl::NotFoundError(absl::StrCat("no document \"", name, "\""));
}

absl::StatusOr<std::string> MemoryLogStore::PutObject(absl::string_view bytes) {
  std::string digest = ToHex(Sha256Of(bytes));
  absl::MutexLock lock(&mutex_);
  if (objects_.count(digest) > 0) return digest;
  if (absl::Status failure = BeforeWrite(); !failure.ok()) return failure;
  objects_[digest] = std::string(bytes);
  return digest;
}

absl::StatusOr<std::string> MemoryLogStore::GetObject(absl::string_view digest) const {
  if (absl::Status checked = CheckDigest(digest); !checked.ok()) return checked;
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = objects_.find(std::string(digest));
  if (found != objects_.end()) return found->second;
  return absl::NotFoundError(absl::StrCat("no object ", digest));
}

absl::StatusOr<std::vector<std::string>> MemoryLogStore::ListObjects() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<std::string> digests;
  for (const auto& [digest, bytes] : objects_) digests.push_back(digest);
  return digests;
}

uint64_t MemoryLogStore::UsedBytes() const {
  uint64_t used = 0;
  for (const Entry& entry : entries_) {
    used += entry.stored.leaf.size() + kWrappedKeyBytes + entry.stored.details.size() +
            entry.stored.payload.size();
  }
  for (const auto& [place, hashes] : tiles_) used += hashes.size();
  for (const auto& [name, bytes] : documents_) used += bytes.size();
  for (const auto& [digest, bytes] : objects_) used += bytes.size();
  return used;
}

absl::StatusOr<Space> MemoryLogStore::GetSpace() const {
  absl::ReaderMutexLock lock(&mutex_);
  return Space{free_bytes_, UsedBytes()};
}

absl::Status MemoryLogStore::Check(absl::FunctionRef<void(const Problem&)> report) const {
  std::vector<Problem> problems;
  {
    absl::ReaderMutexLock lock(&mutex_);
    for (const Entry& entry : entries_) {
      if (!entry.damaged) continue;
      problems.push_back(
          {EntryPlace(entry.stored.index), "the leaf is damaged", entry.stored.index});
    }
  }
  for (const Problem& problem : problems) report(problem);
  return absl::OkStatus();
}

void MemoryLogStore::FailWrite(int n, absl::Status error) {
  absl::MutexLock lock(&mutex_);
  writes_until_failure_ = n;
  next_failure_ = std::move(error);
}

void MemoryLogStore::Recover() {
  absl::MutexLock lock(&mutex_);
  broken_ = absl::OkStatus();
  writes_until_failure_ = 0;
}

void MemoryLogStore::SetFreeBytes(uint64_t free_bytes) {
  absl::MutexLock lock(&mutex_);
  free_bytes_ = free_bytes;
}

void MemoryLogStore::DamageEntry(uint64_t index) {
  absl::MutexLock lock(&mutex_);
  entries_.at(index).damaged = true;
}

void MemoryLogStore::DamageDetails(uint64_t index) {
  absl::MutexLock lock(&mutex_);
  entries_.at(index).stored.details.at(0) ^= 1;
}

}  // namespace plumbline::store
