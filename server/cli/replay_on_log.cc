#include "server/cli/replay_on_log.h"

#include <atomic>
#include <csignal>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/audit/decision_log.h"
#include "server/cli/audit_target.h"
#include "server/cli/impact_text.h"
#include "server/engine/engine.h"
#include "server/service/engine_evaluator.h"
#include "server/service/event_records.h"
#include "server/service/kept_rulesets.h"
#include "server/service/replay_log.h"

namespace plumbline::cli {
namespace {

// Decisions that the engine alone is measured on: enough for a second or two.
constexpr uint64_t kBenchDecisions = 20'000;

std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // set by a signal

// Takes SIGINT while it lives, so that an interrupted replay saves its progress. A second one ends
// the program as usual.
class InterruptGuard {
 public:
  InterruptGuard() {
    g_interrupted = false;
    struct sigaction action {};
    action.sa_handler = [](int) { g_interrupted = true; };
    action.sa_flags = SA_RESETHAND;
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptGuard() { sigaction(SIGINT, &before_, nullptr); }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction before_ {};
};

// The revision that begins with these digits, among those that decided in this log.
absl::StatusOr<std::string> CompleteRevision(AuditClient& client, const std::string& digits) {
  if (digits.size() == 64) return digits;
  const absl::StatusOr<v1::GetLogStatisticsResponse> stats = client.GetLogStatistics({});
  if (!stats.ok()) return stats.status();
  std::string found;
  for (const v1::NamedCount& count : stats->by_revision()) {
    if (!absl::StartsWith(count.name(), digits)) continue;
    if (!found.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("revision ", digits, ": there are several; give more digits"));
    }
    found = count.name();
  }
  if (found.empty()) {
    return absl::NotFoundError(absl::StrCat("revision ", digits,
                                            ": no record of this log names it; a revision that "
                                            "never decided needs all its 64 digits"));
  }
  return found;
}

}  // namespace

absl::StatusOr<v1::ImpactReport> ReplayOnLog(AuditClient& client, const ReplayOnLogOptions& options,
                                             Environment& environment) {
  OpenedLog& log = *client.opened();
  const service::Caller caller{CallerName(), false};
  service::KeptRulesets kept(&log.store());
  const service::LogDecisions decisions(&log.log(), &log.store());
  service::ReplayJob job = options.job;
  if (options.candidate != nullptr) {
    job.candidate = service::ServeRuleset(options.candidate);
  } else if (!options.candidate_revision.empty()) {
    const absl::StatusOr<std::string> revision =
        CompleteRevision(client, options.candidate_revision);
    if (!revision.ok()) return revision.status();
    absl::StatusOr<std::shared_ptr<const service::ServedRuleset>> served = kept.Load(*revision);
    if (!served.ok()) return served.status();
    job.candidate = *std::move(served);
  }
  if (!job.only_revision.empty()) {
    absl::StatusOr<std::string> revision = CompleteRevision(client, job.only_revision);
    if (!revision.ok()) return revision.status();
    job.only_revision = *std::move(revision);
  }
  const service::Replayer replayer(&decisions, &kept);
  absl::StatusOr<v1::ImpactReport> report;
  {
    ReplayProgressLine line(environment);
    const InterruptGuard guard;
    service::ReplayOptions run;
    run.threads = options.threads;
    run.progress_file = options.progress_file;
    run.progress = [&line](uint64_t done, uint64_t total) {
      line.Show(done, total);
      return !g_interrupted.load();
    };
    report = replayer.Run(job, run);
  }
  if (!report.ok()) return report.status();
  if (options.bench) {
    const absl::StatusOr<service::EngineSpeed> speed =
        replayer.MeasureEngine(job, options.threads, kBenchDecisions);
    if (!speed.ok()) return speed.status();
    environment.err << "Engine alone: "
                    << WithThousands(static_cast<uint64_t>(speed->decisions_per_second))
                    << " decisions a second (" << WithThousands(speed->evaluated) << " decisions, "
                    << options.threads << " threads)\n";
  }
  service::EventRecords events(&log.log(), std::string(engine::EngineVersion()));
  const absl::Status recorded = service::RecordReplay(events, *report, options.purpose, caller);
  if (!recorded.ok()) return recorded;
  return report;
}

}  // namespace plumbline::cli
