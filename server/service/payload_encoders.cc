#include "server/service/payload_encoders.h"

#include <utility>
#include <vector>

#include "plumbline/v1/decision.pb.h"
#include "server/audit/decision_dictionary.h"
#include "server/service/log_status.h"

namespace plumbline::service {
namespace {

// Enough for every text of a ruleset to occur; some 20 MB while the dictionary is made.
constexpr size_t kMaxSamples = 400;
constexpr int kNice = 10;

}  // namespace

PayloadEncoders::Encoder PayloadEncoders::For(const std::shared_ptr<const ServedRuleset>& ruleset) {
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto known = encoders_.find(ruleset->revision);
    if (known != encoders_.end()) {
      return known->second;
    }
  }
  std::unique_ptr<BackgroundThread> finished;  // joined without the lock
  const absl::MutexLock lock(&mutex_);
  const auto [encoder, is_new] = encoders_.try_emplace(ruleset->revision, plain_);
  if (is_new) {
    finished = std::exchange(thread_,
                             std::make_unique<BackgroundThread>(kNice, [this, ruleset](StopToken&) {
                               // Without a dictionary, records are larger: that is all.
                               static_cast<void>(Prepare(*ruleset));
                             }));
  }
  return encoder->second;
}

absl::Status PayloadEncoders::Prepare(const ServedRuleset& ruleset) {
  const std::vector<std::string> samples = ruleset.evaluator->SampleDecisions(kMaxSamples);
  Encoder encoder = plain_;
  if (!samples.empty()) {
    absl::StatusOr<audit::PayloadEncoder> made = audit::PayloadEncoder::WithDictionary(
        std::make_shared<audit::DecisionDictionary>(samples, *v1::Decision::descriptor()), *store_);
    if (!made.ok()) {
      return ToApiStatus(made.status());
    }
    encoder = std::make_shared<audit::PayloadEncoder>(*std::move(made));
  }
  const absl::MutexLock lock(&mutex_);
  encoders_[ruleset.revision] = std::move(encoder);
  return absl::OkStatus();
}

}  // namespace plumbline::service
