// A decision log for tests: keys, clock, random source and options that fit together.

#ifndef PLUMBLINE_TESTS_TESTING_AUDIT_TEST_LOG_H_
#define PLUMBLINE_TESTS_TESTING_AUDIT_TEST_LOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/audit/decision_log.h"
#include "server/audit/keyring.h"
#include "server/base/note_key.h"
#include "server/base/random.h"
#include "server/store/store.h"
#include "tests/testing/base/fake_clock.h"

namespace plumbline::audit {

inline constexpr char kTestOrigin[] = "log.example/plumbline";
inline constexpr char kTestMasterKey[] =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
inline constexpr char kOtherMasterKey[] =
    "f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

// What a log needs around it; opens any number of logs, one after the other. Thread-safe.
class TestLog {
 public:
  explicit TestLog(store::LogStore* store);

  // With checkpoints on request and at the end only, and no limit on space.
  LogOptions options() const;
  // Closes the log that was open.
  absl::Status Open() { return Open(options()); }
  absl::Status Open(LogOptions options);
  void Close() { log_.reset(); }
  DecisionLog& operator*() { return *log_; }
  DecisionLog* operator->() { return log_.get(); }

  // Other keys from the next Open on.
  void SetMasterKeys(const std::string& text);
  void SetStore(store::LogStore* store) { store_ = store; }

  store::LogStore& store() { return *store_; }
  const Keyring& keyring() const { return *keyring_; }
  const NoteSigner& signer() const { return *signer_; }
  std::string vkey() const { return signer_->vkey(); }
  FakeClock& clock() { return clock_; }
  RandomSource& random() { return random_; }
  // "event: detail", in order.
  std::vector<std::string> events() const;

 private:
  store::LogStore* store_;
  FakeClock clock_;
  OpenSslRandomSource random_;
  std::unique_ptr<Keyring> keyring_;
  std::unique_ptr<Ed25519NoteSigner> signer_;
  mutable absl::Mutex mutex_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<DecisionLog> log_;
};

// A draft of a decision; the views must outlive it.
RecordDraft TestDraft(absl::string_view details, absl::string_view payload = "");
RecordDraft TestErasureDraft();

}  // namespace plumbline::audit

#endif  // PLUMBLINE_TESTS_TESTING_AUDIT_TEST_LOG_H_
