// RulesetsService: the use cases of plumbline.v1.RulesetService, without a transport.

#ifndef PLUMBLINE_SERVER_SERVICE_RULESETS_SERVICE_H_
#define PLUMBLINE_SERVER_SERVICE_RULESETS_SERVICE_H_

#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "plumbline/v1/ruleset_service.pb.h"
#include "server/registry/activation.h"
#include "server/registry/registry.h"
#include "server/service/caller.h"

namespace plumbline::service {

// Everything must outlive the service.
struct RulesetsParts {
  const registry::RulesetRegistry* registry = nullptr;
  // Null: this server serves one ruleset for good, and Activate is FAILED_PRECONDITION.
  registry::Activation* activation = nullptr;
  // What the shadow did; null: there is none.
  std::function<v1::AliasTraffic()> shadow_traffic;
  // Called around Activate, so that its observer knows who asked. May be null.
  std::function<void(const Caller&)> before_activation;
  // Longest time that the tests of CheckRuleset may take.
  absl::Duration max_test_time = absl::Seconds(30);
};

// Thread-safe. Calls block, CheckRuleset and Activate for seconds. Errors carry google.rpc details
// (rpc_error.h).
class RulesetsService {
 public:
  explicit RulesetsService(const RulesetsParts& parts) : parts_(parts) {}

  absl::StatusOr<v1::ListRevisionsResponse> ListRevisions(const v1::ListRevisionsRequest& request,
                                                          const Caller& caller) const;
  // NOT_FOUND (UNKNOWN_REVISION) for a name that is no alias in use, no loaded revision, or the
  // beginning of several. So do the next two.
  absl::StatusOr<v1::GetRevisionResponse> GetRevision(const v1::GetRevisionRequest& request,
                                                      const Caller& caller) const;
  absl::StatusOr<v1::GetQuestionnaireResponse> GetQuestionnaire(
      const v1::GetQuestionnaireRequest& request, const Caller& caller) const;
  absl::StatusOr<v1::DiffRevisionsResponse> DiffRevisions(const v1::DiffRevisionsRequest& request,
                                                          const Caller& caller) const;
  // What is wrong with the rules is the answer, not an error; INVALID_ARGUMENT is for bytes that
  // are no ruleset file. One check at a time: more are RESOURCE_EXHAUSTED with RetryInfo.
  // Tests are everything that the ruleset carries (ruletest/rule_tests.h); one without any is not
  // valid. DEADLINE_EXCEEDED if they take longer than `max_test_time`.
  absl::StatusOr<v1::CheckRulesetResponse> CheckRuleset(const v1::CheckRulesetRequest& request,
                                                        const Caller& caller) const;
  // Nothing of the request beyond the manifest is read before the manifest is known to be signed.
  // FAILED_PRECONDITION (ACTIVATION_REFUSED) with the step that failed; ABORTED
  // (UNEXPECTED_ACTIVE).
  absl::StatusOr<v1::ActivateResponse> Activate(const v1::ActivateRequest& request,
                                                const Caller& caller);
  absl::StatusOr<v1::GetActivationStatusResponse> GetActivationStatus(
      const v1::GetActivationStatusRequest& request, const Caller& caller) const;

 private:
  absl::StatusOr<std::shared_ptr<const registry::LoadedRevision>> Find(
      absl::string_view field, const std::string& name) const;

  const RulesetsParts parts_;
  mutable absl::Mutex check_mutex_;  // held by the one check that runs
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_RULESETS_SERVICE_H_
