#include "server/service/payload_encoders.h"

#include <utility>

#include "absl/time/clock.h"
#include "server/service/log_status.h"

namespace plumbline::service {
namespace {

constexpr absl::Duration kRetryInterval = absl::Minutes(1);

}  // namespace

PayloadEncoders::Encoder PayloadEncoders::For(const ServedRuleset& ruleset) {
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto known = entries_.find(ruleset.revision);
    if (known != entries_.end() &&
        (known->second.retry == absl::InfiniteFuture() || absl::Now() < known->second.retry)) {
      return known->second.encoder;
    }
  }
  {
    // Others take the decision as it is while this call prepares.
    const absl::MutexLock lock(&mutex_);
    Entry& entry = entries_[ruleset.revision];
    if (entry.encoder == nullptr) entry.encoder = plain_;
    entry.retry = absl::Now() + kRetryInterval;
  }
  // When it fails, the plain one stays.
  static_cast<void>(Prepare(ruleset));
  const absl::ReaderMutexLock lock(&mutex_);
  return entries_.at(ruleset.revision).encoder;
}

absl::Status PayloadEncoders::Prepare(const ServedRuleset& ruleset) {
  auto encoder = std::make_shared<audit::PayloadEncoder>();
  if (std::shared_ptr<const PieceTable> pieces = ruleset.evaluator->pieces()) {
    absl::StatusOr<audit::PayloadEncoder> made =
        audit::PayloadEncoder::WithPieces(std::move(pieces), *store_);
    if (!made.ok()) {
      return ToApiStatus(made.status());
    }
    *encoder = *std::move(made);
  }
  const absl::MutexLock lock(&mutex_);
  entries_[ruleset.revision] = {std::move(encoder)};
  return absl::OkStatus();
}

}  // namespace plumbline::service
