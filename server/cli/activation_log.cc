#include "server/cli/activation_log.h"

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plumbline/v1/error_reason.pb.h"
#include "server/service/rpc_error.h"

namespace plumbline::cli {
namespace {

// A log that is overloaded for a moment must not refuse a release, least of all one that withdraws
// rules.
constexpr std::chrono::seconds kPatience(5);
constexpr std::chrono::milliseconds kRest(20);

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

absl::Status ActivationLog::Keep(const registry::Snapshot& snapshot) {
  if (kept_ == nullptr) {
    return absl::OkStatus();
  }
  for (const auto& revision : snapshot.revisions) {
    if (revision->bundle == nullptr) {
      continue;
    }
    if (const absl::Status kept = kept_->Keep(revision->revision, *revision->bundle); !kept.ok()) {
      return absl::Status(
          kept.code(), absl::StrCat("the ruleset file of ", revision->revision,
                                    " cannot be kept beside the decision log: ", kept.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status ActivationLog::Record(const registry::ActivationEvent& event,
                                   absl::string_view refusal) {
  return records_
      ->RecordActivation(event.stable, event.serial, refusal, Attributes(event),
                         CallerOfThisThread())
      .status();
}

absl::Status ActivationLog::RecordPatiently(const registry::ActivationEvent& event) {
  // All other attempts wait meanwhile, so this must end, also if the system's clock is put back.
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  absl::Status status = Record(event, "");
  while (service::ReasonOf(status) == v1::ERROR_REASON_LOG_OVERLOADED &&
         std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(kRest);
    status = Record(event, "");
  }
  return status;
}

absl::Status ActivationLog::BeforeSwap(const registry::ActivationEvent& event) {
  if (absl::Status kept = Keep(*event.result.snapshot); !kept.ok()) {
    return kept;
  }
  return RecordPatiently(event);
}

void ActivationLog::OnActivation(const registry::ActivationEvent& event) {
  const std::string serial = absl::StrCat(event.serial);
  if (event.result.status.ok()) {
    log_->OnEvent("activated", {{"origin", registry::OriginName(event.origin)},
                                {"serial", serial},
                                {"revision", event.stable}});
    for (const std::string& revision : event.result.not_effective) {
      log_->OnEvent("revision-not-effective", {{"serial", serial}, {"reason", revision}});
    }
    if (on_active_ != nullptr) {
      on_active_();
    }
    return;
  }
  const absl::string_view reason = event.result.status.message();
  log_->OnEvent("activation-refused", {{"origin", registry::OriginName(event.origin)},
                                       {"serial", serial},
                                       {"step", registry::StepName(event.result.step)},
                                       {"reason", reason}});
  if (event.validate_only) {
    return;
  }
  // Without patience: whoever can send manifests that are refused must not be able to hold up one
  // that withdraws rules.
  if (const absl::Status recorded = Record(event, reason); !recorded.ok()) {
    log_->OnEvent("refusal-not-recorded", {{"reason", recorded.message()}});
  }
}

bool ActivationLog::OnDisagreement(const service::ShadowDisagreement& disagreement) {
  return records_->AppendLater(service::ToEvent(disagreement));
}

}  // namespace plumbline::cli
