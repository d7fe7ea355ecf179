// The details of a decision's record: plumbline.storage.v1.RecordDetails, written as bytes.

#ifndef PLUMBLINE_SERVER_SERVICE_DECISION_DETAILS_H_
#define PLUMBLINE_SERVER_SERVICE_DECISION_DETAILS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/base/sha256.h"
#include "server/base/uuid.h"
#include "server/engine/decision_summary.h"
#include "server/service/decision_recorder.h"

namespace plumbline::service {

// Replaces the contents of `out`. `digest`: of the request's bytes, if it has an id. The bytes are
// those that serializing the message would give.
void WriteDecisionDetails(const RecordedCall& call, const std::optional<Sha256Digest>& digest,
                          absl::Span<const Uuid> linked, const engine::DecisionSummary& summary,
                          absl::string_view alias, std::string& out);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_DECISION_DETAILS_H_
