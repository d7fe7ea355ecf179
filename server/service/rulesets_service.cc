#include "server/service/rulesets_service.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/diff/ruleset_diff.h"
#include "server/registry/approval.h"
#include "server/registry/bundle.h"
#include "server/registry/release.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"
#include "server/ruletest/rule_tests.h"
#include "server/service/request_checks.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

using registry::LoadedRevision;
using registry::Snapshot;

constexpr int kDefaultPageSize = 100;
constexpr int kMaxPageSize = 1000;
// Of an answer: a ruleset can be wrong in very many places.
constexpr size_t kMaxIssues = 1000;
constexpr size_t kMaxFailedTests = 100;
constexpr absl::Duration kRetryCheck = absl::Seconds(2);

std::vector<std::string> AliasesOf(const LoadedRevision& revision, const Snapshot& snapshot) {
  std::vector<std::string> aliases;
  for (const auto& [alias, named] :
       {std::pair("stable", snapshot.stable.get()), std::pair("canary", snapshot.canary.get()),
        std::pair("shadow", snapshot.shadow.get())}) {
    if (named != nullptr && named->revision == revision.revision) {
      aliases.emplace_back(alias);
    }
  }
  return aliases;
}

v1::Revision Describe(const LoadedRevision& revision, const Snapshot& snapshot) {
  const v1::Ruleset& source = revision.ruleset->source;
  const v1::Manifest& manifest = source.manifest();
  v1::Revision out;
  out.set_ruleset_id(manifest.ruleset_id());
  out.set_revision(revision.revision);
  out.set_version(manifest.version());
  out.set_title(manifest.title());
  out.set_status(manifest.status());
  if (manifest.has_effective_from()) {
    *out.mutable_effective_from() = manifest.effective_from();
  }
  if (manifest.has_effective_until()) {
    *out.mutable_effective_until() = manifest.effective_until();
  }
  for (const registry::JudgedApproval& judged : revision.approvals) {
    v1::Approval& approval = *out.add_approvals();
    approval.set_name(judged.approval.name);
    approval.set_role(judged.approval.role);
    approval.set_meaning(std::string(registry::MeaningName(judged.approval.meaning)));
    *approval.mutable_time() = ToTimestamp(judged.approval.time);
    approval.set_key_name(judged.key_name);
    approval.set_trusted(judged.trusted);
  }
  for (std::string& alias : AliasesOf(revision, snapshot)) {
    out.add_aliases(std::move(alias));
  }
  out.set_change_summary(manifest.change_summary());
  out.set_loaded(true);
  out.set_triage_rules(static_cast<uint32_t>(source.red_flags_size()));
  out.set_conditions(static_cast<uint32_t>(source.conditions_size()));
  out.set_exercises(static_cast<uint32_t>(source.exercises_size()));
  return out;
}

template <typename Response>
void AddAliases(const Snapshot& snapshot, Response& response) {
  const auto add = [&response](const char* alias, const LoadedRevision* revision, uint32_t share) {
    if (revision == nullptr) {
      return;
    }
    v1::AliasState& state = *response.add_aliases();
    state.set_alias(alias);
    state.set_revision(revision->revision);
    state.set_version(revision->ruleset->source.manifest().version());
    state.set_share_basis_points(share);
  };
  add("stable", snapshot.stable.get(), 0);
  add("canary", snapshot.canary.get(), snapshot.manifest.canary_basis_points);
  add("shadow", snapshot.shadow.get(), 0);
}

absl::Status NothingActive() {
  return MakeError(absl::StatusCode::kUnavailable, v1::ERROR_REASON_NO_ACTIVE_RULESET,
                   "no ruleset is active");
}

void AddIssue(const Issue& issue, v1::CheckRulesetResponse& response) {
  v1::RulesetIssue& out = *response.add_issues();
  out.set_severity(issue.severity == Severity::kError ? "error" : "warning");
  out.set_file(issue.location.file);
  out.set_line(issue.location.line);
  out.set_column(issue.location.column);
  out.set_code(issue.code);
  out.set_message(issue.message);
  out.set_hint(issue.hint);
}

