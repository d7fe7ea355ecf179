#include "server/service/decision_details.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "plumbline/storage/v1/record_details.pb.h"
#include "plumbline/v1/decision.pb.h"
#include "server/audit/piece_coding.h"
#include "server/engine/engine.h"
#include "server/engine/vignette_runner.h"
#include "server/service/civil_date.h"
#include "tests/clinical/source_rules.h"

namespace plumbline::service {
namespace {

std::vector<std::string> Strings(const std::vector<absl::string_view>& views) {
  return {views.begin(), views.end()};
}

// What the summary must be, by a full parse.
void ExpectSummaryOf(const v1::Decision& decision, const engine::DecisionSummary& summary) {
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

// What is recorded of every worked patient, with everything answered, and with what was given
// alone: the answer that leaves is the one that would leave without a log, and lists say what it
// says.
TEST(DecisionInPiecesTest, IsTheDecisionOfEveryWorkedPatient) {
  const engine::Engine engine(clinical::CompileFiles(clinical::SourceRules()));
  engine::Workspace workspace;
  engine::DecisionInPieces decision;
  std::string whole;
  size_t decisions = 0;
  size_t rules = 0;
  size_t exercises = 0;
  for (const v1::Vignette& vignette : engine.ruleset().source.vignettes()) {
    for (const v1::Intake& intake :
         {engine::VignetteIntake(vignette, engine.ruleset()), vignette.given()}) {
      for (const engine::View view : {engine::View::kFull, engine::View::kBasic}) {
        const absl::CivilDay day(2026, 1, 1);
        const bool valid = engine.Evaluate(intake, day, view, workspace, whole).empty();
        ASSERT_EQ(engine.EvaluateInPieces(intake, day, view, workspace, decision).empty(), valid);
        if (!valid) continue;
        const auto compact = audit::CompactDecision::Make(engine.pieces(), decision.message);
        ASSERT_TRUE(compact.ok()) << compact.status();
        ASSERT_EQ((*compact)->size(), whole.size());
        std::string answer;
        (*compact)->AppendTo(answer);
        ASSERT_EQ(answer, whole);
        v1::Decision parsed;
        ASSERT_TRUE(parsed.ParseFromString(whole));
        ExpectSummaryOf(parsed, decision.summary);
        ++decisions;
        rules += decision.summary.fired_rule_ids.size();
        exercises += decision.summary.programme_exercise_ids.size();
      }
    }
  }
  EXPECT_GT(decisions, 2000u);
  EXPECT_GT(rules, decisions / 2);
  EXPECT_GT(exercises, decisions / 2);
}

TEST(DecisionDetailsTest, BytesAreThoseOfTheSerializedMessage) {
  const Caller caller{"clinic", true};
  Uuid linked;
  linked.bytes.fill(7);
  const Sha256Digest digest = Sha256Of("request");
  engine::DecisionSummary summary;
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
