#include "server/service/evaluate_service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "server/service/civil_date.h"
#include "server/service/request_checks.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

constexpr size_t kRevisionDigits = 64;
// Room for what follows the decision: request id, decision id, index, framing.
constexpr size_t kResponseTailBytes = kMaxNameBytes + 64;

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
  CheckShortText("request_id", request.request_id(), problems);
  CheckShortText("patient_pseudonym", request.patient_pseudonym(), problems);
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

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<char>(value | 0x80));
  }
  out.push_back(static_cast<char>(value));
}

void AppendText(int field, absl::string_view value, std::string& out) {
  AppendVarint(static_cast<uint64_t>(field) << 3 | 2, out);
  AppendVarint(value.size(), out);
  out.append(value.data(), value.size());
}

void AppendNumber(int field, uint64_t value, std::string& out) {
  AppendVarint(static_cast<uint64_t>(field) << 3, out);
  AppendVarint(value, out);
}

using Response = v1::EvaluateResponse;

// EvaluateResponse that is to begin with a decision of `size` bytes, which is never parsed; the
// fields after it are appended in their order. There is room for all.
std::string BeginResponse(size_t size) {
  std::string response;
  response.reserve(size + kResponseTailBytes);
  AppendVarint(Response::kDecisionFieldNumber << 3 | 2, response);
  AppendVarint(size, response);
  return response;
}
std::string BeginResponse(absl::string_view decision) {
  std::string response = BeginResponse(decision.size());
  response.append(decision.data(), decision.size());
  return response;
}
std::string BeginResponse(const audit::CompactDecision& decision) {
  std::string response = BeginResponse(decision.size());
  decision.AppendTo(response);
  return response;
}

void AppendRequestId(absl::string_view request_id, std::string& response) {
  if (!request_id.empty()) {
    AppendText(Response::kRequestIdFieldNumber, request_id, response);
  }
}

void AppendRecord(const RecordPlace& recorded, std::string& response) {
  if (recorded.id.empty()) {
    return;
  }
  AppendText(Response::kDecisionIdFieldNumber, recorded.id, response);
  AppendNumber(Response::kRecordIndexFieldNumber, recorded.index, response);
}

EvaluateAnswer RepeatAnswer(const EarlierDecision& earlier, absl::string_view request_id) {
  EvaluateAnswer answer{BeginResponse(earlier.decision_bytes), earlier.revision, true};
  AppendRequestId(request_id, answer.response);
  AppendRecord(earlier.place, answer.response);
  AppendNumber(Response::kAnsweredBeforeFieldNumber, 1, answer.response);
  return answer;
}

absl::StatusOr<Choice> ChooseRuleset(const RulesetSource& source,
                                     const v1::EvaluateRequest& request, absl::CivilDay as_of) {
  Choice choice =
      source.Choose(absl::AsciiStrToLower(request.ruleset_revision()), request.request_id());
  if (choice.ruleset != nullptr) {
    const absl::Status effective = CheckEffective(*choice.ruleset, as_of);
    return effective.ok() ? absl::StatusOr<Choice>(std::move(choice)) : effective;
  }
  if (request.ruleset_revision().empty()) {
    return MakeError(absl::StatusCode::kUnavailable, v1::ERROR_REASON_NO_ACTIVE_RULESET,
                     "no ruleset is active");
  }
  return MakeError(absl::StatusCode::kNotFound, v1::ERROR_REASON_UNKNOWN_REVISION,
                   "the pinned ruleset revision is not loaded");
}

// `why` says what is wrong with the program, and nothing of the patient.
absl::Status InternalError(const absl::Status& why) {
  return MakeError(absl::StatusCode::kInternal, v1::ERROR_REASON_INTERNAL,
                   absl::StrCat("the decision cannot be recorded: ", why.message()));
}

engine::View ViewOf(const v1::EvaluateRequest& request) {
  return request.view() == v1::DECISION_VIEW_BASIC ? engine::View::kBasic : engine::View::kFull;
}

// The answer is about to leave.
void Count(std::atomic<uint64_t>* answers) {
  if (answers != nullptr) {
    answers->fetch_add(1, std::memory_order_relaxed);
  }
}

// A decision, and the ruleset that made it.
struct MadeDecision {
  Choice choice;
  // The large answers of all who wait for the log would drive everything else out of the caches.
  std::unique_ptr<const audit::CompactDecision> waiting;
};

absl::StatusOr<MadeDecision> DecideInPieces(const RulesetSource& source,
                                            const v1::EvaluateRequest& request,
                                            absl::CivilDay as_of,
                                            engine::DecisionInPieces& decision) {
  absl::StatusOr<Choice> choice = ChooseRuleset(source, request, as_of);
  if (!choice.ok()) {
    return choice.status();
  }
  const Evaluator& evaluator = *choice->ruleset->evaluator;
  const std::vector<engine::FieldViolation> violations =
      evaluator.EvaluateInPieces(request.intake(), as_of, ViewOf(request), decision);
  if (!violations.empty()) {
    return IntakeError(violations);
  }
  auto waiting = audit::CompactDecision::Make(evaluator.pieces(), decision.message);
  if (!waiting.ok()) {
    return InternalError(waiting.status());
  }
  return MadeDecision{*std::move(choice), *std::move(waiting)};
}

