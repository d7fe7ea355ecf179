#include "server/grpc/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "spdlog/sinks/ostream_sink.h"

namespace plumbline::grpc_server {
namespace {

class EventLogTest : public ::testing::Test {
 protected:
  std::shared_ptr<spdlog::logger> Logger() {
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(text_));
    logger->set_pattern("%v");
    return logger;
  }

  google::protobuf::Struct Parsed() const {
    google::protobuf::Struct object;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text_.str(), &object).ok())
        << text_.str();
    return object;
  }

  std::ostringstream text_;
};

CallEvent Failed() {
  CallEvent call;
  call.method = "Evaluate";
  call.code = "INVALID_ARGUMENT";
  call.reason = "ERROR_REASON_INVALID_INTAKE";
  call.latency_us = 42;
  call.request_bytes = 117;
  call.has_request_id = true;
  return call;
}

TEST_F(EventLogTest, CallIsOneJsonObject) {
  EventLog(Logger(), CallLogging::kAll).OnCall(Failed());
  const google::protobuf::Struct object = Parsed();
  EXPECT_EQ(object.fields().at("event").string_value(), "call");
  EXPECT_EQ(object.fields().at("method").string_value(), "Evaluate");
  EXPECT_EQ(object.fields().at("code").string_value(), "INVALID_ARGUMENT");
  EXPECT_EQ(object.fields().at("reason").string_value(), "ERROR_REASON_INVALID_INTAKE");
  EXPECT_EQ(object.fields().at("latency_us").number_value(), 42);
  EXPECT_EQ(object.fields().at("request_bytes").number_value(), 117);
  EXPECT_TRUE(object.fields().at("request_id").bool_value());
  EXPECT_EQ(object.fields().count("revision"), 0u);
}

TEST_F(EventLogTest, EventsEscapeTheirValues) {
  EventLog(Logger(), CallLogging::kNone)
      .OnEvent("serving", {{"address", "a\"b\\c\n\x01\xFF"}, {"empty", ""}});
  const google::protobuf::Struct object = Parsed();
  EXPECT_EQ(object.fields().at("address").string_value(), "a\"b\\c\n\x01\xEF\xBF\xBD");
  EXPECT_EQ(object.fields().at("empty").string_value(), "");
}

TEST_F(EventLogTest, FailuresOnlyLeavesOutAnswers) {
  EventLog log(Logger(), CallLogging::kFailures);
  CallEvent ok = Failed();
  ok.code = "OK";
  log.OnCall(ok);
  EXPECT_EQ(text_.str(), "");
  log.OnCall(Failed());
  EXPECT_NE(text_.str(), "");
}

TEST_F(EventLogTest, NoneLeavesOutAllCalls) {
  EventLog(Logger(), CallLogging::kNone).OnCall(Failed());
  EXPECT_EQ(text_.str(), "");
}

}  // namespace
}  // namespace plumbline::grpc_server
