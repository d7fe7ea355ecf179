// The payload of a decision's record: the request as it was received and the decision as it was
// sent, byte for byte.
//
// A decision is written as a delta to a dictionary (decision_dictionary.h), which is an immutable
// object in the store and named in the payload; without a dictionary it is written as it is.
// docs/reference/decision_log.md has the bytes.

#ifndef PLUMBLINE_SERVER_AUDIT_PAYLOAD_H_
#define PLUMBLINE_SERVER_AUDIT_PAYLOAD_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/audit/decision_dictionary.h"
#include "server/base/sha256.h"
#include "server/store/store.h"

namespace plumbline::audit {

// Largest request, and largest decision, that a payload holds.
inline constexpr size_t kMaxPayloadPartBytes = size_t{8} << 20;

struct DecisionPayload {
  std::string request;
  std::string decision;

  friend bool operator==(const DecisionPayload&, const DecisionPayload&) = default;
};

// Writes payloads with one dictionary. Immutable, thread-safe.
class PayloadEncoder {
 public:
  // Decisions are written as they are.
  PayloadEncoder() = default;
  // Stores the dictionary as an object of `store`, if it is not there yet.
  static absl::StatusOr<PayloadEncoder> WithDictionary(
      std::shared_ptr<const DecisionDictionary> dictionary, store::LogStore& store);

  // Each of both at most kMaxPayloadPartBytes.
  std::string Encode(absl::string_view request, absl::string_view decision) const;

 private:
  std::shared_ptr<const DecisionDictionary> dictionary_;
  Sha256Digest digest_{};
};

// Reads payloads, and keeps the dictionaries that they need. Thread-safe. The store must outlive
// it.
class PayloadReader {
 public:
  explicit PayloadReader(const store::LogStore* store) : store_(store) {}

  // DataLoss for anything that no PayloadEncoder wrote, and for a missing or damaged dictionary.
  absl::StatusOr<DecisionPayload> Read(absl::string_view payload) const;

  // The digest of the dictionary that a payload needs, in hexadecimal; empty if it needs none.
  // DataLoss as in Read.
  static absl::StatusOr<std::string> DictionaryOf(absl::string_view payload);

 private:
  absl::StatusOr<std::shared_ptr<const std::string>> Dictionary(const std::string& digest) const;

  const store::LogStore* const store_;
  mutable absl::Mutex mutex_;
  mutable absl::flat_hash_map<std::string, std::shared_ptr<const std::string>> dictionaries_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_PAYLOAD_H_