// A repeated request answers as the one that came first.
DecisionRecorder::Follower MakeFollower(std::string request_id, EvaluateService::Done done) {
  return [request_id = std::move(request_id),
          done = std::move(done)](absl::StatusOr<EarlierDecision> earlier) mutable {
    if (!earlier.ok()) {
      return std::move(done)(std::move(earlier).status());
    }
    std::move(done)(RepeatAnswer(*earlier, request_id));
  };
}

}  // namespace

EvaluateService::EvaluateService(const RulesetSource* source, DecisionRecorder* recorder)
    : source_(source), recorder_(recorder) {}

void EvaluateService::Evaluate(const v1::EvaluateRequest& request, absl::string_view request_bytes,
                               const Caller& caller, Done done) const {
  const std::vector<FieldProblem> problems = CheckRequest(request);
  if (!problems.empty()) {
    return std::move(done)(MakeFieldError(v1::ERROR_REASON_INVALID_REQUEST, problems));
  }
  const RecordedCall call{caller, request.request_id(), request.patient_pseudonym(),
                          *ToCivilDay(request.as_of()), request_bytes};
  absl::StatusOr<Begun> begun =
      recorder_->Begin(call, [&] { return MakeFollower(request.request_id(), std::move(done)); });
  if (!begun.ok()) {
    return std::move(done)(std::move(begun).status());
  }
  if (const auto* earlier = std::get_if<EarlierDecision>(&*begun)) {
    return std::move(done)(RepeatAnswer(*earlier, request.request_id()));
  }
  if (std::holds_alternative<Following>(*begun)) {
    return;
  }
  auto ticket = std::get<std::unique_ptr<DecisionTicket>>(*std::move(begun));
  if (ticket == nullptr) {
    return Decide(request, call, std::move(done));
  }
  DecideForRecord(request, call, std::move(ticket), std::move(done));
}

void EvaluateService::Decide(const v1::EvaluateRequest& request, const RecordedCall& call,
                             Done done) const {
  const absl::StatusOr<Choice> choice = ChooseRuleset(*source_, request, call.as_of);
  if (!choice.ok()) {
    return std::move(done)(choice.status());
  }
  thread_local std::string decision;  // keeps its memory from call to call
  const std::vector<engine::FieldViolation> violations =
      choice->ruleset->evaluator->Evaluate(request.intake(), call.as_of, ViewOf(request), decision);
  if (!violations.empty()) {
    return std::move(done)(IntakeError(violations));
  }
  EvaluateAnswer answer{BeginResponse(decision), choice->ruleset->revision};
  AppendRequestId(call.request_id, answer.response);
  recorder_->Record(nullptr, {call, *choice},
                    [answer = std::move(answer), answers = choice->answers,
                     done = std::move(done)](absl::StatusOr<RecordPlace> recorded) mutable {
                      if (!recorded.ok()) {
                        return std::move(done)(std::move(recorded).status());
                      }
                      Count(answers);
                      AppendRecord(*recorded, answer.response);
                      std::move(done)(std::move(answer));
                    });
}

void EvaluateService::DecideForRecord(const v1::EvaluateRequest& request, const RecordedCall& call,
                                      std::unique_ptr<DecisionTicket> ticket, Done done) const {
  thread_local engine::DecisionInPieces decision;  // keeps its memory from call to call
  absl::StatusOr<MadeDecision> made = DecideInPieces(*source_, request, call.as_of, decision);
  if (!made.ok()) {
    ticket->Abandon(made.status());
    return std::move(done)(made.status());
  }
  const Choice& choice = made->choice;
  const DecisionDraft draft{call, choice, &decision.summary, made->waiting.get()};
  recorder_->Record(std::move(ticket), draft,
                    [waiting = std::move(made->waiting), revision = choice.ruleset->revision,
                     request_id = std::string(call.request_id), answers = choice.answers,
                     done = std::move(done)](absl::StatusOr<RecordPlace> recorded) mutable {
                      if (!recorded.ok()) {
                        return std::move(done)(std::move(recorded).status());
                      }
                      Count(answers);
                      EvaluateAnswer answer{BeginResponse(*waiting), std::move(revision)};
                      AppendRequestId(request_id, answer.response);
                      AppendRecord(*recorded, answer.response);
                      std::move(done)(std::move(answer));
                    });
}

absl::StatusOr<EvaluateAnswer> EvaluateService::EvaluateAndWait(const v1::EvaluateRequest& request,
                                                                const Caller& caller) const {
  absl::StatusOr<EvaluateAnswer> result;
  absl::Notification finished;
  Evaluate(request, request.SerializeAsString(), caller,
           [&](absl::StatusOr<EvaluateAnswer> answer) {
             result = std::move(answer);
             finished.Notify();
           });
  finished.WaitForNotification();
  return result;
}

}  // namespace plumbline::service
