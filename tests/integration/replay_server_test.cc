// plumbline audit against a real server: the same client calls as on a folder, over gRPC.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/cli/audit_client.h"
#include "tests/integration/serve_child.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;

class AuditServerTest : public ::testing::Test {
 protected:
  std::unique_ptr<cli::AuditClient> Connect() const {
    std::string port;
    std::ifstream(folder_.path("audit.port")) >> port;
    cli::AuditServer server;
    server.target = absl::StrCat("127.0.0.1:", port);
    server.caller = "cli:auditor";
    auto client = cli::MakeRemoteAuditClient(server);
    EXPECT_TRUE(client.ok()) << client.status();
    return *std::move(client);
  }
  std::vector<std::vector<std::string>> Arguments() const {
    return {folder_.Rules(), folder_.Log(), {"--admin-port-file", folder_.path("audit.port")}};
  }

  ServeFolder folder_;
};

TEST_F(AuditServerTest, ReplayOnTheServerComesOutTheSameAndIsOnRecord) {
  ServeChild server(Arguments());
  const std::string revision = server.Evaluate(RequestOf("a", 44)).decision().ruleset().revision();
  server.Evaluate(RequestOf("b", 61));
  const std::unique_ptr<cli::AuditClient> client = Connect();
  for (const std::string& candidate : {std::string(), revision}) {
    v1::ReplayDecisionsRequest request;
    request.set_revision(candidate);
    request.set_purpose("a test");
    std::optional<v1::ImpactReport> report;
    int told = 0;
    const absl::Status status =
        client->ReplayDecisions(request, [&](const v1::ReplayDecisionsResponse& response) {
          told += response.has_progress() ? 1 : 0;
          if (response.has_report()) report = response.report();
          return true;
        });
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->evaluated(), 2U);
    EXPECT_EQ(report->identical(), 2U);
    EXPECT_EQ(report->candidate_revision(), candidate);
    EXPECT_GT(told, 0);
  }
  v1::ListRecordsRequest list;
  list.mutable_filter()->add_kinds(v1::RECORD_KIND_REPLAY);
  const auto replays = client->ListRecords(list);
  ASSERT_TRUE(replays.ok()) << replays.status();
  ASSERT_EQ(replays->records_size(), 2);
  EXPECT_EQ(replays->records(0).caller(), "cli:auditor");
  EXPECT_EQ(server.Stop(), 0);
}

TEST_F(AuditServerTest, ErrorsOfTheServerKeepTheirCodeAndNameTheField) {
  ServeChild server(Arguments());
  const std::unique_ptr<cli::AuditClient> client = Connect();
  v1::GetRecordRequest request;
  request.mutable_name()->set_index(4711);
  const auto without_purpose = client->GetRecord(request);
  EXPECT_EQ(without_purpose.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(without_purpose.status().message()), HasSubstr("purpose"));
  request.set_purpose("a test");
  EXPECT_EQ(client->GetRecord(request).status().code(), absl::StatusCode::kNotFound);
  v1::ReplayDecisionsRequest replay;
  replay.set_revision(std::string(64, 'f'));
  replay.set_purpose("a test");
  EXPECT_EQ(client->ReplayDecisions(replay, [](const auto&) { return true; }).code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(server.Stop(), 0);
}

}  // namespace
}  // namespace plumbline
