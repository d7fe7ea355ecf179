#include "server/audit/decision_log.h"

#include "server/audit/log_opening.h"
#include "server/audit/sequenced_log.h"

namespace plumbline::audit {

DecisionLog::Admission& DecisionLog::Admission::operator=(Admission&& other) noexcept {
  if (this != &other) {
    if (log_ != nullptr) log_->Release();
    log_ = std::exchange(other.log_, nullptr);
  }
  return *this;
}

DecisionLog::Admission::~Admission() {
  if (log_ != nullptr) log_->Release();
}

absl::StatusOr<std::unique_ptr<DecisionLog>> DecisionLog::Open(LogOptions options,
                                                               store::LogStore* store,
                                                               const Keyring* keyring,
                                                               const NoteSigner* signer,
                                                               Clock* clock, RandomSource* random) {
  absl::StatusOr<LogIdentity> identity = MakeIdentity(options, signer);
  if (!identity.ok()) return identity.status();
  absl::StatusOr<OpenedState> state =
      OpenState(options, *identity, store, *keyring, *clock, *random);
  if (!state.ok()) return state.status();
  auto log = std::make_unique<SequencedLog>(std::move(options), *std::move(identity),
                                            *std::move(state), store, keyring, clock, random);
  if (absl::Status finished = log->FinishErasure(); !finished.ok()) return finished;
  return log;
}

}  // namespace plumbline::audit
