#include "server/service/replay.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "plumbline/v1/triage_service.pb.h"
#include "server/engine/engine.h"
#include "server/service/engine_evaluator.h"
#include "tests/testing/engine/random_intake.h"
#include "tests/testing/engine/small_ruleset.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/unit/service/replay_decisions.h"

namespace plumbline::service {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kDecisions = 600;
// Of the log: every seventh record is of another kind.
constexpr uint64_t kOtherKindEvery = 7;

// One log for all tests: decisions for random intakes under the small ruleset.
struct Recording {
  std::shared_ptr<const ServedRuleset> own;
  // With "age_years >= 65" where the own one has 60.
  std::shared_ptr<const ServedRuleset> candidate;
  FakeDecisions log;
  std::vector<std::pair<uint64_t, v1::EvaluateRequest>> requests;
};

v1::EvaluateRequest MakeRequest(const ruleset::CompiledRuleset& rules, std::mt19937_64& random) {
  v1::EvaluateRequest request;
  *request.mutable_intake() = plumbline::testing::RandomIntake(rules, random, {0.5, 0.1, 0.3});
  if (random() % 2 == 0) {  // people whom the two thresholds tell apart
    v1::Intake& intake = *request.mutable_intake();
    intake.mutable_person()->set_age_years(static_cast<int32_t>(50 + random() % 25));
    intake.mutable_general_illness()->set_weight_loss(v1::TRI_YES);
    intake.mutable_general_illness()->set_fever(random() % 4 == 0 ? v1::TRI_YES : v1::TRI_NO);
    intake.mutable_general_illness()->clear_temp_c();
    intake.mutable_cauda_equina()->set_ces_saddle(v1::TRI_NO);
  }
  request.mutable_as_of()->set_year(2026);
  request.mutable_as_of()->set_month(1);
  request.mutable_as_of()->set_day(1 + static_cast<int32_t>(random() % 28));
  request.set_view(random() % 2 == 0 ? v1::DECISION_VIEW_BASIC : v1::DECISION_VIEW_FULL);
  return request;
}

Recording MakeRecording() {
  Recording recording;
  const std::string text = plumbline::testing::SmallRulesetText();
  const auto rules = plumbline::testing::CompileText(text);
  recording.own = ServeRuleset(rules);
  recording.candidate = ServeRuleset(plumbline::testing::CompileText(plumbline::testing::Replaced(
      text, "weight_loss && age_years >= 60", "weight_loss && age_years >= 65")));
  std::mt19937_64 random(plumbline::testing::TestSeed());
  while (recording.requests.size() < kDecisions) {
    if (recording.log.size() % kOtherKindEvery == 3) recording.log.AddOther();
    const v1::EvaluateRequest request = MakeRequest(*rules, random);
    std::string decision;
    const engine::View view =
        request.view() == v1::DECISION_VIEW_BASIC ? engine::View::kBasic : engine::View::kFull;
    const absl::CivilDay day(2026, 1, request.as_of().day());
    if (!recording.own->evaluator->Evaluate(request.intake(), day, view, decision).empty()) {
      continue;  // contradictory
    }
    recording.requests.emplace_back(recording.log.size(), request);
    recording.log.Add(request.SerializeAsString(), decision, recording.own->revision);
  }
  return recording;
}

class ReplayerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static const Recording* const kRecording = new Recording(MakeRecording());
    recording_ = *kRecording;
    rulesets_.Add(recording_.own);
    folder_ = ::testing::TempDir() + "/replay_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  absl::StatusOr<v1::ImpactReport> TryRun(const ReplayJob& job, ReplayOptions options = {}) {
    return Replayer(&recording_.log, &rulesets_).Run(job, options);
  }
  v1::ImpactReport Run(const ReplayJob& job, const ReplayOptions& options = {}) {
    absl::StatusOr<v1::ImpactReport> report = TryRun(job, options);
    if (!report.ok()) {
      ADD_FAILURE() << report.status();
      return {};
    }
    report->clear_seconds();
    return *std::move(report);
  }
  ReplayJob OnCandidate() const {
    ReplayJob job;
    job.candidate = recording_.candidate;
    return job;
  }
  std::string File(const std::string& name) const { return folder_ + "/" + name; }

  Recording recording_;
  FakeRulesets rulesets_;
  std::string folder_;
};

