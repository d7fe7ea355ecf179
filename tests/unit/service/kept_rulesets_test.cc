#include "server/service/kept_rulesets.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/registry/bundle.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/testing/engine/small_ruleset.h"
#include "tests/testing/grpc/fake_evaluator.h"

namespace plumbline::service {
namespace {

class KeptRulesetsTest : public ::testing::Test {
 protected:
  static std::vector<ruleset::SourceFile> Files() {
    return {{"small.textproto", testing::SmallRulesetText()}};
  }

  store::MemoryLogStore store_;
  KeptRulesets kept_{&store_};
  const std::string revision_ = ruleset::ComputeRevision(Files());
  const std::string bundle_ = *registry::EncodeBundle(Files());
};

TEST_F(KeptRulesetsTest, WhatWasKeptAnswersAgain) {
  ASSERT_TRUE(kept_.Keep(revision_, bundle_).ok());
  KeptRulesets later(&store_);
  const auto served = later.Load(revision_);
  ASSERT_TRUE(served.ok()) << served.status();
  EXPECT_EQ((*served)->revision, revision_);
  std::string decision;
  EXPECT_TRUE(
      (*served)
          ->evaluator
          ->Evaluate(v1::Intake(), absl::CivilDay(2026, 1, 15), engine::View::kFull, decision)
          .empty());
  EXPECT_FALSE(decision.empty());
  EXPECT_EQ(*later.LoadBundle(revision_), bundle_);
}

TEST_F(KeptRulesetsTest, KeepingTwiceKeepsOne) {
  ASSERT_TRUE(kept_.Keep(revision_, bundle_).ok());
  ASSERT_TRUE(kept_.Keep(revision_, bundle_).ok());
  EXPECT_EQ(store_.ListObjects()->size(), 1u);
}

TEST_F(KeptRulesetsTest, LoadedTwiceIsCompiledOnce) {
  ASSERT_TRUE(kept_.Keep(revision_, bundle_).ok());
  EXPECT_EQ(kept_.LoadCompiled(revision_)->get(), kept_.LoadCompiled(revision_)->get());
}

TEST_F(KeptRulesetsTest, WhatWasNeverKeptIsNotFound) {
  for (const std::string& revision : {testing::FakeRevision(), std::string("../x")}) {
    EXPECT_EQ(kept_.Load(revision).status().code(), absl::StatusCode::kNotFound) << revision;
  }
}

TEST_F(KeptRulesetsTest, FileOfAnotherRevisionIsDamage) {
  ASSERT_TRUE(kept_.Keep(testing::FakeRevision(), bundle_).ok());
  EXPECT_EQ(kept_.Load(testing::FakeRevision()).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(KeptRulesetsTest, FileThatIsNoBundleIsDamage) {
  ASSERT_TRUE(kept_.Keep(revision_, "not a bundle").ok());
  EXPECT_EQ(kept_.Load(revision_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(KeptRulesetsTest, RulesThatCannotBeCompiledAreRefused) {
  const std::vector<ruleset::SourceFile> files = {{"broken.textproto", "manifest {"}};
  const std::string revision = ruleset::ComputeRevision(files);
  ASSERT_TRUE(kept_.Keep(revision, *registry::EncodeBundle(files)).ok());
  EXPECT_EQ(kept_.Load(revision).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace plumbline::service
