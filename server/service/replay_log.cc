#include "server/service/replay_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

std::string Short(absl::string_view revision) { return std::string(revision.substr(0, 12)); }

}  // namespace

absl::StatusOr<uint64_t> LogDecisions::FirstAt(absl::Time time) const {
  uint64_t low = 0;
  uint64_t high = log_->size();
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    const absl::StatusOr<audit::Record> record = log_->Read(middle, store::Parts::kLeaf);
    if (!record.ok()) return record.status();
    if (record->time < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::Status LogDecisions::Scan(uint64_t first, uint64_t until, uint64_t step, Visit visit) const {
  if (first >= until) return absl::OkStatus();
  if (step != 1) {
    for (uint64_t index = first; index < until; index += step) {
      absl::Status taken = Take(index, log_->Read(index, store::Parts::kAll), visit);
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }
  absl::Status result;
  uint64_t index = first;
  const absl::Status scanned = log_->Scan(first, until - first, store::Parts::kAll,
                                          [&](absl::StatusOr<audit::Record> record) {
                                            result = Take(index++, std::move(record), visit);
                                            return result.ok();
                                          });
  return result.ok() ? scanned : result;
}

absl::Status LogDecisions::Take(uint64_t index, absl::StatusOr<audit::Record> record,
                                Visit visit) const {
  RecordedDecision decision;
  decision.index = index;
  if (!record.ok()) {
    if (!absl::IsDataLoss(record.status())) return record.status();
    decision.status = record.status();
    visit(decision);
    return absl::OkStatus();
  }
  if (record->kind != v1::RECORD_KIND_DECISION) return absl::OkStatus();
  decision.id = record->id.ToString();
  decision.revision = std::move(record->revision);
  decision.engine_build = std::move(record->engine_build);
  decision.erased = record->erased;
  if (!decision.erased) {
    absl::StatusOr<audit::DecisionPayload> payload = payloads_.Read(record->payload);
    if (payload.ok()) {
      decision.request_bytes = std::move(payload->request);
      decision.decision_bytes = std::move(payload->decision);
    } else {
      decision.status = payload.status();
    }
  }
  visit(decision);
  return absl::OkStatus();
}

absl::Status RecordReplay(EventRecords& events, const v1::ImpactReport& report,
                          absl::string_view purpose, const Caller& caller) {
  Event event;
  event.kind = v1::RECORD_KIND_REPLAY;
  const bool own = report.candidate_revision().empty();
  event.summary =
      own ? absl::StrCat(report.evaluated(), " decisions replayed on their own revisions, ",
                         report.otherwise_changed(), " came out otherwise")
          : absl::StrCat(report.evaluated(), " decisions replayed on revision ",
                         Short(report.candidate_revision()), ", ", report.level_changed(),
                         " with another level");
  event.attributes = {{"purpose", std::string(purpose)},
                      {"decisions", absl::StrCat(report.decisions())},
                      {"evaluated", absl::StrCat(report.evaluated())},
                      {"identical", absl::StrCat(report.identical())},
                      {"level_changed", absl::StrCat(report.level_changed())},
                      {"gate_changed", absl::StrCat(report.gate_changed())},
                      {"programme_changed", absl::StrCat(report.programme_changed())},
                      {"otherwise_changed", absl::StrCat(report.otherwise_changed())}};
  event.caller = caller;
  event.revision = report.candidate_revision();
  return events.Append(event).status();
}

namespace {

absl::Time ToTime(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

}  // namespace

absl::Status LogReplayer::Replay(const v1::ReplayDecisionsRequest& request, const Caller& caller,
                                 absl::FunctionRef<bool(const v1::ReplayDecisionsResponse&)> emit) {
  if (!running_.TryLock()) {
    return MakeOverloadedError("another replay is running", absl::Seconds(30));
  }
  struct Unlock {
    absl::Mutex& mutex;
    ~Unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex.Unlock(); }
  } const unlock{running_};
  ReplayJob job;
  if (request.has_from()) job.from = ToTime(request.from());
  if (request.has_until()) job.until = ToTime(request.until());
  if (request.shards() > 0) {
    job.shard = request.shard();
    job.shards = request.shards();
  }
  if (!request.revision().empty()) {
    absl::StatusOr<std::shared_ptr<const ServedRuleset>> candidate =
        rulesets_->Load(request.revision());
    if (absl::IsNotFound(candidate.status())) {
      return MakeError(absl::StatusCode::kNotFound, v1::ERROR_REASON_UNKNOWN_REVISION,
                       candidate.status().message());
    }
    if (!candidate.ok()) return candidate.status();
    job.candidate = *std::move(candidate);
  }
  ReplayOptions options;
  options.threads = threads_;
  bool gone = false;
  absl::Time told = absl::InfinitePast();
  options.progress = [&](uint64_t done, uint64_t total) {
    if (done < total && absl::Now() - told < absl::Milliseconds(200)) return true;
    told = absl::Now();
    v1::ReplayDecisionsResponse response;
    response.mutable_progress()->set_done(done);
    response.mutable_progress()->set_total(total);
    gone = !emit(response);
    return !gone;
  };
  absl::StatusOr<v1::ImpactReport> report = Replayer(&decisions_, rulesets_).Run(job, options);
  if (gone) return absl::OkStatus();
  if (!report.ok()) return report.status();
  absl::Status recorded = RecordReplay(events_, *report, request.purpose(), caller);
  if (!recorded.ok()) return recorded;
  v1::ReplayDecisionsResponse response;
  *response.mutable_report() = *std::move(report);
  emit(response);
  return absl::OkStatus();
}

}  // namespace plumbline::service
