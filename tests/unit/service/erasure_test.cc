#include "server/service/erasure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/service/event_records.h"
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

  absl::StatusOr<v1::SetLegalHoldResponse> Settle(const std::vector<uint64_t>& indices) {
    v1::SetLegalHoldRequest request;
    request.mutable_settled_records()->Assign(indices.begin(), indices.end());
    request.set_reason("the paper register names no hold");
    return house_.audit().SetLegalHold(request, kOfficer);
  }

  // An erasure on an index that is made of the log as it is now.
  std::unique_ptr<Erasure> OnNewIndex(ErasureOptions options = {}) {
    indexer_.reset();
    new_index_ = std::make_unique<store::MemoryQueryIndex>();
    auto indexer = LogIndexer::Start(&house_.log(), new_index_.get(), {});
    EXPECT_TRUE(indexer.ok()) << indexer.status();
    indexer_ = *std::move(indexer);
    auto erasure = Erasure::Open(&house_.log(), indexer_.get(), std::move(options));
    EXPECT_TRUE(erasure.ok()) << erasure.status();
    return *std::move(erasure);
  }

  std::string AttributeOfLast(const std::string& name) {
    const auto record = house_.log().Read(house_.log().size() - 1, store::Parts::kAll);
    storage::v1::RecordDetails details;
    EXPECT_TRUE(record.ok() && details.ParseFromString(record->details)) << record.status();
    for (const auto& attribute : details.event().attributes()) {
      if (attribute.name() == name) return attribute.value();
    }
    return "";
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
  std::unique_ptr<store::MemoryQueryIndex> new_index_;
  std::unique_ptr<LogIndexer> indexer_;
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
  EXPECT_THAT(house_.Records(v1::RECORD_KIND_ERASURE), IsEmpty());
}

TEST_F(ErasureTest, DryRunIsALookAtThePatientOnRecordAndGoesWithThePatient) {
  house_.Decide(RequestForAge(30, "", "p1"));
  ASSERT_TRUE(Erase("p1", true).ok());
  EXPECT_EQ(AttributeOfLast("what"), "dry run of an erasure");
  EXPECT_EQ(AttributeOfLast("reason"), "asked by letter");
  ASSERT_TRUE(Erase("nobody", true).ok());  // that somebody is not in the log is shown, too
  const auto looks = house_.Records(v1::RECORD_KIND_ACCESS);
  ASSERT_THAT(looks, SizeIs(2));
  EXPECT_EQ(looks[0].caller(), "privacy");
  EXPECT_EQ(looks[0].summary(),
            "patient data was read: dry run of an erasure of one patient's records");
  EXPECT_THAT(looks[0].ShortDebugString(), Not(HasSubstr("p1")));
  EXPECT_THAT(FindPatient("p1"), ElementsAre(looks[0].index(), 0));
  EXPECT_THAT(FindPatient("nobody"), ElementsAre(looks[1].index()));
  const auto erased = Erase("p1");
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erased_records(), 2u) << "the decision and the look at it";
  EXPECT_THAT(FindPatient("p1"), IsEmpty());
  EXPECT_THAT(house_.Records(v1::RECORD_KIND_ACCESS), SizeIs(2)) << "an erasure is no look";
}

TEST_F(ErasureTest, DryRunThatCannotBeRecordedSaysNothing) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.WaitForIndex();
  house_.store().FailWrite(1, absl::UnavailableError("fsync failed"));
  EXPECT_EQ(ReasonOf(Erase("p1", true).status()), v1::ERROR_REASON_LOG_FAILED);
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
  EXPECT_EQ(AttributeOfLast("what"), "refused erasure (legal hold)");
  EXPECT_EQ(AttributeOfLast("reason"), "asked by letter");
  EXPECT_TRUE(Erase("p2").ok());
  ASSERT_TRUE(Hold("p1", false).ok());
  house_.Restart();
  const auto erased = Erase("p1");
  ASSERT_TRUE(erased.ok()) << erased.status();
  // The decision; the holds and the refusals that name the patient, too.
  EXPECT_EQ(erased->erased_records(), 5u);
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

TEST_F(ErasureTest, DamagedRecordIsLeftOutAndNamedEverywhere) {
  for (int i = 0; i < 4; ++i) house_.Decide(RequestForAge(30 + i, "", "p1"));
  house_.WaitForIndex();
  house_.store().DamageEntry(1);
  const auto erased = Erase("p1");
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erased_records(), 3u);
  EXPECT_THAT(erased->damaged_records(), ElementsAre(1));
  for (const uint64_t index : {0u, 2u, 3u}) EXPECT_TRUE(IsErased(index)) << index;
  EXPECT_EQ(AttributeOfLast("records"), "3");
  EXPECT_EQ(AttributeOfLast("damaged"), "1");
  EXPECT_EQ(AttributeOfLast("damaged_records"), "1");
  EXPECT_EQ(house_.erasure().damaged_met(), 1u);
}

TEST_F(ErasureTest, NothingButDamageIsNoErasureAndNoSuccess) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.WaitForIndex();
  house_.store().DamageEntry(0);
  const auto erased = Erase("p1");
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erased_records(), 0u);
  EXPECT_EQ(erased->erasure_id(), "");
  EXPECT_THAT(erased->damaged_records(), ElementsAre(0));
}

// What can be known of it is enough: its key is destroyed like any other.
TEST_F(ErasureTest, RecordWithDamagedDetailsIsErasedIfTheIndexKnowsWhoseItIs) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.WaitForIndex();
  house_.store().DamageDetails(0);
  const auto erased = Erase("p1");
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erased_records(), 1u);
  EXPECT_THAT(erased->damaged_records(), IsEmpty());
}