// RF-WEIGHT is due in 3 days instead of 7.
std::string WithLimitOfWeightRule(std::string text) {
  const std::string limit = "due_days: 7";
  const size_t at = text.find(limit, text.find("id: \"RF-WEIGHT\""));
  return at == std::string::npos ? text : text.replace(at, limit.size(), "due_days: 3");
}

bool Fires(const std::string& rule_id, const v1::Decision& decision) {
  return std::any_of(
      decision.fired_rules().begin(), decision.fired_rules().end(),
      [&](const v1::FiredRule& rule) { return rule.rationale().rule_id() == rule_id; });
}

const v1::RuleImpact* FindRule(const v1::ImpactReport& report, const std::string& id) {
  for (const v1::RuleImpact& rule : report.rules()) {
    if (rule.rule_id() == id) return &rule;
  }
  return nullptr;
}

const v1::ReplayOmission* FindOmission(const v1::ImpactReport& report, const std::string& reason) {
  for (const v1::ReplayOmission& omission : report.left_out()) {
    if (omission.reason() == reason) return &omission;
  }
  return nullptr;
}

TEST_F(ReplayerTest, OwnRevisionGivesTheSameBytes) {
  const v1::ImpactReport report = Run({});
  EXPECT_EQ(report.decisions(), kDecisions);
  EXPECT_EQ(report.evaluated(), kDecisions);
  EXPECT_EQ(report.identical(), kDecisions);
  EXPECT_EQ(report.differences_size(), 0);
  EXPECT_EQ(report.left_out_size(), 0);
  EXPECT_EQ(report.candidate_revision(), "");
}

TEST_F(ReplayerTest, RecordedByteThatDiffersIsFoundAndItsFieldNamed) {
  RecordedDecision& record = recording_.log.at(recording_.requests[50].first);
  v1::Decision decision;
  ASSERT_TRUE(decision.ParseFromString(record.decision_bytes));
  decision.mutable_disposition()->set_patient_text("Somebody wrote this later.");
  record.decision_bytes = decision.SerializeAsString();
  const v1::ImpactReport report = Run({});
  EXPECT_EQ(report.identical(), kDecisions - 1);
  EXPECT_EQ(report.otherwise_changed(), 1U);
  ASSERT_EQ(report.differences_size(), 1);
  EXPECT_EQ(report.differences(0).decision_id(), record.id);
  EXPECT_EQ(report.differences(0).record_index(), record.index);
  EXPECT_EQ(report.differences(0).path(), "disposition.patient_text");
}

TEST_F(ReplayerTest, DifferenceToAnotherEngineBuildSaysSo) {
  RecordedDecision& record = recording_.log.at(recording_.requests[0].first);
  v1::Decision decision;
  ASSERT_TRUE(decision.ParseFromString(record.decision_bytes));
  decision.set_engine_version("0.0.1");
  record.engine_build = "0.0.1";
  record.decision_bytes = decision.SerializeAsString();
  v1::ImpactReport report = Run({});
  EXPECT_EQ(report.same_apart_from_revision(), 1U);
  EXPECT_EQ(report.differences_size(), 0);

  decision.mutable_disposition()->set_level(v1::LEVEL_EMERGENCY_NOW);
  decision.mutable_disposition()->set_level_title("x");
  record.decision_bytes = decision.SerializeAsString();
  report = Run({});
  ASSERT_EQ(report.differences_size(), 1);
  EXPECT_THAT(report.differences(0).path(), HasSubstr("(decided by engine 0.0.1, replayed by "));
}

