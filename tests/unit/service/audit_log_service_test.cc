#include "server/service/audit_log_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/audit/merkle.h"
#include "server/audit/receipt.h"
#include "server/service/rpc_error.h"
#include "tests/testing/service/service_log.h"

namespace plumbline::service {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RequestForAge;
using testing::ServiceLog;
using ::testing::SizeIs;

const Caller kAuditor{"auditor", true};

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  const google::rpc::Status rpc = ToRpcStatus(status);
  for (const google::protobuf::Any& any : rpc.details()) {
    google::rpc::BadRequest bad_request;
    if (!any.UnpackTo(&bad_request)) {
      continue;
    }
    for (const auto& violation : bad_request.field_violations()) {
      fields.push_back(violation.field());
    }
  }
  return fields;
}

class AuditLogServiceTest : public ::testing::Test {
 protected:
  // All pages together; checks that each is full but the last.
  std::vector<uint64_t> List(const v1::RecordFilter& filter, int page_size = 0) {
    v1::ListRecordsRequest request;
    *request.mutable_filter() = filter;
    request.set_page_size(page_size);
    std::vector<uint64_t> indices;
    do {
      const auto response = house_.audit().ListRecords(request, kAuditor);
      EXPECT_TRUE(response.ok()) << response.status();
      if (!response.ok()) return indices;
      for (const v1::RecordSummary& record : response->records()) {
        indices.push_back(record.index());
      }
      request.set_page_token(response->next_page_token());
      if (!request.page_token().empty()) {
        EXPECT_EQ(response->records_size(), page_size == 0 ? 100 : page_size);
      }
    } while (!request.page_token().empty());
    return indices;
  }

  absl::StatusOr<v1::Record> Get(const std::string& id, const std::string& purpose = "audit 7") {
    v1::GetRecordRequest request;
    request.mutable_name()->set_id(id);
    request.set_purpose(purpose);
    auto response = house_.audit().GetRecord(request, kAuditor);
    if (!response.ok()) return response.status();
    return response->record();
  }

  std::string PseudonymAt(uint64_t index) {
    const auto record = house_.log().Read(index, store::Parts::kLeafAndDetails);
    storage::v1::RecordDetails details;
    EXPECT_TRUE(record.ok() && details.ParseFromString(record->details)) << record.status();
    return details.patient_pseudonym();
  }

  v1::RecordFeedbackResponse GiveFeedback(const std::string& decision_id,
                                          const std::string& comment = "") {
    v1::RecordFeedbackRequest request;
    request.set_decision_id(decision_id);
    request.mutable_feedback()->set_verdict(v1::FEEDBACK_VERDICT_ACCEPTED);
    request.mutable_feedback()->set_comment(comment);
    request.mutable_feedback()->set_user("dr-1");
    const auto response = house_.feedback().RecordFeedback(request, {"ward", true});
    EXPECT_TRUE(response.ok()) << response.status();
    return *response;
  }

  ServiceLog house_;
};

TEST_F(AuditLogServiceTest, ListIsNewestFirstAndShowsNoPatientData) {
  house_.Decide(RequestForAge(80, "r1", "patient-1"));
  house_.Decide(RequestForAge(30));
  v1::ListRecordsRequest request;
  const auto response = house_.audit().ListRecords(request, kAuditor);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_THAT(response->records(), SizeIs(2));
  EXPECT_EQ(response->next_page_token(), "");
  const v1::RecordSummary& older = response->records(1);
  EXPECT_EQ(older.index(), 0u);
  EXPECT_EQ(older.kind(), v1::RECORD_KIND_DECISION);
  EXPECT_EQ(older.revision(), ServiceLog::Revision());
  EXPECT_EQ(older.caller(), "clinic");
  EXPECT_TRUE(older.caller_authenticated());
  EXPECT_EQ(older.request_id(), "r1");
  EXPECT_EQ(older.alias(), "stable");
  EXPECT_EQ(older.level(), v1::LEVEL_URGENT_2W);
  EXPECT_THAT(older.fired_rule_ids(), ElementsAre("RF-1", "RF-OLD", "N-1"));
  EXPECT_THAT(older.ShortDebugString(), ::testing::Not(HasSubstr("patient-1")));
  EXPECT_EQ(house_.log().size(), 2u);  // reading the list is not recorded
}

