// The decision log in a folder that crash_child writes and crash_test reads.

#ifndef PLUMBLINE_TESTS_ROBUSTNESS_CRASH_LOG_H_
#define PLUMBLINE_TESTS_ROBUSTNESS_CRASH_LOG_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/audit/decision_log.h"
#include "server/audit/keyring.h"
#include "server/base/clock.h"
#include "server/base/note_key.h"
#include "server/base/random.h"
#include "server/store/segment/segment_log_store.h"

namespace plumbline::audit {

inline constexpr char kCrashOrigin[] = "crash.example/log";

class CrashLog {
 public:
  // `master_keys`: as Keyring::FromText, with commas for line ends. The signing key is always the
  // same.
  static absl::StatusOr<std::unique_ptr<CrashLog>> Open(const std::string& folder,
                                                        const std::string& master_keys);

  DecisionLog& log() { return *log_; }
  store::LogStore& store() { return *store_; }
  const Keyring& keyring() const { return *keyring_; }
  std::string vkey() const { return signer_->vkey(); }

 private:
  SystemClock clock_;
  OpenSslRandomSource random_;
  std::unique_ptr<Keyring> keyring_;
  std::unique_ptr<Ed25519NoteSigner> signer_;
  std::unique_ptr<store::SegmentLogStore> store_;
  std::unique_ptr<DecisionLog> log_;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_TESTS_ROBUSTNESS_CRASH_LOG_H_
