#include "server/service/feedback_service.h"

#include <string>
#include <vector>

#include "server/base/uuid.h"
#include "server/service/civil_date.h"
#include "server/service/request_checks.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

constexpr size_t kMaxFeedbackText = 2'000;
constexpr size_t kMaxLocationBytes = 128;

void CheckEnums(const v1::Feedback& feedback, std::vector<FieldProblem>& problems) {
  if (!v1::FeedbackVerdict_IsValid(feedback.verdict())) {
    problems.push_back({"feedback.verdict", "is not a known FeedbackVerdict"});
  } else if (feedback.verdict() == v1::FEEDBACK_VERDICT_UNSPECIFIED &&
             feedback.outcome() == v1::FOLLOW_UP_OUTCOME_UNSPECIFIED) {
    problems.push_back({"feedback.verdict", "is required, unless an outcome is given"});
  }
  if (!v1::OverrideReason_IsValid(feedback.override_reason())) {
    problems.push_back({"feedback.override_reason", "is not a known OverrideReason"});
  }
  if (!v1::FollowUpOutcome_IsValid(feedback.outcome())) {
    problems.push_back({"feedback.outcome", "is not a known FollowUpOutcome"});
  }
}

// What a verdict or reason demands beside it.
void CheckDemands(const v1::Feedback& feedback, std::vector<FieldProblem>& problems) {
  const bool overridden = feedback.verdict() == v1::FEEDBACK_VERDICT_OVERRIDDEN;
  const bool has_reason = feedback.override_reason() != v1::OVERRIDE_REASON_UNSPECIFIED;
  if (overridden && !has_reason) {
    problems.push_back(
        {"feedback.override_reason", "is required when the decision was overridden"});
  }
  if (feedback.verdict() == v1::FEEDBACK_VERDICT_ACCEPTED && has_reason) {
    problems.push_back({"feedback.override_reason", "contradicts that the decision was accepted"});
  }
  if (feedback.override_reason() == v1::OVERRIDE_REASON_OTHER && feedback.comment().empty()) {
    problems.push_back({"feedback.comment", "is required when the reason is OTHER"});
  }
  if (feedback.verdict() == v1::FEEDBACK_VERDICT_CHANGED && feedback.done_instead().empty()) {
    problems.push_back(
        {"feedback.done_instead", "is required when the decision was followed with changes"});
  }
}

std::vector<FieldProblem> CheckRequest(const v1::RecordFeedbackRequest& request) {
  std::vector<FieldProblem> problems;
  CheckShortText("request_id", request.request_id(), problems);
  if (!Uuid::Parse(request.decision_id()).ok()) {
    problems.push_back({"decision_id", "is required: the UUID of a decision"});
  }
  if (!request.has_feedback()) {
    problems.push_back({"feedback", "is required"});
    return problems;
  }
  const v1::Feedback& feedback = request.feedback();
  CheckEnums(feedback, problems);
  CheckShortText("feedback.intervention", feedback.intervention(), problems);
  CheckDemands(feedback, problems);
  CheckText("feedback.comment", feedback.comment(), kMaxFeedbackText, problems);
  CheckText("feedback.done_instead", feedback.done_instead(), kMaxFeedbackText, problems);
  if (feedback.has_observed_on() && !ToCivilDay(feedback.observed_on())) {
    problems.push_back({"feedback.observed_on", "is not a date"});
  }
  CheckShortText("feedback.user", feedback.user(), problems);
  CheckText("feedback.location", feedback.location(), kMaxLocationBytes, problems);
  return problems;
}

}  // namespace

absl::StatusOr<v1::RecordFeedbackResponse> FeedbackService::RecordFeedback(
    const v1::RecordFeedbackRequest& request, const Caller& caller) const {
  if (recorder_ == nullptr) {
    return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NO_LOG,
                     "this server keeps no decision log");
  }
  if (absl::Status checked = RequestStatus(CheckRequest(request)); !checked.ok()) {
    return checked;
  }
  const std::string bytes = request.SerializeAsString();
  const absl::StatusOr<RecordedFeedback> recorded =
      recorder_->RecordFeedback({caller, request.request_id(), bytes,
                                 *Uuid::Parse(request.decision_id()), request.feedback()});
  if (!recorded.ok()) {
    return recorded.status();
  }
  v1::RecordFeedbackResponse response;
  response.set_feedback_id(recorded->id.ToString());
  response.set_record_index(recorded->index);
  response.set_recorded_before(recorded->recorded_before);
  return response;
}

}  // namespace plumbline::service
