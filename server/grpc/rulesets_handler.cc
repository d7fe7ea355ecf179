#include "server/grpc/rulesets_handler.h"

#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {

using service::Caller;

RulesetsHandler::Unary* RulesetsHandler::ListRevisions(Context* context, const Bytes* request,
                                                       Bytes* response) {
  return calls_->Run<v1::ListRevisionsRequest>(
      context, "ListRevisions", request, response,
      [this](const v1::ListRevisionsRequest& message, const Caller& caller) {
        return service_->ListRevisions(message, caller);
      });
}

RulesetsHandler::Unary* RulesetsHandler::GetRevision(Context* context, const Bytes* request,
                                                     Bytes* response) {
  return calls_->Run<v1::GetRevisionRequest>(
      context, "GetRevision", request, response,
      [this](const v1::GetRevisionRequest& message, const Caller& caller) {
        return service_->GetRevision(message, caller);
      });
}

RulesetsHandler::Unary* RulesetsHandler::GetQuestionnaire(Context* context, const Bytes* request,
                                                          Bytes* response) {
  return calls_->Run<v1::GetQuestionnaireRequest>(
      context, "GetQuestionnaire", request, response,
      [this](const v1::GetQuestionnaireRequest& message, const Caller& caller) {
        return service_->GetQuestionnaire(message, caller);
      });
}

RulesetsHandler::Unary* RulesetsHandler::CheckRuleset(Context* context, const Bytes* request,
                                                      Bytes* response) {
  return calls_->Run<v1::CheckRulesetRequest>(
      context, "CheckRuleset", request, response,
      [this](const v1::CheckRulesetRequest& message, const Caller& caller) {
        return service_->CheckRuleset(message, caller);
      });
}

RulesetsHandler::Unary* RulesetsHandler::DiffRevisions(Context* context, const Bytes* request,
                                                       Bytes* response) {
  return calls_->Run<v1::DiffRevisionsRequest>(
      context, "DiffRevisions", request, response,
      [this](const v1::DiffRevisionsRequest& message, const Caller& caller) {
        return service_->DiffRevisions(message, caller);
      });
}

RulesetsHandler::Unary* RulesetsHandler::Activate(Context* context, const Bytes* request,
                                                  Bytes* response) {
  return calls_->Run<v1::ActivateRequest>(
      context, "Activate", request, response,
      [this](const v1::ActivateRequest& message,
             const Caller& caller) -> absl::StatusOr<v1::ActivateResponse> {
        if (!may_activate_) {
          return service::MakeError(absl::StatusCode::kPermissionDenied,
                                    v1::ERROR_REASON_NOT_PERMITTED,
                                    "Activate is offered on the administrative address only");
        }
        return service_->Activate(message, caller);
      });
}

RulesetsHandler::Unary* RulesetsHandler::GetActivationStatus(Context* context, const Bytes* request,
                                                             Bytes* response) {
  return calls_->Run<v1::GetActivationStatusRequest>(
      context, "GetActivationStatus", request, response,
      [this](const v1::GetActivationStatusRequest& message, const Caller& caller) {
        return service_->GetActivationStatus(message, caller);
      });
}

}  // namespace plumbline::grpc_server
