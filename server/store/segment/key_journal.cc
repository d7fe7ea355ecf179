#include "server/store/segment/key_journal.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace plumbline::store {
namespace {

constexpr absl::string_view kMagic = "PLUMKEYS";
// Magic, number of changes, checksum of all that follows and of the number.
constexpr size_t kHeadBytes = 24;
constexpr size_t kChangeBytes = 24 + kKeyAreaBytes;
constexpr uint64_t kFileBytes = AlignUp(kHeadBytes + KeyJournal::kMaxChanges * kChangeBytes, 4'096);

absl::Status WriteZeros(File& file) {
  const std::string zeros(kFileBytes, '\0');
  const absl::string_view part = zeros;
  absl::Status written = file.Write(0, {&part, 1});
  if (written.ok()) written = file.Sync();
  return written;
}

uint64_t ChecksumOf(absl::string_view changes, uint64_t count, uint64_t seed) {
  return Checksum(changes, seed ^ count);
}

}  // namespace

absl::Status KeyJournal::Create(FileSystem& files, const std::string& path) {
  absl::StatusOr<std::unique_ptr<File>> file = files.Open(path, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  return WriteZeros(**file);
}

absl::StatusOr<std::unique_ptr<KeyJournal>> KeyJournal::Open(FileSystem& files,
                                                             const std::string& path,
                                                             uint64_t seed) {
  absl::StatusOr<std::unique_ptr<File>> file = files.Open(path, OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  return std::unique_ptr<KeyJournal>(new KeyJournal(*std::move(file), seed));
}

absl::StatusOr<std::vector<KeyChange>> KeyJournal::Read() const {
  std::string bytes(kFileBytes, '\0');
  const absl::StatusOr<size_t> got = file_->Read(0, bytes.size(), bytes.data());
  if (!got.ok()) return got.status();
  const absl::string_view all = bytes;
  const uint64_t count = GetU64(all, kMagic.size());
  if (all.substr(0, kMagic.size()) != kMagic || count > kMaxChanges) {
    return std::vector<KeyChange>();
  }
  const absl::string_view records = all.substr(kHeadBytes, count * kChangeBytes);
  if (GetU64(all, 16) != ChecksumOf(records, count, seed_)) return std::vector<KeyChange>();
  std::vector<KeyChange> changes;
  for (size_t i = 0; i < count; ++i) {
    const absl::string_view record = records.substr(i * kChangeBytes, kChangeBytes);
    changes.push_back(
        {GetU64(record, 0), GetU64(record, 8), GetU64(record, 16), std::string(record.substr(24))});
  }
  return changes;
}

absl::Status KeyJournal::Write(absl::Span<const KeyChange> changes) {
  std::string records;
  for (const KeyChange& change : changes) {
    AppendU64(change.sequence, &records);
    AppendU64(change.offset, &records);
    AppendU64(change.index, &records);
    records += change.area;
  }
  std::string head(kMagic);
  AppendU64(changes.size(), &head);
  AppendU64(ChecksumOf(records, changes.size(), seed_), &head);
  const absl::string_view parts[] = {head, records};
  absl::Status written = file_->Write(0, parts);
  if (written.ok()) written = file_->Sync();
  return written;
}

absl::Status KeyJournal::Empty() { return WriteZeros(*file_); }

absl::StatusOr<std::optional<Damage>> KeyJournal::Check() const {
  const absl::StatusOr<uint64_t> size = file_->Size();
  if (!size.ok()) return size.status();
  if (*size != kFileBytes) {
    return Damage{*size, absl::StrCat("the journal must have ", kFileBytes, " bytes")};
  }
  const absl::StatusOr<std::optional<uint64_t>> found = FindNonZeroIn(*file_, 0);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return std::nullopt;
  return Damage{**found, "the journal of key changes is not empty"};
}

}  // namespace plumbline::store
