#include "server/service/payload_encoders.h"

#include <utility>

#include "server/service/log_status.h"

namespace plumbline::service {

PayloadEncoders::Encoder PayloadEncoders::For(const ServedRuleset& ruleset) {
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto known = encoders_.find(ruleset.revision);
    if (known != encoders_.end()) {
      return known->second;
    }
  }
  // Without texts in the store records are larger: that is all.
  const bool prepared = Prepare(ruleset).ok();
  const absl::MutexLock lock(&mutex_);
  Encoder& encoder = encoders_[ruleset.revision];
  if (!prepared && encoder == nullptr) {
    encoder = std::make_shared<audit::PayloadEncoder>();
  }
  return encoder;
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
  encoders_[ruleset.revision] = std::move(encoder);
  return absl::OkStatus();
}

}  // namespace plumbline::service
