#include "server/cli/served_rules.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/cli/activation_log.h"
#include "server/cli/load_rules.h"
#include "server/registry/activation.h"
#include "server/registry/bundle.h"
#include "server/registry/regular_file.h"
#include "server/registry/state_folder.h"
#include "server/registry/watcher.h"
#include "server/service/engine_evaluator.h"
#include "server/service/registry_source.h"
#include "server/service/shadow.h"

namespace plumbline::cli {
namespace {

// ---- One ruleset -------------------------------------------------------------------------------

class OneRuleset : public ServedRules {
 public:
  static absl::StatusOr<std::unique_ptr<ServedRules>> Start(const RulesOptions& options,
                                                            const ServedRulesParts& parts) {
    LoadedRules loaded = LoadRulesWithDocument(options.rules, {}, *parts.err);
    if (loaded.ruleset == nullptr) {
      return absl::FailedPreconditionError("the rules cannot be used");
    }
    auto bundle = registry::EncodeBundle(loaded.document->files());
    if (!bundle.ok()) {
      return bundle.status();
    }
    auto rules = std::make_unique<OneRuleset>(std::move(loaded.ruleset), *std::move(bundle));
    if (parts.log != nullptr) {
      if (absl::Status kept = rules->Keep(*parts.log); !kept.ok()) {
        return kept;
      }
    }
    parts.events->OnEvent("ruleset", {{"ruleset_id", rules->served_->ruleset_id},
                                      {"version", rules->served_->version},
                                      {"revision", rules->served_->revision}});
    if (parts.on_first_active != nullptr) {
      parts.on_first_active();
    }
    return std::unique_ptr<ServedRules>(std::move(rules));
  }

  OneRuleset(std::shared_ptr<const ruleset::CompiledRuleset> ruleset, std::string bundle)
      : served_(service::ServeRuleset(ruleset)), source_(&registry_) {
    auto revision = std::make_shared<registry::LoadedRevision>();
    revision->revision = ruleset->revision;
    revision->ruleset = std::move(ruleset);
    revision->servable = service::ServableOf(served_);
    revision->bundle = std::make_shared<const std::string>(std::move(bundle));
    auto snapshot = std::make_shared<registry::Snapshot>();
    snapshot->activated_at = absl::Now();
    snapshot->manifest.stable = revision->revision;
    snapshot->stable = revision;
    snapshot->revisions = {revision};
    registry_.Swap(std::move(snapshot));
  }

  bool active() const override { return true; }
  const service::RulesetSource& source() const override { return source_; }
  service::DecisionRecorder* Recorder(service::DecisionRecorder* recorder) override {
    return recorder;
  }
  service::RulesetsParts parts() override {
    service::RulesetsParts parts;
    parts.registry = &registry_;
    return parts;
  }
  std::vector<metrics::Metric> Metrics() const override { return {}; }
  void BeginWatching() override {}

 private:
  absl::Status Keep(LogStack& log) {
    const auto revision = registry_.Lookup("stable");
    if (absl::Status kept = log.kept().Keep(revision->revision, *revision->bundle); !kept.ok()) {
      return kept;
    }
    if (absl::Status prepared = log.recorder().Prepare(*served_); !prepared.ok()) {
      return prepared;
    }
    return log.events()
        .RecordActivation(served_->revision, 0, "",
                          {{"origin", "start"}, {"version", served_->version}}, {})
        .status();
  }

  const std::shared_ptr<const service::ServedRuleset> served_;
  registry::RulesetRegistry registry_;
  const service::RegistryRulesetSource source_;
};

// ---- A registry --------------------------------------------------------------------------------

// Also makes what the log needs to know before a revision goes live.
class LoggedPreparation : public service::EnginePreparation {
 public:
  explicit LoggedPreparation(LogStack* log) : log_(log) {}

