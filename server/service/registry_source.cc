#include "server/service/registry_source.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/ruletest/rule_tests.h"
#include "server/service/engine_evaluator.h"

namespace plumbline::service {
namespace {

struct ServedServable : registry::Servable {
  std::shared_ptr<const ServedRuleset> served;
};

// A day on which the revision may decide.
absl::CivilDay EffectiveDay(const ServedRuleset& served) {
  const absl::CivilDay any_day(2026, 1, 1);
  if (served.effective_from) return *served.effective_from;
  return served.effective_until ? *served.effective_until : any_day;
}

}  // namespace

absl::StatusOr<registry::RulesetPreparation::Prepared> EnginePreparation::Prepare(
    std::shared_ptr<const ruleset::CompiledRuleset> ruleset) {
  const absl::StatusOr<ruletest::RuleTestReport> tests = ruletest::RunRuleTests(ruleset);
  if (!tests.ok()) return tests.status();
  Prepared prepared;
  prepared.tests_passed = tests->passed();
  prepared.tests_failed = tests->failed();
  prepared.failed_tests = tests->Problems();
  const std::shared_ptr<const ServedRuleset> served = ServeRuleset(std::move(ruleset));
  // An intake without an answer is one that every revision must be able to decide.
  std::string decision;
  const std::vector<engine::FieldViolation> violations = served->evaluator->Evaluate(
      v1::Intake(), EffectiveDay(*served), engine::View::kFull, decision);
  if (!violations.empty() || decision.empty()) {
    return absl::InternalError(
        absl::StrCat("an intake without answers is not decided",
                     violations.empty() ? "" : absl::StrCat(": ", violations[0].description)));
  }
  prepared.servable = ServableOf(served);
  return prepared;
}

std::shared_ptr<const registry::Servable> ServableOf(std::shared_ptr<const ServedRuleset> served) {
  auto servable = std::make_shared<ServedServable>();
  servable->served = std::move(served);
  return servable;
}

std::shared_ptr<const ServedRuleset> ServedRulesetOf(const registry::LoadedRevision& revision) {
  return static_cast<const ServedServable&>(*revision.servable).served;
}

Choice RegistryRulesetSource::Choose(absl::string_view revision,
                                     absl::string_view request_id) const {
  const registry::Choice chosen = registry_->Choose(revision, request_id);
  if (chosen.revision == nullptr) return {};
  return {ServedRulesetOf(*chosen.revision), std::string(registry::AliasName(chosen.alias)),
          chosen.snapshot->manifest.serial, chosen.answers};
}

}  // namespace plumbline::service
