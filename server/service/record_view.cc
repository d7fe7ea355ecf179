#include "server/service/record_view.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "plumbline/v1/triage_service.pb.h"
#include "server/audit/log_error.h"
#include "server/base/uuid.h"
#include "server/service/earlier_request.h"
#include "server/service/log_status.h"
#include "server/service/request_checks.h"

namespace plumbline::service {
namespace {

using storage::v1::RecordDetails;

absl::Status CorruptError(const audit::Record& record, absl::string_view part) {
  return ToApiStatus(audit::LogCorruptError(
      absl::StrCat("record ", record.index, ": its ", part, " is not what was stored")));
}

v1::RecordSummary SummaryOfLeaf(const audit::Record& record) {
  v1::RecordSummary summary;
  summary.set_index(record.index);
  summary.set_kind(record.kind);
  summary.set_id(record.id.ToString());
  *summary.mutable_time() = ToTimestamp(record.time);
  summary.set_revision(record.revision);
  summary.set_engine_build(record.engine_build);
  summary.set_manifest_serial(record.manifest_serial);
  summary.set_erased(record.erased);
  return summary;
}

std::string IdText(absl::string_view bytes) {
  Uuid id;
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes.size()), id.bytes.begin());
  return id.ToString();
}

// "feedback: accepted, at follow-up: better".
std::string FeedbackSummary(const v1::Feedback& feedback) {
  std::string text = "feedback";
  if (feedback.verdict() != v1::FEEDBACK_VERDICT_UNSPECIFIED) {
    absl::StrAppend(&text, ": ",
                    EnumWord(v1::FeedbackVerdict_Name(feedback.verdict()), "FEEDBACK_VERDICT_"));
  }
  if (feedback.outcome() != v1::FOLLOW_UP_OUTCOME_UNSPECIFIED) {
    absl::StrAppend(&text, ", at follow-up: ",
                    EnumWord(v1::FollowUpOutcome_Name(feedback.outcome()), "FOLLOW_UP_OUTCOME_"));
  }
  return text;
}

v1::RecordSummary SummaryOf(const audit::Record& record, const RecordDetails& details) {
  v1::RecordSummary summary = SummaryOfLeaf(record);
  summary.set_caller(details.caller());
  summary.set_caller_authenticated(details.caller_authenticated());
  summary.set_request_id(details.request_id());
  for (const std::string& id : details.linked_ids()) {
    summary.add_linked_ids(IdText(id));
  }
  switch (details.kind_case()) {
    case RecordDetails::kDecision:
      summary.set_level(details.decision().level());
      summary.set_gate(details.decision().gate());
      *summary.mutable_fired_rule_ids() = details.decision().fired_rule_ids();
      *summary.mutable_programme_exercise_ids() = details.decision().programme_exercise_ids();
      summary.set_alias(details.decision().alias());
      break;
    case RecordDetails::kFeedback:
      summary.set_summary(FeedbackSummary(details.feedback().feedback()));
      break;
    case RecordDetails::kEvent:
      summary.set_summary(details.event().summary());
      break;
    case RecordDetails::KIND_NOT_SET:
      break;
  }
  return summary;
}

absl::Status AddDecision(const audit::Record& record, const audit::PayloadReader& payloads,
                         v1::Record& view) {
  absl::StatusOr<audit::DecisionPayload> payload = payloads.Read(record.payload);
  if (!payload.ok()) {
    return ToApiStatus(payload.status());
  }
  v1::EvaluateRequest request;
  if (!request.ParseFromString(payload->request)) {
    return CorruptError(record, "request");
  }
  if (!view.mutable_decision()->ParseFromString(payload->decision)) {
    return CorruptError(record, "decision");
  }
  *view.mutable_as_of() = request.as_of();
  view.mutable_intake()->Swap(request.mutable_intake());
  view.set_request_bytes(std::move(payload->request));
  view.set_decision_bytes(std::move(payload->decision));
  return absl::OkStatus();
}

}  // namespace

std::string EnumWord(absl::string_view name, absl::string_view prefix) {
  std::string word(name.substr(prefix.size()));
  for (char& character : word) {
    character = character == '_' ? ' ' : absl::ascii_tolower(character);
  }
  return word;
}

absl::StatusOr<v1::RecordSummary> ToSummary(const audit::Record& record) {
  if (record.erased) {
    return SummaryOfLeaf(record);
  }
  const absl::StatusOr<RecordDetails> details = ParseDetails(record);
  if (!details.ok()) {
    return details.status();
  }
  return SummaryOf(record, *details);
}

absl::StatusOr<v1::Record> ToRecordView(const audit::Record& record,
                                        const audit::PayloadReader& payloads) {
  v1::Record view;
  view.set_leaf(record.leaf);
  if (record.erased) {
    *view.mutable_summary() = SummaryOfLeaf(record);
    return view;
  }
  const absl::StatusOr<RecordDetails> details = ParseDetails(record);
  if (!details.ok()) {
    return details.status();
  }
  *view.mutable_summary() = SummaryOf(record, *details);
  view.set_patient_pseudonym(details->patient_pseudonym());
  if (record.kind == v1::RECORD_KIND_DECISION) {
    if (absl::Status added = AddDecision(record, payloads, view); !added.ok()) {
      return added;
    }
  }
  if (details->has_feedback()) {
    *view.mutable_feedback() = details->feedback().feedback();
  }
  for (const storage::v1::EventAttribute& attribute : details->event().attributes()) {
    v1::RecordAttribute& added = *view.add_attributes();
    added.set_name(attribute.name());
    added.set_value(attribute.value());
  }
  return view;
}

}  // namespace plumbline::service
