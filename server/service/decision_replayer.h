// DecisionReplayer: the seam between AuditService and what evaluates recorded decisions again.

#ifndef PLUMBLINE_SERVER_SERVICE_DECISION_REPLAYER_H_
#define PLUMBLINE_SERVER_SERVICE_DECISION_REPLAYER_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "plumbline/v1/audit_service.pb.h"
#include "server/service/caller.h"

namespace plumbline::service {

// Thread-safe.
class DecisionReplayer {
 public:
  virtual ~DecisionReplayer() = default;
  // Blocks until all is replayed. `emit` gets progress and, last, the report; when it returns false
  // the reader is gone, and the replay ends (OK). Times, shard and purpose of the request have been
  // checked. Records the replay itself.
  virtual absl::Status Replay(const v1::ReplayDecisionsRequest& request, const Caller& caller,
                              absl::FunctionRef<bool(const v1::ReplayDecisionsResponse&)> emit) = 0;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_DECISION_REPLAYER_H_
