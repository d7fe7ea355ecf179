#include "tests/testing/grpc/test_server.h"

#include <gtest/gtest.h>

#include <utility>

#include "server/service/engine_evaluator.h"
#include "spdlog/sinks/ostream_sink.h"
#include "tests/testing/engine/small_ruleset.h"
#include "tests/testing/grpc/raw_call.h"

namespace plumbline::testing {
namespace {

std::shared_ptr<spdlog::logger> MakeLogger(std::ostream& out) {
  auto logger = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger->set_pattern("%v");
  return logger;
}

}  // namespace

TestServer::TestServer(std::shared_ptr<const service::ServedRuleset> ruleset,
                       grpc_server::ServerConfig config, service::DecisionRecorder* recorder)
    : source_(std::move(ruleset)),
      service_(&source_, recorder == nullptr ? &null_recorder_ : recorder),
      log_(MakeLogger(log_text_), grpc_server::CallLogging::kAll) {
  config.listen = "127.0.0.1:0";
  grpc_server::ServedServices services;
  services.evaluate = &service_;
  auto server = grpc_server::Server::Start(config, services, &log_);
  if (!server.ok()) {
    ADD_FAILURE() << server.status();
    std::abort();  // nothing below could work
  }
  server_ = *std::move(server);
}

TestServer::~TestServer() = default;

std::shared_ptr<grpc::Channel> TestServer::Channel() const { return PlaintextChannel(address()); }

std::string TestServer::StopAndReadLog() {
  server_->Stop();
  return log_text_.str();
}

std::shared_ptr<const service::ServedRuleset> SmallServedRuleset() {
  return service::ServeRuleset(CompileText(SmallRulesetText()));
}

}  // namespace plumbline::testing
