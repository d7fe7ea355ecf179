#include "server/service/replay.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "plumbline/v1/triage_service.pb.h"
#include "server/engine/engine.h"
#include "server/service/civil_date.h"
#include "server/service/replay_compare.h"
#include "server/service/replay_progress.h"
#include "server/service/replay_tally.h"
#include "server/service/request_decoder.h"

namespace plumbline::service {
namespace {

using RulesetOrError = absl::StatusOr<std::shared_ptr<const ServedRuleset>>;

// Loads each revision once. Thread-safe.
class RulesetCache {
 public:
  explicit RulesetCache(ReplayRulesets* rulesets) : rulesets_(rulesets) {}

  const RulesetOrError& Get(const std::string& revision) {
    const absl::MutexLock lock(&mutex_);
    const auto found = loaded_.find(revision);
    if (found != loaded_.end()) return found->second;
    return loaded_.emplace(revision, rulesets_->Load(revision)).first->second;
  }

 private:
  ReplayRulesets* const rulesets_;
  absl::Mutex mutex_;
  std::map<std::string, RulesetOrError> loaded_ ABSL_GUARDED_BY(mutex_);  // never erased
};

std::string ReasonNotLoaded(const absl::Status& status) {
  if (absl::IsNotFound(status)) return kOmittedNotKept;
  return absl::StrCat("revision cannot be used: ", status.message());
}

// A request that is ready to be evaluated.
struct PreparedRequest {
  v1::EvaluateRequest request;
  absl::CivilDay as_of;
  engine::View view = engine::View::kFull;

  bool Parse(absl::string_view bytes) {
    request.Clear();
    if (!DecodeRequest(bytes, request).ok()) return false;
    const std::optional<absl::CivilDay> day = ToCivilDay(request.as_of());
    if (!day) return false;
    as_of = *day;
    view = request.view() == v1::DECISION_VIEW_BASIC ? engine::View::kBasic : engine::View::kFull;
    return true;
  }
};

bool IsEffective(const ServedRuleset& ruleset, absl::CivilDay day) {
  return !(ruleset.effective_from && day < *ruleset.effective_from) &&
         !(ruleset.effective_until && day > *ruleset.effective_until);
}

// Evaluates and compares, one decision at a time. Thread-compatible.
class DecisionReplay {
 public:
  DecisionReplay(const ReplayJob& job, RulesetCache& rulesets) : job_(job), rulesets_(rulesets) {}

  void Replay(const RecordedDecision& decision, ReplayTally& tally) {
    if (!job_.only_revision.empty() && decision.status.ok() &&
        decision.revision != job_.only_revision) {
      return;
    }
    const ReplayExample example{
        decision.index, decision.id.empty() ? absl::StrCat("index ", decision.index) : decision.id};
    const std::string omission = Prepare(decision);
    if (!omission.empty()) return tally.Omit(omission, example);
    job_.candidate == nullptr ? CompareOwn(decision, example, tally)
                              : CompareCandidate(decision, example, tally);
  }

 private:
  // Why the decision is left out; empty: it can be evaluated.
  std::string Prepare(const RecordedDecision& decision) {
    if (!decision.status.ok()) return kOmittedDamaged;
    if (decision.erased) return kOmittedErased;
    ruleset_ = job_.candidate.get();
    if (ruleset_ == nullptr) {
      const RulesetOrError& loaded = rulesets_.Get(decision.revision);
      if (!loaded.ok()) return ReasonNotLoaded(loaded.status());
      ruleset_ = loaded->get();
    }
    if (!prepared_.Parse(decision.request_bytes)) return kOmittedDamaged;
    // On its own revision a decision was made: whatever the dates say, it must come out again.
    if (job_.candidate != nullptr && !IsEffective(*ruleset_, prepared_.as_of)) {
      return kOmittedNotEffective;
    }
    return "";
  }

  std::vector<engine::FieldViolation> Evaluate() {
    return ruleset_->evaluator->Evaluate(prepared_.request.intake(), prepared_.as_of,
                                         prepared_.view, replayed_);
  }