TEST_F(ErasureTest, RecordOfNobodyKnowsWhomIsNamedUntilItIsRestored) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.Decide(RequestForAge(31, "", "p2"));
  house_.store().DamageDetails(0);
  std::vector<std::string> events;
  ErasureOptions options;
  options.on_event = [&](absl::string_view event, absl::string_view detail) {
    events.push_back(absl::StrCat(event, ": ", detail));
  };
  const auto erasure = OnNewIndex(options);
  const auto other = erasure->ErasePatient("p2", "asked", false, kOfficer);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->records, 1u);
  EXPECT_THAT(other->damaged, ElementsAre(0));
  EXPECT_THAT(events, ElementsAre("erasure-damaged: 1 damaged records could not be erased: 0"));
  house_.store().DamageDetails(0);  // as from a backup
  const auto mine = erasure->ErasePatient("p1", "asked", false, kOfficer);
  ASSERT_TRUE(mine.ok()) << mine.status();
  EXPECT_EQ(mine->records, 1u);
  EXPECT_THAT(mine->damaged, IsEmpty());
  EXPECT_TRUE(IsErased(0));
}

TEST_F(ErasureTest, SettledRecordStopsNothingAnyMoreAlsoAfterARestart) {
  house_.Decide(RequestForAge(30, "", "p1"));
  ASSERT_TRUE(Hold("p2", true).ok());
  house_.Decide(RequestForAge(31, "", "p3"));
  house_.store().DamageEntry(1);
  auto erasure = OnNewIndex();
  EXPECT_EQ(ReasonOf(erasure->ErasePatient("p1", "asked", false, kOfficer).status()),
            v1::ERROR_REASON_LOG_CORRUPT);
  // One more hold can be set meanwhile, but none lifted.
  EXPECT_TRUE(erasure->SetLegalHold("p3", true, "case", kOfficer).ok());
  EXPECT_FALSE(erasure->SetLegalHold("p3", false, "case", kOfficer).ok());
  ASSERT_TRUE(erasure->SettleDamaged({1}, "no hold in the register", kOfficer).ok());
  erasure = OnNewIndex();
  const auto erased = erasure->ErasePatient("p1", "asked", false, kOfficer);
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_TRUE(IsErased(0));
  EXPECT_EQ(ReasonOf(erasure->ErasePatient("p3", "asked", false, kOfficer).status()),
            v1::ERROR_REASON_LEGAL_HOLD);
}

TEST_F(ErasureTest, DamagedHoldThatTheIndexKnowsStopsEverythingUntilSettled) {
  house_.Decide(RequestForAge(30, "", "p1"));
  ASSERT_TRUE(Hold("p2", true).ok());
  house_.WaitForIndex();
  house_.store().DamageDetails(1);
  house_.Restart();
  EXPECT_EQ(ReasonOf(Erase("p1").status()), v1::ERROR_REASON_LOG_CORRUPT);
  ASSERT_TRUE(Settle({1}).ok());
  house_.WaitForIndex();
  EXPECT_TRUE(Erase("p1").ok());
}

TEST_F(ErasureTest, HoldThatWasRestoredIsHeededThoughTheIndexDoesNotKnowIt) {
  house_.Decide(RequestForAge(30, "", "p1"));
  house_.Decide(RequestForAge(31, "", "p2"));
  ASSERT_TRUE(Hold("p1", true).ok());
  house_.store().DamageDetails(2);
  const auto erasure = OnNewIndex();
  EXPECT_EQ(ReasonOf(erasure->ErasePatient("p2", "asked", false, kOfficer).status()),
            v1::ERROR_REASON_LOG_CORRUPT);
  house_.store().DamageDetails(2);
  EXPECT_EQ(ReasonOf(erasure->ErasePatient("p1", "asked", false, kOfficer).status()),
            v1::ERROR_REASON_LEGAL_HOLD);
  EXPECT_TRUE(erasure->ErasePatient("p2", "asked", false, kOfficer).ok());
}

// Undamaged, and no more certain for that.
TEST_F(ErasureTest, HoldThatDoesNotSayWhatItDoesStopsEverythingUntilSettled) {
  house_.Decide(RequestForAge(30, "", "p1"));
  Event unclear;
  unclear.kind = v1::RECORD_KIND_LEGAL_HOLD;
  ASSERT_TRUE(EventRecords(&house_.log(), "test").Append(unclear).ok());
  house_.Restart();
  house_.WaitForIndex();
  EXPECT_EQ(ReasonOf(Erase("p1").status()), v1::ERROR_REASON_LOG_CORRUPT);
  const auto settled = Settle({1});
  ASSERT_TRUE(settled.ok()) << settled.status();
  house_.WaitForIndex();
  EXPECT_TRUE(Erase("p1").ok());
  EXPECT_TRUE(IsErased(0));
}

TEST_F(ErasureTest, OnlyDamagedRecordsCanBeSettledAndNothingElseWithThem) {
  house_.Decide(RequestForAge(30, "", "p1"));
  EXPECT_EQ(Settle({0}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(Settle({7}).status()), v1::ERROR_REASON_UNKNOWN_RECORD);
  v1::SetLegalHoldRequest both;
  both.add_settled_records(0);
  both.set_hold(true);
  both.set_reason("case");
  EXPECT_THAT(std::string(house_.audit().SetLegalHold(both, kOfficer).status().message()),
              HasSubstr("settled_records"));
  EXPECT_EQ(house_.log().size(), 1u);
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

}  // namespace
}  // namespace plumbline::service
