// Replay of a real decision log on disk: recorded through the service, replayed on its own revision
// and on one with one changed threshold. 2,000 decisions; 100,000 with PLUMBLINE_NIGHTLY=1. Prints
// decisions a second beside those of the bare engine.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/audit/payload.h"
#include "server/registry/bundle.h"
#include "server/service/engine_evaluator.h"
#include "server/service/evaluate_service.h"
#include "server/service/kept_rulesets.h"
#include "server/service/log_indexer.h"
#include "server/service/log_recorder.h"
#include "server/service/replay.h"
#include "server/service/replay_log.h"
#include "server/store/memory/memory_query_index.h"
#include "server/store/segment/segment_log_store.h"
#include "tests/clinical/source_rules.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/engine/prevalence_sampler.h"
#include "tests/testing/engine/random_intake.h"

namespace plumbline::service {
namespace {

constexpr int kOldThreshold = 60;
constexpr int kNewThreshold = 65;
constexpr char kRule[] = "RF-CA-4";

size_t Decisions() {
  const char* nightly = std::getenv("PLUMBLINE_NIGHTLY");
  return nightly != nullptr && std::string(nightly) == "1" ? 100'000 : 2'000;
}

// The rules of this source tree, with "age_years >= 65 && weight_loss" for 60.
std::vector<ruleset::SourceFile> ChangedRules() {
  std::vector<ruleset::SourceFile> files = clinical::SourceRules();
  const std::string from =
      absl::StrCat("when: \"age_years >= ", kOldThreshold, " && weight_loss\"");
  int changed = 0;
  for (ruleset::SourceFile& file : files) {
    const size_t at = file.bytes.find(from);
    if (at == std::string::npos) continue;
    file.bytes.replace(at, from.size(),
                       absl::StrCat("when: \"age_years >= ", kNewThreshold, " && weight_loss\""));
    ++changed;
  }
  EXPECT_EQ(changed, 1);
  return files;
}

// People who always say their age and whether they lost weight, so that the rule fires for those
// who are old enough and lost weight, and for nobody else.
v1::EvaluateRequest MakeRequest(const ruleset::CompiledRuleset& rules,
                                plumbline::testing::PrevalenceSampler& people,
                                std::mt19937_64& random) {
  v1::EvaluateRequest request;
  *request.mutable_intake() = random() % 4 == 0
                                  ? plumbline::testing::RandomIntake(rules, random, {0.7, 0.1, 0.1})
                                  : people.Anyone().intake;
  v1::Intake& intake = *request.mutable_intake();
  intake.mutable_person()->set_age_years(static_cast<int32_t>(18 + random() % 72));
  if (intake.person().age_years() > 50) intake.mutable_person()->clear_pregnancy();
  intake.mutable_general_illness()->set_weight_loss(random() % 3 == 0 ? v1::TRI_YES : v1::TRI_NO);
  request.mutable_as_of()->set_year(2026);
  request.mutable_as_of()->set_month(1);
  request.mutable_as_of()->set_day(15);
  request.set_view(random() % 2 == 0 ? v1::DECISION_VIEW_FULL : v1::DECISION_VIEW_BASIC);
  return request;
}

bool BetweenTheThresholds(const v1::Intake& intake) {
  return intake.general_illness().weight_loss() == v1::TRI_YES &&
         intake.person().age_years() >= kOldThreshold &&
         intake.person().age_years() < kNewThreshold;
}

class ReplayLogTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { house_ = new House(); }
  static void TearDownTestSuite() {
    delete house_;
    house_ = nullptr;
  }

  // The log with everything around it, and what was recorded.
  struct House {
    House() {
      folder = ::testing::TempDir() + absl::StrFormat("/replay_log_%d", getpid());
      std::filesystem::remove_all(folder);
      std::filesystem::create_directories(folder);
      store = *store::SegmentLogStore::Open(folder + "/log");
      log = std::make_unique<audit::TestLog>(store.get());
      EXPECT_TRUE(log->Open().ok());
      kept = std::make_unique<KeptRulesets>(store.get());
      rules = clinical::CompileFiles(clinical::SourceRules());
      own = ServeRuleset(rules);
      candidate = ServeRuleset(clinical::CompileFiles(ChangedRules()));
      EXPECT_TRUE(kept->Keep(own->revision, *registry::EncodeBundle(clinical::SourceRules())).ok());
      Record();
    }
    ~House() {
      kept.reset();
      log.reset();
      store.reset();
      std::filesystem::remove_all(folder);
    }