void AddIssues(std::vector<Issue> issues, v1::CheckRulesetResponse& response) {
  // Errors first, so that none is left out for a warning.
  std::stable_partition(issues.begin(), issues.end(),
                        [](const Issue& issue) { return issue.severity == Severity::kError; });
  const size_t told = std::min(issues.size(), kMaxIssues);
  for (size_t i = 0; i < told; ++i) {
    AddIssue(issues[i], response);
  }
  if (told < issues.size()) {
    AddIssue({issues[told].severity,
              {},
              "more-issues",
              absl::StrCat("and ", issues.size() - told, " more"),
              ""},
             response);
  }
}

void AddFailedTests(const ruletest::RuleTestReport& report,
                    const ruleset::RulesetDocument& document, v1::CheckRulesetResponse& response) {
  if (report.none()) {
    return AddIssue({Severity::kError,
                     {},
                     "no-tests",
                     report.Problems()[0],
                     "give it worked patients (vignettes)"},
                    response);
  }
  for (const ruletest::FailedRuleTest& failure : report.failures) {
    AddIssue(
        {Severity::kError, document.Locate(failure.path), "failed-test", failure.ToString(), ""},
        response);
  }
  if (report.failed() > report.failures.size()) {
    AddIssue({Severity::kError,
              {},
              "failed-test",
              absl::StrCat("and ", report.failed() - report.failures.size(), " more tests fail"),
              ""},
             response);
  }
}

// Runs every test that the ruleset carries. DeadlineExceeded if that takes longer than `limit`.
absl::Status RunTests(const std::shared_ptr<const ruleset::CompiledRuleset>& ruleset,
                      const ruleset::RulesetDocument& document, absl::Duration limit,
                      v1::CheckRulesetResponse& response) {
  using Steady = std::chrono::steady_clock;  // nobody sets it while the tests run
  ruletest::RuleTestOptions options;
  options.max_failures = kMaxFailedTests;
  options.go_on = [until = Steady::now() + absl::ToChronoNanoseconds(limit)] {
    return Steady::now() < until;
  };
  const absl::StatusOr<ruletest::RuleTestReport> report = ruletest::RunRuleTests(ruleset, options);
  if (absl::IsDeadlineExceeded(report.status())) {
    return absl::DeadlineExceededError(absl::StrCat("the tests of the ruleset take longer than ",
                                                    absl::FormatDuration(limit),
                                                    ": run them with `plumbline rules test`"));
  }
  if (!report.ok()) {
    return report.status();
  }
  for (const auto kind : {ruletest::RuleTestKind::kVignette, ruletest::RuleTestKind::kOutcomeRow,
                          ruletest::RuleTestKind::kDoseRegister}) {
    v1::RulesetTestCount& count = *response.add_tests();
    count.set_kind(std::string(ruletest::RuleTestKindName(kind)));
    count.set_passed(report->of(kind).passed);
    count.set_failed(report->of(kind).failed);
  }
  response.set_tests_passed(report->passed());
  response.set_tests_failed(report->failed());
  AddFailedTests(*report, document, response);
  response.set_valid(report->ok());
  return absl::OkStatus();
}

// The status of an attempt, as the API tells it.
absl::Status ActivationError(const registry::ActivationResult& result) {
  if (result.step == registry::ActivationStep::kExpectCurrent) {
    return MakeError(absl::StatusCode::kAborted, v1::ERROR_REASON_UNEXPECTED_ACTIVE,
                     result.status.message());
  }
  return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_ACTIVATION_REFUSED,
                   result.status.message());
}

