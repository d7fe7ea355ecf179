// RulesetsHandler: plumbline.v1.RulesetService on gRPC.

#ifndef PLUMBLINE_SERVER_GRPC_RULESETS_HANDLER_H_
#define PLUMBLINE_SERVER_GRPC_RULESETS_HANDLER_H_

#include "plumbline/v1/ruleset_service.grpc.pb.h"
#include "server/grpc/blocking_calls.h"
#include "server/service/rulesets_service.h"

namespace plumbline::grpc_server {

template <typename Base>
using RawRulesetChanges = v1::RulesetService::WithRawCallbackMethod_CheckRuleset<
    v1::RulesetService::WithRawCallbackMethod_Activate<
        v1::RulesetService::WithRawCallbackMethod_GetActivationStatus<Base>>>;
template <typename Base>
using RawRulesetReads = v1::RulesetService::WithRawCallbackMethod_ListRevisions<
    v1::RulesetService::WithRawCallbackMethod_GetRevision<
        v1::RulesetService::WithRawCallbackMethod_GetQuestionnaire<
            v1::RulesetService::WithRawCallbackMethod_DiffRevisions<Base>>>>;
// Every method as bytes.
using RawRulesetService = RawRulesetReads<RawRulesetChanges<v1::RulesetService::Service>>;

// Thread-safe. Keeps pointers to service and calls, which must outlive it.
class RulesetsHandler final : public RawRulesetService {
 public:
  // Unless `may_activate`, Activate is PERMISSION_DENIED (ERROR_REASON_NOT_PERMITTED).
  RulesetsHandler(service::RulesetsService* service, BlockingCalls* calls, bool may_activate)
      : service_(service), calls_(calls), may_activate_(may_activate) {}

  using Context = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;
  using Unary = grpc::ServerUnaryReactor;

  Unary* ListRevisions(Context*, const Bytes* request, Bytes* response) override;
  Unary* GetRevision(Context*, const Bytes* request, Bytes* response) override;
  Unary* GetQuestionnaire(Context*, const Bytes* request, Bytes* response) override;
  Unary* CheckRuleset(Context*, const Bytes* request, Bytes* response) override;
  Unary* DiffRevisions(Context*, const Bytes* request, Bytes* response) override;
  Unary* Activate(Context*, const Bytes* request, Bytes* response) override;
  Unary* GetActivationStatus(Context*, const Bytes* request, Bytes* response) override;

 private:
  service::RulesetsService* service_;
  BlockingCalls* calls_;
  const bool may_activate_;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_RULESETS_HANDLER_H_
