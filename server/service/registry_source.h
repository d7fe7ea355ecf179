// Where the registry of revisions and the engine meet: revisions are prepared with the engine, and
// requests are answered with what the registry chooses.

#ifndef PLUMBLINE_SERVER_SERVICE_REGISTRY_SOURCE_H_
#define PLUMBLINE_SERVER_SERVICE_REGISTRY_SOURCE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/registry/activation.h"
#include "server/registry/registry.h"
#include "server/service/ruleset_source.h"

namespace plumbline::service {

// Makes an engine for a revision, runs every test that the ruleset carries
// (ruletest/rule_tests.h), which is its warm-up too, and puts it into service. A ruleset without
// tests fails.
class EnginePreparation : public registry::RulesetPreparation {
 public:
  absl::StatusOr<Prepared> Prepare(
      std::shared_ptr<const ruleset::CompiledRuleset> ruleset) override;
};

// `served` as the registry keeps it.
std::shared_ptr<const registry::Servable> ServableOf(std::shared_ptr<const ServedRuleset> served);

// What ServableOf or EnginePreparation made of a revision.
std::shared_ptr<const ServedRuleset> ServedRulesetOf(const registry::LoadedRevision& revision);

// The revisions of a registry, all of whose servables were made by ServableOf or an
// EnginePreparation. Thread-safe. The registry must outlive it and every Choice.
class RegistryRulesetSource : public RulesetSource {
 public:
  explicit RegistryRulesetSource(const registry::RulesetRegistry* registry) : registry_(registry) {}

  Choice Choose(absl::string_view revision, absl::string_view request_id) const override;

 private:
  const registry::RulesetRegistry* registry_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REGISTRY_SOURCE_H_