// The expected set is worked out from the intakes and the two thresholds alone.
TEST_F(ReplayerTest, ChangedThresholdChangesExactlyThePatientsBetweenTheThresholds) {
  std::vector<std::string> expected;
  for (const auto& [index, request] : recording_.requests) {
    const v1::Intake& intake = request.intake();
    const int age = intake.person().has_age_years() ? intake.person().age_years() : -1;
    const bool losing = intake.general_illness().weight_loss() == v1::TRI_YES;
    if (losing && age >= 60 && age < 65) expected.push_back(FakeDecisions::IdOf(index));
  }
  ASSERT_GT(expected.size(), 10U);

  const v1::ImpactReport report = Run(OnCandidate());
  EXPECT_EQ(report.evaluated(), kDecisions);
  EXPECT_EQ(report.identical(), 0U);
  const v1::RuleImpact* rule = FindRule(report, "RF-WEIGHT");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->appears(), 0U);
  EXPECT_EQ(rule->disappears(), expected.size());
  expected.resize(10);
  EXPECT_THAT(rule->example_ids(), ::testing::ElementsAreArray(expected));
  EXPECT_EQ(report.candidate_revision(), recording_.candidate->revision);
}

// The red flag's own limit changes, and nothing else.
TEST_F(ReplayerTest, ChangedLimitAltersTheRuleForExactlyThePatientsForWhomItFires) {
  const std::string text = plumbline::testing::SmallRulesetText();
  ReplayJob job;
  job.candidate = ServeRuleset(plumbline::testing::CompileText(WithLimitOfWeightRule(text)));
  std::vector<std::string> expected;
  for (const auto& [index, request] : recording_.requests) {
    v1::Decision decision;
    ASSERT_TRUE(decision.ParseFromString(recording_.log.at(index).decision_bytes));
    if (Fires("RF-WEIGHT", decision)) expected.push_back(FakeDecisions::IdOf(index));
  }
  ASSERT_GT(expected.size(), 10U);
  const v1::ImpactReport report = Run(job);
  ASSERT_EQ(report.rules_size(), 1);
  const v1::RuleImpact& rule = report.rules(0);
  EXPECT_EQ(rule.rule_id(), "RF-WEIGHT");
  EXPECT_EQ(rule.altered(), expected.size());
  EXPECT_EQ(rule.alterations().time_limit(), expected.size());
  EXPECT_EQ(rule.appears() + rule.disappears(), 0U);
  EXPECT_EQ(rule.level_changed() + rule.gate_changed() + rule.programme_changed(), 0U);
  EXPECT_EQ(report.time_limit_changed(), expected.size());
  EXPECT_EQ(report.rules_changed(), expected.size());
  EXPECT_EQ(report.otherwise_changed(), 0U);
  EXPECT_EQ(report.same_apart_from_revision(), kDecisions - expected.size());
  expected.resize(10);
  EXPECT_THAT(rule.example_ids(), ::testing::ElementsAreArray(expected));
}

// Against a comparison of whole messages that knows nothing of the wire.
TEST_F(ReplayerTest, CountsAgreeWithAPlainComparison) {
  const v1::ImpactReport report = Run(OnCandidate());
  uint64_t same = 0;
  uint64_t level = 0;
  uint64_t gate = 0;
  uint64_t programme = 0;
  for (const auto& [index, request] : recording_.requests) {
    v1::Decision was;
    v1::Decision is;
    std::string bytes;
    ASSERT_TRUE(was.ParseFromString(recording_.log.at(index).decision_bytes));
    recording_.candidate->evaluator->Evaluate(
        request.intake(), absl::CivilDay(2026, 1, request.as_of().day()),
        request.view() == v1::DECISION_VIEW_BASIC ? engine::View::kBasic : engine::View::kFull,
        bytes);
    ASSERT_TRUE(is.ParseFromString(bytes));
    level += was.disposition().level() != is.disposition().level() ? 1 : 0;
    gate += was.disposition().gate() != is.disposition().gate() ? 1 : 0;
    const auto programme_of = [](const v1::Decision& decision) {
      std::string text;
      for (const v1::Prescription& p : decision.programme()) {
        text += p.exercise_id() + "|" + p.dose().SerializeAsString() + "|";
      }
      return text;
    };
    programme += programme_of(was) != programme_of(is) ? 1 : 0;
    was.clear_ruleset();
    is.clear_ruleset();
    same += google::protobuf::util::MessageDifferencer::Equals(was, is) ? 1 : 0;
  }
  EXPECT_GT(level, 0U);
  EXPECT_GT(programme, 0U);
  EXPECT_EQ(report.same_apart_from_revision(), same);
  EXPECT_EQ(report.level_changed(), level);
  EXPECT_EQ(report.gate_changed(), gate);
  EXPECT_EQ(report.programme_changed(), programme);
  uint64_t by_pair = 0;
  for (const v1::LevelChange& change : report.level_changes()) by_pair += change.count();
  EXPECT_EQ(by_pair, level);
}

