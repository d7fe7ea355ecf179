// `plumbline serve` with a decision log: what was answered is on record, once, and can be proved.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "server/audit/merkle.h"
#include "server/audit/receipt.h"
#include "tests/integration/serve_child.h"
#include "tests/testing/grpc/test_certificates.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

v1::GetRecordResponse GetRecord(ServeChild& server, const std::string& id,
                                const std::string& caller = "auditor") {
  v1::GetRecordRequest request;
  request.mutable_name()->set_id(id);
  request.set_purpose("a test");
  v1::GetRecordResponse response;
  const grpc::Status status = server.audit().GetRecord(Context(caller).get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

class DecisionLogTest : public ::testing::Test {
 protected:
  std::vector<std::vector<std::string>> Arguments(std::vector<std::string> more = {}) const {
    return {folder_.Rules(), folder_.Log(), std::move(more)};
  }

  ServeFolder folder_;
};

TEST_F(DecisionLogTest, DecisionIsOnRecordByteForByteAndItsReceiptVerifies) {
  ServeChild server(Arguments());
  v1::EvaluateRequest request = RequestOf("r-1");
  request.set_patient_pseudonym("pseudonym-7");
  const v1::EvaluateResponse answer = server.Evaluate(request, "ward 7");
  ASSERT_THAT(answer.decision_id(), SizeIs(36));
  ASSERT_TRUE(answer.has_record_index());
  EXPECT_FALSE(answer.answered_before());

  const v1::Record record = GetRecord(server, answer.decision_id()).record();
  EXPECT_EQ(record.summary().index(), answer.record_index());
  EXPECT_EQ(record.summary().caller(), "ward 7");
  EXPECT_FALSE(record.summary().caller_authenticated());
  EXPECT_EQ(record.summary().request_id(), "r-1");
  EXPECT_EQ(record.summary().alias(), "stable");
  EXPECT_EQ(record.patient_pseudonym(), "pseudonym-7");
  EXPECT_EQ(record.request_bytes(), request.SerializeAsString());
  EXPECT_EQ(record.decision_bytes(), answer.decision().SerializeAsString());

  v1::GetReceiptRequest ask;
  ask.mutable_name()->set_id(answer.decision_id());
  v1::GetReceiptResponse receipt;
  ASSERT_TRUE(server.audit().GetReceipt(Context().get(), ask, &receipt).ok());
  const auto parsed = audit::ParseReceipt(receipt.receipt());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const auto policy = audit::TrustPolicy::ForLog(folder_.verifier_key());
  ASSERT_TRUE(policy.ok()) << policy.status();
  const auto verified = audit::VerifyReceipt(*parsed, audit::HashLeaf(receipt.leaf()), *policy);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->index, answer.record_index());
  EXPECT_EQ(verified->checkpoint.origin, "test.example/log");
  EXPECT_EQ(receipt.leaf(), record.leaf());
  EXPECT_EQ(server.Stop(), 0);
}

TEST_F(DecisionLogTest, RepeatedRequestGetsTheRecordedAnswerAlsoAfterARestart) {
  v1::EvaluateResponse first;
  {
    ServeChild server(Arguments());
    first = server.Evaluate(RequestOf("r-1"), "clinic");
    const v1::EvaluateResponse again = server.Evaluate(RequestOf("r-1"), "clinic");
    EXPECT_TRUE(again.answered_before());
    EXPECT_EQ(again.decision_id(), first.decision_id());
    EXPECT_EQ(again.decision().SerializeAsString(), first.decision().SerializeAsString());
    // Another caller's id is another id.
    EXPECT_FALSE(server.Evaluate(RequestOf("r-1"), "practice").answered_before());
    EXPECT_EQ(server.Stop(), 0);
  }
  ServeChild server(Arguments());
  const v1::EvaluateResponse again = server.Evaluate(RequestOf("r-1"), "clinic");
  EXPECT_TRUE(again.answered_before());
  EXPECT_EQ(again.decision_id(), first.decision_id());
  EXPECT_EQ(again.record_index(), first.record_index());
  EXPECT_THAT(server.List(v1::RECORD_KIND_DECISION).records(), SizeIs(2));
}

TEST_F(DecisionLogTest, CommandLineNamesItsRequestAndIsToldTheRecord) {
  ServeChild server(Arguments());
  const auto evaluate = [&](const std::string& intake) {
    auto child = std::make_unique<testing::ChildProcess>(
        std::vector<std::string>{PLUMBLINE_BINARY, "evaluate", "--server", server.address(),
                                 "--request-id", "r-1", "--patient-pseudonym", "pseudonym-7",
                                 "--as-of", "2026-01-15", "--intake", "-", "--format", "json"},
        intake);
    child->Wait();
    return child;
  };
  const auto first = evaluate(R"({"age_years": 44})");
  EXPECT_THAT(first->errors(), HasSubstr("plumbline: on record as decision "));
  const auto records = server.List(v1::RECORD_KIND_DECISION);
  ASSERT_THAT(records.records(), SizeIs(1));
  EXPECT_THAT(first->errors(), HasSubstr(records.records(0).id()));
  EXPECT_EQ(records.records(0).request_id(), "r-1");
  EXPECT_EQ(GetRecord(server, records.records(0).id()).record().patient_pseudonym(), "pseudonym-7");

  const auto again = evaluate(R"({"age_years": 44})");
  EXPECT_EQ(again->output(), first->output());
  EXPECT_THAT(again->errors(), HasSubstr(records.records(0).id()));
  EXPECT_THAT(again->errors(), HasSubstr("(answered before)"));

  const auto other = evaluate(R"({"age_years": 45})");
  EXPECT_EQ(other->output(), "");
  EXPECT_THAT(other->errors(), HasSubstr("ALREADY_EXISTS"));
  EXPECT_THAT(server.List(v1::RECORD_KIND_DECISION).records(), SizeIs(1));
}

TEST_F(DecisionLogTest, OtherRequestUnderTheSameIdIsRefused) {
  ServeChild server(Arguments());
  server.Evaluate(RequestOf("r-1", 44));
  v1::EvaluateResponse response;
  const grpc::Status status =
      server.triage().Evaluate(Context().get(), RequestOf("r-1", 45), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_REQUEST_ID_REUSED);
}

TEST_F(DecisionLogTest, SameRequestAtTheSameTimeIsDecidedOnce) {
  ServeChild server(Arguments(), "before-append-write:*=sleep(50)");
  std::vector<std::string> ids(8);
  std::vector<std::thread> callers;
  for (std::string& id : ids) {
    callers.emplace_back([&] { id = server.Evaluate(RequestOf("r-1")).decision_id(); });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_THAT(std::set<std::string>(ids.begin(), ids.end()), SizeIs(1));
  EXPECT_THAT(server.List(v1::RECORD_KIND_DECISION).records(), SizeIs(1));
}

TEST_F(DecisionLogTest, LogThatCannotKeepUpShedsCallsBeforeTheyAreDecided) {
  ServeChild server(Arguments({"--log-max-pending", "2", "--log-max-batch", "1"}),
                    "before-append-write:*=sleep(100)");
  std::atomic<int> answered{0};
  std::atomic<int> shed{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 12; ++t) {
    callers.emplace_back([&, t] {
      const auto channel = server.Main();
      for (int i = 0; i < 3; ++i) {
        const auto result = testing::RawCall(
            channel,
            RequestOf("r-" + std::to_string(t) + "-" + std::to_string(i)).SerializeAsString());
        if (result.status.ok()) {
          ++answered;
          continue;
        }
        EXPECT_EQ(result.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
        EXPECT_EQ(result.reason, v1::ERROR_REASON_LOG_OVERLOADED);
        EXPECT_TRUE(result.retry_info.has_value());
        ++shed;
      }
    });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_GT(answered, 0);
  EXPECT_GT(shed, 0);
  EXPECT_THAT(server.List(v1::RECORD_KIND_DECISION).records(),
              SizeIs(static_cast<size_t>(answered.load())));
}

TEST_F(DecisionLogTest, FailedWriteEndsServingAndLosesNothingThatWasAnswered) {
  std::vector<std::string> answered;
  {
    ServeChild server(Arguments(), "after-append-write:8=error");
    grpc::Status status;
    for (int i = 0; i < 20 && status.ok(); ++i) {
      v1::EvaluateResponse response;
      status =
          server.triage().Evaluate(Context().get(), RequestOf("r-" + std::to_string(i)), &response);
      if (status.ok()) {
        answered.push_back(response.decision_id());
      }
    }
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_LOG_FAILED) << status.error_message();
    EXPECT_EQ(server.process().Wait(), 6);
    EXPECT_THAT(server.process().errors(), HasSubstr("the decision log has failed"));
    EXPECT_THAT(server.process().errors(), HasSubstr("\"event\":\"log-failed\""));
  }
  ASSERT_GT(answered.size(), 0u);
  ServeChild server(Arguments());
  for (const std::string& id : answered) {
    EXPECT_EQ(GetRecord(server, id).record().summary().id(), id);
  }
}

// Largest file that a process may write: a full disk for its segments, which are the largest.
void LimitFileSize(pid_t process, rlim_t bytes) {
  rlimit limit{};
  ASSERT_EQ(prlimit(process, RLIMIT_FSIZE, nullptr, &limit), 0);
  limit.rlim_cur = std::min(bytes, limit.rlim_max);
  ASSERT_EQ(prlimit(process, RLIMIT_FSIZE, &limit, nullptr), 0);
}

TEST_F(DecisionLogTest, NoRoomForANewLogEndsTheStartWithTheCodeForTryingAgain) {
  LimitFileSize(getpid(), 1 << 20);  // the child inherits it
  {
    ServeChild server(Arguments(), "", /*waits=*/false);
    LimitFileSize(getpid(), RLIM_INFINITY);
    EXPECT_EQ(server.process().Wait(), 6);
    EXPECT_THAT(server.process().errors(), HasSubstr("File too large"));
  }
  ServeChild server(Arguments());
  server.Evaluate(RequestOf("r-1"));
  EXPECT_EQ(server.Stop(), 0);
}

TEST_F(DecisionLogTest, DiskThatFillsUpRefusesCallsAndTakesThemAgainWhenThereIsRoom) {
  ServeChild server(Arguments());
  std::set<std::string> answered = {server.Evaluate(RequestOf("r-0")).decision_id()};
  LimitFileSize(server.process().pid(), 1024);
  const auto ask = [&](int i) {
    v1::EvaluateResponse response;
    grpc::Status status =
        server.triage().Evaluate(Context().get(), RequestOf("r-" + std::to_string(i)), &response);
    if (status.ok()) answered.insert(response.decision_id());
    return status;
  };
  grpc::Status status;
  int calls = 0;
  while (status.ok() && calls < 100) status = ask(++calls);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_LOG_DISK_FULL) << status.error_message();
  LimitFileSize(server.process().pid(), RLIM_INFINITY);
  while (!status.ok() && ++calls < 1000) {
    status = ask(calls);
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(server.Stop(), 0);
  ServeChild again(Arguments());
  EXPECT_THAT(again.List(v1::RECORD_KIND_DECISION).records(), SizeIs(answered.size()));
  for (const std::string& id : answered) {
    EXPECT_EQ(GetRecord(again, id).record().summary().id(), id);
  }
}

TEST_F(DecisionLogTest, FeedbackIsOnRecordOnceAndCanBeExported) {
  ServeChild server(Arguments());
  const std::string decision = server.Evaluate(RequestOf("r-1")).decision_id();
  v1::RecordFeedbackRequest request;
  request.set_request_id("f-1");
  request.set_decision_id(decision);
  request.mutable_feedback()->set_verdict(v1::FEEDBACK_VERDICT_OVERRIDDEN);
  request.mutable_feedback()->set_override_reason(v1::OVERRIDE_REASON_EXAMINATION);
  request.mutable_feedback()->set_done_instead("seen the same day");
  v1::RecordFeedbackResponse recorded;
  grpc::Status status = server.triage().RecordFeedback(Context().get(), request, &recorded);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_FALSE(recorded.recorded_before());
  const std::string id = recorded.feedback_id();
  ASSERT_TRUE(server.triage().RecordFeedback(Context().get(), request, &recorded).ok());
  EXPECT_TRUE(recorded.recorded_before());
  EXPECT_EQ(recorded.feedback_id(), id);

  request.set_request_id("f-2");
  request.set_decision_id("01234567-89ab-7def-8123-456789abcdef");
  status = server.triage().RecordFeedback(Context().get(), request, &recorded);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_UNKNOWN_RECORD);

  v1::ExportFeedbackRequest ask;
  ask.set_purpose("a test");
  const auto context = Context("auditor");
  const auto reader = server.audit().ExportFeedback(context.get(), ask);
  std::string table;
  for (v1::ExportFeedbackResponse piece; reader->Read(&piece);) {
    table += piece.data();
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_THAT(table, HasSubstr("seen the same day"));
  EXPECT_THAT(table, HasSubstr(decision));
}

TEST_F(DecisionLogTest, WhoReadsPatientDataIsOnRecord) {
  ServeChild server(Arguments());
  const std::string id = server.Evaluate(RequestOf("r-1")).decision_id();
  EXPECT_THAT(server.List(v1::RECORD_KIND_ACCESS).records(), SizeIs(0));
  GetRecord(server, id, "Anna Auditor");
  const v1::ListRecordsResponse reads = server.List(v1::RECORD_KIND_ACCESS);
  ASSERT_THAT(reads.records(), SizeIs(1));
  EXPECT_EQ(reads.records(0).caller(), "Anna Auditor");
  v1::GetRecordRequest without_purpose;
  without_purpose.mutable_name()->set_id(id);
  v1::GetRecordResponse response;
  EXPECT_EQ(server.audit().GetRecord(Context().get(), without_purpose, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(DecisionLogTest, AdministrationIsNotOfferedOnTheMainAddress) {
  ServeChild server(Arguments());
  v1::ListRecordsResponse records;
  EXPECT_EQ(v1::AuditService::NewStub(server.Main())
                ->ListRecords(Context().get(), {}, &records)
                .error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  const auto rulesets = v1::RulesetService::NewStub(server.Main());
  v1::ActivateResponse activated;
  const grpc::Status status = rulesets->Activate(Context().get(), {}, &activated);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_NOT_PERMITTED);
  // Reading is.
  v1::ListRevisionsResponse revisions;
  ASSERT_TRUE(rulesets->ListRevisions(Context().get(), {}, &revisions).ok());
  ASSERT_THAT(revisions.revisions(), SizeIs(1));
  EXPECT_EQ(revisions.revisions(0).ruleset_id(), "small");
}

TEST_F(DecisionLogTest, EveryAnswerOfAStreamIsOnRecord) {
  ServeChild server(Arguments());
  constexpr int kItems = 1000;
  const auto is_bad = [](int i) { return i % 50 == 7; };
  const auto context = Context("batch", 60);
  const auto stream = server.triage().EvaluateStream(context.get());
  std::thread sender([&] {
    for (int i = 0; i < kItems; ++i) {
      v1::EvaluateStreamRequest item;
      *item.mutable_request() = RequestOf("s-" + std::to_string(i), is_bad(i) ? 400 : 44);
      EXPECT_TRUE(stream->Write(item));
    }
    stream->WritesDone();
  });
  std::set<std::string> ids;
  int errors = 0;
  for (v1::EvaluateStreamResponse answer; stream->Read(&answer);) {
    if (answer.has_error()) {
      EXPECT_TRUE(is_bad(static_cast<int>(answer.position())));
      ++errors;
    } else {
      EXPECT_EQ(answer.response().request_id(), "s-" + std::to_string(answer.position()));
      EXPECT_TRUE(ids.insert(answer.response().decision_id()).second);
    }
  }
  sender.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(errors, 20);
  EXPECT_THAT(ids, SizeIs(kItems - 20));
  v1::GetLogStatisticsResponse statistics;
  ASSERT_TRUE(server.audit().GetLogStatistics(Context().get(), {}, &statistics).ok());
  EXPECT_THAT(server.List(v1::RECORD_KIND_DECISION).records(), SizeIs(kItems - 20));
  EXPECT_GE(statistics.size(), static_cast<uint64_t>(kItems - 20));
}

TEST_F(DecisionLogTest, CertificateProvesWhoCalls) {
  const auto authority = testing::MakeAuthority("Test authority");
  const auto server_key = testing::MakeCertificate("localhost", authority);
  const auto client_key = testing::MakeCertificate("ehr.clinic", authority);
  ServeChild server(Arguments({"--tls-cert", folder_.Write("server.pem", server_key.cert_pem),
                               "--tls-key", folder_.Write("server.key", server_key.key_pem),
                               "--tls-client-ca", folder_.Write("ca.pem", authority.cert_pem)}));
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = authority.cert_pem;
  options.pem_cert_chain = client_key.cert_pem;
  options.pem_private_key = client_key.key_pem;
  const auto stub = v1::TriageService::NewStub(
      grpc::CreateChannel(server.address(), grpc::SslCredentials(options)));
  v1::EvaluateResponse response;
  const grpc::Status status =
      stub->Evaluate(Context("somebody else").get(), RequestOf("r-1"), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const auto records = server.List(v1::RECORD_KIND_DECISION);
  ASSERT_THAT(records.records(), SizeIs(1));
  EXPECT_EQ(records.records(0).caller(), "ehr.clinic");
  EXPECT_TRUE(records.records(0).caller_authenticated());
}

TEST_F(DecisionLogTest, WithoutALogThereIsAWarningAndFeedbackIsRefused) {
  ServeChild server({folder_.Rules()});
  const v1::EvaluateResponse answer = server.Evaluate(RequestOf("r-1"));
  EXPECT_EQ(answer.decision_id(), "");
  EXPECT_FALSE(answer.has_record_index());
  v1::RecordFeedbackRequest request;
  v1::RecordFeedbackResponse recorded;
  const grpc::Status status = server.triage().RecordFeedback(Context().get(), request, &recorded);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_NO_LOG);
  EXPECT_EQ(server.Stop(), 0);
  EXPECT_THAT(server.process().errors(), HasSubstr("WARNING: no decision log is kept"));
}

TEST_F(DecisionLogTest, WrongMasterKeyIsRefusedAtTheStart) {
  ServeChild(Arguments()).Stop();
  folder_.Write("keys/master.key", std::string(64, '1') + "\n");
  ServeChild server(Arguments(), "", /*waits=*/false);
  EXPECT_EQ(server.process().Wait(), 3);
  EXPECT_THAT(server.process().errors(), HasSubstr("master key"));
}

TEST_F(DecisionLogTest, LogThatIsShorterThanACheckpointSeenElsewhereIsRefused) {
  std::string checkpoint;
  {
    ServeChild server(Arguments());
    v1::GetReceiptRequest receipt;  // makes a checkpoint that covers the record
    receipt.mutable_name()->set_id(server.Evaluate(RequestOf("r-1")).decision_id());
    v1::GetReceiptResponse proof;
    ASSERT_TRUE(server.audit().GetReceipt(Context().get(), receipt, &proof).ok());
    v1::GetCheckpointResponse response;
    ASSERT_TRUE(server.audit().GetCheckpoint(Context().get(), {}, &response).ok());
    checkpoint = response.checkpoint();
    server.Stop();
  }
  const std::string seen = folder_.Write("seen.checkpoint", checkpoint);
  EXPECT_EQ(ServeChild(Arguments({"--min-checkpoint", seen})).Stop(), 0);
  std::filesystem::remove_all(folder_.path("log"));
  ServeChild server(Arguments({"--min-checkpoint", seen}), "", /*waits=*/false);
  EXPECT_EQ(server.process().Wait(), 3);
  EXPECT_THAT(server.process().errors(), HasSubstr("minimum checkpoint"));
}

TEST_F(DecisionLogTest, EventLogHoldsNoPatientData) {
  ServeChild server(Arguments());
  v1::EvaluateRequest request = RequestOf("MRN-00998877");
  request.set_patient_pseudonym("Zebrafish");
  server.Evaluate(request);
  server.Evaluate(request);
  server.Stop();
  EXPECT_THAT(server.process().errors(), Not(HasSubstr("00998877")));
  EXPECT_THAT(server.process().errors(), Not(HasSubstr("Zebrafish")));
}

}  // namespace
}  // namespace plumbline
