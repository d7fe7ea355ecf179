// What is on record of activations, with a log whose disk fails at any write.

#include "server/cli/activation_log.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/store/memory/memory_log_store.h"
#include "spdlog/logger.h"
#include "spdlog/sinks/null_sink.h"
#include "tests/testing/audit/test_log.h"
#include "tests/unit/registry/activation_bench.h"

namespace plumbline::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A server that answers with what its registry says, as far as activations matter.
class ActivationLogTest : public ::testing::Test {
 protected:
  ActivationLogTest() {
    EXPECT_TRUE(test_log_.Open().ok());
    StartServer();
  }

  void StartServer() {
    records_ = std::make_unique<service::EventRecords>(&*test_log_);
    observer_ = std::make_unique<ActivationLog>(&events_, records_.get(), &kept_,
                                                [this] { ++told_active_; });
    bench_.activation.reset();
    bench_.registry = std::make_unique<registry::RulesetRegistry>();
    bench_.activation = std::make_unique<registry::Activation>(registry::Activation::Parts{
        bench_.registry.get(), bench_.clinic.Policy(), &bench_.preparation, bench_.state.get(),
        observer_.get(), &bench_.clock});
  }

  registry::ActivationResult Activate(uint64_t serial, const std::string& revision) {
    return bench_.Activate(bench_.clinic.Sign(bench_.clinic.ManifestOf(serial, revision)));
  }

  // "outcome serial", in order.
  std::vector<std::string> Recorded() {
    std::vector<std::string> all;
    for (uint64_t i = 0; i < test_log_->size(); ++i) {
      const auto record = test_log_->Read(i, store::Parts::kLeafAndDetails);
      EXPECT_TRUE(record.ok()) << record.status();
      storage::v1::RecordDetails details;
      EXPECT_TRUE(details.ParseFromString(record->details));
      for (const auto& attribute : details.event().attributes()) {
        if (attribute.name() == "outcome") {
          all.push_back(absl::StrCat(attribute.value(), " ", record->manifest_serial));
        }
      }
    }
    return all;
  }

  std::string Stable() const { return bench_.registry->Lookup("stable")->revision; }

  store::MemoryLogStore store_;
  audit::TestLog test_log_{&store_};
  service::KeptRulesets kept_{&store_};
  grpc_server::EventLog events_{
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::null_sink_mt>()),
      grpc_server::CallLogging::kNone};
  std::unique_ptr<service::EventRecords> records_;
  std::unique_ptr<ActivationLog> observer_;
  int told_active_ = 0;
  registry::ActivationBench bench_;
  const std::string first_ = bench_.ReleaseOfVersion("1.2.3");
  const std::string second_ = bench_.ReleaseOfVersion("1.3.0");
};

TEST_F(ActivationLogTest, ActivationIsOnRecordOnceAndItsRulesAreKept) {
  ASSERT_TRUE(Activate(1, first_).status.ok());
  registry::Manifest manifest = bench_.clinic.ManifestOf(2, first_);
  manifest.shadow = second_;
  ASSERT_TRUE(bench_.Activate(bench_.clinic.Sign(manifest)).status.ok());
  EXPECT_THAT(Recorded(), ElementsAre("live 1", "live 2"));
  EXPECT_TRUE(kept_.LoadBundle(first_).ok());
  EXPECT_TRUE(kept_.LoadBundle(second_).ok());
  EXPECT_EQ(told_active_, 2);
}

TEST_F(ActivationLogTest, RefusalIsOnRecordAndATrialIsNot) {
  ASSERT_TRUE(Activate(2, first_).status.ok());
  EXPECT_FALSE(Activate(1, second_).status.ok());
  bench_.preparation.failed_tests = {"V-1"};
  registry::ActivationAttempt trial =
      bench_.AttemptOf(bench_.clinic.Sign(bench_.clinic.ManifestOf(3, second_)));
  trial.validate_only = true;
  EXPECT_FALSE(bench_.activation->Activate(trial).status.ok());
  EXPECT_THAT(Recorded(), ElementsAre("live 2", "refused 1"));
  EXPECT_TRUE(absl::IsNotFound(kept_.LoadBundle(second_).status()));
}