  void CompareOwn(const RecordedDecision& decision, const ReplayExample& example,
                  ReplayTally& tally) {
    const std::vector<engine::FieldViolation> violations = Evaluate();
    if (!violations.empty()) {
      return tally.AddOwn(DecisionChange::Kind::kDifferent,
                          absl::StrCat("refused now: intake.", violations.front().field), example);
    }
    if (decision.decision_bytes == replayed_) {
      return tally.AddOwn(DecisionChange::Kind::kIdentical, "", example);
    }
    std::string path = FirstDifference(decision.decision_bytes, replayed_);
    // The engine's version alone: another build, the same answer.
    if (path == "engine_version") {
      return tally.AddOwn(DecisionChange::Kind::kNamesOnly, "", example);
    }
    const absl::string_view now = engine::EngineVersion();
    if (!decision.engine_build.empty() && decision.engine_build != now) {
      absl::StrAppend(&path, " (decided by engine ", decision.engine_build, ", replayed by ", now,
                      ")");
    }
    tally.AddOwn(DecisionChange::Kind::kDifferent, path, example);
  }

  void CompareCandidate(const RecordedDecision& decision, const ReplayExample& example,
                        ReplayTally& tally) {
    if (!Evaluate().empty()) return tally.Omit(kOmittedRefused, example);
    const DecisionChange& change = comparator_.Compare(decision.decision_bytes, replayed_);
    if (change.kind == DecisionChange::Kind::kUnreadable) {
      return tally.Omit(kOmittedDamaged, example);
    }
    tally.Add(change, example);
  }

  const ReplayJob& job_;
  RulesetCache& rulesets_;
  const ServedRuleset* ruleset_ = nullptr;
  PreparedRequest prepared_;
  DecisionComparator comparator_;
  std::string replayed_;
};

std::string AskedText(const ReplayJob& job) {
  const auto text = [](const std::optional<absl::Time>& time) {
    return time ? absl::FormatTime(absl::RFC3339_full, *time, absl::UTCTimeZone()) : "-";
  };
  return absl::StrCat(text(job.from), " ", text(job.until));
}

absl::Status CheckJob(const ReplayJob& job, int threads) {
  if (job.shards == 0 || job.shard >= job.shards) {
    return absl::InvalidArgumentError(
        absl::StrCat("shard ", job.shard, "/", job.shards, ": shards count from 0 to N - 1"));
  }
  if (job.from && job.until && *job.from >= *job.until) {
    return absl::InvalidArgumentError("the range of time ends before it begins");
  }
  if (threads < 1 || threads > 256) {
    return absl::InvalidArgumentError("the number of threads must be 1 to 256");
  }
  return absl::OkStatus();
}

// The job as it stands at its beginning.
absl::StatusOr<ReplayProgressState> BeginJob(const RecordedDecisions& source,
                                             const ReplayJob& job) {
  ReplayProgressState state;
  state.origin = source.origin();
  state.engine = std::string(engine::EngineVersion());
  if (job.candidate != nullptr) {
    state.candidate = job.candidate->revision;
    state.candidate_version = job.candidate->version;
  }
  state.only = job.only_revision;
  state.asked = AskedText(job);
  state.shard = job.shard;
  state.shards = job.shards;
  state.until = source.size();
  if (job.from) {
    const absl::StatusOr<uint64_t> first = source.FirstAt(*job.from);
    if (!first.ok()) return first.status();
    state.first = std::min(*first, state.until);
  }
  if (job.until) {
    const absl::StatusOr<uint64_t> until = source.FirstAt(*job.until);
    if (!until.ok()) return until.status();
    state.until = std::max(state.first, std::min(*until, state.until));
  }
  state.next = state.first;
  return state;
}

// The job as its progress file left it. The log may have grown since: the range stays.
absl::Status TakeUp(const std::string& file, ReplayProgressState& state) {
  absl::StatusOr<std::optional<ReplayProgressState>> saved = ReadReplayProgress(file);
  if (!saved.ok()) return saved.status();
  if (!saved->has_value()) return absl::OkStatus();
  const std::string other = OtherJob(state, **saved, false, true);
  if (!other.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(file, ": is the progress of another replay: ", other));
  }
  const bool fits = (*saved)->first == state.first && (*saved)->until <= state.until &&
                    (*saved)->next >= state.first && (*saved)->next <= (*saved)->until;
  if (!fits) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, ": is about the records ", (*saved)->first, " to ", (*saved)->until, ", next ",
        (*saved)->next, ", of which this log has ", state.first, " to ", state.until));
  }
  state = **std::move(saved);
  return absl::OkStatus();
}

