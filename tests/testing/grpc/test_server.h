// TestServer: the real server on a free loopback port, in this process, with its log in memory.

#ifndef PLUMBLINE_TESTS_TESTING_GRPC_TEST_SERVER_H_
#define PLUMBLINE_TESTS_TESTING_GRPC_TEST_SERVER_H_

#include <memory>
#include <sstream>
#include <string>

#include "grpcpp/channel.h"
#include "server/grpc/server.h"
#include "server/service/evaluate_service.h"
#include "server/service/ruleset_source.h"

namespace plumbline::testing {

// Fails the running test if the server does not start.
class TestServer {
 public:
  explicit TestServer(std::shared_ptr<const service::ServedRuleset> ruleset,
                      grpc_server::ServerConfig config = {},
                      service::DecisionRecorder* recorder = nullptr);
  ~TestServer();

  grpc_server::Server& server() { return *server_; }
  const std::string& address() const { return server_->address(); }
  // A new plaintext channel.
  std::shared_ptr<grpc::Channel> Channel() const;
  // Everything that was logged; stops the server first.
  std::string StopAndReadLog();

 private:
  std::ostringstream log_text_;
  service::NullRecorder null_recorder_;
  service::SingleRulesetSource source_;
  service::EvaluateService service_;
  grpc_server::EventLog log_;
  std::unique_ptr<grpc_server::Server> server_;
};

// The small ruleset of tests/testing/engine, in service.
std::shared_ptr<const service::ServedRuleset> SmallServedRuleset();

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_GRPC_TEST_SERVER_H_