// Without space the n-th write of an activation fails: object, its name, the record. Whatever n,
// what was active stays active, and no record says otherwise.
TEST_F(ActivationLogTest, FullDiskRefusesTheActivationAndLeavesTheOldOne) {
  ASSERT_TRUE(Activate(1, first_).status.ok());
  int refused = 0;
  uint64_t serial = 2;
  for (int n = 1;; ++n, ++serial) {
    store_.FailWrite(n, absl::ResourceExhaustedError("no space left"));
    const registry::ActivationResult result = Activate(serial, second_);
    if (result.status.ok()) {
      break;
    }
    ++refused;
    EXPECT_EQ(result.step, registry::ActivationStep::kRecord);
    EXPECT_THAT(std::string(result.status.message()), HasSubstr("no space left"));
    EXPECT_EQ(Stable(), first_);
    EXPECT_EQ(bench_.state->highest().serial, 1u);
    EXPECT_THAT(Recorded(), Not(Contains(absl::StrCat("live ", serial))));
    EXPECT_TRUE(test_log_->health().ok());
    // The log looks for space again after a while.
    test_log_.clock().Advance(absl::Minutes(1));
    ASSERT_LT(n, 20);
  }
  EXPECT_GE(refused, 2) << "ruleset files and record are written separately";
  EXPECT_EQ(Stable(), second_);
  EXPECT_EQ(Recorded().back(), absl::StrCat("live ", serial));
  EXPECT_TRUE(kept_.LoadBundle(second_).ok());
}

TEST_F(ActivationLogTest, BrokenDiskRefusesTheActivationAndTheNextStartActivatesTheOldOne) {
  for (int n = 1; n <= 3; ++n) {
    SCOPED_TRACE(n);
    const uint64_t serial = static_cast<uint64_t>(n) * 10;
    ASSERT_TRUE(Activate(serial, first_).status.ok());
    const std::string other = bench_.ReleaseOfVersion(absl::StrCat("2.0.", n));
    store_.FailWrite(n, absl::UnavailableError("input/output error"));
    const registry::ActivationResult result = Activate(serial + 1, other);
    EXPECT_EQ(result.step, registry::ActivationStep::kRecord);
    EXPECT_EQ(Stable(), first_);
    EXPECT_FALSE(test_log_->health().ok()) << "a write of the refusal fails, too";

    test_log_.Close();
    store_.Recover();
    ASSERT_TRUE(test_log_.Open().ok());
    StartServer();
    ASSERT_TRUE(bench_.activation->Resume().status.ok());
    EXPECT_EQ(Stable(), first_);
    EXPECT_EQ(Recorded().back(), absl::StrCat("live ", serial));
  }
}

TEST_F(ActivationLogTest, RecordIsDurableBeforeAnythingIsActive) {
  ASSERT_TRUE(Activate(1, first_).status.ok());
  std::vector<std::string> at_swap;
  // The observer of the tests asks what is on record when it is told; the log before it has
  // written.
  struct Between : registry::ActivationObserver {
    absl::Status BeforeSwap(const registry::ActivationEvent& event) override {
      const absl::Status status = next->BeforeSwap(event);
      after_record();
      return status;
    }
    void OnActivation(const registry::ActivationEvent& event) override {
      next->OnActivation(event);
    }
    registry::ActivationObserver* next = nullptr;
    std::function<void()> after_record;
  } between;
  between.next = observer_.get();
  between.after_record = [&] {
    at_swap = Recorded();
    EXPECT_TRUE(kept_.LoadBundle(second_).ok());
    EXPECT_EQ(bench_.registry->snapshot(), nullptr);
  };
  bench_.registry = std::make_unique<registry::RulesetRegistry>();
  registry::Activation activation({bench_.registry.get(), bench_.clinic.Policy(),
                                   &bench_.preparation, nullptr, &between, &bench_.clock});
  const std::string note = bench_.clinic.Sign(bench_.clinic.ManifestOf(2, second_));
  ASSERT_TRUE(activation.Activate(bench_.AttemptOf(note)).status.ok());
  EXPECT_THAT(at_swap, ElementsAre("live 1", "live 2"));
  EXPECT_THAT(Recorded(), ElementsAre("live 1", "live 2"));
}

TEST_F(ActivationLogTest, ServerWithoutALogActivatesAllTheSame) {
  service::EventRecords none(nullptr);
  ActivationLog observer(&events_, &none, nullptr, nullptr);
  bench_.registry = std::make_unique<registry::RulesetRegistry>();
  registry::Activation activation({bench_.registry.get(), bench_.clinic.Policy(),
                                   &bench_.preparation, nullptr, &observer, &bench_.clock});
  const std::string note = bench_.clinic.Sign(bench_.clinic.ManifestOf(2, second_));
  EXPECT_TRUE(activation.Activate(bench_.AttemptOf(note)).status.ok());
  EXPECT_THAT(Recorded(), IsEmpty());
}

}  // namespace
}  // namespace plumbline::cli
