#include "server/audit/payload.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/bytes.h"
#include "server/base/hex.h"

namespace plumbline::audit {
namespace {

constexpr char kVersion = 1;
constexpr char kAsItIs = 0;
constexpr char kInPieces = 2;
constexpr size_t kDigestBytes = 32;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("payload: ", what));
}

// A payload in its parts, still encoded.
struct PayloadParts {
  absl::string_view request;
  // Empty: the decision is there as it is.
  absl::string_view digest;
  absl::string_view decision;
};

absl::StatusOr<PayloadParts> Split(absl::string_view payload) {
  PayloadParts parts;
  if (payload.empty()) return Damaged("is empty");
  if (payload[0] != kVersion) {
    return Damaged(absl::StrCat("version ", static_cast<int>(static_cast<uint8_t>(payload[0])),
                                "; this program knows version 1 only"));
  }
  payload.remove_prefix(1);
  uint64_t size = 0;
  if (!TakeVarint(payload, size) || size > kMaxPayloadPartBytes || size > payload.size()) {
    return Damaged("wrong length of the request");
  }
  parts.request = payload.substr(0, size);
  payload.remove_prefix(size);
  if (payload.empty()) return Damaged("ends before the decision");
  const char encoding = payload[0];
  payload.remove_prefix(1);
  if (encoding == kInPieces) {
    if (payload.size() < kDigestBytes) return Damaged("ends within the digest of its texts");
    parts.digest = payload.substr(0, kDigestBytes);
    payload.remove_prefix(kDigestBytes);
  } else if (encoding != kAsItIs) {
    return Damaged(absl::StrCat(
        "unknown encoding ", static_cast<int>(static_cast<uint8_t>(encoding)), " of the decision"));
  }
  parts.decision = payload;
  return parts;
}

}  // namespace

absl::StatusOr<PayloadEncoder> PayloadEncoder::WithPieces(std::shared_ptr<const PieceTable> pieces,
                                                          store::LogStore& store) {
  const std::string object = EncodePieceTable(*pieces);
  absl::StatusOr<std::string> stored = store.PutObject(object);
  if (!stored.ok()) return stored.status();
  PayloadEncoder encoder;
  encoder.digest_ = Sha256Of(object);
  encoder.pieces_ = std::move(pieces);
  return encoder;
}

void PayloadEncoder::Encode(absl::string_view request, const CompactDecision& decision,
                            std::string& payload) const {
  payload.clear();
  payload.push_back(kVersion);
  AppendVarint(payload, request.size());
  payload.append(request.data(), request.size());
  if (pieces_ == nullptr || decision.pieces() != pieces_.get()) {
    payload.push_back(kAsItIs);
    decision.AppendTo(payload);
    return;
  }
  payload.push_back(kInPieces);
  payload.append(reinterpret_cast<const char*>(digest_.data()), digest_.size());
  absl::StrAppend(&payload, decision.instructions());
}

absl::StatusOr<DecisionPayload> PayloadReader::Read(absl::string_view payload) const {
  absl::StatusOr<PayloadParts> parts = Split(payload);
  if (!parts.ok()) return parts.status();
  DecisionPayload result;
  result.request = std::string(parts->request);
  if (parts->digest.empty()) {
    result.decision = std::string(parts->decision);
    return result;
  }
  absl::StatusOr<std::shared_ptr<const StoredPieces>> pieces = Pieces(EncodeHex(parts->digest));
  if (!pieces.ok()) return pieces.status();
  absl::StatusOr<std::string> decision = (*pieces)->Decode(parts->decision, kMaxPayloadPartBytes);
  if (!decision.ok()) return decision.status();
  result.decision = *std::move(decision);
  return result;
}

absl::StatusOr<std::string> PayloadReader::PiecesOf(absl::string_view payload) {
  absl::StatusOr<PayloadParts> parts = Split(payload);
  if (!parts.ok()) return parts.status();
  return EncodeHex(parts->digest);
}

absl::StatusOr<std::shared_ptr<const StoredPieces>> PayloadReader::Pieces(
    const std::string& digest) const {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = pieces_.find(digest);
    if (found != pieces_.end()) return found->second;
  }
  absl::StatusOr<std::string> object = store_->GetObject(digest);
  if (absl::IsNotFound(object.status())) {
    return Damaged(absl::StrCat("its texts ", digest, " are not in the store"));
  }
  if (!object.ok()) return object.status();
  absl::StatusOr<StoredPieces> parsed = StoredPieces::Parse(*std::move(object));
  if (!parsed.ok()) return parsed.status();
  auto pieces = std::make_shared<const StoredPieces>(*std::move(parsed));
  absl::MutexLock lock(&mutex_);
  return pieces_.emplace(digest, std::move(pieces)).first->second;
}

}  // namespace plumbline::audit