v1::ImpactReport FinalReport(const ReplayProgressState& state) {
  v1::ImpactReport report = state.tally.ToReport(false);
  report.set_candidate_revision(state.candidate);
  report.set_candidate_version(state.candidate_version);
  report.set_seconds(state.seconds);
  return report;
}

// First record of the job's shard at `index` or behind it.
uint64_t FirstOfShard(uint64_t index, const ReplayJob& job) {
  const uint64_t shards = job.shards;
  return index + (job.shard + shards - index % shards) % shards;
}

// Hands out chunks to threads and joins what comes back, in the order of the log.
class ReplayRun {
 public:
  ReplayRun(const RecordedDecisions& source, ReplayRulesets* rulesets, const ReplayJob& job,
            const ReplayOptions& options, ReplayProgressState state)
      : source_(source),
        job_(job),
        options_(options),
        rulesets_(rulesets),
        chunk_span_(std::max<uint64_t>(options.chunk_records, 1) * job.shards),
        started_(absl::Now()),
        seconds_before_(state.seconds),
        next_chunk_(state.next),
        state_(std::move(state)),
        last_save_(started_) {}

  absl::StatusOr<v1::ImpactReport> Run() {
    {
      const absl::MutexLock lock(&mutex_);
      if (!Tell()) return absl::CancelledError("the replay was stopped");
    }
    std::vector<std::thread> workers;
    for (int i = 1; i < options_.threads; ++i) workers.emplace_back([this] { Work(); });
    Work();
    for (std::thread& worker : workers) worker.join();
    const absl::MutexLock lock(&mutex_);
    // What was joined counts, also when the replay ends early.
    if (const absl::Status saved = Save(); !saved.ok() && status_.ok()) status_ = saved;
    if (!status_.ok()) return status_;
    return FinalReport(state_);
  }

 private:
  struct Chunk {
    uint64_t end = 0;
    ReplayTally tally;
  };

  void Work() {
    DecisionReplay replay(job_, rulesets_);
    uint64_t first = 0;
    uint64_t end = 0;
    while (TakeChunk(first, end)) {
      Chunk chunk{end, {}};
      const absl::Status status = source_.Scan(
          FirstOfShard(first, job_), end, job_.shards,
          [&](const RecordedDecision& decision) { replay.Replay(decision, chunk.tally); });
      Join(first, std::move(chunk), status);
    }
  }

  bool TakeChunk(uint64_t& first, uint64_t& end) {
    const absl::MutexLock lock(&mutex_);
    if (!status_.ok() || next_chunk_ >= state_.until) return false;
    first = next_chunk_;
    end = std::min(first + chunk_span_, state_.until);
    next_chunk_ = end;
    return true;
  }

  void Join(uint64_t first, Chunk chunk, const absl::Status& status) {
    const absl::MutexLock lock(&mutex_);
    if (!status.ok()) {
      if (status_.ok()) status_ = status;
      return;
    }
    waiting_.emplace(first, std::move(chunk));
    bool moved = false;
    for (auto it = waiting_.find(state_.next); it != waiting_.end();
         it = waiting_.find(state_.next)) {
      state_.tally.Merge(it->second.tally);
      state_.next = it->second.end;
      waiting_.erase(it);
      moved = true;
    }
    if (!moved || !status_.ok()) return;
    state_.seconds = seconds_before_ + absl::ToDoubleSeconds(absl::Now() - started_);
    if (!Tell()) {
      status_ = absl::CancelledError("the replay was stopped");
    } else if (absl::Now() - last_save_ >= options_.save_interval) {
      status_ = Save();
    }
  }

