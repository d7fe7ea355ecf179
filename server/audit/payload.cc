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
constexpr char kDelta = 1;
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
  if (encoding == kDelta) {
    if (payload.size() < kDigestBytes) return Damaged("ends within the dictionary's digest");
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

absl::StatusOr<PayloadEncoder> PayloadEncoder::WithDictionary(
    std::shared_ptr<const DecisionDictionary> dictionary, store::LogStore& store) {
  PayloadEncoder encoder;
  encoder.digest_ = Sha256Of(dictionary->bytes());
  encoder.dictionary_ = std::move(dictionary);
  absl::StatusOr<std::string> stored = store.PutObject(encoder.dictionary_->bytes());
  if (!stored.ok()) return stored.status();
  return encoder;
}

std::string PayloadEncoder::Encode(absl::string_view request, absl::string_view decision) const {
  std::string payload;
  payload.reserve(request.size() + 64 + (dictionary_ == nullptr ? decision.size() : 4096));
  payload.push_back(kVersion);
  AppendVarint(payload, request.size());
  payload.append(request.data(), request.size());
  if (dictionary_ == nullptr) {
    payload.push_back(kAsItIs);
    payload.append(decision.data(), decision.size());
    return payload;
  }
  payload.push_back(kDelta);
  payload.append(reinterpret_cast<const char*>(digest_.data()), digest_.size());
  dictionary_->Encode(decision, payload);
  return payload;
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
  const std::string digest = EncodeHex(parts->digest);
  absl::StatusOr<std::shared_ptr<const std::string>> dictionary = Dictionary(digest);
  if (!dictionary.ok()) return dictionary.status();
  absl::StatusOr<std::string> decision =
      DecisionDictionary::Decode(**dictionary, parts->decision, kMaxPayloadPartBytes);
  if (!decision.ok()) return decision.status();
  result.decision = *std::move(decision);
  return result;
}

absl::StatusOr<std::string> PayloadReader::DictionaryOf(absl::string_view payload) {
  absl::StatusOr<PayloadParts> parts = Split(payload);
  if (!parts.ok()) return parts.status();
  return EncodeHex(parts->digest);
}

absl::StatusOr<std::shared_ptr<const std::string>> PayloadReader::Dictionary(
    const std::string& digest) const {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = dictionaries_.find(digest);
    if (found != dictionaries_.end()) return found->second;
  }
  absl::StatusOr<std::string> bytes = store_->GetObject(digest);
  if (absl::IsNotFound(bytes.status())) {
    return Damaged(absl::StrCat("its dictionary ", digest, " is not in the store"));
  }
  if (!bytes.ok()) return bytes.status();
  auto dictionary = std::make_shared<const std::string>(*std::move(bytes));
  absl::MutexLock lock(&mutex_);
  return dictionaries_.emplace(digest, std::move(dictionary)).first->second;
}

}  // namespace plumbline::audit
