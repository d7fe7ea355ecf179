// Which ruleset answers a request: the seam between the use case and what keeps rulesets.

#ifndef PLUMBLINE_SERVER_SERVICE_RULESET_SOURCE_H_
#define PLUMBLINE_SERVER_SERVICE_RULESET_SOURCE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "plumbline/v1/intake.pb.h"
#include "server/engine/engine.h"

namespace plumbline::service {

// Evaluates intakes under one revision. Thread-safe. Contract of Evaluate: as engine::Engine.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  virtual std::vector<engine::FieldViolation> Evaluate(const v1::Intake& intake,
                                                       absl::CivilDay as_of, engine::View view,
                                                       std::string& decision) const = 0;
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

// Thread-safe. A caller keeps what it got until its call ends, so that a revision may be swapped or
// dropped meanwhile.
class RulesetSource {
 public:
  virtual ~RulesetSource() = default;
  // The ruleset of that revision (lower-case hex), or the active one if `revision` is empty. Null
  // if there is none.
  virtual std::shared_ptr<const ServedRuleset> Find(absl::string_view revision) const = 0;
};

// Always the same single ruleset.
class SingleRulesetSource : public RulesetSource {
 public:
  explicit SingleRulesetSource(std::shared_ptr<const ServedRuleset> ruleset)
      : ruleset_(std::move(ruleset)) {}

  std::shared_ptr<const ServedRuleset> Find(absl::string_view revision) const override {
    return revision.empty() || revision == ruleset_->revision ? ruleset_ : nullptr;
  }

 private:
  std::shared_ptr<const ServedRuleset> ruleset_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_RULESET_SOURCE_H_