void AddTraffic(const registry::RulesetRegistry& registry, v1::GetActivationStatusResponse& out) {
  for (const registry::Alias alias :
       {registry::Alias::kStable, registry::Alias::kCanary, registry::Alias::kPinned}) {
    v1::AliasTraffic& traffic = *out.add_traffic();
    traffic.set_alias(std::string(registry::AliasName(alias)));
    traffic.set_answered(registry.answered(alias));
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const LoadedRevision>> RulesetsService::Find(
    absl::string_view field, const std::string& name) const {
  if (parts_.registry->snapshot() == nullptr) {
    return NothingActive();
  }
  std::vector<FieldProblem> problems;
  CheckShortText(field, name, problems);
  if (!problems.empty()) {
    return RequestStatus(problems);
  }
  auto found = parts_.registry->Lookup(name.empty() ? "stable" : name);
  if (found == nullptr) {
    return MakeError(absl::StatusCode::kNotFound, v1::ERROR_REASON_UNKNOWN_REVISION,
                     absl::StrCat(field, ": \"", name,
                                  "\" is no alias in use, no revision that is loaded, and not the "
                                  "first 8 or more digits of exactly one"));
  }
  return found;
}

absl::StatusOr<v1::ListRevisionsResponse> RulesetsService::ListRevisions(
    const v1::ListRevisionsRequest& request, const Caller&) const {
  if (request.page_size() < 0 || request.page_size() > kMaxPageSize) {
    return MakeFieldError(v1::ERROR_REASON_INVALID_REQUEST,
                          {{"page_size", absl::StrCat("must be 0 to ", kMaxPageSize)}});
  }
  // A token is the last revision of the page before: revisions are sorted.
  const std::string& token = request.page_token();
  if (!token.empty() && (token.size() != 64 || !std::all_of(token.begin(), token.end(), [](char c) {
                           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                         }))) {
    return MakeError(absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_PAGE_TOKEN,
                     "page_token: not from an earlier answer");
  }
  v1::ListRevisionsResponse response;
  const auto snapshot = parts_.registry->snapshot();
  if (snapshot == nullptr) {
    return response;
  }
  const int limit = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  for (const auto& revision : snapshot->revisions) {
    if (!token.empty() && revision->revision <= token) {
      continue;
    }
    if (response.revisions_size() == limit) {
      response.set_next_page_token(response.revisions(limit - 1).revision());
      break;
    }
    *response.add_revisions() = Describe(*revision, *snapshot);
  }
  return response;
}

absl::StatusOr<v1::GetRevisionResponse> RulesetsService::GetRevision(
    const v1::GetRevisionRequest& request, const Caller&) const {
  const auto revision = Find("name", request.name());
  if (!revision.ok()) {
    return revision.status();
  }
  v1::GetRevisionResponse response;
  *response.mutable_revision() = Describe(**revision, *parts_.registry->snapshot());
  if ((*revision)->bundle != nullptr) {
    response.set_bundle(*(*revision)->bundle);
  }
  response.set_approvals_note((*revision)->approvals_note);
  return response;
}

absl::StatusOr<v1::GetQuestionnaireResponse> RulesetsService::GetQuestionnaire(
    const v1::GetQuestionnaireRequest& request, const Caller&) const {
  const auto revision = Find("name", request.name());
  if (!revision.ok()) {
    return revision.status();
  }
  v1::GetQuestionnaireResponse response;
  response.set_revision((*revision)->revision);
  *response.mutable_questions() = (*revision)->ruleset->source.questions();
  return response;
}

absl::StatusOr<v1::DiffRevisionsResponse> RulesetsService::DiffRevisions(
    const v1::DiffRevisionsRequest& request, const Caller&) const {
  const auto from = Find("old_name", request.old_name());
  if (!from.ok()) {
    return from.status();
  }
  const auto to = Find("new_name", request.new_name());
  if (!to.ok()) {
    return to.status();
  }
  v1::DiffRevisionsResponse response;
  *response.mutable_diff() = diff::DiffRulesets(*(*from)->ruleset, *(*to)->ruleset);
  return response;
}

absl::StatusOr<v1::CheckRulesetResponse> RulesetsService::CheckRuleset(
    const v1::CheckRulesetRequest& request, const Caller&) const {
  if (!check_mutex_.TryLock()) {
    return MakeOverloadedError("another ruleset is being checked", kRetryCheck);
  }
  struct Unlock {
    absl::Mutex& mutex;
    ~Unlock() { mutex.Unlock(); }
  } unlock{check_mutex_};
  absl::StatusOr<registry::Bundle> bundle = registry::ParseBundle(request.bundle(), "bundle");
  if (!bundle.ok()) {
    return MakeFieldError(v1::ERROR_REASON_INVALID_REQUEST,
                          {{"bundle", std::string(bundle.status().message())}});
  }
  v1::CheckRulesetResponse response;
  response.set_revision(bundle->revision);
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(std::move(bundle->files), issues);
  ruleset::CompileResult compiled =
      ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues));
  response.set_version(document.ruleset().manifest().version());
  response.set_valid(compiled.ruleset != nullptr);
  AddIssues(std::move(compiled.issues), response);
  if (compiled.ruleset != nullptr && request.run_tests()) {
    if (absl::Status run = RunTests(compiled.ruleset, document, parts_.max_test_time, response);
        !run.ok()) {
      return run;
    }
  }
  return response;
}

