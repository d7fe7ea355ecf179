// Which ruleset answers a request: the seam between the use case and what keeps rulesets.

#ifndef PLUMBLINE_SERVER_SERVICE_RULESET_SOURCE_H_
#define PLUMBLINE_SERVER_SERVICE_RULESET_SOURCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "plumbline/v1/intake.pb.h"
#include "server/base/pieces.h"
#include "server/engine/engine.h"

namespace plumbline::service {

// Evaluates intakes under one revision. Thread-safe. Contracts: as engine::Engine.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  virtual std::vector<engine::FieldViolation> Evaluate(const v1::Intake& intake,
                                                       absl::CivilDay as_of, engine::View view,
                                                       std::string& decision) const = 0;
  // The same decision in pieces(), with its summary, whose views are good as long as the evaluator.
  // Without pieces() it is all loose.
  virtual std::vector<engine::FieldViolation> EvaluateInPieces(
      const v1::Intake& intake, absl::CivilDay as_of, engine::View view,
      engine::DecisionInPieces& decision) const = 0;
  // Constant texts that its decisions are put together from. Null: not known.
  virtual std::shared_ptr<const PieceTable> pieces() const { return nullptr; }
};

// A revision in service. Immutable.
struct ServedRuleset {
  std::string ruleset_id;
  std::string version;
  // 64 lower-case hexadecimal digits.
  std::string revision;
  // First and last day for which it may decide, both included. Absent: no bound.
  std::optional<absl::CivilDay> effective_from;
  std::optional<absl::CivilDay> effective_until;
  std::shared_ptr<const Evaluator> evaluator;
};

// The ruleset that answers one request, and why it is that one.
struct Choice {
  // Null: there is none.
  std::shared_ptr<const ServedRuleset> ruleset;
  // "stable", "canary" or "pinned"; empty if `ruleset` is null.
  std::string alias;
  // Of the manifest that made the revision active; 0: none.
  uint64_t manifest_serial = 0;
  // Where an answer under this choice is counted when it leaves; null: nowhere. Belongs to the
  // source.
  std::atomic<uint64_t>* answers = nullptr;
};

// Thread-safe. A caller keeps what it got until its call ends, so that a revision may be swapped or
// dropped meanwhile.
class RulesetSource {
 public:
  virtual ~RulesetSource() = default;
  // The ruleset of that revision (lower-case hex), or the active one if `revision` is empty; which
  // of the active ones may depend on the request id, and on nothing else.
  virtual Choice Choose(absl::string_view revision, absl::string_view request_id) const = 0;
};

// Always the same single ruleset.
class SingleRulesetSource : public RulesetSource {
 public:
  explicit SingleRulesetSource(std::shared_ptr<const ServedRuleset> ruleset)
      : ruleset_(std::move(ruleset)) {}

  Choice Choose(absl::string_view revision, absl::string_view) const override {
    if (revision.empty()) return {ruleset_, "stable"};
    if (revision == ruleset_->revision) return {ruleset_, "pinned"};
    return {};
  }

 private:
  std::shared_ptr<const ServedRuleset> ruleset_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_RULESET_SOURCE_H_
