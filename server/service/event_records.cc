#include "server/service/event_records.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/base/sha256.h"
#include "server/service/log_status.h"

namespace plumbline::service {
namespace {

audit::RecordDraft ToDraft(const Event& event, absl::string_view details) {
  audit::RecordDraft draft;
  draft.kind = event.kind;
  draft.revision = event.revision;
  draft.manifest_serial = event.manifest_serial;
  draft.engine_build = event.engine_build;
  draft.details = details;
  return draft;
}

// One line a setting, so that equal texts mean equal settings.
std::string SettingsText(const EventAttributes& settings) {
  std::string text;
  for (const auto& [name, value] : settings) {
    absl::StrAppend(&text, name.size(), ":", name, "=", value.size(), ":", value, "\n");
  }
  return text;
}

}  // namespace

std::string EventDetailsBytes(const Event& event) {
  storage::v1::RecordDetails details;
  details.set_caller(event.caller.name);
  details.set_caller_authenticated(event.caller.authenticated);
  details.set_request_id(event.request_id);
  details.set_patient_pseudonym(event.patient_pseudonym);
  for (const Uuid& id : event.linked_ids) {
    details.add_linked_ids(id.bytes.data(), id.bytes.size());
  }
  details.mutable_event()->set_summary(event.summary);
  for (const auto& [name, value] : event.attributes) {
    storage::v1::EventAttribute& attribute = *details.mutable_event()->add_attributes();
    attribute.set_name(name);
    attribute.set_value(value);
  }
  return details.SerializeAsString();
}

EventRecords::EventRecords(audit::DecisionLog* log, std::string engine_build)
    : log_(log), engine_build_(std::move(engine_build)) {}

absl::StatusOr<audit::Appended> EventRecords::Append(Event event) {
  if (log_ == nullptr) {
    return audit::Appended();
  }
  event.engine_build = engine_build_;
  const std::string details = EventDetailsBytes(event);
  absl::StatusOr<audit::Appended> appended = log_->AppendAndWait(ToDraft(event, details));
  return appended.ok() ? std::move(appended) : ToApiStatus(appended.status());
}

bool EventRecords::AppendLater(Event event) {
  if (log_ == nullptr) {
    return true;
  }
  absl::StatusOr<audit::DecisionLog::Admission> admission = log_->Admit();
  if (!admission.ok()) {
    return false;
  }
  event.engine_build = engine_build_;
  const std::string details = EventDetailsBytes(event);
  log_->Append(*std::move(admission), ToDraft(event, details),
               [](const absl::StatusOr<audit::Appended>&) {});
  return true;
}

absl::StatusOr<audit::Appended> EventRecords::RecordActivation(absl::string_view revision,
                                                               uint64_t manifest_serial,
                                                               absl::string_view refusal,
                                                               EventAttributes attributes,
                                                               const Caller& caller) {
  Event event;
  event.kind = v1::RECORD_KIND_ACTIVATION;
  event.summary = refusal.empty()
                      ? absl::StrCat("manifest ", manifest_serial, " went live")
                      : absl::StrCat("manifest ", manifest_serial, " was refused: ", refusal);
  event.attributes = std::move(attributes);
  event.attributes.emplace_back("outcome", refusal.empty() ? "live" : "refused");
  event.caller = caller;
  event.revision = std::string(revision);
  event.manifest_serial = manifest_serial;
  return Append(std::move(event));
}

absl::StatusOr<bool> EventRecords::RecordConfiguration(const EventAttributes& settings) {
  const std::string digest = ToHex(Sha256Of(SettingsText(settings)));
  const absl::MutexLock lock(&settings_mutex_);
  if (digest == last_settings_) {
    return false;
  }
  Event event;
  event.kind = v1::RECORD_KIND_CONFIGURATION;
  event.summary = last_settings_.empty() ? "the server started with these settings"
                                         : "the settings of the server changed";
  event.attributes.emplace_back("settings_sha256", digest);
  event.attributes.insert(event.attributes.end(), settings.begin(), settings.end());
  const absl::StatusOr<audit::Appended> appended = Append(std::move(event));
  if (!appended.ok()) {
    return appended.status();
  }
  last_settings_ = digest;
  return true;
}

absl::StatusOr<audit::Appended> EventRecords::RecordAccess(const Caller& caller,
                                                           absl::string_view what,
                                                           absl::string_view purpose,
                                                           std::vector<Uuid> linked_ids,
                                                           EventAttributes attributes) {
  Event event;
  event.kind = v1::RECORD_KIND_ACCESS;
  event.summary = absl::StrCat("patient data was read: ", what);
  event.attributes = {{"what", std::string(what)}, {"purpose", std::string(purpose)}};
  event.attributes.insert(event.attributes.end(), attributes.begin(), attributes.end());
  event.caller = caller;
  event.linked_ids = std::move(linked_ids);
  return Append(std::move(event));
}

}  // namespace plumbline::service
