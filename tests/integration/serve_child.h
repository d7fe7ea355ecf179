// ServeChild: `plumbline serve` as a child process, with a decision log and an administrative
// address.

#ifndef PLUMBLINE_TESTS_INTEGRATION_SERVE_CHILD_H_
#define PLUMBLINE_TESTS_INTEGRATION_SERVE_CHILD_H_

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "plumbline/v1/audit_service.grpc.pb.h"
#include "plumbline/v1/ruleset_service.grpc.pb.h"
#include "plumbline/v1/triage_service.grpc.pb.h"
#include "tests/testing/grpc/child_process.h"
#include "tests/testing/grpc/raw_call.h"

namespace plumbline {

// A context with a deadline of `seconds`, and perhaps the name of the caller.
inline std::unique_ptr<grpc::ClientContext> Context(const std::string& caller = "",
                                                    int seconds = 20) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
  if (!caller.empty()) {
    context->AddMetadata("plumbline-caller", caller);
  }
  return context;
}

// The reason that an error carries.
v1::ErrorReason ReasonOf(const grpc::Status& status);

// A folder with a small ruleset and the keys of a log; the log itself is made by the first server.
class ServeFolder {
 public:
  ServeFolder();

  // Arguments of `serve` with the small ruleset.
  std::vector<std::string> Rules() const { return {"--rules", folder_.path("rules")}; }
  // Arguments of `serve` for the log.
  std::vector<std::string> Log() const;
  std::string path(const std::string& name) const { return folder_.path(name); }
  std::string Write(const std::string& name, const std::string& text) const {
    return folder_.Write(name, text);
  }
  const std::string& verifier_key() const { return verifier_key_; }

 private:
  testing::TemporaryFolder folder_;
  std::string verifier_key_;
};

class ServeChild {
 public:
  // Starts it, and waits until it listens unless `waits` is false. `failpoint`:
  // PLUMBLINE_FAILPOINT.
  explicit ServeChild(const std::vector<std::vector<std::string>>& arguments,
                      const std::string& failpoint = "", bool waits = true);

  v1::TriageService::Stub& triage() { return *triage_; }
  v1::AuditService::Stub& audit() { return *audit_; }
  v1::RulesetService::Stub& rulesets() { return *rulesets_; }
  const std::string& address() const { return address_; }
  std::shared_ptr<grpc::Channel> Main() const { return testing::PlaintextChannel(address_); }
  std::shared_ptr<grpc::Channel> Admin() const { return testing::PlaintextChannel(admin_); }
  testing::ChildProcess& process() { return *process_; }

  // By SIGTERM; returns the exit code.
  int Stop();

  // ---- Calls that must succeed; the running test fails otherwise ----
  v1::EvaluateResponse Evaluate(const v1::EvaluateRequest& request, const std::string& caller = "");
  v1::ListRecordsResponse List(v1::RecordKind kind);

 private:
  std::unique_ptr<testing::ChildProcess> process_;
  std::string admin_;
  std::string address_;
  std::unique_ptr<v1::TriageService::Stub> triage_;
  std::unique_ptr<v1::AuditService::Stub> audit_;
  std::unique_ptr<v1::RulesetService::Stub> rulesets_;
};

// A valid request with a request id.
v1::EvaluateRequest RequestOf(const std::string& request_id, int age = 44);

}  // namespace plumbline

#endif  // PLUMBLINE_TESTS_INTEGRATION_SERVE_CHILD_H_