    void Record() {
      store::MemoryQueryIndex index;
      std::unique_ptr<LogIndexer> indexer = *LogIndexer::Start(&**log, &index, {});
      RecorderOptions options;
      options.engine_build = std::string(engine::EngineVersion());
      std::unique_ptr<LogRecorder> recorder = *LogRecorder::Make(
          &**log, store.get(), indexer.get(), &log->random(), std::move(options));
      const SingleRulesetSource source(own);
      EXPECT_TRUE(recorder->Prepare(*own).ok());
      const EvaluateService service(&source, recorder.get());
      std::atomic<size_t> recorded = 0;
      std::mutex mutex;
      const uint64_t seed = plumbline::testing::TestSeed();
      // Enough callers that wait for the disk together.
      std::vector<std::thread> callers;
      for (uint64_t caller = 0; caller < 16; ++caller) {
        callers.emplace_back([&, caller] {
          std::mt19937_64 random(seed + caller);
          plumbline::testing::PrevalenceSampler people(seed + caller);
          while (recorded < Decisions()) {
            const v1::EvaluateRequest request = MakeRequest(*rules, people, random);
            const absl::StatusOr<EvaluateAnswer> answer =
                service.EvaluateAndWait(request, {"test", false});
            if (!answer.ok()) continue;  // answers that contradict each other
            ++recorded;
            if (!BetweenTheThresholds(request.intake())) continue;
            v1::EvaluateResponse response;
            EXPECT_TRUE(response.ParseFromString(answer->response));
            const std::lock_guard<std::mutex> lock(mutex);
            expected[response.record_index()] = response.decision_id();
          }
        });
      }
      for (std::thread& caller : callers) caller.join();
    }

    std::string folder;
    std::unique_ptr<store::SegmentLogStore> store;
    std::unique_ptr<audit::TestLog> log;
    std::unique_ptr<KeptRulesets> kept;
    std::shared_ptr<const ruleset::CompiledRuleset> rules;
    std::shared_ptr<const ServedRuleset> own;
    std::shared_ptr<const ServedRuleset> candidate;
    // Decisions between the thresholds: index -> id. Worked out from the intakes alone.
    std::map<uint64_t, std::string> expected;
  };

  static v1::ImpactReport Run(const Replayer& replayer, const ReplayJob& job,
                              const ReplayOptions& options = {}) {
    const absl::StatusOr<v1::ImpactReport> report = replayer.Run(job, options);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : v1::ImpactReport();
  }

  static void PrintSpeed(const char* what, const v1::ImpactReport& report,
                         const EngineSpeed& engine) {
    const double speed = static_cast<double>(report.evaluated()) / report.seconds();
    std::cout << absl::StrFormat("%s: %d decisions, %.0f a second; engine alone %.0f (%.2f)\n",
                                 what, report.evaluated(), speed, engine.decisions_per_second,
                                 speed / engine.decisions_per_second);
  }

