// The list of records that an erasure erases: the payload of a record of kind erasure.
//
// It is what lets a verifier tell an erased record from a damaged one, and what lets Open finish an
// erasure that a crash interrupted. docs/reference/decision_log.md has its bytes.

#ifndef PLUMBLINE_SERVER_AUDIT_ERASURE_H_
#define PLUMBLINE_SERVER_AUDIT_ERASURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/base/uuid.h"

namespace plumbline::audit {

// `indices` must be ascending, without repetition.
std::string EncodeErasedIndices(absl::Span<const uint64_t> indices);
// DataLoss for anything that EncodeErasedIndices would not have written.
absl::StatusOr<std::vector<uint64_t>> DecodeErasedIndices(absl::string_view bytes);

// What is kept beside the log while an erasure is under way: where its record will be looked for.
struct PendingErasure {
  Uuid record_id;
  // The record is at this index or later, if it is in the log at all.
  uint64_t from_index = 0;
};
std::string EncodePendingErasure(const PendingErasure& pending);
absl::StatusOr<PendingErasure> DecodePendingErasure(absl::string_view bytes);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_ERASURE_H_