absl::StatusOr<v1::ActivateResponse> RulesetsService::Activate(const v1::ActivateRequest& request,
                                                               const Caller& caller) {
  if (parts_.activation == nullptr) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_ACTIVATION_REFUSED,
        "this server serves one ruleset (--rules) and takes no manifests (--registry)");
  }
  // First of all: whatever is refused from here on is on record under this caller's name.
  if (parts_.before_activation != nullptr) {
    parts_.before_activation(caller);
  }
  // Measured, not read: that happens once the manifest is known to be signed.
  const auto releases =
      registry::GivenReleases::Create({request.bundles().begin(), request.bundles().end()},
                                      {request.approvals().begin(), request.approvals().end()});
  if (!releases.ok()) {
    if (!request.validate_only()) {
      parts_.activation->ReportFailure(registry::ActivationOrigin::kRpc,
                                       registry::ActivationStep::kRead, releases.status());
    }
    return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_ACTIVATION_REFUSED,
                     absl::StrCat("read: ", releases.status().message()));
  }
  registry::ActivationAttempt attempt;
  attempt.origin = registry::ActivationOrigin::kRpc;
  attempt.manifest = request.manifest();
  attempt.releases = releases->get();
  attempt.expect_current = request.expect_current();
  attempt.validate_only = request.validate_only();
  const registry::ActivationResult result = parts_.activation->Activate(attempt);
  if (!result.status.ok()) {
    return ActivationError(result);
  }
  v1::ActivateResponse response;
  response.set_serial(result.snapshot->manifest.serial);
  AddAliases(*result.snapshot, response);
  return response;
}

absl::StatusOr<v1::GetActivationStatusResponse> RulesetsService::GetActivationStatus(
    const v1::GetActivationStatusRequest&, const Caller&) const {
  v1::GetActivationStatusResponse response;
  if (const auto snapshot = parts_.registry->snapshot(); snapshot != nullptr) {
    response.set_serial(snapshot->manifest.serial);
    *response.mutable_activated_at() = ToTimestamp(snapshot->activated_at);
    AddAliases(*snapshot, response);
  }
  if (parts_.activation != nullptr) {
    const registry::ActivationStatus status = parts_.activation->status();
    response.set_activations(status.activations);
    response.set_failures(status.failures);
    if (!status.last_failure.empty()) {
      const auto& last = status.last_failure.back();
      v1::ActivationFailure& failure = *response.mutable_last_failure();
      *failure.mutable_time() = ToTimestamp(last.time);
      failure.set_origin(std::string(registry::OriginName(last.origin)));
      failure.set_step(std::string(registry::StepName(last.step)));
      failure.set_message(last.message);
    }
  }
  AddTraffic(*parts_.registry, response);
  if (parts_.shadow_traffic != nullptr) {
    *response.add_traffic() = parts_.shadow_traffic();
  }
  return response;
}

}  // namespace plumbline::service