TEST_F(ReplayerTest, NumberOfThreadsAndChunkSizeDoNotChangeTheReport) {
  recording_.log.at(recording_.requests[3].first).erased = true;
  ReplayOptions one;
  one.threads = 1;
  const std::string expected = Run(OnCandidate(), one).SerializeAsString();
  for (const int threads : {2, 8}) {
    for (const uint64_t chunk : {uint64_t{1}, uint64_t{17}, uint64_t{10'000}}) {
      ReplayOptions options;
      options.threads = threads;
      options.chunk_records = chunk;
      EXPECT_EQ(Run(OnCandidate(), options).SerializeAsString(), expected) << threads << chunk;
    }
  }
}

TEST_F(ReplayerTest, ResumingAfterAnInterruptionAnywhereGivesTheSameReport) {
  const std::string expected = Run(OnCandidate()).SerializeAsString();
  for (uint64_t stop = 0; stop < recording_.log.size(); stop += 40) {
    ReplayOptions options;
    options.chunk_records = 20;
    options.progress_file = File(absl::StrCat("stop", stop));
    options.progress = [stop](uint64_t done, uint64_t) { return done < stop; };
    const auto stopped = TryRun(OnCandidate(), options);
    ASSERT_EQ(stopped.status().code(), absl::StatusCode::kCancelled) << stop;
    uint64_t first_seen = ~uint64_t{0};
    options.progress = [&first_seen](uint64_t done, uint64_t) {
      first_seen = std::min(first_seen, done);
      return true;
    };
    EXPECT_EQ(Run(OnCandidate(), options).SerializeAsString(), expected) << stop;
    EXPECT_GE(first_seen, stop) << "what was done is not done again";
  }
}

TEST_F(ReplayerTest, FinishedProgressFileGivesTheReportAgain) {
  ReplayOptions options;
  options.progress_file = File("p");
  const std::string expected = Run(OnCandidate(), options).SerializeAsString();
  recording_.log.BreakAt(0);  // nothing is read again
  EXPECT_EQ(Run(OnCandidate(), options).SerializeAsString(), expected);
}

TEST_F(ReplayerTest, LogThatGrewMeanwhileKeepsTheRangeOfTheJob) {
  ReplayOptions options;
  options.progress_file = File("p");
  options.chunk_records = 10;
  options.progress = [](uint64_t done, uint64_t) { return done < 100; };
  EXPECT_FALSE(TryRun({}, options).ok());
  const RecordedDecision copy = recording_.log.at(0);
  recording_.log.Add(copy.request_bytes, copy.decision_bytes, copy.revision);
  options.progress = nullptr;
  EXPECT_EQ(Run({}, options).decisions(), kDecisions);
}

TEST_F(ReplayerTest, ProgressOfAnotherJobIsRefused) {
  ReplayOptions options;
  options.progress_file = File("p");
  Run(OnCandidate(), options);
  const auto own = TryRun({}, options);
  EXPECT_EQ(own.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(own.status().message()), HasSubstr(File("p")));
  EXPECT_THAT(std::string(own.status().message()), HasSubstr("candidate"));
  ReplayJob sharded = OnCandidate();
  sharded.shards = 2;
  EXPECT_THAT(std::string(TryRun(sharded, options).status().message()), HasSubstr("shard 0/1"));
  ReplayJob later = OnCandidate();
  later.from = FakeDecisions::TimeOf(5);
  EXPECT_THAT(std::string(TryRun(later, options).status().message()), HasSubstr("time"));
}

TEST_F(ReplayerTest, ShardsMergeToTheWhole) {
  recording_.log.at(recording_.requests[10].first).erased = true;
  recording_.log.at(recording_.requests[11].first).decision_bytes += "\x0b";
  const std::string expected = Run(OnCandidate()).SerializeAsString();
  for (const uint32_t shards : {1U, 2U, 5U}) {
    std::vector<std::string> files;
    for (uint32_t shard = 0; shard < shards; ++shard) {
      ReplayJob job = OnCandidate();
      job.shard = shard;
      job.shards = shards;
      ReplayOptions options;
      options.chunk_records = 13;
      options.progress_file = File(absl::StrCat(shard, "of", shards));
      files.insert(files.begin(), options.progress_file);
      Run(job, options);
    }
    auto merged = MergeReplays(files);
    ASSERT_TRUE(merged.ok()) << merged.status();
    merged->clear_seconds();
    EXPECT_EQ(merged->SerializeAsString(), expected) << shards;
  }
}

TEST_F(ReplayerTest, MergeRefusesMissingDoubleUnfinishedAndForeignShards) {
  const auto run = [this](uint32_t shard, const std::string& name, ReplayJob job, uint64_t stop) {
    job.shard = shard;
    job.shards = 2;
    ReplayOptions options;
    options.chunk_records = 10;
    options.progress_file = File(name);
    options.progress = [stop](uint64_t done, uint64_t) { return done < stop; };
    (void)TryRun(job, options);
    return File(name);
  };
  const std::string zero = run(0, "zero", OnCandidate(), ~uint64_t{0});
  const std::string half = run(1, "half", OnCandidate(), 100);
  const std::string foreign = run(1, "foreign", {}, ~uint64_t{0});
  const auto message = [](const std::vector<std::string>& files) {
    return std::string(MergeReplays(files).status().message());
  };
  EXPECT_THAT(message({zero}), HasSubstr("shard 1/2 is missing"));
  EXPECT_THAT(message({zero, zero}), HasSubstr("zero: shard 0 is there twice"));
  EXPECT_THAT(message({zero, half}), HasSubstr("half: is unfinished"));
  EXPECT_THAT(message({zero, foreign}), HasSubstr("foreign: does not belong to"));
  EXPECT_THAT(message({zero, File("none")}), HasSubstr("none: there is no such file"));
  EXPECT_THAT(message({}), HasSubstr("nothing to merge"));
}

TEST_F(ReplayerTest, DecisionsThatCannotBeReplayedAreReportedWithTheirReason) {
  const auto& requests = recording_.requests;
  recording_.log.at(requests[1].first).erased = true;
  recording_.log.at(requests[2].first).erased = true;
  recording_.log.at(requests[3].first).revision = std::string(64, 'f');
  recording_.log.at(requests[4].first).status = absl::DataLossError("segment 3");
  recording_.log.at(requests[5].first).request_bytes = "\x0b";
  const v1::ImpactReport report = Run({});
  EXPECT_EQ(report.decisions(), kDecisions);
  EXPECT_EQ(report.evaluated(), kDecisions - 5U);
  EXPECT_EQ(report.identical(), kDecisions - 5U);
  const v1::ReplayOmission* erased = FindOmission(report, kOmittedErased);
  ASSERT_NE(erased, nullptr);
  EXPECT_EQ(erased->count(), 2U);
  EXPECT_THAT(erased->example_ids(),
              ::testing::ElementsAre(FakeDecisions::IdOf(requests[1].first),
                                     FakeDecisions::IdOf(requests[2].first)));
  ASSERT_NE(FindOmission(report, kOmittedNotKept), nullptr);
  EXPECT_EQ(FindOmission(report, kOmittedNotKept)->count(), 1U);
  ASSERT_NE(FindOmission(report, kOmittedDamaged), nullptr);
  EXPECT_EQ(FindOmission(report, kOmittedDamaged)->count(), 2U);
}

TEST_F(ReplayerTest, CandidateThatRefusesOrIsNotEffectiveLeavesDecisionsOut) {
  auto later = std::make_shared<ServedRuleset>(*recording_.candidate);
  later->effective_from = absl::CivilDay(2026, 1, 15);
  ReplayJob job;
  job.candidate = later;
  uint64_t before = 0;
  for (const auto& [index, request] : recording_.requests) {
    before += request.as_of().day() < 15 ? 1 : 0;
  }
  const v1::ImpactReport report = Run(job);
  ASSERT_NE(FindOmission(report, kOmittedNotEffective), nullptr);
  EXPECT_EQ(FindOmission(report, kOmittedNotEffective)->count(), before);
  EXPECT_EQ(report.evaluated(), kDecisions - before);

  class Refusing : public testing::FakeEvaluator {
   public:
    std::vector<engine::FieldViolation> Evaluate(const v1::Intake&, absl::CivilDay, engine::View,
                                                 std::string&) const override {
      return {{engine::FieldViolation::Kind::kInvalid, "person.age_years", "no"}};
    }
  };
  auto refusing = std::make_shared<ServedRuleset>(*recording_.candidate);
  refusing->evaluator = std::make_shared<Refusing>();
  job.candidate = refusing;
  const v1::ImpactReport refused = Run(job);
  ASSERT_NE(FindOmission(refused, kOmittedRefused), nullptr);
  EXPECT_EQ(FindOmission(refused, kOmittedRefused)->count(), kDecisions);

  auto own = std::make_shared<ServedRuleset>(*recording_.own);
  own->evaluator = refusing->evaluator;
  rulesets_.Add(own);
  const v1::ImpactReport differs = Run({});
  EXPECT_EQ(differs.otherwise_changed(), kDecisions);
  ASSERT_EQ(differs.differences_size(), 100);
  EXPECT_EQ(differs.differences(0).path(), "refused now: intake.person.age_years");
}

TEST_F(ReplayerTest, RangeOfTimeAndRevisionRestrictWhatIsLookedAt) {
  ReplayJob job;
  job.from = FakeDecisions::TimeOf(100);
  job.until = FakeDecisions::TimeOf(300);
  uint64_t inside = 0;
  for (const auto& [index, request] : recording_.requests) {
    inside += index >= 100 && index < 300 ? 1 : 0;
  }
  EXPECT_EQ(Run(job).decisions(), inside);
  recording_.log.at(recording_.requests[0].first).revision = std::string(64, 'f');
  ReplayJob only = OnCandidate();
  only.only_revision = recording_.own->revision;
  EXPECT_EQ(Run(only).decisions(), kDecisions - 1U);
  job.from = FakeDecisions::TimeOf(5'000'000);
  job.until.reset();
  EXPECT_EQ(Run(job).decisions(), 0U);
}

TEST_F(ReplayerTest, ErrorOfTheSourceEndsTheReplayAndKeepsWhatWasDone) {
  ReplayOptions options;
  options.progress_file = File("p");
  options.chunk_records = 10;
  options.threads = 1;
  recording_.log.BreakAt(200);
  const auto broken = TryRun({}, options);
  EXPECT_EQ(broken.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(std::filesystem::exists(options.progress_file));
  uint64_t first_seen = ~uint64_t{0};
  options.progress = [&first_seen](uint64_t done, uint64_t) {
    first_seen = std::min(first_seen, done);
    return true;
  };
  recording_.log.BreakAt(~uint64_t{0});
  EXPECT_EQ(Run({}, options).identical(), kDecisions);
  EXPECT_EQ(first_seen, 200U);
}

TEST_F(ReplayerTest, JobsThatContradictThemselvesAreRefused) {
  ReplayJob shard;
  shard.shard = 2;
  shard.shards = 2;
  EXPECT_EQ(TryRun(shard).status().code(), absl::StatusCode::kInvalidArgument);
  ReplayJob range;
  range.from = FakeDecisions::TimeOf(2);
  range.until = FakeDecisions::TimeOf(2);
  EXPECT_EQ(TryRun(range).status().code(), absl::StatusCode::kInvalidArgument);
  ReplayOptions none;
  none.threads = 0;
  EXPECT_EQ(TryRun({}, none).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ReplayerTest, ProgressFileInAFolderThatIsNotThereIsAnError) {
  ReplayOptions options;
  options.progress_file = File("none/p");
  const auto report = TryRun({}, options);
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("none/p"));
}

TEST_F(ReplayerTest, BareEngineEvaluatesAsManyAsAreThere) {
  const Replayer replayer(&recording_.log, &rulesets_);
  const auto all = replayer.MeasureEngine({}, 2, 100'000);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->evaluated, kDecisions);
  EXPECT_GT(all->decisions_per_second, 0);
  EXPECT_EQ(replayer.MeasureEngine({}, 1, 50)->evaluated, 50U);
}

}  // namespace
}  // namespace plumbline::service
