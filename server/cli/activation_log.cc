#include "server/cli/activation_log.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::cli {
namespace {

service::Caller& CallerOfThisThread() {
  thread_local service::Caller caller;
  return caller;
}

std::string Text(absl::string_view text) { return std::string(text.data(), text.size()); }

std::string AliasOf(const registry::LoadedRevision* revision) {
  return revision == nullptr ? "" : revision->revision;
}

service::EventAttributes Attributes(const registry::ActivationEvent& event) {
  service::EventAttributes attributes = {{"origin", Text(registry::OriginName(event.origin))}};
  if (const auto& snapshot = event.result.snapshot; snapshot != nullptr) {
    attributes.emplace_back("stable", AliasOf(snapshot->stable.get()));
    attributes.emplace_back("canary", AliasOf(snapshot->canary.get()));
    attributes.emplace_back("canary_basis_points",
                            absl::StrCat(snapshot->manifest.canary_basis_points));
    attributes.emplace_back("shadow", AliasOf(snapshot->shadow.get()));
  } else {
    attributes.emplace_back("step", Text(registry::StepName(event.result.step)));
  }
  return attributes;
}

}  // namespace

ActivationLog::ActivationLog(grpc_server::EventLog* log, service::EventRecords* records,
                             service::KeptRulesets* kept, std::function<void()> on_active)
    : log_(log), records_(records), kept_(kept), on_active_(std::move(on_active)) {}

void ActivationLog::SetCallerOfThisThread(const service::Caller& caller) {
  CallerOfThisThread() = caller;
}

void ActivationLog::Keep(const registry::Snapshot& snapshot) {
  if (kept_ == nullptr) {
    return;
  }
  for (const auto& revision : snapshot.revisions) {
    if (revision->bundle == nullptr) {
      continue;
    }
    if (const absl::Status kept = kept_->Keep(revision->revision, *revision->bundle); !kept.ok()) {
      log_->OnEvent("ruleset-not-kept",
                    {{"revision", revision->revision}, {"reason", kept.message()}});
    }
  }
}

void ActivationLog::Record(const registry::ActivationEvent& event) {
  const bool live = event.result.status.ok();
  const auto recorded = records_->RecordActivation(
      event.stable, event.serial, live ? absl::string_view() : event.result.status.message(),
      Attributes(event), CallerOfThisThread());
  if (!recorded.ok()) {
    log_->OnEvent("activation-not-recorded", {{"reason", recorded.status().message()}});
  }
}

void ActivationLog::OnActivation(const registry::ActivationEvent& event) {
  const std::string serial = absl::StrCat(event.serial);
  if (event.result.status.ok()) {
    log_->OnEvent("activated", {{"origin", registry::OriginName(event.origin)},
                                {"serial", serial},
                                {"revision", event.stable}});
    Keep(*event.result.snapshot);
  } else {
    log_->OnEvent("activation-refused", {{"origin", registry::OriginName(event.origin)},
                                         {"serial", serial},
                                         {"step", registry::StepName(event.result.step)},
                                         {"reason", event.result.status.message()}});
  }
  if (!event.validate_only) {
    Record(event);
  }
  if (event.result.status.ok() && on_active_ != nullptr) {
    on_active_();
  }
}

bool ActivationLog::OnDisagreement(const service::ShadowDisagreement& disagreement) {
  return records_->AppendLater(service::ToEvent(disagreement));
}

}  // namespace plumbline::cli