  bool Tell() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!options_.progress) return true;
    return options_.progress(state_.next - state_.first, state_.until - state_.first);
  }

  absl::Status Save() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    last_save_ = absl::Now();
    if (options_.progress_file.empty()) return absl::OkStatus();
    return WriteReplayProgress(options_.progress_file, state_);
  }

  const RecordedDecisions& source_;
  const ReplayJob& job_;
  const ReplayOptions& options_;
  RulesetCache rulesets_;
  const uint64_t chunk_span_;
  const absl::Time started_;
  const double seconds_before_;

  absl::Mutex mutex_;
  uint64_t next_chunk_ ABSL_GUARDED_BY(mutex_);
  ReplayProgressState state_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, Chunk> waiting_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_save_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<v1::ImpactReport> Replayer::Run(const ReplayJob& job,
                                               const ReplayOptions& options) const {
  if (const absl::Status good = CheckJob(job, options.threads); !good.ok()) return good;
  absl::StatusOr<ReplayProgressState> state = BeginJob(*source_, job);
  if (!state.ok()) return state.status();
  if (!options.progress_file.empty()) {
    if (const absl::Status taken = TakeUp(options.progress_file, *state); !taken.ok()) return taken;
  }
  return ReplayRun(*source_, rulesets_, job, options, *std::move(state)).Run();
}

absl::StatusOr<EngineSpeed> Replayer::MeasureEngine(const ReplayJob& job, int threads,
                                                    uint64_t limit) const {
  if (const absl::Status good = CheckJob(job, threads); !good.ok()) return good;
  const absl::StatusOr<ReplayProgressState> state = BeginJob(*source_, job);
  if (!state.ok()) return state.status();
  struct Task {
    PreparedRequest prepared;
    std::shared_ptr<const ServedRuleset> ruleset;
  };
  std::vector<Task> tasks;
  RulesetCache rulesets(rulesets_);
  const uint64_t step = state->shards;
  for (uint64_t at = FirstOfShard(state->first, job); at < state->until && tasks.size() < limit;
       at += 256 * step) {
    const absl::Status scanned = source_->Scan(
        at, std::min(at + 256 * step, state->until), step, [&](const RecordedDecision& decision) {
          if (!decision.status.ok() || decision.erased || tasks.size() >= limit) return;
          Task task;
          task.ruleset = job.candidate;
          if (task.ruleset == nullptr) {
            const RulesetOrError& loaded = rulesets.Get(decision.revision);
            if (!loaded.ok()) return;
            task.ruleset = *loaded;
          }
          if (task.prepared.Parse(decision.request_bytes)) tasks.push_back(std::move(task));
        });
    if (!scanned.ok()) return scanned;
  }
  std::atomic<size_t> next = 0;
  const auto work = [&tasks, &next] {
    std::string decision;
    for (size_t i = next++; i < tasks.size(); i = next++) {
      const Task& task = tasks[i];
      (void)task.ruleset->evaluator->Evaluate(task.prepared.request.intake(), task.prepared.as_of,
                                              task.prepared.view, decision);
    }
  };
  const absl::Time begin = absl::Now();
  std::vector<std::thread> workers;
  for (int i = 1; i < threads; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  return EngineSpeed{tasks.size(), seconds > 0 ? static_cast<double>(tasks.size()) / seconds : 0.0};
}

absl::StatusOr<v1::ImpactReport> MergeReplays(const std::vector<std::string>& progress_files) {
  if (progress_files.empty()) return absl::InvalidArgumentError("there is nothing to merge");
  std::optional<ReplayProgressState> whole;
  std::set<uint32_t> shards;
  for (const std::string& file : progress_files) {
    absl::StatusOr<std::optional<ReplayProgressState>> read = ReadReplayProgress(file);
    if (!read.ok()) return absl::InvalidArgumentError(read.status().message());
    const auto error = [&file](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat(file, ": ", what));
    };
    if (!read->has_value()) return error("there is no such file");
    const ReplayProgressState& state = **read;
    if (!state.finished()) {
      return error(absl::StrCat("is unfinished: next record ", state.next, " of ", state.until));
    }
    if (!shards.insert(state.shard).second) {
      return error(absl::StrCat("shard ", state.shard, " is there twice"));
    }
    if (!whole) {
      whole = state;
      continue;
    }
    const std::string other = OtherJob(*whole, state, true, false);
    if (!other.empty()) {
      return error(absl::StrCat("does not belong to ", progress_files.front(), ": ", other));
    }
    whole->tally.Merge(state.tally);
    whole->seconds += state.seconds;
  }
  for (uint32_t shard = 0; shard < whole->shards; ++shard) {
    if (shards.count(shard) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("shard ", shard, "/", whole->shards, " is missing"));
    }
  }
  return FinalReport(*whole);
}

}  // namespace plumbline::service