TEST_F(AuditLogServiceTest, PagesAreCompleteAndStableWhileRecordsCome) {
  for (int i = 0; i < 25; ++i) house_.Decide(RequestForAge(30));
  v1::ListRecordsRequest request;
  request.set_page_size(10);
  std::vector<uint64_t> indices;
  do {
    const auto response = house_.audit().ListRecords(request, kAuditor);
    ASSERT_TRUE(response.ok()) << response.status();
    for (const auto& record : response->records()) indices.push_back(record.index());
    request.set_page_token(response->next_page_token());
    house_.Decide(RequestForAge(30));
  } while (!request.page_token().empty());
  std::vector<uint64_t> expected;
  for (uint64_t i = 25; i-- > 0;) expected.push_back(i);
  EXPECT_EQ(indices, expected);
}

TEST_F(AuditLogServiceTest, PageThatEndsWithTheLastRecordIsTheLast) {
  for (int i = 0; i < 20; ++i) house_.Decide(RequestForAge(30));
  EXPECT_THAT(List({}, 10), SizeIs(20));
  EXPECT_THAT(List({}, 20), SizeIs(20));
}

TEST_F(AuditLogServiceTest, FiltersRestrict) {
  const absl::Time start = house_.clock().Now();
  house_.Decide(RequestForAge(80, "r1", "p1"));
  house_.clock().Advance(absl::Hours(1));
  ASSERT_TRUE(house_.Evaluate(RequestForAge(30, "r2", "p2"), {"other", false}).ok());
  house_.clock().Advance(absl::Hours(1));
  GiveFeedback(house_.Decide(RequestForAge(30, "r3", "p1")));
  v1::RecordFilter filter;
  filter.set_rule_id("RF-OLD");
  EXPECT_THAT(List(filter), ElementsAre(0));
  filter.Clear();
  filter.add_levels(v1::LEVEL_EXERCISE_OK);
  EXPECT_THAT(List(filter), ElementsAre(2, 1));
  filter.Clear();
  filter.set_caller("other");
  EXPECT_THAT(List(filter), ElementsAre(1));
  filter.Clear();
  filter.add_kinds(v1::RECORD_KIND_FEEDBACK);
  EXPECT_THAT(List(filter), ElementsAre(3));
  filter.Clear();
  filter.set_request_id("r3");
  EXPECT_THAT(List(filter), ElementsAre(2));
  filter.Clear();
  filter.set_revision("AAAAAAAA");
  EXPECT_THAT(List(filter), ElementsAre(3, 2, 1, 0));
  filter.set_revision("bbbbbbbb");
  EXPECT_THAT(List(filter), IsEmpty());
  filter.Clear();
  filter.mutable_from()->set_seconds(absl::ToUnixSeconds(start + absl::Hours(1)));
  filter.mutable_until()->set_seconds(absl::ToUnixSeconds(start + absl::Hours(2)));
  EXPECT_THAT(List(filter), ElementsAre(1));
}

TEST_F(AuditLogServiceTest, ListOfOnePatientsRecordsIsRecordedOnce) {
  house_.Decide(RequestForAge(80, "", "p1"));
  house_.Decide(RequestForAge(30, "", "p2"));
  house_.Decide(RequestForAge(30, "", "p1"));
  v1::RecordFilter filter;
  filter.set_patient_pseudonym("p1");
  EXPECT_THAT(List(filter, 1), ElementsAre(2, 0));
  const auto accesses = house_.Records(v1::RECORD_KIND_ACCESS);
  ASSERT_THAT(accesses, SizeIs(1));
  EXPECT_EQ(accesses[0].caller(), "auditor");
  EXPECT_THAT(accesses[0].ShortDebugString(), ::testing::Not(HasSubstr("p1")));
}