  absl::StatusOr<Prepared> Prepare(
      std::shared_ptr<const ruleset::CompiledRuleset> ruleset) override {
    absl::StatusOr<Prepared> prepared = service::EnginePreparation::Prepare(ruleset);
    if (!prepared.ok() || log_ == nullptr || !prepared->failed_tests.empty()) {
      return prepared;
    }
    registry::LoadedRevision revision;
    revision.revision = ruleset->revision;
    revision.ruleset = std::move(ruleset);
    revision.servable = prepared->servable;
    if (absl::Status status = log_->recorder().Prepare(*service::ServedRulesetOf(revision));
        !status.ok()) {
      return status;
    }
    return prepared;
  }

 private:
  LogStack* const log_;
};

class RegistryRules : public ServedRules {
 public:
  static absl::StatusOr<std::unique_ptr<ServedRules>> Start(const RulesOptions& options,
                                                            const ServedRulesParts& parts) {
    auto policy = registry::TrustPolicy::Read(options.trust);
    if (!policy.ok()) {
      return policy.status();
    }
    auto state = registry::StateFolder::Open(options.state);
    if (!state.ok()) {
      return state.status();
    }
    auto rules =
        std::make_unique<RegistryRules>(options, parts, *std::move(policy), *std::move(state));
    if (absl::Status kept = rules->KeepOfState(options.state, parts); !kept.ok()) {
      return kept;
    }
    if (const absl::Status active = rules->watcher_.ActivateAtStart(); !active.ok()) {
      if (absl::IsUnavailable(active)) {
        return active;
      }
      parts.events->OnEvent("nothing-active", {{"reason", active.message()}});
    }
    return std::unique_ptr<ServedRules>(std::move(rules));
  }

  RegistryRules(const RulesOptions& options, const ServedRulesParts& parts,
                registry::TrustPolicy policy, std::unique_ptr<registry::StateFolder> state)
      : options_(options),
        no_records_(nullptr),
        preparation_(parts.log),
        observer_(parts.events, parts.log == nullptr ? &no_records_ : &parts.log->events(),
                  parts.log == nullptr ? nullptr : &parts.log->kept(), parts.on_first_active),
        state_(std::move(state)),
        source_(&registry_),
        shadow_(&registry_, &observer_),
        activation_(
            {&registry_, std::move(policy), &preparation_, state_.get(), &observer_, &clock_}),
        watcher_(options.registry, &activation_) {}

  bool active() const override { return registry_.snapshot() != nullptr; }
  const service::RulesetSource& source() const override { return source_; }

  service::DecisionRecorder* Recorder(service::DecisionRecorder* recorder) override {
    shadow_recorder_.emplace(recorder, &shadow_);
    return &*shadow_recorder_;
  }

  service::RulesetsParts parts() override {
    service::RulesetsParts parts;
    parts.registry = &registry_;
    parts.activation = &activation_;
    parts.shadow_traffic = [this] { return shadow_.Traffic(); };
    parts.before_activation = &ActivationLog::SetCallerOfThisThread;
    return parts;
  }

  std::vector<metrics::Metric> Metrics() const override;

  void BeginWatching() override {
    if (options_.watch) {
      watcher_.Start(absl::Milliseconds(options_.watch_interval_ms));
    }
  }

 private:
  // Servers that kept ruleset files after the swap may have been killed before they did: then the
  // log has decisions whose rules are in the state folder only.
  static absl::Status KeepOfState(const std::string& folder, const ServedRulesParts& parts) {
    if (parts.log == nullptr) {
      return absl::OkStatus();
    }
    const auto opened = registry::Folder::Open(folder);
    if (!opened.ok()) {
      return opened.status();
    }
    const auto names = opened->List();
    if (!names.ok()) {
      return names.status();
    }
    for (const std::string& name : *names) {
      if (!absl::EndsWith(name, registry::kBundleExtension)) {
        continue;
      }
      const auto bytes = opened->Read(name, registry::kMaxBundleBytes);
      if (!bytes.ok()) {
        // Perhaps of years ago; it must not keep the server from starting.
        parts.events->OnEvent("ruleset-not-kept",
                              {{"file", name}, {"reason", bytes.status().message()}});
        continue;
      }
      const auto bundle = registry::ParseBundle(*bytes, name);
      if (!bundle.ok()) {
        continue;  // activation says what is wrong with it, if it is still needed
      }
      if (absl::Status kept = parts.log->kept().Keep(bundle->revision, *bytes); !kept.ok()) {
        return kept;
      }
    }
    return absl::OkStatus();
  }

