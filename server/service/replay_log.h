// Replay on a real log: its decisions, and the use case behind AuditService.ReplayDecisions.

#ifndef PLUMBLINE_SERVER_SERVICE_REPLAY_LOG_H_
#define PLUMBLINE_SERVER_SERVICE_REPLAY_LOG_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/audit/decision_log.h"
#include "server/audit/payload.h"
#include "server/service/decision_replayer.h"
#include "server/service/event_records.h"
#include "server/service/replay.h"
#include "server/store/store.h"

namespace plumbline::service {

// The decisions of a log. Thread-safe; log and store must outlive it. A damaged record is visited
// as such; a record whose master key is not in the keyring ends the scan (FailedPrecondition,
// naming the key).
class LogDecisions : public RecordedDecisions {
 public:
  LogDecisions(const audit::DecisionLog* log, const store::LogStore* store)
      : log_(log), payloads_(store) {}

  std::string origin() const override { return log_->origin(); }
  uint64_t size() const override { return log_->size(); }
  // Times never go back in a log: finds the place in a few reads.
  absl::StatusOr<uint64_t> FirstAt(absl::Time time) const override;
  absl::Status Scan(uint64_t first, uint64_t until, uint64_t step, Visit visit) const override;

 private:
  absl::Status Take(uint64_t index, absl::StatusOr<audit::Record> record, Visit visit) const;

  const audit::DecisionLog* const log_;
  const audit::PayloadReader payloads_;
};

// AuditService.ReplayDecisions. One replay at a time: it must leave room for answering
// (ResourceExhausted for a second one). Everything must outlive it. `engine_build`: as
// RecorderOptions.
class LogReplayer : public DecisionReplayer {
 public:
  LogReplayer(audit::DecisionLog* log, const store::LogStore* store, ReplayRulesets* rulesets,
              int threads = 1, std::string engine_build = "")
      : decisions_(log, store),
        rulesets_(rulesets),
        events_(log, std::move(engine_build)),
        threads_(threads) {}

  absl::Status Replay(const v1::ReplayDecisionsRequest& request, const Caller& caller,
                      absl::FunctionRef<bool(const v1::ReplayDecisionsResponse&)> emit) override;

 private:
  const LogDecisions decisions_;
  ReplayRulesets* const rulesets_;
  EventRecords events_;
  const int threads_;
  absl::Mutex running_;
};

// Puts a finished replay on record: who, why, on what, and what came out.
absl::Status RecordReplay(EventRecords& events, const v1::ImpactReport& report,
                          absl::string_view purpose, const Caller& caller);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REPLAY_LOG_H_