TEST_F(AuditLogServiceTest, LookForAPatientIsRecordedWithWhomAndGoesWithThePatient) {
  house_.Decide(RequestForAge(80, "r1", "p1"));
  v1::GetLogStatisticsRequest count;
  count.mutable_filter()->set_patient_pseudonym("p1");
  ASSERT_TRUE(house_.audit().GetLogStatistics(count, kAuditor).ok());
  v1::RecordFilter filter;
  filter.set_patient_pseudonym("nobody");
  EXPECT_THAT(List(filter), IsEmpty());  // that somebody is not in the log is shown, too
  const auto accesses = house_.Records(v1::RECORD_KIND_ACCESS);
  ASSERT_THAT(accesses, SizeIs(2));
  EXPECT_EQ(PseudonymAt(accesses[0].index()), "p1");
  EXPECT_EQ(accesses[0].summary(), "patient data was read: count of one patient's records");
  EXPECT_EQ(PseudonymAt(accesses[1].index()), "nobody");
  const auto erased = house_.erasure().ErasePatient("p1", "asked", false, kAuditor);
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->records, 2u);
  EXPECT_TRUE(house_.log().Read(accesses[0].index(), store::Parts::kAll)->erased);
}

TEST_F(AuditLogServiceTest, LookForARequestIsRecordedWithItsPatient) {
  house_.Decide(RequestForAge(80, "r1", "p1"));
  v1::RecordFilter filter;
  filter.set_request_id("r1");
  EXPECT_THAT(List(filter), ElementsAre(0));
  v1::GetLogStatisticsRequest count;
  *count.mutable_filter() = filter;
  ASSERT_TRUE(house_.audit().GetLogStatistics(count, kAuditor).ok());
  const auto accesses = house_.Records(v1::RECORD_KIND_ACCESS);
  ASSERT_THAT(accesses, SizeIs(2));
  for (const v1::RecordSummary& access : accesses) {
    EXPECT_EQ(access.caller(), "auditor");
    EXPECT_EQ(access.request_id(), "r1");
    EXPECT_EQ(PseudonymAt(access.index()), "p1");
  }
  // The looks are no decisions under that id.
  EXPECT_TRUE(house_.Evaluate(RequestForAge(80, "r1", "p1"))->answered_before());
}

TEST_F(AuditLogServiceTest, LookThatCannotBeRecordedShowsNothing) {
  house_.Decide(RequestForAge(80, "r1", "p1"));
  house_.WaitForIndex();
  house_.store().FailWrite(1, absl::UnavailableError("fsync failed"));
  v1::GetLogStatisticsRequest count;
  count.mutable_filter()->set_patient_pseudonym("p1");
  EXPECT_EQ(ReasonOf(house_.audit().GetLogStatistics(count, kAuditor).status()),
            v1::ERROR_REASON_LOG_FAILED);
}

TEST_F(AuditLogServiceTest, PageTokensBelongToTheirFilterAndCannotBeMade) {
  for (int i = 0; i < 3; ++i) house_.Decide(RequestForAge(30));
  v1::ListRecordsRequest request;
  request.set_page_size(1);
  const auto first = house_.audit().ListRecords(request, kAuditor);
  ASSERT_TRUE(first.ok());
  std::vector<v1::ListRecordsRequest> wrong(4, request);
  wrong[0].set_page_token("nonsense");
  wrong[1].set_page_token(first->next_page_token());
  wrong[1].mutable_filter()->set_caller("clinic");
  wrong[2].set_page_token(first->next_page_token());
  wrong[2].mutable_page_token()->front() ^= 1;
  wrong[3].set_page_token(first->next_page_token() + "AAAA");
  for (const v1::ListRecordsRequest& bad : wrong) {
    const auto response = house_.audit().ListRecords(bad, kAuditor);
    EXPECT_EQ(ReasonOf(response.status()), v1::ERROR_REASON_INVALID_PAGE_TOKEN);
  }
  house_.Restart();
  request.set_page_token(first->next_page_token());
  EXPECT_TRUE(house_.audit().ListRecords(request, kAuditor).ok());
}

TEST_F(AuditLogServiceTest, EveryWrongFieldOfAFilterIsNamed) {
  v1::ListRecordsRequest request;
  v1::RecordFilter& filter = *request.mutable_filter();
  filter.mutable_from()->set_seconds(10);
  filter.mutable_until()->set_seconds(10);
  filter.add_kinds(static_cast<v1::RecordKind>(99));
  filter.add_levels(v1::LEVEL_UNSPECIFIED);
  filter.set_revision("abc");
  filter.set_rule_id(std::string(129, 'x'));
  filter.set_caller("\x01");
  filter.set_patient_pseudonym("caf\xC3\xA9");
  filter.set_request_id("\n");
  request.set_page_size(1001);
  const absl::Status status = house_.audit().ListRecords(request, kAuditor).status();
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_REQUEST);
  EXPECT_THAT(FieldsOf(status),
              ElementsAre("filter.until", "filter.kinds", "filter.levels", "filter.revision",
                          "filter.rule_id", "filter.caller", "filter.patient_pseudonym",
                          "filter.request_id", "page_size"));
}

