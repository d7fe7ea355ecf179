#include "tests/robustness/crash_log.h"

#include <utility>

#include "absl/strings/str_replace.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline::audit {

absl::StatusOr<std::unique_ptr<CrashLog>> CrashLog::Open(const std::string& folder,
                                                         const std::string& master_keys) {
  auto opened = std::make_unique<CrashLog>();
  absl::StatusOr<std::unique_ptr<Keyring>> keyring =
      Keyring::FromText(absl::StrReplaceAll(master_keys, {{",", "\n"}}));
  if (!keyring.ok()) return keyring.status();
  opened->keyring_ = *std::move(keyring);
  CountingRandom seed;
  opened->signer_ = *Ed25519NoteSigner::Create(GenerateNoteKey(seed, kCrashOrigin)->skey);

  // Small segments and many checkpoints: every place of the code is passed often.
  store::SegmentOptions segments;
  segments.segment_bytes = 128 << 10;
  absl::StatusOr<std::unique_ptr<store::SegmentLogStore>> store =
      store::SegmentLogStore::Open(folder, segments);
  if (!store.ok()) return store.status();
  opened->store_ = *std::move(store);

  LogOptions options;
  options.origin = kCrashOrigin;
  options.verifier_keys = {opened->vkey()};
  options.min_free_bytes = 0;
  options.checkpoint_records = 128;
  options.checkpoint_interval = absl::Milliseconds(5);
  absl::StatusOr<std::unique_ptr<DecisionLog>> log =
      DecisionLog::Open(std::move(options), opened->store_.get(), opened->keyring_.get(),
                        opened->signer_.get(), &opened->clock_, &opened->random_);
  if (!log.ok()) return log.status();
  opened->log_ = *std::move(log);
  return opened;
}

}  // namespace plumbline::audit
