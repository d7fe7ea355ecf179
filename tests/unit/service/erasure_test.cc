#include "server/service/erasure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/service/retention.h"
#include "server/service/rpc_error.h"
#include "server/store/memory/memory_query_index.h"
#include "tests/testing/service/service_log.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RequestForAge;
using testing::ServiceLog;
using ::testing::SizeIs;

const Caller kOfficer{"privacy", true};

class ErasureTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::ErasePatientResponse> Erase(const std::string& pseudonym,
                                                 bool dry_run = false) {
    v1::ErasePatientRequest request;
    request.set_patient_pseudonym(pseudonym);
    request.set_reason("asked by letter");
    request.set_dry_run(dry_run);
    return house_.audit().ErasePatient(request, kOfficer);
  }

  absl::Status Hold(const std::string& pseudonym, bool hold) {
    v1::SetLegalHoldRequest request;
    request.set_patient_pseudonym(pseudonym);
    request.set_hold(hold);
    request.set_reason("court order");
    return house_.audit().SetLegalHold(request, kOfficer).status();
  }

  void GiveFeedback(const std::string& decision_id) {
    v1::RecordFeedbackRequest request;
    request.set_decision_id(decision_id);
    request.mutable_feedback()->set_verdict(v1::FEEDBACK_VERDICT_ACCEPTED);
    ASSERT_TRUE(house_.feedback().RecordFeedback(request, {}).ok());
  }

  bool IsErased(uint64_t index) {
    const auto record = house_.log().Read(index, store::Parts::kAll);
    EXPECT_TRUE(record.ok()) << record.status();
    EXPECT_EQ(record->erased, record->details.empty());
    return record->erased;
  }

  std::vector<uint64_t> FindPatient(const std::string& pseudonym) {
    house_.WaitForIndex();
    store::IndexQuery query;
    query.patient_key = PatientKey(house_.log(), pseudonym);
    return *house_.index().Find(query, 100);
  }

  ServiceLog house_;
};

TEST_F(ErasureTest, OnePatientsRecordsAndFeedbackAreErasedAndItIsOnRecord) {
  const std::string first = house_.Decide(RequestForAge(30, "", "p1"));
  house_.Decide(RequestForAge(31, "", "p2"));
  const std::string second = house_.Decide(RequestForAge(32, "", "p1"));
  GiveFeedback(first);
  const auto erased = Erase("p1");
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erased_records(), 3u);
  EXPECT_TRUE(IsErased(0));
  EXPECT_FALSE(IsErased(1));
  EXPECT_TRUE(IsErased(2));
  EXPECT_TRUE(IsErased(3));
  EXPECT_THAT(FindPatient("p1"), IsEmpty());
  EXPECT_THAT(FindPatient("p2"), SizeIs(1));
  const auto erasures = house_.Records(v1::RECORD_KIND_ERASURE);
  ASSERT_THAT(erasures, SizeIs(1));
  EXPECT_EQ(erasures[0].id(), erased->erasure_id());
  EXPECT_EQ(erasures[0].caller(), "privacy");
  EXPECT_THAT(erasures[0].linked_ids(), SizeIs(3));
  EXPECT_THAT(erasures[0].ShortDebugString(), Not(HasSubstr("p1")));
}

TEST_F(ErasureTest, ErasedRecordStillProvesItselfAndPointsToItsErasure) {
  const std::string id = house_.Decide(RequestForAge(30, "r1", "p1"));
  const auto erased = Erase("p1");
  ASSERT_TRUE(erased.ok());
  v1::GetRecordRequest request;
  request.mutable_name()->set_id(id);
  request.set_purpose("audit");
  const auto response = house_.audit().GetRecord(request, kOfficer);
  ASSERT_TRUE(response.ok()) << response.status();
  const v1::Record& record = response->record();
  EXPECT_TRUE(record.summary().erased());
  EXPECT_EQ(record.summary().revision(), ServiceLog::Revision());
  EXPECT_EQ(record.summary().caller(), "");
  EXPECT_EQ(record.patient_pseudonym(), "");
  EXPECT_EQ(record.request_bytes(), "");
  ASSERT_THAT(record.related(), SizeIs(1));
  EXPECT_EQ(record.related(0).id(), erased->erasure_id());
  v1::GetReceiptRequest receipt;
  receipt.mutable_name()->set_id(id);
  EXPECT_TRUE(house_.audit().GetReceipt(receipt, kOfficer).ok());
}