TEST_F(AuditLogServiceTest, RecordShowsAllAndReadingItIsRecordedBefore) {
  v1::EvaluateRequest request = RequestForAge(80, "r1", "patient-1");
  const std::string id = house_.Decide(request);
  const std::string feedback = GiveFeedback(id).feedback_id();
  const auto record = Get(id, "complaint 12");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->summary().id(), id);
  EXPECT_EQ(record->patient_pseudonym(), "patient-1");
  EXPECT_EQ(record->request_bytes(), request.SerializeAsString());
  EXPECT_EQ(record->intake().SerializeAsString(), request.intake().SerializeAsString());
  EXPECT_EQ(record->as_of().day(), 15);
  EXPECT_EQ(record->decision().disposition().patient_text(), "age 80");
  EXPECT_EQ(record->decision().SerializeAsString(), record->decision_bytes());
  EXPECT_FALSE(record->leaf().empty());
  ASSERT_THAT(record->related(), SizeIs(1));
  EXPECT_EQ(record->related(0).id(), feedback);
  const auto accesses = house_.Records(v1::RECORD_KIND_ACCESS);
  ASSERT_THAT(accesses, SizeIs(1));
  EXPECT_EQ(accesses[0].caller(), "auditor");
  EXPECT_THAT(accesses[0].linked_ids(), ElementsAre(id));
  const auto access = Get(accesses[0].id());
  ASSERT_TRUE(access.ok());
  std::map<std::string, std::string> attributes;
  for (const auto& attribute : access->attributes()) {
    attributes[attribute.name()] = attribute.value();
  }
  EXPECT_EQ(attributes["purpose"], "complaint 12");
}

TEST_F(AuditLogServiceTest, RecordIsNotShownWhenReadingItCannotBeRecorded) {
  const std::string id = house_.Decide(RequestForAge(80));
  house_.WaitForIndex();
  house_.store().FailWrite(1, absl::UnavailableError("fsync failed"));
  const auto record = Get(id);
  EXPECT_EQ(ReasonOf(record.status()), v1::ERROR_REASON_LOG_FAILED);
}

TEST_F(AuditLogServiceTest, PurposeIsRequired) {
  const std::string id = house_.Decide(RequestForAge(80));
  for (const std::string& purpose : {std::string(), std::string("  "), std::string(201, 'x')}) {
    EXPECT_THAT(FieldsOf(Get(id, purpose).status()), ElementsAre("purpose"));
  }
  v1::ExportFeedbackRequest request;
  EXPECT_THAT(
      FieldsOf(house_.audit().ExportFeedback(request, kAuditor, [](const auto&) { return true; })),
      ElementsAre("purpose"));
  EXPECT_THAT(house_.Records(v1::RECORD_KIND_ACCESS), IsEmpty());
}

TEST_F(AuditLogServiceTest, UnknownRecordsAreNotFound) {
  house_.Decide(RequestForAge(80));
  v1::GetRecordRequest request;
  request.set_purpose("audit");
  request.mutable_name()->set_index(1);
  EXPECT_EQ(ReasonOf(house_.audit().GetRecord(request, kAuditor).status()),
            v1::ERROR_REASON_UNKNOWN_RECORD);
  EXPECT_EQ(ReasonOf(Get("01890a5d-ac96-774b-bcce-b302099a8057").status()),
            v1::ERROR_REASON_UNKNOWN_RECORD);
  EXPECT_THAT(FieldsOf(Get("not-a-uuid").status()), ElementsAre("name.id"));
  request.clear_name();
  EXPECT_THAT(FieldsOf(house_.audit().GetRecord(request, kAuditor).status()), ElementsAre("name"));
  v1::GetReceiptRequest receipt;
  receipt.mutable_name()->set_index(7);
  EXPECT_EQ(ReasonOf(house_.audit().GetReceipt(receipt, kAuditor).status()),
            v1::ERROR_REASON_UNKNOWN_RECORD);
}

