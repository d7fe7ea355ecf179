#ifndef PLUMBLINE_TESTS_TESTING_AUDIT_FAKE_WITNESS_H_
#define PLUMBLINE_TESTS_TESTING_AUDIT_FAKE_WITNESS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/audit/checkpoint.h"
#include "server/audit/witness_client.h"
#include "server/base/clock.h"
#include "server/base/cosignature.h"
#include "server/base/signed_note.h"

namespace plumbline::audit {

// A witness (C2SP tlog-witness) in memory: cosigns checkpoints of logs that it knows, if they are
// consistent with what it cosigned before. Thread-safe; borrows the clock.
class FakeWitness final : public WitnessTransport {
 public:
  // The key is made from `seed`.
  FakeWitness(absl::string_view name, const Clock* clock, uint8_t seed = 77);

  void AddLog(absl::string_view log_vkey);

  std::string vkey() const { return signer_->vkey(); }
  std::unique_ptr<CosignatureVerifier> verifier() const;

  absl::StatusOr<HttpAnswer> AddCheckpoint(absl::string_view body) override;

  // The size it cosigned last; 0: none.
  uint64_t SizeOf(absl::string_view origin) const;
  int request_count() const;

 private:
  struct Log {
    std::unique_ptr<NoteVerifier> key;
    Checkpoint latest;
  };

  HttpAnswer Judge(const AddCheckpointRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<CosignatureSigner> signer_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Log> logs_ ABSL_GUARDED_BY(mutex_);  // by origin
  int request_count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_TESTS_TESTING_AUDIT_FAKE_WITNESS_H_
