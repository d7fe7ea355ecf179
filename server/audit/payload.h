// The payload of a decision's record: the request as it was received and the decision as it was
// sent, byte for byte.
//
// A decision is written as the numbers of its pieces (piece_coding.h), which are an immutable
// object of the store that the payload names; one whose pieces are not known is written as it is.
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
#include "server/audit/piece_coding.h"
#include "server/base/pieces.h"
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

// Writes payloads with the pieces of one ruleset. Immutable, thread-safe.
class PayloadEncoder {
 public:
  // Decisions are written as they are.
  PayloadEncoder() = default;
  // Stores the pieces as an object of `store`, if they are not there yet.
  static absl::StatusOr<PayloadEncoder> WithPieces(std::shared_ptr<const PieceTable> pieces,
                                                   store::LogStore& store);

  // Replaces `payload`. Request and decision are at most kMaxPayloadPartBytes each. A decision with
  // other pieces, or none, is written as it is.
  void Encode(absl::string_view request, const CompactDecision& decision,
              std::string& payload) const;

 private:
  std::shared_ptr<const PieceTable> pieces_;
  Sha256Digest digest_{};
};

// Reads payloads, and keeps the pieces that they need. Thread-safe. The store must outlive it.
class PayloadReader {
 public:
  explicit PayloadReader(const store::LogStore* store) : store_(store) {}

  // DataLoss for anything that no PayloadEncoder wrote, and for missing or damaged pieces.
  absl::StatusOr<DecisionPayload> Read(absl::string_view payload) const;

  // The digest of the pieces that a payload needs, in hexadecimal; empty if it needs none. DataLoss
  // as in Read.
  static absl::StatusOr<std::string> PiecesOf(absl::string_view payload);

 private:
  absl::StatusOr<std::shared_ptr<const StoredPieces>> Pieces(const std::string& digest) const;

  const store::LogStore* const store_;
  mutable absl::Mutex mutex_;
  mutable absl::flat_hash_map<std::string, std::shared_ptr<const StoredPieces>> pieces_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_PAYLOAD_H_