TEST_F(AuditLogServiceTest, ReceiptVerifiesWithTheLogsKeyAlone) {
  for (int i = 0; i < 5; ++i) house_.Decide(RequestForAge(30 + i));
  v1::GetReceiptRequest request;
  request.mutable_name()->set_index(3);
  const auto response = house_.audit().GetReceipt(request, kAuditor);
  ASSERT_TRUE(response.ok()) << response.status();
  const auto receipt = audit::ParseReceipt(response->receipt());
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->index, 3u);
  const auto proof = house_.audit().GetInclusionProof(
      [] {
        v1::GetInclusionProofRequest inclusion;
        inclusion.set_index(3);
        return inclusion;
      }(),
      kAuditor);
  ASSERT_TRUE(proof.ok()) << proof.status();
  const Sha256Digest hash = audit::HashLeaf(response->leaf());
  EXPECT_EQ(proof->leaf_hash(), std::string(hash.begin(), hash.end()));
  const auto root = house_.log().RootAt(proof->tree_size());
  ASSERT_TRUE(root.ok());
  EXPECT_TRUE(
      audit::VerifyInclusion(hash, 3, proof->tree_size(), *root, receipt->inclusion_proof).ok());
}

TEST_F(AuditLogServiceTest, ProofsOfTreesThatNoCheckpointCoversAreRefused) {
  for (int i = 0; i < 5; ++i) house_.Decide(RequestForAge(30 + i));
  ASSERT_TRUE(house_.log().Checkpoint(5).ok());
  v1::GetConsistencyProofRequest consistency;
  consistency.set_old_size(2);
  const auto proof = house_.audit().GetConsistencyProof(consistency, kAuditor);
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(proof->new_size(), 5u);
  std::vector<Sha256Digest> hashes;
  for (const std::string& hash : proof->hashes()) {
    Sha256Digest digest;
    ASSERT_EQ(hash.size(), digest.size());
    std::copy(hash.begin(), hash.end(), digest.begin());
    hashes.push_back(digest);
  }
  EXPECT_TRUE(
      audit::VerifyConsistency(2, *house_.log().RootAt(2), 5, *house_.log().RootAt(5), hashes)
          .ok());
  consistency.set_new_size(6);
  EXPECT_THAT(FieldsOf(house_.audit().GetConsistencyProof(consistency, kAuditor).status()),
              ElementsAre("new_size"));
  consistency.set_new_size(1);
  EXPECT_THAT(FieldsOf(house_.audit().GetConsistencyProof(consistency, kAuditor).status()),
              ElementsAre("old_size"));
  v1::GetInclusionProofRequest inclusion;
  inclusion.set_index(2);
  inclusion.set_tree_size(6);
  EXPECT_THAT(FieldsOf(house_.audit().GetInclusionProof(inclusion, kAuditor).status()),
              ElementsAre("tree_size"));
  inclusion.set_tree_size(2);
  EXPECT_THAT(FieldsOf(house_.audit().GetInclusionProof(inclusion, kAuditor).status()),
              ElementsAre("tree_size"));
}

TEST_F(AuditLogServiceTest, StatisticsCountWhatTheFilterLetsThrough) {
  house_.Decide(RequestForAge(80));
  house_.Decide(RequestForAge(30));
  GiveFeedback(house_.Decide(RequestForAge(81)));
  house_.WaitForIndex();
  v1::GetLogStatisticsRequest request;
  request.mutable_filter()->add_levels(v1::LEVEL_URGENT_2W);
  const auto response = house_.audit().GetLogStatistics(request, kAuditor);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->origin(), audit::kTestOrigin);
  EXPECT_EQ(response->size(), 4u);
  EXPECT_EQ(response->indexed_size(), 4u);
  ASSERT_THAT(response->by_kind(), SizeIs(1));
  EXPECT_EQ(response->by_kind(0).name(), "RECORD_KIND_DECISION");
  EXPECT_EQ(response->by_kind(0).count(), 2u);
  ASSERT_THAT(response->by_level(), SizeIs(1));
  EXPECT_EQ(response->by_level(0).name(), "LEVEL_URGENT_2W");
  EXPECT_THAT(response->by_rule(), SizeIs(3));
  EXPECT_THAT(response->by_day(), SizeIs(1));
  EXPECT_GT(response->bytes_on_disk(), 0u);
}

