#include "server/audit/erasure.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/audit/bytes.h"

namespace plumbline::audit {
namespace {

constexpr char kListVersion = 1;
constexpr size_t kUuidBytes = 16;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("list of erased records: ", what));
}

}  // namespace

std::string EncodeErasedIndices(absl::Span<const uint64_t> indices) {
  std::string out(1, kListVersion);
  AppendVarint(out, indices.size());
  uint64_t next = 0;
  for (const uint64_t index : indices) {
    AppendVarint(out, index - next);
    next = index + 1;
  }
  return out;
}

absl::StatusOr<std::vector<uint64_t>> DecodeErasedIndices(absl::string_view bytes) {
  if (bytes.empty() || bytes[0] != kListVersion) return Damaged("not of version 1");
  bytes.remove_prefix(1);
  uint64_t count = 0;
  if (!TakeVarint(bytes, count) || count > bytes.size()) return Damaged("wrong number of records");
  std::vector<uint64_t> indices;
  indices.reserve(count);
  uint64_t next = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t skipped = 0;
    if (!TakeVarint(bytes, skipped) || skipped >= UINT64_MAX - next) {
      return Damaged(absl::StrCat("index ", i, " is damaged"));
    }
    indices.push_back(next + skipped);
    next += skipped + 1;
  }
  if (!bytes.empty()) return Damaged("bytes after its end");
  return indices;
}

std::string EncodePendingErasure(const PendingErasure& pending) {
  std::string out(1, kListVersion);
  out.append(reinterpret_cast<const char*>(pending.record_id.bytes.data()), kUuidBytes);
  AppendUint64(out, pending.from_index);
  return out;
}

absl::StatusOr<PendingErasure> DecodePendingErasure(absl::string_view bytes) {
  if (bytes.size() != 1 + kUuidBytes + 8 || bytes[0] != kListVersion) {
    return absl::DataLossError("note of an erasure under way: damaged");
  }
  PendingErasure pending;
  std::copy_n(bytes.begin() + 1, kUuidBytes, pending.record_id.bytes.begin());
  pending.from_index = ReadUint64(bytes.substr(1 + kUuidBytes));
  return pending;
}

}  // namespace plumbline::audit