  const RulesOptions options_;
  const SystemClock clock_;
  service::EventRecords no_records_;
  LoggedPreparation preparation_;
  ActivationLog observer_;
  std::unique_ptr<registry::StateFolder> state_;
  registry::RulesetRegistry registry_;
  const service::RegistryRulesetSource source_;
  service::Shadow shadow_;
  std::optional<service::ShadowRecorder> shadow_recorder_;
  registry::Activation activation_;
  registry::FolderWatcher watcher_;
};

std::vector<metrics::Metric> RegistryRules::Metrics() const {
  using metrics::Metric;
  using metrics::MetricKind;
  std::vector<Metric> all;
  const registry::ActivationStatus status = activation_.status();
  all.push_back(metrics::Counter("plumbline_activations_total", "Manifests that went live.",
                                 static_cast<double>(status.activations)));
  Metric failures{"plumbline_activation_failures_total",
                  "Activations that were refused, by the step that refused them.",
                  MetricKind::kCounter,
                  {}};
  for (const auto& [step, count] : status.failures_by_step) {
    failures.values.push_back({{{"step", step}}, static_cast<double>(count)});
  }
  all.push_back(std::move(failures));
  if (const auto snapshot = registry_.snapshot(); snapshot != nullptr) {
    all.push_back(metrics::Gauge("plumbline_manifest_serial", "Serial of the active manifest.",
                                 static_cast<double>(snapshot->manifest.serial)));
  }
  Metric traffic{"plumbline_alias_requests_total",
                 "Requests that each alias answered.",
                 MetricKind::kCounter,
                 {}};
  for (const registry::Alias alias :
       {registry::Alias::kStable, registry::Alias::kCanary, registry::Alias::kPinned}) {
    const absl::string_view name = registry::AliasName(alias);
    traffic.values.push_back({{{"alias", std::string(name.data(), name.size())}},
                              static_cast<double>(registry_.answered(alias))});
  }
  all.push_back(std::move(traffic));
  const v1::AliasTraffic shadow = shadow_.Traffic();
  all.push_back(metrics::Gauge("plumbline_shadow_compared",
                               "Requests that the shadow revision answered too.",
                               static_cast<double>(shadow.compared())));
  all.push_back(metrics::Gauge("plumbline_shadow_disagreed", "Of these, answered otherwise.",
                               static_cast<double>(shadow.disagreed())));
  all.push_back(metrics::Counter("plumbline_shadow_skipped_total",
                                 "Not compared: too much to do, or not effective on that day.",
                                 static_cast<double>(shadow.skipped())));
  all.push_back(metrics::Counter("plumbline_shadow_skipped_under_load_total",
                                 "Of these, left out so that answering keeps the machine.",
                                 static_cast<double>(shadow.skipped_under_load())));
  all.push_back(metrics::Gauge("plumbline_shadow_unrecorded",
                               "Of those answered otherwise, not on record for lack of room.",
                               static_cast<double>(shadow.unrecorded())));
  return all;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServedRules>> ServedRules::Start(const RulesOptions& options,
                                                                const ServedRulesParts& parts) {
  return options.registry.empty() ? OneRuleset::Start(options, parts)
                                  : RegistryRules::Start(options, parts);
}

}  // namespace plumbline::cli