TEST_F(AuditLogServiceTest, ExportHoldsCheckpointTilesAndEntriesWhole) {
  for (int i = 0; i < 300; ++i) house_.Decide(RequestForAge(20 + i % 60));
  ASSERT_TRUE(house_.log().Checkpoint(300).ok());
  std::map<std::string, std::string> files;
  std::set<std::string> complete;
  const absl::Status status =
      house_.audit().ExportLog({}, kAuditor, [&](const v1::ExportLogResponse& piece) {
        EXPECT_FALSE(complete.contains(piece.path()));
        EXPECT_LE(piece.data().size(), 65'536u);
        files[piece.path()] += piece.data();
        if (piece.last()) complete.insert(piece.path());
        return true;
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(files.size(), complete.size());
  EXPECT_THAT(files, Contains(::testing::Key("checkpoint")));
  EXPECT_THAT(files, Contains(::testing::Key("tile/entries/000")));
  EXPECT_EQ(files["tile/0/000"].size(), 8192u);
  int pieces = 0;
  EXPECT_TRUE(
      house_.audit().ExportLog({}, kAuditor, [&](const auto&) { return ++pieces < 2; }).ok());
  EXPECT_EQ(pieces, 2);
  v1::ExportLogRequest older;
  older.set_tree_size(299);
  EXPECT_THAT(FieldsOf(house_.audit().ExportLog(older, kAuditor, [](const auto&) { return true; })),
              ElementsAre("tree_size"));
}

TEST_F(AuditLogServiceTest, FeedbackExportIsInOrderAndRecorded) {
  const std::string first = GiveFeedback(house_.Decide(RequestForAge(30)), "good").feedback_id();
  const std::string second =
      GiveFeedback(house_.Decide(RequestForAge(31)), "=cmd|'/c calc'!A0").feedback_id();
  v1::ExportFeedbackRequest request;
  request.set_purpose("quality report");
  std::string csv;
  ASSERT_TRUE(house_.audit()
                  .ExportFeedback(request, kAuditor,
                                  [&](const v1::ExportFeedbackResponse& piece) {
                                    csv += piece.data();
                                    return true;
                                  })
                  .ok());
  EXPECT_THAT(csv, HasSubstr("feedback_id,decision_id,recorded_at,intervention,action,"));
  EXPECT_LT(csv.find(first), csv.find(second));
  EXPECT_THAT(csv, HasSubstr(",decision,accepted,,,good,,dr-1,"));
  EXPECT_THAT(csv, HasSubstr(",\"'=cmd|'/c calc'!A0\","));
  EXPECT_THAT(house_.Records(v1::RECORD_KIND_ACCESS), SizeIs(1));
}

TEST_F(AuditLogServiceTest, ReplayWithoutAReplayerSaysSo) {
  v1::ReplayDecisionsRequest request;
  request.set_purpose("audit");
  const auto emit = [](const v1::ReplayDecisionsResponse&) { return true; };
  EXPECT_EQ(house_.audit().ReplayDecisions(request, kAuditor, emit).code(),
            absl::StatusCode::kUnimplemented);
  request.set_revision("xyz");
  request.set_shard(2);
  request.set_shards(2);
  request.clear_purpose();
  EXPECT_THAT(FieldsOf(house_.audit().ReplayDecisions(request, kAuditor, emit)),
              ElementsAre("revision", "shard", "purpose"));
}

TEST_F(AuditLogServiceTest, DamagedRecordIsNamedAndTheOthersAreListed) {
  house_.Decide(RequestForAge(30));
  const std::string damaged = house_.Decide(RequestForAge(31));
  house_.Decide(RequestForAge(32));
  house_.WaitForIndex();
  house_.store().DamageEntry(1);
  const auto record = Get(damaged);
  EXPECT_EQ(record.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(record.status()), v1::ERROR_REASON_LOG_CORRUPT);
  const auto list = house_.audit().ListRecords({}, kAuditor);
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_THAT(list->records(), SizeIs(3));
  EXPECT_EQ(list->records(1).index(), 1u);
  EXPECT_THAT(list->records(1).summary(), HasSubstr("damaged"));
  EXPECT_EQ(list->records(2).kind(), v1::RECORD_KIND_DECISION);
}

}  // namespace
}  // namespace plumbline::service