TEST_F(ErasureTest, DryRunOnlyCounts) {
  house_.Decide(RequestForAge(30, "", "p1"));
  const auto counted = Erase("p1", true);
  ASSERT_TRUE(counted.ok());
  EXPECT_EQ(counted->erased_records(), 1u);
  EXPECT_EQ(counted->erasure_id(), "");
  EXPECT_FALSE(IsErased(0));
  EXPECT_EQ(house_.log().size(), 1u);
}

TEST_F(ErasureTest, ErasingAgainDoesNothing) {
  house_.Decide(RequestForAge(30, "", "p1"));
  ASSERT_TRUE(Erase("p1").ok());
  const auto again = Erase("p1");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->erased_records(), 0u);
  EXPECT_EQ(again->erasure_id(), "");
  EXPECT_EQ(house_.log().size(), 2u);
}

TEST_F(ErasureTest, HoldsForbidAndSurviveARestart) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.Decide(RequestForAge(30, "", "p2"));
  ASSERT_TRUE(Hold("p1", true).ok());
  house_.Restart();
  const auto refused = Erase("p1");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused.status()), v1::ERROR_REASON_LEGAL_HOLD);
  EXPECT_EQ(ReasonOf(Erase("p1", true).status()), v1::ERROR_REASON_LEGAL_HOLD);
  EXPECT_TRUE(Erase("p2").ok());
  ASSERT_TRUE(Hold("p1", false).ok());
  house_.Restart();
  const auto erased = Erase("p1");
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erased_records(), 3u);  // the holds name the patient, too
  house_.Restart();
  EXPECT_TRUE(Erase("p1").ok());
}

TEST_F(ErasureTest, HoldOnEverybodyForbidsEverything) {
  house_.Decide(RequestForAge(30, "", "p1"));
  ASSERT_TRUE(Hold("", true).ok());
  EXPECT_EQ(ReasonOf(Erase("p1").status()), v1::ERROR_REASON_LEGAL_HOLD);
  ASSERT_TRUE(Hold("", false).ok());
  EXPECT_TRUE(Erase("p1").ok());
  EXPECT_THAT(house_.Records(v1::RECORD_KIND_LEGAL_HOLD), SizeIs(2));
}

TEST_F(ErasureTest, LiftingTheHoldOnEverybodyKeepsThatOnAPatient) {
  house_.Decide(RequestForAge(30, "", "p1"));
  ASSERT_TRUE(Hold("p1", true).ok());
  ASSERT_TRUE(Hold("", true).ok());
  ASSERT_TRUE(Hold("", false).ok());
  EXPECT_EQ(ReasonOf(Erase("p1").status()), v1::ERROR_REASON_LEGAL_HOLD);
}

// Nobody knows what the record said: perhaps it was a hold on this patient.
TEST_F(ErasureTest, NothingIsErasedWhileAHoldCannotBeRead) {
  house_.Decide(RequestForAge(30, "", "p1"));
  ASSERT_TRUE(Hold("p2", true).ok());
  house_.store().DamageEntry(1);
  store::MemoryQueryIndex index;  // is made from the damaged log
  auto indexer = LogIndexer::Start(&house_.log(), &index, {});
  ASSERT_TRUE(indexer.ok()) << indexer.status();
  auto erasure = Erasure::Open(&house_.log(), indexer->get());
  ASSERT_TRUE(erasure.ok());
  const auto refused = (*erasure)->ErasePatient("p1", "asked", false, kOfficer);
  EXPECT_EQ(ReasonOf(refused.status()), v1::ERROR_REASON_LOG_CORRUPT) << refused.status();
  EXPECT_FALSE(IsErased(0));
}

TEST_F(ErasureTest, FailingIndexIsMadeGoodLater) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.WaitForIndex();
  ASSERT_TRUE(Erase("p2").ok());  // the holds are known from here on
  house_.index().FailWrite(1, absl::UnavailableError("database is locked"));
  // The failure may hit the thread that follows the log instead of this call.
  static_cast<void>(Erase("p1"));
  EXPECT_TRUE(IsErased(0));
  house_.Decide(RequestForAge(31));
  EXPECT_THAT(FindPatient("p1"), IsEmpty());
}

