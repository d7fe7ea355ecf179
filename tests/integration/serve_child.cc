#include "tests/integration/serve_child.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/testing/engine/small_ruleset.h"

namespace plumbline {

v1::ErrorReason ReasonOf(const grpc::Status& status) {
  google::rpc::Status rpc;
  rpc.ParseFromString(status.error_details());
  for (const google::protobuf::Any& any : rpc.details()) {
    google::rpc::ErrorInfo info;
    v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
    if (any.UnpackTo(&info) && v1::ErrorReason_Parse(info.reason(), &reason)) {
      return reason;
    }
  }
  return v1::ERROR_REASON_UNSPECIFIED;
}

v1::EvaluateRequest RequestOf(const std::string& request_id, int age) {
  v1::EvaluateRequest request = testing::ValidRequest();
  request.set_request_id(request_id);
  request.mutable_as_of()->set_month(6);
  request.mutable_intake()->mutable_person()->set_age_years(age);
  return request;
}

ServeFolder::ServeFolder() {
  folder_.Write("rules/small.textproto", testing::SmallRulesetText());
  testing::ChildProcess keys(
      {PLUMBLINE_BINARY, "keys", "init", path("keys"), "--name", "test.example/log"});
  EXPECT_EQ(keys.Wait(), 0) << keys.errors();
  verifier_key_ = keys.output();
  while (!verifier_key_.empty() && verifier_key_.back() == '\n') {
    verifier_key_.pop_back();
  }
}

std::vector<std::string> ServeFolder::Log() const {
  return {"--log",
          path("log"),
          "--log-key",
          path("keys/master.key"),
          "--log-signing-key",
          path("keys/log.key"),
          "--log-min-free-mb",
          "1"};
}

ServeChild::ServeChild(const std::vector<std::vector<std::string>>& arguments,
                       const std::string& failpoint, bool waits) {
  std::vector<std::string> all = {PLUMBLINE_BINARY, "serve", "--listen", "127.0.0.1:0",
                                  "--admin-listen", "127.0.0.1:0",
                                  // Clients of this process look at their connections only while
                                  // they call, and do not see that the server goes.
                                  "--drain-ms", "300"};
  for (const auto& some : arguments) {
    all.insert(all.end(), some.begin(), some.end());
  }
  setenv("PLUMBLINE_FAILPOINT", failpoint.c_str(), 1);
  process_ = std::make_unique<testing::ChildProcess>(all);
  unsetenv("PLUMBLINE_FAILPOINT");
  if (!waits) {
    return;
  }
  address_ = process_->WaitForLine("listening on ");
  admin_ = process_->WaitForLine("administration on ");
  triage_ = v1::TriageService::NewStub(Main());
  audit_ = v1::AuditService::NewStub(Admin());
  rulesets_ = v1::RulesetService::NewStub(Admin());
}

int ServeChild::Stop() {
  process_->Signal(SIGTERM);
  return process_->Wait();
}

v1::EvaluateResponse ServeChild::Evaluate(const v1::EvaluateRequest& request,
                                          const std::string& caller) {
  v1::EvaluateResponse response;
  const grpc::Status status = triage_->Evaluate(Context(caller).get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

v1::ListRecordsResponse ServeChild::List(v1::RecordKind kind) {
  v1::ListRecordsRequest request;
  request.set_page_size(1000);
  request.mutable_filter()->add_kinds(kind);
  v1::ListRecordsResponse response;
  const grpc::Status status = audit_->ListRecords(Context().get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

}  // namespace plumbline
