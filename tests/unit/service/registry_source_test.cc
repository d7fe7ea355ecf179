#include "server/service/registry_source.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "server/registry/registry.h"
#include "server/service/evaluate_service.h"
#include "tests/testing/grpc/fake_evaluator.h"
#include "tests/testing/grpc/raw_call.h"

namespace plumbline::service {
namespace {

using registry::Alias;

// Answers repeated request ids from memory, and can fail.
class FakeRecorder : public NullRecorder {
 public:
  absl::StatusOr<Begun> Begin(const RecordedCall&, absl::FunctionRef<Follower()>) override {
    if (repeated) return EarlierDecision{{"id", 1}, "revision", ""};
    return Begun();
  }
  void Record(std::unique_ptr<DecisionTicket>, const DecisionDraft&, Done done) override {
    if (!status.ok()) return std::move(done)(status);
    std::move(done)(RecordPlace());
  }

  bool repeated = false;
  absl::Status status;
};

class RegistrySourceTest : public ::testing::Test {
 protected:
  RegistrySourceTest() {
    ruleset_->effective_from = absl::CivilDay(2026, 1, 15);
    auto revision = std::make_shared<registry::LoadedRevision>();
    revision->revision = ruleset_->revision;
    revision->servable = ServableOf(ruleset_);
    auto snapshot = std::make_shared<registry::Snapshot>();
    snapshot->manifest.serial = 7;
    snapshot->manifest.stable = revision->revision;
    snapshot->stable = revision;
    snapshot->revisions = {revision};
    registry_.Swap(std::move(snapshot));
  }

  absl::Status Evaluate() { return service_.EvaluateAndWait(request_).status(); }

  std::shared_ptr<testing::FakeEvaluator> evaluator_ = std::make_shared<testing::FakeEvaluator>();
  std::shared_ptr<ServedRuleset> ruleset_ = testing::FakeRuleset(evaluator_);
  registry::RulesetRegistry registry_;
  const RegistryRulesetSource source_{&registry_};
  FakeRecorder recorder_;
  const EvaluateService service_{&source_, &recorder_};
  v1::EvaluateRequest request_ = testing::ValidRequest();
};

TEST_F(RegistrySourceTest, ChoiceIsWhatWasPutIntoTheRegistry) {
  const Choice choice = source_.Choose("", "r");
  EXPECT_EQ(choice.ruleset, ruleset_);
  EXPECT_EQ(choice.alias, "stable");
  EXPECT_EQ(choice.manifest_serial, 7u);
  EXPECT_EQ(source_.Choose(ruleset_->revision, "r").alias, "pinned");
  EXPECT_EQ(source_.Choose(std::string(64, '0'), "r").ruleset, nullptr);
}

TEST_F(RegistrySourceTest, AnswersAreCountedAndRefusalsAreNot) {
  ASSERT_TRUE(Evaluate().ok());
  EXPECT_EQ(registry_.answered(Alias::kStable), 1u);
  request_.set_ruleset_revision(ruleset_->revision);
  ASSERT_TRUE(Evaluate().ok());
  EXPECT_EQ(registry_.answered(Alias::kPinned), 1u);
  request_.clear_ruleset_revision();

  const v1::EvaluateRequest sound = request_;
  request_.mutable_as_of()->set_year(2025);
  EXPECT_FALSE(Evaluate().ok()) << "before the first day of the ruleset";
  request_.clear_intake();
  EXPECT_FALSE(Evaluate().ok());
  request_ = sound;
  request_.set_ruleset_revision(std::string(64, '0'));
  EXPECT_FALSE(Evaluate().ok());
  request_ = sound;
  recorder_.status = absl::UnavailableError("the disk is full");
  EXPECT_FALSE(Evaluate().ok()) << "decided, but not on record: no answer leaves";
  recorder_.status = absl::OkStatus();
  recorder_.repeated = true;
  EXPECT_TRUE(Evaluate().ok()) << "answered before, and counted then";
  EXPECT_EQ(registry_.answered(Alias::kStable), 1u);
  EXPECT_EQ(registry_.answered(Alias::kPinned), 1u);
}

}  // namespace
}  // namespace plumbline::service