TEST_F(ErasureTest, WrongRequestsNameTheirFields) {
  v1::ErasePatientRequest erase;
  const absl::Status status = house_.audit().ErasePatient(erase, kOfficer).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("patient_pseudonym: is required"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("and 1 more"));
  v1::SetLegalHoldRequest hold;
  EXPECT_THAT(std::string(house_.audit().SetLegalHold(hold, kOfficer).status().message()),
              HasSubstr("reason: is required"));
}

class RetentionTest : public ErasureTest {
 protected:
  RetentionRun Run(bool dry_run = false) {
    const auto run = retention_.Run(dry_run);
    EXPECT_TRUE(run.ok()) << run.status();
    return *run;
  }
  static RetentionPolicy Policy() {
    RetentionPolicy policy;
    policy.batch_records = 2;
    return policy;
  }

  Retention retention_{Policy(), &house_.erasure(), &house_.clock()};
};

constexpr absl::Duration kYear = absl::Hours(24 * 366);

TEST_F(RetentionTest, ErasesWhatIsOldEnoughAndNothingElse) {
  for (int i = 0; i < 5; ++i) house_.Decide(RequestForAge(30 + i, "", "p1"));
  house_.clock().Advance(3 * kYear);
  house_.Decide(RequestForAge(40, "", "p1"));
  EXPECT_EQ(Run().erased, 0u);
  house_.clock().Advance(4 * kYear);
  EXPECT_EQ(Run(true).erased, 5u);
  EXPECT_FALSE(IsErased(0));
  EXPECT_EQ(Run().erased, 5u);
  for (uint64_t i = 0; i < 5; ++i) EXPECT_TRUE(IsErased(i)) << i;
  EXPECT_FALSE(IsErased(5));
  const auto erasures = house_.Records(v1::RECORD_KIND_ERASURE);
  ASSERT_THAT(erasures, SizeIs(3));  // batches of two
  EXPECT_EQ(Run().erased, 0u);
  EXPECT_THAT(FindPatient("p1"), ElementsAre(5));
}

TEST_F(RetentionTest, LegalHoldWinsAndIsMadeUpForWhenLifted) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.Decide(RequestForAge(31, "", "p2"));
  house_.Decide(RequestForAge(32));
  ASSERT_TRUE(Hold("p1", true).ok());
  house_.clock().Advance(7 * kYear);
  const RetentionRun run = Run();
  EXPECT_EQ(run.erased, 2u);
  EXPECT_EQ(run.held, 1u);
  EXPECT_FALSE(IsErased(0));
  EXPECT_FALSE(IsErased(3));  // holds themselves are kept
  ASSERT_TRUE(Hold("p1", false).ok());
  EXPECT_EQ(Run().erased, 1u);
  EXPECT_TRUE(IsErased(0));
}

TEST_F(RetentionTest, HoldOnEverybodyHoldsRecordsWithoutAPseudonym) {
  house_.Decide(RequestForAge(30));
  ASSERT_TRUE(Hold("", true).ok());
  house_.clock().Advance(7 * kYear);
  EXPECT_EQ(Run().erased, 0u);
  EXPECT_FALSE(IsErased(0));
}

TEST_F(RetentionTest, ForEverMeansForEver) {
  RetentionPolicy policy;
  policy.years = 0;
  Retention retention(policy, &house_.erasure(), &house_.clock());
  EXPECT_EQ(retention.Run().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(YearsBeforeTest, LeapDaysAndTheTimeOfDay) {
  const auto at = [](int year, int month, int day) {
    return absl::FromCivil(absl::CivilSecond(year, month, day, 13, 14, 15), absl::UTCTimeZone());
  };
  EXPECT_EQ(YearsBefore(at(2026, 11, 21), 6), at(2020, 11, 21));
  EXPECT_EQ(YearsBefore(at(2024, 2, 29), 6), at(2018, 2, 28));
  EXPECT_EQ(YearsBefore(at(2024, 2, 29), 4), at(2020, 2, 29));
  EXPECT_EQ(YearsBefore(at(2026, 3, 1), 6), at(2020, 3, 1));
  EXPECT_EQ(YearsBefore(at(2026, 1, 1) + absl::Microseconds(5), 1),
            at(2025, 1, 1) + absl::Microseconds(5));
}

}  // namespace
}  // namespace plumbline::service
