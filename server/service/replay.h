// Replayer: evaluates recorded intakes again.
//
// On their own revision the answers must come out byte for byte as recorded; on another revision (a
// candidate) the report says how many patients would get another level, gate or programme, by rule
// and with examples.
//
// A replay runs over a range of the log, in chunks; worker threads take chunks, and their tallies
// are joined in the order of the log, so that the report does not depend on the number of threads.
// A shard I of N looks at the records whose index modulo N is I. With a progress file a replay can
// be interrupted at any time and goes on where it was; finished progress files of all shards are
// merged into the report of the whole.

#ifndef PLUMBLINE_SERVER_SERVICE_REPLAY_H_
#define PLUMBLINE_SERVER_SERVICE_REPLAY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plumbline/v1/impact.pb.h"
#include "server/service/ruleset_source.h"

namespace plumbline::service {

// A decision as the log holds it.
struct RecordedDecision {
  uint64_t index = 0;
  // UUID.
  std::string id;
  // 64 lower-case hexadecimal digits.
  std::string revision;
  std::string engine_build;
  bool erased = false;
  // OK, or why the record cannot be read; then there is nothing but the index.
  absl::Status status;
  // plumbline.v1.EvaluateRequest as received, plumbline.v1.Decision as sent. Empty when erased.
  std::string request_bytes;
  std::string decision_bytes;
};

// Where recorded decisions come from. Thread-safe.
class RecordedDecisions {
 public:
  using Visit = absl::FunctionRef<void(const RecordedDecision&)>;

  virtual ~RecordedDecisions() = default;
  // Name of the log.
  virtual std::string origin() const = 0;
  // Number of records, of all kinds.
  virtual uint64_t size() const = 0;
  // Index of the first record made at `time` or later; size() if there is none.
  virtual absl::StatusOr<uint64_t> FirstAt(absl::Time time) const = 0;
  // Visits the decisions among the records first, first + step, ... below `until`, in this order.
  // A damaged record is visited (its status says so); an error of the whole ends the scan.
  virtual absl::Status Scan(uint64_t first, uint64_t until, uint64_t step, Visit visit) const = 0;
};

// Revisions that can be evaluated again. Thread-safe.
class ReplayRulesets {
 public:
  virtual ~ReplayRulesets() = default;
  // NotFound: not kept. Other errors say why it cannot be used.
  virtual absl::StatusOr<std::shared_ptr<const ServedRuleset>> Load(absl::string_view revision) = 0;
};

struct ReplayJob {
  // From (included) and until (excluded); absent: from the beginning, until the end.
  std::optional<absl::Time> from;
  std::optional<absl::Time> until;
  // Null: every decision on its own revision.
  std::shared_ptr<const ServedRuleset> candidate;
  // Looks only at decisions made under this revision; empty: at all.
  std::string only_revision;
  // 0 <= shard < shards.
  uint32_t shard = 0;
  uint32_t shards = 1;
};

struct ReplayOptions {
  int threads = 2;
  // Where progress is kept; an existing file is taken up, if it is of the same job. Empty: nowhere.
  std::string progress_file;
  absl::Duration save_interval = absl::Seconds(5);
  // Called with the number of records passed and to pass, never twice at the same time; returns
  // false to end the replay (Cancelled), with all progress saved. May be null.
  std::function<bool(uint64_t done, uint64_t total)> progress;
  // Records that a worker takes at a time.
  uint64_t chunk_records = 256;
};

// How fast the engine alone answers the intakes of a replay.
struct EngineSpeed {
  uint64_t evaluated = 0;
  double decisions_per_second = 0;
};

// Thread-safe; source and rulesets must outlive it.
class Replayer {
 public:
  Replayer(const RecordedDecisions* source, ReplayRulesets* rulesets)
      : source_(source), rulesets_(rulesets) {}

  // InvalidArgument: the job contradicts itself; FailedPrecondition: the progress file belongs to
  // another job or log, or is damaged; Cancelled; and the errors of the source.
  absl::StatusOr<v1::ImpactReport> Run(const ReplayJob& job, const ReplayOptions& options) const;

  // Evaluates the first `limit` decisions of the job from memory, without comparing anything.
  absl::StatusOr<EngineSpeed> MeasureEngine(const ReplayJob& job, int threads,
                                            uint64_t limit) const;

 private:
  const RecordedDecisions* source_;
  ReplayRulesets* rulesets_;
};

// The report of the whole from the progress files of its shards. InvalidArgument names the file
// that is unfinished, of another job, or there twice, and the shards that are missing.
absl::StatusOr<v1::ImpactReport> MergeReplays(const std::vector<std::string>& progress_files);

// Reasons of ReplayOmission.
inline constexpr char kOmittedErased[] = "erased";
inline constexpr char kOmittedDamaged[] = "record damaged";
inline constexpr char kOmittedNotKept[] = "revision not kept";
inline constexpr char kOmittedRefused[] = "intake refused by the candidate";
inline constexpr char kOmittedNotEffective[] = "outside the effective dates";

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REPLAY_H_
