// ReplayTally: counts of a replay, in the making.

#ifndef PLUMBLINE_SERVER_SERVICE_REPLAY_TALLY_H_
#define PLUMBLINE_SERVER_SERVICE_REPLAY_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/impact.pb.h"
#include "server/service/decision_effects.h"
#include "server/service/replay_compare.h"

namespace plumbline::service {

// A decision that stands for others: its place in the log and its id.
struct ReplayExample {
  uint64_t index = 0;
  std::string id;
};

// Counts of something, with the first decisions of the log that are part of it.
struct ExampledCount {
  uint64_t count = 0;
  std::vector<ReplayExample> examples;  // by index

  void Add(const ReplayExample& example);
  void Merge(const ExampledCount& other);
};

// Thread-compatible. The order of Add and Merge does not matter to the result.
class ReplayTally {
 public:
  static constexpr size_t kMaxExamples = 10;
  // Differences that a report holds; the counts are of all.
  static constexpr size_t kMaxDifferences = 100;

  // Left out for a reason of replay.h.
  void Omit(absl::string_view reason, const ReplayExample& decision);
  // A decision on another revision.
  void Add(const DecisionChange& change, const ReplayExample& decision);
  // A decision on its own revision; `path` is where it differs, or empty.
  void AddOwn(DecisionChange::Kind kind, const std::string& path, const ReplayExample& decision);
  void Merge(const ReplayTally& other);

  uint64_t decisions() const { return decisions_; }
  uint64_t evaluated() const { return evaluated_; }

  // `with_indices`: examples are written "index/id", so that FromReport can read them back.
  v1::ImpactReport ToReport(bool with_indices) const;
  static absl::StatusOr<ReplayTally> FromReport(const v1::ImpactReport& report);

 private:
  struct RuleCounts {
    uint64_t appears = 0;
    uint64_t disappears = 0;
    uint64_t level_changed = 0;
    uint64_t gate_changed = 0;
    uint64_t programme_changed = 0;
    uint64_t altered = 0;
    AspectCounts alterations{};
    ExampledCount examples;
  };
  // Counts of decisions: one number for each of their fields in the report.
  struct Totals {
    uint64_t identical = 0;
    uint64_t names_only = 0;
    uint64_t level_changed = 0;
    uint64_t gate_changed = 0;
    uint64_t programme_changed = 0;
    uint64_t otherwise_changed = 0;
    uint64_t time_limit_changed = 0;
    uint64_t referrals_changed = 0;
    uint64_t follow_up_changed = 0;
    uint64_t open_questions_changed = 0;
    uint64_t availability_changed = 0;
    uint64_t rules_changed = 0;
  };
  // Each count with its field: to add, write and read all of them.
  struct Fields;
  static void Join(const RuleCounts& from, RuleCounts& into);
  RuleCounts& CountRule(const std::string& id, const DecisionChange& change,
                        const ReplayExample& decision);
  void WriteRules(bool with_indices, v1::ImpactReport& report) const;
  void KeepFirstDifferences();

  uint64_t decisions_ = 0;
  uint64_t evaluated_ = 0;
  Totals totals_;
  std::map<std::pair<int, int>, ExampledCount> levels_;
  std::map<std::pair<int, int>, ExampledCount> gates_;
  std::map<std::string, RuleCounts> rules_;
  std::map<std::string, ExampledCount> omissions_;
  std::vector<std::pair<ReplayExample, std::string>> differences_;  // by index
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REPLAY_TALLY_H_
