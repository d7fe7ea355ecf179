#include "server/store/segment/acknowledged_mark.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::store {
namespace {

// Two copies, written in turn: one that is cut short leaves the other. Each in a sector of its own.
constexpr uint64_t kSlots = 2;
constexpr uint64_t kSlotBytes = 512;
constexpr absl::string_view kMagic = "PLUMMARK";
constexpr size_t kCheckedBytes = 16;
constexpr size_t kUsedBytes = kCheckedBytes + sizeof(uint64_t);

std::string EncodeSlot(uint64_t size, uint64_t seed) {
  std::string out(kMagic);
  AppendU64(size, &out);
  AppendU64(Checksum(out, seed), &out);
  out.resize(kSlotBytes, '\0');
  return out;
}

std::optional<uint64_t> DecodeSlot(absl::string_view bytes, uint64_t seed) {
  if (bytes.size() < kSlotBytes || bytes.substr(0, kMagic.size()) != kMagic ||
      GetU64(bytes, kCheckedBytes) != Checksum(bytes.substr(0, kCheckedBytes), seed) ||
      FindNonZero(bytes.substr(kUsedBytes, kSlotBytes - kUsedBytes)).has_value()) {
    return std::nullopt;
  }
  return GetU64(bytes, kMagic.size());
}

absl::StatusOr<std::string> ReadSlots(const File& file) {
  std::string bytes(kSlots * kSlotBytes + 1, '\0');
  const absl::StatusOr<size_t> got = file.Read(0, bytes.size(), bytes.data());
  if (!got.ok()) return got.status();
  bytes.resize(*got);
  return bytes;
}

absl::string_view SlotOf(absl::string_view bytes, uint64_t slot) {
  return bytes.substr(std::min<size_t>(bytes.size(), slot * kSlotBytes), kSlotBytes);
}

}  // namespace

absl::Status AcknowledgedMark::Create(FileSystem& files, const std::string& path, uint64_t seed) {
  absl::StatusOr<std::unique_ptr<File>> file = files.Open(path, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  return AcknowledgedMark(*std::move(file), seed).Restore(0);
}

absl::StatusOr<std::unique_ptr<AcknowledgedMark>> AcknowledgedMark::Open(FileSystem& files,
                                                                         const std::string& path,
                                                                         uint64_t seed) {
  absl::StatusOr<std::unique_ptr<File>> file = files.Open(path, OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  const absl::StatusOr<std::string> bytes = ReadSlots(**file);
  if (!bytes.ok()) return bytes.status();
  std::unique_ptr<AcknowledgedMark> mark(new AcknowledgedMark(*std::move(file), seed));
  for (uint64_t slot = 0; slot < kSlots; ++slot) {
    const std::optional<uint64_t> size = DecodeSlot(SlotOf(*bytes, slot), seed);
    if (size.has_value()) mark->size_ = std::max(mark->size_, *size);
  }
  return mark;
}

absl::Status AcknowledgedMark::WriteSlot(uint64_t slot, uint64_t size) {
  const std::string bytes = EncodeSlot(size, seed_);
  const absl::string_view part = bytes;
  return file_->Write(slot * kSlotBytes, {&part, 1});
}

absl::Status AcknowledgedMark::Set(uint64_t size) {
  absl::Status written = WriteSlot(next_slot_, size);
  if (!written.ok()) return written;
  next_slot_ = (next_slot_ + 1) % kSlots;
  size_ = size;
  return absl::OkStatus();
}

absl::Status AcknowledgedMark::Restore(uint64_t size) {
  absl::Status written = file_->Resize(kSlots * kSlotBytes);
  for (uint64_t slot = 0; slot < kSlots && written.ok(); ++slot) written = WriteSlot(slot, size);
  if (written.ok()) written = file_->Sync();
  if (written.ok()) size_ = size;
  return written;
}

absl::StatusOr<std::optional<Damage>> AcknowledgedMark::Check(std::optional<uint64_t> size) const {
  const absl::StatusOr<std::string> bytes = ReadSlots(*file_);
  if (!bytes.ok()) return bytes.status();
  if (bytes->size() != kSlots * kSlotBytes) {
    return Damage{bytes->size(), "the file must have 1024 bytes"};
  }
  uint64_t largest = 0;
  for (uint64_t slot = 0; slot < kSlots; ++slot) {
    const std::optional<uint64_t> found = DecodeSlot(SlotOf(*bytes, slot), seed_);
    if (!found.has_value()) return Damage{slot * kSlotBytes, "the mark is damaged"};
    largest = std::max(largest, *found);
  }
  if (size.has_value() && largest != *size) {
    return Damage{0, absl::StrCat("the mark says ", largest, " entries, the log has ", *size)};
  }
  return std::nullopt;
}

}  // namespace plumbline::store
