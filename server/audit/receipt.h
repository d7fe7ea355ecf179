// Receipts (C2SP tlog-proof v1): that an entry is in the log, in one text that anybody can verify
// without the log, with the keys of the log and its witnesses alone.

#ifndef PLUMBLINE_SERVER_AUDIT_RECEIPT_H_
#define PLUMBLINE_SERVER_AUDIT_RECEIPT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/audit/checkpoint.h"
#include "server/audit/trust_policy.h"
#include "server/base/sha256.h"

namespace plumbline::audit {

inline constexpr size_t kMaxReceiptSize = 2'000'000;  // bytes

// What a receipt says; nothing of it is verified.
struct Receipt {
  // Whatever an application adds. Nobody signs it: never trust it.
  std::optional<std::string> extra;
  uint64_t index = 0;
  std::vector<Sha256Digest> inclusion_proof;
  std::string checkpoint;  // signed note, with cosignatures
};

// What a receipt proves.
struct VerifiedReceipt {
  uint64_t index = 0;
  Checkpoint checkpoint;
  // Witnesses of the policy that cosigned, and when.
  struct Cosignature {
    std::string witness;  // the name of its key
    absl::Time time;
  };
  std::vector<Cosignature> cosignatures;
};

std::string FormatReceipt(const Receipt& receipt);

// kInvalidArgument names the line that is wrong.
absl::StatusOr<Receipt> ParseReceipt(absl::string_view text);

// Verifies that the leaf with this hash (HashLeaf, merkle.h) is in a log of the policy, at the
// index that the receipt names. Errors of TrustPolicy::Open and VerifyInclusion as they are.
absl::StatusOr<VerifiedReceipt> VerifyReceipt(const Receipt& receipt, const Sha256Digest& leaf_hash,
                                              const TrustPolicy& policy);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_RECEIPT_H_
