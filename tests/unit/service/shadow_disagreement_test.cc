#include "server/service/shadow_disagreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/service/service_log.h"

namespace plumbline::service {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using testing::RequestForAge;
using testing::ServiceLog;
using ::testing::SizeIs;

ShadowDisagreement SomeDisagreement() {
  ShadowDisagreement disagreement;
  disagreement.patient_pseudonym = "p1";
  disagreement.active_revision = std::string(64, 'a');
  disagreement.shadow_revision = std::string(64, 'b');
  disagreement.manifest_serial = 7;
  DecisionChange& change = disagreement.change;
  change.kind = DecisionChange::Kind::kDifferent;
  change.level_changed = true;
  change.referrals_changed = true;
  change.open_questions_changed = true;
  change.effects.appeared = {"RF-2", "RF-3"};
  change.effects.disappeared = {"RF-1"};
  for (const char* id : {"RF-5", "plank"}) change.effects.altered.push_back({id, {}});
  change.effects.altered[0].aspects.set(static_cast<size_t>(Aspect::kLevel));
  change.effects.altered[0].aspects.set(static_cast<size_t>(Aspect::kTimeLimit));
  change.effects.altered[1].aspects.set(static_cast<size_t>(Aspect::kDose));
  return disagreement;
}

TEST(ShadowDisagreementTest, TheEventSaysWhatDiffersByRule) {
  const Event event = ToEvent(SomeDisagreement());
  EXPECT_EQ(event.kind, v1::RECORD_KIND_SHADOW_DISAGREEMENT);
  EXPECT_EQ(event.revision, std::string(64, 'b'));
  EXPECT_EQ(event.manifest_serial, 7u);
  EXPECT_EQ(event.patient_pseudonym, "p1");
  EXPECT_THAT(event.linked_ids, IsEmpty());
  EXPECT_THAT(event.attributes, Contains(Pair("active_revision", std::string(64, 'a'))));
  EXPECT_THAT(event.attributes, Contains(Pair("level", "yes")));
  EXPECT_THAT(event.attributes, Contains(Pair("gate", "no")));
  EXPECT_THAT(event.attributes, Contains(Pair("referrals", "yes")));
  EXPECT_THAT(event.attributes, Contains(Pair("follow_up", "no")));
  EXPECT_THAT(event.attributes, Contains(Pair("open_questions", "yes")));
  EXPECT_THAT(event.attributes, Contains(Pair("availability", "no")));
  EXPECT_THAT(event.attributes, Contains(Pair("shadow_only", "RF-2 RF-3")));
  EXPECT_THAT(event.attributes, Contains(Pair("active_only", "RF-1")));
  EXPECT_THAT(event.attributes, Contains(Pair("altered", "RF-5:level,time_limit plank:dose")));
}

TEST(ShadowDisagreementTest, ARefusalSaysSo) {
  ShadowDisagreement disagreement = SomeDisagreement();
  disagreement.refused = true;
  disagreement.change = {};
  const Event event = ToEvent(disagreement);
  EXPECT_THAT(event.summary, HasSubstr("refuses"));
  EXPECT_THAT(event.attributes, Contains(Pair("shadow_only", "")));
}

TEST(ShadowDisagreementTest, TheRecordIsErasedWithThePatientAndOnlyThen) {
  ServiceLog house;
  EventRecords events(&house.log());
  ShadowDisagreement disagreement = SomeDisagreement();
  disagreement.decision_id = house.Decide(RequestForAge(30, "", "p1"));
  ASSERT_TRUE(events.AppendLater(ToEvent(disagreement)));
  disagreement.decision_id = house.Decide(RequestForAge(31, "", "p2"));
  disagreement.patient_pseudonym = "p2";
  ASSERT_TRUE(events.Append(ToEvent(disagreement)).ok());
  auto records = house.Records(v1::RECORD_KIND_SHADOW_DISAGREEMENT);
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_THAT(records[0].linked_ids(), SizeIs(1));

  v1::ErasePatientRequest request;
  request.set_patient_pseudonym("p1");
  request.set_reason("asked by letter");
  const auto erased = house.audit().ErasePatient(request, {"privacy", true});
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->erased_records(), 2u) << "the decision and the disagreement about it";
  const auto first = house.log().Read(1, store::Parts::kAll);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->erased);
  EXPECT_THAT(first->details, IsEmpty()) << "nothing of it can be read any more";
  const auto second = house.log().Read(3, store::Parts::kAll);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_FALSE(second->erased) << "that is another patient's";
  EXPECT_THAT(second->details, Not(IsEmpty()));
}

}  // namespace
}  // namespace plumbline::service
