#include "server/service/evaluate_service.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "server/service/civil_date.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

constexpr size_t kRevisionDigits = 64;
constexpr size_t kMaxRequestIdLength = 128;

std::vector<FieldProblem> CheckRequest(const v1::EvaluateRequest& request) {
  std::vector<FieldProblem> problems;
  if (!request.has_intake()) {
    problems.push_back(
        {"intake", "is required (an empty intake means that everything is unknown)"});
  }
  if (!request.has_as_of()) {
    problems.push_back({"as_of", "is required: the date for which the decision is made"});
  } else if (!ToCivilDay(request.as_of())) {
    problems.push_back({"as_of", "is not a date: year 1-9999, month and day of a real day needed"});
  }
  const std::string& revision = request.ruleset_revision();
  if (!revision.empty() && (revision.size() != kRevisionDigits ||
                            !std::all_of(revision.begin(), revision.end(), absl::ascii_isxdigit))) {
    problems.push_back({"ruleset_revision", "must be empty or 64 hexadecimal digits"});
  }
  if (!v1::DecisionView_IsValid(request.view())) {
    problems.push_back({"view", "is not a known DecisionView"});
  }
  const std::string& id = request.request_id();
  if (id.size() > kMaxRequestIdLength || !std::all_of(id.begin(), id.end(), absl::ascii_isprint)) {
    problems.push_back({"request_id", "must be at most 128 printable ASCII characters"});
  }
  return problems;
}

absl::Status CheckEffective(const ServedRuleset& ruleset, absl::CivilDay as_of) {
  const auto error = [](absl::string_view relation, absl::CivilDay bound) {
    return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_RULESET_NOT_EFFECTIVE,
                     absl::StrCat("as_of is ", relation, " of this ruleset's validity, ",
                                  absl::FormatCivilTime(bound)));
  };
  if (ruleset.effective_from && as_of < *ruleset.effective_from) {
    return error("before the first day", *ruleset.effective_from);
  }
  if (ruleset.effective_until && as_of > *ruleset.effective_until) {
    return error("after the last day", *ruleset.effective_until);
  }
  return absl::OkStatus();
}

// A wrong value outranks a contradiction: it may be its cause.
absl::Status IntakeError(const std::vector<engine::FieldViolation>& violations) {
  v1::ErrorReason reason = v1::ERROR_REASON_CONTRADICTORY_INTAKE;
  std::vector<FieldProblem> problems;
  problems.reserve(violations.size());
  for (const engine::FieldViolation& violation : violations) {
    if (violation.kind == engine::FieldViolation::Kind::kInvalid) {
      reason = v1::ERROR_REASON_INVALID_INTAKE;
    }
    problems.push_back({absl::StrCat("intake.", violation.field), violation.description});
  }
  return MakeFieldError(reason, problems);
}

void AppendLengthDelimited(char tag, absl::string_view value, std::string& out) {
  out.push_back(tag);
  size_t size = value.size();
  for (; size >= 0x80; size >>= 7) {
    out.push_back(static_cast<char>(size | 0x80));
  }
  out.push_back(static_cast<char>(size));
  out.append(value.data(), value.size());
}

// EvaluateResponse{decision = 1, request_id = 2}, without parsing the decision.
std::string AssembleResponse(absl::string_view decision, absl::string_view request_id) {
  constexpr char kDecisionTag = v1::EvaluateResponse::kDecisionFieldNumber << 3 | 2;
  constexpr char kRequestIdTag = v1::EvaluateResponse::kRequestIdFieldNumber << 3 | 2;
  std::string response;
  response.reserve(decision.size() + request_id.size() + 16);
  AppendLengthDelimited(kDecisionTag, decision, response);
  if (!request_id.empty()) {
    AppendLengthDelimited(kRequestIdTag, request_id, response);
  }
  return response;
}

absl::StatusOr<std::shared_ptr<const ServedRuleset>> FindRuleset(const RulesetSource& source,
                                                                 absl::string_view revision) {
  std::shared_ptr<const ServedRuleset> ruleset = source.Find(absl::AsciiStrToLower(revision));
  if (ruleset != nullptr) {
    return ruleset;
  }
  if (revision.empty()) {
    return MakeError(absl::StatusCode::kUnavailable, v1::ERROR_REASON_INTERNAL,
                     "no ruleset is active");
  }
  return MakeError(absl::StatusCode::kNotFound, v1::ERROR_REASON_UNKNOWN_REVISION,
                   "the pinned ruleset revision is not loaded");
}

}  // namespace

EvaluateService::EvaluateService(const RulesetSource* source, DecisionRecorder* recorder)
    : source_(source), recorder_(recorder) {}

void EvaluateService::Evaluate(const v1::EvaluateRequest& request, absl::string_view request_bytes,
                               Done done) const {
  const std::vector<FieldProblem> problems = CheckRequest(request);
  if (!problems.empty()) {
    return std::move(done)(MakeFieldError(v1::ERROR_REASON_INVALID_REQUEST, problems));
  }
  absl::StatusOr<std::shared_ptr<const ServedRuleset>> ruleset =
      FindRuleset(*source_, request.ruleset_revision());
  if (!ruleset.ok()) {
    return std::move(done)(ruleset.status());
  }
  const absl::CivilDay as_of = *ToCivilDay(request.as_of());
  if (absl::Status effective = CheckEffective(**ruleset, as_of); !effective.ok()) {
    return std::move(done)(effective);
  }
  const engine::View view =
      request.view() == v1::DECISION_VIEW_BASIC ? engine::View::kBasic : engine::View::kFull;
  thread_local std::string decision;  // keeps its memory from call to call
  const std::vector<engine::FieldViolation> violations =
      (*ruleset)->evaluator->Evaluate(request.intake(), as_of, view, decision);
  if (!violations.empty()) {
    return std::move(done)(IntakeError(violations));
  }
  EvaluateAnswer answer{AssembleResponse(decision, request.request_id()), *ruleset};
  recorder_->Record(
      {**ruleset, request_bytes, decision},
      [answer = std::move(answer), done = std::move(done)](absl::Status recorded) mutable {
        if (!recorded.ok()) {
          return std::move(done)(std::move(recorded));
        }
        std::move(done)(std::move(answer));
      });
}

absl::StatusOr<EvaluateAnswer> EvaluateService::EvaluateAndWait(
    const v1::EvaluateRequest& request) const {
  absl::StatusOr<EvaluateAnswer> result;
  absl::Notification finished;
  Evaluate(request, request.SerializeAsString(), [&](absl::StatusOr<EvaluateAnswer> answer) {
    result = std::move(answer);
    finished.Notify();
  });
  finished.WaitForNotification();
  return result;
}

}  // namespace plumbline::service
