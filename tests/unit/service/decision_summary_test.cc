#include "server/service/decision_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "plumbline/storage/v1/record_details.pb.h"
#include "plumbline/v1/decision.pb.h"
#include "server/engine/engine.h"
#include "server/engine/vignette_runner.h"
#include "server/service/civil_date.h"
#include "server/service/decision_details.h"
#include "tests/clinical/source_rules.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Strings(const std::vector<absl::string_view>& views) {
  return {views.begin(), views.end()};
}

// Each patient twice: with everything answered, and with what was given alone.
std::vector<std::string> DecisionsOfWorkedPatients() {
  const engine::Engine engine(clinical::CompileFiles(clinical::SourceRules()));
  engine::Workspace workspace;
  std::vector<std::string> decisions;
  for (const v1::Vignette& vignette : engine.ruleset().source.vignettes()) {
    for (const v1::Intake& intake :
         {engine::VignetteIntake(vignette, engine.ruleset()), vignette.given()}) {
      std::string decision;
      if (engine
              .Evaluate(intake, absl::CivilDay(2026, 1, 1), engine::View::kFull, workspace,
                        decision)
              .empty()) {
        decisions.push_back(std::move(decision));
      }
    }
  }
  return decisions;
}

// What the summary must be, by a full parse.
void ExpectSummaryOf(const v1::Decision& decision, const DecisionSummary& summary) {
  std::vector<std::string> rules;
  for (const auto& rule : decision.fired_rules()) rules.push_back(rule.rationale().rule_id());
  for (const auto& rule : decision.notes()) rules.push_back(rule.rationale().rule_id());
  std::vector<std::string> exercises;
  for (const auto& exercise : decision.programme()) exercises.push_back(exercise.exercise_id());
  EXPECT_EQ(summary.level, decision.disposition().level());
  EXPECT_EQ(summary.gate, decision.disposition().gate());
  EXPECT_EQ(Strings(summary.fired_rule_ids), rules);
  EXPECT_EQ(Strings(summary.programme_exercise_ids), exercises);
}

TEST(DecisionSummaryTest, IsThatOfAFullParseForEveryWorkedPatient) {
  const std::vector<std::string> decisions = DecisionsOfWorkedPatients();
  ASSERT_GT(decisions.size(), 1000u);
  DecisionSummary summary;
  size_t rules = 0;
  size_t exercises = 0;
  for (const std::string& bytes : decisions) {
    v1::Decision decision;
    ASSERT_TRUE(decision.ParseFromString(bytes));
    ASSERT_TRUE(ReadDecisionSummary(bytes, summary).ok());
    ExpectSummaryOf(decision, summary);
    rules += summary.fired_rule_ids.size();
    exercises += summary.programme_exercise_ids.size();
  }
  EXPECT_GT(rules, decisions.size() / 2);
  EXPECT_GT(exercises, decisions.size() / 2);
}

TEST(DecisionSummaryTest, RepeatedSubmessagesAreReadAsAParserDoes) {
  v1::Decision first;
  first.add_notes()->mutable_rationale()->set_rule_id("N-1");
  first.mutable_disposition()->set_level(v1::LEVEL_URGENT_2W);
  v1::Decision second;
  second.add_fired_rules()->mutable_rationale()->set_rule_id("RF-1");
  second.add_fired_rules();
  second.mutable_disposition()->set_gate(v1::GATE_HOLD);
  second.mutable_disposition()->set_level(v1::LEVEL_EMERGENCY_NOW);
  const std::string bytes = first.SerializeAsString() + second.SerializeAsString();
  v1::Decision decision;
  ASSERT_TRUE(decision.ParseFromString(bytes));
  DecisionSummary summary;
  ASSERT_TRUE(ReadDecisionSummary(bytes, summary).ok());
  ExpectSummaryOf(decision, summary);
  EXPECT_THAT(summary.fired_rule_ids, ElementsAre("RF-1", "", "N-1"));
}

TEST(DecisionSummaryTest, EmptyDecisionIsEmptyAndForgetsTheOneBefore) {
  v1::Decision decision;
  decision.mutable_disposition()->set_level(v1::LEVEL_URGENT_2W);
  decision.add_programme()->set_exercise_id("x");
  const std::string bytes = decision.SerializeAsString();
  DecisionSummary summary;
  ASSERT_TRUE(ReadDecisionSummary(bytes, summary).ok());
  ASSERT_TRUE(ReadDecisionSummary("", summary).ok());
  EXPECT_EQ(summary.level, v1::LEVEL_UNSPECIFIED);
  EXPECT_THAT(summary.programme_exercise_ids, IsEmpty());
}

TEST(DecisionSummaryTest, DamagedBytesNeverCrash) {
  v1::Decision decision;
  decision.mutable_disposition()->set_level(v1::LEVEL_URGENT_2W);
  decision.add_fired_rules()->mutable_rationale()->set_rule_id("RF-1");
  decision.add_programme()->set_exercise_id("bird_dog");
  const std::string valid = decision.SerializeAsString();
  std::mt19937 random(20260115);
  DecisionSummary summary;
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = valid;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    refused += ReadDecisionSummary(bytes, summary).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 1000);
}

TEST(DecisionDetailsTest, BytesAreThoseOfTheSerializedMessage) {
  const Caller caller{"clinic", true};
  Uuid linked;
  linked.bytes.fill(7);
  const Sha256Digest digest = Sha256Of("request");
  DecisionSummary summary;
  summary.level = v1::LEVEL_URGENT_2W;
  summary.gate = v1::GATE_HOLD;
  const std::string long_id(200, 'x');  // makes lengths of two bytes
  summary.fired_rule_ids = {"RF-1", long_id};
  summary.programme_exercise_ids = {"bird_dog"};
  const RecordedCall call{caller, "r1", "p1", absl::CivilDay(2026, 1, 15), ""};
  std::string bytes = "what was there before";
  WriteDecisionDetails(call, digest, {&linked, 1}, summary, "canary", bytes);

  storage::v1::RecordDetails expected;
  expected.set_caller("clinic");
  expected.set_caller_authenticated(true);
  expected.set_request_id("r1");
  expected.set_request_digest(digest.data(), digest.size());
  expected.set_patient_pseudonym("p1");
  expected.add_linked_ids(linked.bytes.data(), linked.bytes.size());
  storage::v1::DecisionDetails& details = *expected.mutable_decision();
  *details.mutable_as_of() = ToDate(absl::CivilDay(2026, 1, 15));
  details.set_level(v1::LEVEL_URGENT_2W);
  details.set_gate(v1::GATE_HOLD);
  details.add_fired_rule_ids("RF-1");
  details.add_fired_rule_ids(long_id);
  details.add_programme_exercise_ids("bird_dog");
  details.set_alias("canary");
  EXPECT_EQ(bytes, expected.SerializeAsString());
}

TEST(DecisionDetailsTest, WhatIsMissingTakesNoBytes) {
  const Caller caller;
  const RecordedCall call{caller, "", "", absl::CivilDay(2026, 1, 15), ""};
  std::string bytes;
  WriteDecisionDetails(call, std::nullopt, {}, {}, "", bytes);
  storage::v1::RecordDetails expected;
  *expected.mutable_decision()->mutable_as_of() = ToDate(absl::CivilDay(2026, 1, 15));
  EXPECT_EQ(bytes, expected.SerializeAsString());
}

}  // namespace
}  // namespace plumbline::service