  static House* house_;
};

ReplayLogTest::House* ReplayLogTest::house_ = nullptr;

TEST_F(ReplayLogTest, OwnRevisionComesOutByteForByte) {
  const LogDecisions decisions(&**house_->log, house_->store.get());
  const Replayer replayer(&decisions, house_->kept.get());
  const v1::ImpactReport report = Run(replayer, {});
  EXPECT_GE(report.decisions(), Decisions());
  EXPECT_EQ(report.evaluated(), report.decisions());
  EXPECT_EQ(report.identical(), report.decisions());
  EXPECT_EQ(report.differences_size(), 0);
  EXPECT_EQ(report.left_out_size(), 0);
  const auto engine = replayer.MeasureEngine({}, 2, 20'000);
  ASSERT_TRUE(engine.ok()) << engine.status();
  PrintSpeed("own revision", report, *engine);
}

TEST_F(ReplayLogTest, ChangedThresholdTouchesExactlyThePatientsBetweenTheThresholds) {
  const LogDecisions decisions(&**house_->log, house_->store.get());
  const Replayer replayer(&decisions, house_->kept.get());
  ReplayJob job;
  job.candidate = house_->candidate;
  const v1::ImpactReport report = Run(replayer, job);
  ASSERT_GT(house_->expected.size(), 10U);
  EXPECT_EQ(report.evaluated(), report.decisions());
  EXPECT_EQ(report.same_apart_from_revision(), report.decisions() - house_->expected.size());
  EXPECT_EQ(report.left_out_size(), 0);
  const v1::RuleImpact* rule = nullptr;
  for (const v1::RuleImpact& impact : report.rules()) {
    if (impact.rule_id() == kRule) rule = &impact;
  }
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->appears(), 0U);
  EXPECT_EQ(rule->disappears(), house_->expected.size());
  std::vector<std::string> first;
  for (const auto& [index, id] : house_->expected) {
    if (first.size() < 10) first.push_back(id);
  }
  EXPECT_THAT(rule->example_ids(), ::testing::ElementsAreArray(first));
  const auto engine = replayer.MeasureEngine(job, 2, 20'000);
  ASSERT_TRUE(engine.ok()) << engine.status();
  PrintSpeed("one changed threshold", report, *engine);
}

TEST_F(ReplayLogTest, ShardsOfTheLogMergeToTheWhole) {
  const LogDecisions decisions(&**house_->log, house_->store.get());
  const Replayer replayer(&decisions, house_->kept.get());
  ReplayJob job;
  job.candidate = house_->candidate;
  v1::ImpactReport whole = Run(replayer, job);
  std::vector<std::string> files;
  job.shards = 3;
  for (job.shard = 0; job.shard < job.shards; ++job.shard) {
    ReplayOptions options;
    options.progress_file = absl::StrCat(house_->folder, "/shard", job.shard);
    Run(replayer, job, options);
    files.push_back(options.progress_file);
  }
  absl::StatusOr<v1::ImpactReport> merged = MergeReplays(files);
  ASSERT_TRUE(merged.ok()) << merged.status();
  whole.clear_seconds();
  merged->clear_seconds();
  EXPECT_EQ(merged->SerializeAsString(), whole.SerializeAsString());
}

// What lists and statistics show, against what was answered.
TEST_F(ReplayLogTest, DetailsOfEveryRecordSayWhatItsDecisionSays) {
  const LogDecisions decisions(&**house_->log, house_->store.get());
  const audit::PayloadReader payloads(house_->store.get());
  size_t compared = 0;
  size_t in_pieces = 0;
  for (uint64_t index = 0; index < decisions.size() && compared < 2'000; ++index) {
    const auto record = (*house_->log)->Read(index, store::Parts::kAll);
    ASSERT_TRUE(record.ok()) << record.status();
    if (record->kind != v1::RECORD_KIND_DECISION) continue;
    storage::v1::RecordDetails details;
    ASSERT_TRUE(details.ParseFromString(record->details));
    const auto payload = payloads.Read(record->payload);
    ASSERT_TRUE(payload.ok()) << payload.status();
    v1::Decision decision;
    ASSERT_TRUE(decision.ParseFromString(payload->decision));
    storage::v1::DecisionDetails expected;
    *expected.mutable_as_of() = decision.as_of();
    expected.set_level(decision.disposition().level());
    expected.set_gate(decision.disposition().gate());
    for (const v1::FiredRule& rule : decision.fired_rules()) {
      expected.add_fired_rule_ids(rule.rationale().rule_id());
    }
    for (const v1::FiredRule& rule : decision.notes()) {
      expected.add_fired_rule_ids(rule.rationale().rule_id());
    }
    for (const v1::Prescription& exercise : decision.programme()) {
      expected.add_programme_exercise_ids(exercise.exercise_id());
    }
    expected.set_alias("stable");
    ASSERT_EQ(details.decision().SerializeAsString(), expected.SerializeAsString()) << index;
    in_pieces += audit::PayloadReader::PiecesOf(record->payload)->empty() ? 0 : 1;
    ++compared;
  }
  EXPECT_GE(compared, 2'000U);
  EXPECT_EQ(in_pieces, compared);
}

TEST_F(ReplayLogTest, TimesFindTheirPlaceInTheLog) {
  const LogDecisions decisions(&**house_->log, house_->store.get());
  const auto middle = (*house_->log)->Read(decisions.size() / 2, store::Parts::kLeaf);
  ASSERT_TRUE(middle.ok()) << middle.status();
  const auto at = decisions.FirstAt(middle->time);
  ASSERT_TRUE(at.ok()) << at.status();
  EXPECT_LE(*at, middle->index);
  EXPECT_EQ(*decisions.FirstAt(absl::InfinitePast()), 0U);
  EXPECT_EQ(*decisions.FirstAt(absl::InfiniteFuture()), decisions.size());
}

}  // namespace
}  // namespace plumbline::service
